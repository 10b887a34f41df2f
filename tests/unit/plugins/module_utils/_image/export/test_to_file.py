# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export to a file: bad places, unsafe images, clouds that report little of their images."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.client import find_image
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import pipeline as core
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_file
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import ExportRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import download
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    Handling,
    ImageFile,
    open_image_file,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_names import beside
from tests.support import image_formats as formats
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance import Glance
from tests.support.run_core import connect
from tests.support.run_module import ModuleRun

DATA = os.urandom(300_000)


PLACES: list[tuple[str, str]] = [
    ("/nowhere/image", "there is no directory /nowhere"),
    ("/dev/null", "/dev/null is not a file"),
]


@pytest.mark.parametrize(("path", "message"), PLACES)
def test_bad_places(export: Callable[..., ModuleRun], glance: Glance, path: str, message: str) -> None:
    add_image(glance, DATA)
    (failure,) = export(path=path)["failures"]
    assert failure["kind"] == "input"
    assert message in failure["error"]


UNSAFE = [formats.qcow2(backing_offset=512), formats.qcow2(features=4), formats.vmdk_descriptor()]


@pytest.mark.parametrize("data", UNSAFE)
def test_an_unsafe_image_leaves_nothing(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path, data: bytes
) -> None:
    add_image(glance, data)
    (failure,) = export()["failures"]
    assert failure["kind"] == "refused"
    assert "the image is not safe to use" in failure["error"]
    assert list(out.iterdir()) == []
    assert clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file") == 1


def test_content_of_another_format_is_not_converted(
    export: Callable[..., ModuleRun], glance: Glance, out: Path
) -> None:
    add_image(glance, formats.qcow2(), disk_format="vmdk")
    (failure,) = export(disk_format="raw")["failures"]
    assert failure["kind"] == "refused"
    assert "the image data is qcow2, but its cloud declares vmdk" in failure["error"]
    assert list(out.iterdir()) == []
    assert export().ok
    assert (out / "image").read_bytes() == formats.qcow2()


