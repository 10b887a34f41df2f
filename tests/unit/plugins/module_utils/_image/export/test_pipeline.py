# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export over HTTP where no real cloud will do: bad input, unsafe images, clouds that tell little of their images."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.client import find_image
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import pipeline as core
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import (
    Checksum,
    file_name,
    same_image,
)
from tests.support import image_formats as formats
from tests.support import image_samples as samples
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_module import ModuleRun, run_module

DATA = os.urandom(300_000)


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return clouds["cloud1"]["r1"].glance


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The module takes over signals, which in this process belong to pytest, and remembers exports."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def export(clouds: FakeOpenStack, tmp_path: Path, out: Path) -> Callable[..., ModuleRun]:
    """Run the module; without a destination to ``out/image``."""
    clouds_yaml = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    common = {"image": "thing", "path": f"{out}/image", "locations": ["*"], "clouds_yaml": str(clouds_yaml)}

    def run(**options: Any) -> ModuleRun:
        given = {name: value for name, value in {**common, **options}.items() if value is not None}
        return run_module("image_export", **given)

    return run


def add(glance: Glance, data: bytes = DATA, **fields: Any) -> Image:
    """An active image with this data, as it is in a store that looks at nothing."""
    image = Image(str(uuid.uuid4()), None)
    image.fields |= {"name": "thing", "disk_format": "raw", "container_format": "bare", "visibility": "public"} | fields
    glance.data.path(image.id).write_bytes(data)
    image.size, image.checksum = len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    image.os_hash_value = hashlib.sha512(data).hexdigest()
    image.status = "active"
    glance.images[image.id] = image
    return image