def test_an_image_whose_digests_nobody_tells(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snapshots in some stores have none; their ID tells that the file is made of them."""
    add_image(glance, DATA)
    silent = {"checksum": None, "os_hash_algo": None, "os_hash_value": None}
    monkeypatch.setattr(core, "find_image", lambda *asked: find_image(*asked) | silent)
    (result,) = export()["results"]
    assert (out / "image").read_bytes() == DATA
    assert result["checksum"]["sha512"] == hashlib.sha512(DATA).hexdigest()
    assert not export()["changed"]


def test_more_data_than_the_image_has_is_no_image(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    image = add_image(glance, DATA)
    image.size = len(DATA) - 1
    (failure,) = export()["failures"]
    assert failure["kind"] in ("integrity", "server")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_a_file_may_have_the_longest_name_there_is(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, name: str
) -> None:
    add_image(glance, formats.qcow2(), disk_format="qcow2", name=name)
    assert export(image=name, path=f"{out}/{name}").ok
    assert (out / name).read_bytes() == formats.qcow2()
    assert export(image=name, path=f"{out}/").ok
    assert len(list(out.iterdir())) == 2


def test_a_link_in_the_directory_leads_nowhere(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    """The image's name is its cloud's choice, and so is which file of the directory it would be."""
    precious = out.parent / "precious"
    precious.write_text("precious")
    (out / "thing.raw").symlink_to(precious)
    add_image(glance, DATA)
    (failure,) = export(path=f"{out}/")["failures"]
    assert failure["kind"] == "input"
    assert f"{out}/thing.raw is a link to a file in another directory" in failure["error"]
    assert precious.read_text() == "precious"


def downloads(clouds: FakeOpenStack) -> int:
    return clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file")


DIGESTS = {"md5": hashlib.md5(DATA, usedforsecurity=False).hexdigest(), "sha512": hashlib.sha512(DATA).hexdigest()}


def test_created_then_unchanged(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_image(glance, DATA)
    (planned,) = export(_ansible_check_mode=True)["results"]
    assert (planned["action"], planned["size"], planned["checksum"]) == ("created", len(DATA), DIGESTS)
    assert list(out.iterdir()) == []
    (first,) = export()["results"]
    assert first == {**planned, "method": "download"}
    assert (out / "image").read_bytes() == DATA
    monkeypatch.setattr(to_file, "read_image_file", None)
    (again,) = export()["results"]
    assert again == {**first, "action": "unchanged", "method": None}
    assert downloads(clouds) == 1


def test_a_file_that_nobody_exported_is_compared(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path
) -> None:
    add_image(glance, DATA)
    (out / "image").write_bytes(DATA)
    assert export()["results"][0]["action"] == "unchanged"
    assert downloads(clouds) == 0


@pytest.mark.parametrize("there", [b"other", DATA[::-1]], ids=["shorter", "of-the-same-size"])
def test_another_file_is_replaced_and_keeps_its_mode(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, there: bytes
) -> None:
    add_image(glance, DATA)
    (out / "image").write_bytes(there)
    (out / "image").chmod(0o604)
    run = export(_ansible_diff=True)
    assert run["results"][0]["action"] == "replaced"
    assert f'"size": {len(there)}' in run["diff"][0]["before"]
    assert (out / "image").read_bytes() == DATA
    assert (out / "image").stat().st_mode & 0o777 == 0o604


def test_a_file_that_changed_after_its_export_is_replaced(
    export: Callable[..., ModuleRun], glance: Glance, out: Path
) -> None:
    add_image(glance, DATA)
    export()
    (out / "image").write_bytes(DATA[::-1])
    assert export()["results"][0]["action"] == "replaced"
    assert (out / "image").read_bytes() == DATA


def test_data_that_is_damaged_once_is_downloaded_twice(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image(glance, DATA)
    glance.data.path(image.id).write_bytes(DATA[::-1])
    (failure,) = export()["failures"]
    assert (failure["kind"], list(out.iterdir()), downloads(clouds)) == ("integrity", [], 2)
    assert failure["error"].startswith("md5 mismatch: received")

    def repaired(path: str, deadline: Deadline, handling: Handling) -> ImageFile:
        read = open_image_file(path, deadline, handling)
        glance.data.path(image.id).write_bytes(DATA)
        return read

    monkeypatch.setattr(download, "open_image_file", repaired)
    assert export()["results"][0]["action"] == "created"
    assert (out / "image").read_bytes() == DATA


def test_expected_checksum(export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path) -> None:
    """One that the cloud does not report is compared after the download."""
    add_image(glance, DATA)
    sha256 = hashlib.sha256(DATA).hexdigest()
    assert export(checksum=f"sha512:{'0' * 128}")["failures"][0]["kind"] == "integrity"
    assert downloads(clouds) == 0
    (failure,) = export(checksum=f"sha256:{'0' * 64}")["failures"]
    assert (failure["kind"], list(out.iterdir())) == ("integrity", [])
    assert failure["hint"] == "Another image has this name, or it was replaced: check the source of the checksum."
    assert export(checksum=f"sha256:{sha256}")["results"][0]["action"] == "created"
    assert export(checksum=f"sha256:{'0' * 64}")["failures"][0]["kind"] == "integrity"
    assert export(checksum=f"sha256:{sha256}")["results"][0]["action"] == "unchanged"


@pytest.fixture
def qcow2(tmp_path: Path) -> bytes:
    """An empty disk of 8 MiB."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "disk.qcow2", "8M"], check=True)
    return (tmp_path / "disk.qcow2").read_bytes()


@pytest.mark.slow
def test_conversion(
    export: Callable[..., ModuleRun],
    clouds: FakeOpenStack,
    glance: Glance,
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qcow2: bytes,
) -> None:
    add_image(glance, qcow2, disk_format="qcow2")
    to = {"path": f"{out}/", "disk_format": "raw"}
    (planned,) = export(**to, _ansible_check_mode=True)["results"]
    assert (planned["size"], planned["checksum"]) == (None, {"md5": None, "sha512": None})
    (first,) = export(**to)["results"]
    assert (first["action"], first["export_format"], first["size"]) == ("created", "raw", 8 << 20)
    assert [path.name for path in out.iterdir()] == ["thing.raw"]
    assert (out / "thing.raw").read_bytes() == bytes(8 << 20)
    assert export(**to)["results"][0] == {**first, "action": "unchanged", "method": None}
    assert downloads(clouds) == 1
    before = (out / "thing.raw").stat()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    assert export(**to)["results"][0]["action"] == "unchanged"
    assert (out / "thing.raw").stat().st_ino == before.st_ino
    assert export(path=f"{out}/thing.raw")["results"][0]["action"] == "replaced"
    assert (out / "thing.raw").read_bytes() == qcow2


def test_conversion_without_qemu_img_fails_before_the_download(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_image(glance, formats.qcow2(), disk_format="qcow2")
    monkeypatch.setenv("PATH", "/nowhere")
    for check_mode in (False, True):
        (failure,) = export(disk_format="raw", _ansible_check_mode=check_mode)["failures"]
        assert (failure["kind"], downloads(clouds)) == ("config", 0)
        assert failure["hint"] == "Install it (package qemu-utils or qemu-img), or omit disk_format."


def test_what_a_killed_conversion_left_is_removed(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, qcow2: bytes
) -> None:
    image = add_image(glance, qcow2, disk_format="qcow2")
    left = out / f".image.{image.id}.converting"
    left.mkdir()
    (left / "half").write_bytes(b"x")
    assert export(disk_format="raw").ok
    assert [path.name for path in out.iterdir()] == ["image"]


def test_a_planted_link_in_place_of_the_workspace_is_not_followed(
    export: Callable[..., ModuleRun], glance: Glance, out: Path
) -> None:
    """In a directory that others can write to, its name is no secret."""
    image = add_image(glance, formats.qcow2() + DATA, disk_format="qcow2")
    precious = out.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    planted = beside(out / "image", f".{image.id}.converting")
    planted.symlink_to(precious)
    (failure,) = export(disk_format="raw")["failures"]
    assert failure["kind"] == "input"
    assert f"{planted} cannot be made: File exists" in failure["error"]
    assert (planted.is_symlink(), [path.name for path in precious.iterdir()]) == (True, ["file"])


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_snapshot_of_volumes_has_no_data(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, *, check_mode: bool
) -> None:
    mapping = '[{"source_type": "snapshot", "snapshot_id": "1"}]'
    add_image(glance, b"").properties["block_device_mapping"] = mapping
    (failure,) = export(_ansible_check_mode=check_mode)["failures"]
    assert failure["kind"] == "input"
    assert "has no data: it is a snapshot of volumes" in failure["error"]
    assert "openstack image create --volume" in failure["hint"]
    assert list(out.iterdir()) == []


def test_data_that_is_no_disk_image_is_exported_as_it_is(
    export: Callable[..., ModuleRun], glance: Glance, out: Path
) -> None:
    data = gzip.compress(DATA)
    add_image(glance, data, container_format="compressed")
    assert export()["results"][0]["action"] == "created"
    assert (out / "image").read_bytes() == data
    assert not export()["changed"]


def test_file_of_others_is_not_written(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    """A link under the name of the partial file leads to where its maker wants."""
    image = add_image(glance, DATA)
    victim = out.parent / "victim"
    victim.write_text("precious")
    (out / f".image.{image.id}.{str(image.checksum)[:16]}.part").symlink_to(victim)
    (failure,) = export()["failures"]
    assert failure["kind"] == "input"
    assert victim.read_text() == "precious"


def test_partial_files_of_other_targets_stay(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    image = add_image(glance, DATA)
    mine = out / f".image.{uuid.uuid4()}.{'0' * 16}.part"
    others = [out / f".image.raw.{image.id}.{'0' * 16}.part", out / ".image.notes.part"]
    for path in (mine, *others):
        path.write_bytes(b"some")
    assert export().ok
    assert sorted(out.iterdir()) == sorted([*others, out / "image"])


def test_a_file_that_is_complete_keeps_no_partial_one(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path
) -> None:
    image = add_image(glance, DATA)
    assert export().ok
    left = [out / f".image.{identity}.{'0' * 16}.part" for identity in (image.id, uuid.uuid4())]
    busy = out / f".image.{uuid.uuid4()}.{'1' * 16}.part"
    for path in (*left, busy):
        path.write_bytes(b"some")
    with FileLock(busy) as lock:
        assert lock.try_acquire()
        (planned,) = export(_ansible_check_mode=True)["results"]
        assert sorted(out.iterdir()) == sorted([*left, busy, out / "image"])
        (again,) = export()["results"]
    assert planned["action"] == again["action"] == "unchanged"
    assert sorted(out.iterdir()) == sorted([busy, out / "image"])
    assert downloads(clouds) == 1


def test_data_of_an_image_without_digests_is_resumed_from_its_own_cloud_only(
    fake_openstack: Callable[..., FakeOpenStack], out: Path
) -> None:
    """Another cloud may have another image of that ID: halves of both would be no image, and nothing would tell."""
    connections = [connect(fake_openstack()) for _cloud in range(2)]
    image = {"id": str(uuid.uuid4()), "disk_format": "raw", "name": "image", "size": 4}
    request = ExportRequest("image", path=f"{out}/image")
    names = [to_file.FileExport(connection, image, request)._partial_name() for connection in connections]
    assert names[0].identity == names[1].identity == image["id"]
    assert names[0].digest != names[1].digest