BAD: list[tuple[dict[str, Any], str]] = [
    ({"path": None}, "there is no destination. Give path or container"),
    ({"path": ""}, "path: must not be empty"),
    ({"image": ""}, "image: must not be empty"),
    ({"object": "x"}, "object: is for an export to a container, not to a path"),
    ({"tempurl": True}, "tempurl: is for an export to a container"),
    ({"expires_in": 5}, "expires_in: is for an export to a container"),
    ({"path": None, "container": "c", "tempurl": True}, "tempurl: needs expires_in"),
    ({"path": None, "container": "c", "expires_in": 0}, "expires_in: must be greater than zero"),
    ({"path": None, "container": "c/d"}, "container: must not have a slash"),
    ({"path": None, "container": "c", "object": "../d/precious"}, "object: no part of the name between slashes may be"),
    ({"path": None, "container": "c", "object": "a/./b"}, "object: no part of the name between slashes may be"),
    ({"path": None, "container": ".."}, "container: no part of the name between slashes may be"),
    ({"path": None, "container": "c", "disk_format": "raw"}, "disk_format: is for an export to a path"),
    ({"transfer_timeout": 0}, "transfer_timeout: must be greater than zero"),
    ({"stall_timeout": -1}, "stall_timeout: must be greater than zero"),
    ({"checksum": "crc:1"}, "is not of the form ALGORITHM:DIGEST"),
    ({"checksum": "md5:"}, "is not of the form ALGORITHM:DIGEST"),
    ({"locations": ["nowhere"]}, "locations"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[json.dumps(bad) for bad, _message in BAD])
def test_bad_input_is_one_clear_error(
    clouds: FakeOpenStack, export: Callable[..., ModuleRun], bad: dict[str, Any], message: str
) -> None:
    ended = export(**bad)
    assert not ended.ok
    assert message in ended["msg"]
    assert ended["kind"] == "input"
    assert clouds.counters.requests(service="image") == 0


def test_a_path_takes_one_location(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    clouds_yaml = fake_openstack(clouds=2).clouds_yaml(tmp_path / "clouds.yaml")
    ended = run_module(
        "image_export", image="thing", path=str(tmp_path / "x"), locations=["*"], clouds_yaml=str(clouds_yaml)
    )
    assert "2 Locations are selected, and a path takes the image of one" in ended["msg"]


PLACES: list[tuple[str, str]] = [
    ("/nowhere/image", "there is no directory /nowhere"),
    ("/dev/null", "/dev/null is not a file"),
]


@pytest.mark.parametrize(("path", "message"), PLACES)
def test_bad_places(export: Callable[..., ModuleRun], glance: Glance, path: str, message: str) -> None:
    add(glance)
    (failure,) = export(path=path)["failures"]
    assert failure["kind"] == "input"
    assert message in failure["error"]


def test_which_image(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    (failure,) = export()["failures"]
    assert (failure["kind"], failure["error"]) == ("refused", "there is no image 'thing' here")
    one, other = add(glance), add(glance, DATA[::-1])
    (failure,) = export()["failures"]
    assert failure["kind"] == "input"
    assert failure["hint"] == f"Name one by ID: {', '.join(sorted([one.id, other.id]))}."
    assert export(image=other.id).ok
    assert (out / "image").read_bytes() == DATA[::-1]
    other.status = "queued"
    assert export().ok
    assert (out / "image").read_bytes() == DATA
    one.status = "deactivated"
    (failure,) = export(image=one.id)["failures"]
    assert (failure["kind"], failure["error"]) == ("conflict", f"the image {one.id!r} is deactivated")


UNSAFE = [formats.qcow2(backing_offset=512), formats.qcow2(features=4), formats.vmdk_descriptor()]


@pytest.mark.parametrize("data", UNSAFE)
def test_an_unsafe_image_leaves_nothing(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, glance: Glance, out: Path, data: bytes
) -> None:
    add(glance, data)
    (failure,) = export()["failures"]
    assert failure["kind"] == "refused"
    assert "the image is not safe to use" in failure["error"]
    assert list(out.iterdir()) == []
    assert clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file") == 1


def test_content_of_another_format_is_not_converted(
    export: Callable[..., ModuleRun], glance: Glance, out: Path
) -> None:
    add(glance, formats.qcow2(), disk_format="vmdk")
    (failure,) = export(disk_format="raw")["failures"]
    assert failure["kind"] == "refused"
    assert "the cloud says that the image is vmdk, its content is qcow2" in failure["error"]
    assert list(out.iterdir()) == []
    assert export().ok
    assert (out / "image").read_bytes() == formats.qcow2()


def test_an_image_whose_digests_nobody_tells(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snapshots in some stores have none; their ID tells that the file is made of them."""
    add(glance)
    silent = {"checksum": None, "os_hash_algo": None, "os_hash_value": None}
    monkeypatch.setattr(core, "find_image", lambda *asked: find_image(*asked) | silent)
    (result,) = export()["results"]
    assert (out / "image").read_bytes() == DATA
    assert result["checksum"]["sha512"] == hashlib.sha512(DATA).hexdigest()
    assert not export()["changed"]


def test_more_data_than_the_image_has_is_no_image(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    image = add(glance)
    image.size = len(DATA) - 1
    (failure,) = export()["failures"]
    assert failure["kind"] in ("integrity", "server")
    assert list(out.iterdir()) == []


def test_no_object_store_here(export: Callable[..., ModuleRun], glance: Glance) -> None:
    add(glance)
    (failure,) = export(path=None, container="images")["failures"]
    assert failure["kind"] == "refused"
    assert "object-store" in failure["error"]


def test_file_of_others_is_not_written(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    """A link under the name of the partial file leads to where its maker wants."""
    image = add(glance)
    victim = out.parent / "victim"
    victim.write_text("precious")
    (out / f".image.{image.id}.{str(image.checksum)[:16]}.part").symlink_to(victim)
    (failure,) = export()["failures"]
    assert failure["kind"] == "input"
    assert victim.read_text() == "precious"


def test_checksum() -> None:
    assert Checksum.parse("md5:AB ") == Checksum("md5", "ab")
    Checksum("md5", "ab").check({"sha512": "x"})
    with pytest.raises(IntegrityError, match="the md5 of the image is cd, not ab"):
        Checksum("md5", "ab").check({"md5": "cd"})
    with pytest.raises(InputError):
        Checksum.parse("ab")


@pytest.mark.parametrize(
    ("name", "expected"), [("thing", "thing.raw"), ("a/b", "a_b.raw"), (None, "id-1.raw"), ("..", "...raw")]
)
def test_file_name(name: str | None, expected: str) -> None:
    assert file_name(samples.image(name=name), "raw", 255) == expected


def test_a_name_that_is_too_long_for_a_file_is_cut_and_stays_another() -> None:
    names = [file_name(samples.image(name="ü" * 200 + end), "raw", 255) for end in "ab"]
    assert [len(name.encode()) <= 255 and name.startswith("ü" * 100) and name.endswith(".raw") for name in names] == [
        True,
        True,
    ]
    assert names[0] != names[1]


HOSTILE: list[dict[str, Any]] = [
    {"disk_format": "raw/../../precious"},
    {"disk_format": "/precious"},
    {"disk_format": ["raw"]},
    {"disk_format": None},
    {"container_format": "bare/../x"},
    {"id": "../../precious"},
]


@pytest.mark.parametrize("fields", HOSTILE, ids=repr)
@pytest.mark.parametrize("destination", ["path", "container"])
def test_words_of_a_cloud_are_no_paths(
    export: Callable[..., ModuleRun],
    glance: Glance,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    destination: str,
) -> None:
    """A disk_format that leads out of the directory has overwritten files of the machine that ran the task."""
    precious = out.parent / "precious"
    precious.write_text("precious")
    (out / "thing.raw").mkdir()
    add(glance)
    shown = Image.as_json
    monkeypatch.setattr(Image, "as_json", lambda image, **options: shown(image, **options) | fields)
    to = {"path": f"{out}/"} if destination == "path" else {"path": None, "container": "images"}
    (failure,) = export(**to)["failures"]
    assert failure["kind"] == "server"
    assert "the cloud declares" in failure["error"]
    assert precious.read_text() == "precious"
    assert [path.name for path in out.iterdir()] == ["thing.raw"]


def test_a_link_in_the_directory_leads_nowhere(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    """The image's name is its cloud's choice, and so is which file of the directory it would be."""
    precious = out.parent / "precious"
    precious.write_text("precious")
    (out / "thing.raw").symlink_to(precious)
    add(glance)
    (failure,) = export(path=f"{out}/")["failures"]
    assert failure["kind"] == "input"
    assert f"{out}/thing.raw is a link to a file in another directory" in failure["error"]
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_a_file_may_have_the_longest_name_there_is(
    export: Callable[..., ModuleRun], glance: Glance, out: Path, name: str
) -> None:
    add(glance, formats.qcow2(), disk_format="qcow2", name=name)
    assert export(image=name, path=f"{out}/{name}").ok
    assert (out / name).read_bytes() == formats.qcow2()
    assert export(image=name, path=f"{out}/").ok
    assert len(list(out.iterdir())) == 2


def test_partial_files_of_other_targets_stay(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    image = add(glance)
    mine = out / f".image.{uuid.uuid4()}.{'0' * 16}.part"
    others = [out / f".image.raw.{image.id}.{'0' * 16}.part", out / ".image.notes.part"]
    for path in (mine, *others):
        path.write_bytes(b"some")
    assert export().ok
    assert sorted(out.iterdir()) == sorted([*others, out / "image"])


SAME: list[tuple[dict[str, Any], dict[str, str], bool]] = [
    ({"id": "id-1", "size": 8}, {}, True),
    ({"id": "id-2", "size": 8}, {}, False),
    ({"size": 8}, {}, False),
    ({"id": "id-1", "size": 9}, {}, False),
    ({"id": "id-2", "size": 8}, {"md5": hashlib.md5(samples.DATA).hexdigest()}, True),  # noqa: S324
    ({"id": "id-1", "size": 8}, {"md5": "other"}, False),
    ({"id": "id-1", "size": 8}, {"sha256": "unknown to the cloud"}, True),
]


@pytest.mark.parametrize(("one", "digests", "same"), SAME)
def test_same_image(one: dict[str, Any], digests: dict[str, str], same: bool) -> None:  # noqa: FBT001
    assert same_image(one, digests, samples.image()) is same
