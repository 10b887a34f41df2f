# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images brought to files: whole and right, or nothing but what a later run goes on from."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
import uuid
from pathlib import Path
from unittest.mock import patch

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import digest_cache
from tests.integration.image_export.lab import MIB, REGIONS, SIZE, ExportLab, Site, digests, files
from tests.support.fake_openstack import Answer, BreakAnswer
from tests.support.run_module import PROMPT
from tests.support.wait import until

pytestmark = pytest.mark.clouds


@pytest.mark.parametrize("region", REGIONS)
def test_a_file_from_every_region(lab: ExportLab, name: str, data: bytes, out: Path, region: str) -> None:
    planned = lab.done(region, image=name, path=f"{out}/", _ansible_check_mode=True)
    assert (planned["action"], planned["checksum"], files(out)) == ("created", digests(data), [])
    first = lab.done(region, image=name, path=f"{out}/")
    target = out / f"{name}.raw"
    assert target.read_bytes() == data
    assert files(out) == [target.name]
    assert (first["action"], first["method"], first["export_format"]) == ("created", "download", "raw")
    assert (first["export_location"], first["size"], first["checksum"]) == (str(target), SIZE, digests(data))
    assert first["expires_at"] is None
    lab.heal()
    with patch.object(digest_cache, "open_image_file", side_effect=AssertionError("the file is read")):
        again = lab.run(region, image=name, path=f"{out}/")
    assert not again["changed"]
    assert again["results"][0] == {**first, "action": "unchanged", "method": None}
    assert lab.sites[region].downloads() == 0


def test_a_file_that_somebody_else_fetched_is_read_once_and_left_alone(
    lab: ExportLab, north: Site, name: str, data: bytes, out: Path
) -> None:
    target = out / "image"
    target.write_bytes(data)
    os.utime(target, (1, 1))
    assert lab.done(image=name, path=str(target))["action"] == "unchanged"
    with patch.object(digest_cache, "open_image_file", side_effect=AssertionError("the file is read")):
        assert lab.done(image=name, path=str(target))["action"] == "unchanged"
    assert north.downloads() == 0


def test_a_file_is_replaced_with_its_mode(lab: ExportLab, name: str, data: bytes, out: Path) -> None:
    target = out / "image"
    target.write_bytes(b"other")
    target.chmod(0o640)
    output = lab.run(image=name, path=str(target), _ansible_diff=True)
    assert output["results"][0]["action"] == "replaced"
    assert target.read_bytes() == data
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert '"size": 5' in output["diff"][0]["before"]
    assert f'"size": {SIZE}' in output["diff"][0]["after"]


def test_a_new_file_honours_the_umask_and_a_link_stays_one(lab: ExportLab, name: str, data: bytes, out: Path) -> None:
    link = out / "link"
    link.symlink_to("real")
    mask = os.umask(0o027)
    try:
        lab.done(image=name, path=str(link))
    finally:
        os.umask(mask)
    assert link.is_symlink()
    assert (out / "real").read_bytes() == data
    assert stat.S_IMODE((out / "real").stat().st_mode) == 0o640


def test_a_file_that_changed_is_fetched_again(lab: ExportLab, name: str, data: bytes, out: Path) -> None:
    target = out / "image"
    lab.done(image=name, path=str(target))
    with target.open("r+b") as file:
        file.write(bytes([data[0] ^ 1]))
    assert lab.done(image=name, path=str(target))["action"] == "replaced"
    assert target.read_bytes() == data


def cut_for_good(site: Site) -> None:
    """Half of the data comes, and then nothing any more."""
    site.glance.fault("GET", "/file$", BreakAnswer(0.5, cut=True), times=1)
    site.glance.fault("GET", "/file$", BreakAnswer(0.0, cut=True))


def test_a_later_run_goes_on(lab: ExportLab, north: Site, name: str, data: bytes, out: Path) -> None:
    target = out / "image"
    cut_for_good(north)
    failure = lab.failure(image=name, path=str(target))
    (partial,) = files(out)
    assert f"of {SIZE} bytes are kept in {out / partial}" in failure["error"]
    kept = (out / partial).stat().st_size
    assert kept == SIZE // 2
    lab.heal()
    assert lab.done(image=name, path=str(target))["action"] == "created"
    assert north.glance.served == SIZE - kept
    assert target.read_bytes() == data
    assert files(out) == ["image"]


def test_a_damaged_partial_file_is_thrown_away(lab: ExportLab, north: Site, name: str, data: bytes, out: Path) -> None:
    cut_for_good(north)
    lab.failure(image=name, path=f"{out}/image")
    (partial,) = out.iterdir()
    partial.write_bytes(bytes(SIZE // 2))
    lab.heal()
    lab.done(image=name, path=f"{out}/image")
    assert (out / "image").read_bytes() == data
    assert files(out) == ["image"]


def test_another_images_partial_file_is_thrown_away(
    lab: ExportLab, north: Site, name: str, data: bytes, out: Path
) -> None:
    cut_for_good(north)
    lab.failure(image=name, path=f"{out}/image")
    lab.heal()
    other = north.add_image(f"{name}-2", data[::-1])
    try:
        lab.done(image=other, path=f"{out}/image")
    finally:
        north.delete_images(f"{name}-2")
    assert (out / "image").read_bytes() == data[::-1]
    assert files(out) == ["image"]


def test_a_cloud_without_ranges(lab: ExportLab, north: Site, name: str, data: bytes, out: Path) -> None:
    north.glance.ranges = False
    cut_for_good(north)
    north.glance.fault("GET", "/file$", Answer(503))
    lab.failure(image=name, path=f"{out}/image")
    lab.heal()
    north.glance.ranges = False
    north.glance.fault("GET", "/file$", BreakAnswer(0.5, cut=True), times=1)
    lab.done(image=name, path=f"{out}/image")
    assert (out / "image").read_bytes() == data


def test_two_tasks_for_one_path(lab: ExportLab, north: Site, name: str, data: bytes, out: Path) -> None:
    north.glance.pace = 0.3
    with lab.start(image=name, path=f"{out}/image") as first:
        until(lambda: any(path.stat().st_size for path in out.iterdir()))
        assert lab.failure(image=name, path=f"{out}/image")["kind"] == "conflict"
        first.wait(30)
    assert (out / "image").read_bytes() == data
    assert files(out) == ["image"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_what_the_next_goes_on_from(
    lab: ExportLab, north: Site, name: str, data: bytes, out: Path, number: signal.Signals
) -> None:
    north.glance.pace = 0.3
    with lab.start(image=name, path=f"{out}/image") as first:
        until(lambda: any(path.stat().st_size for path in out.iterdir()))
        first.send_signal(number)
        first.wait(PROMPT)
    (partial,) = files(out)
    kept = (out / partial).stat().st_size
    assert 0 < kept < SIZE
    time.sleep(1.0)  # the proxy notices with the next piece that nobody listens
    lab.heal()
    lab.done(image=name, path=f"{out}/image")
    assert north.glance.served == SIZE - kept
    assert (out / "image").read_bytes() == data
    assert files(out) == ["image"]


def test_expected_checksum(lab: ExportLab, north: Site, name: str, data: bytes, out: Path) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    wrong = lab.failure(image=name, path=f"{out}/image", checksum=f"sha512:{'0' * 128}")
    assert wrong["kind"] == "integrity"
    assert north.downloads() == 0
    assert lab.failure(image=name, path=f"{out}/image", checksum=f"sha256:{'0' * 64}")["kind"] == "integrity"
    assert files(out) == []
    assert lab.done(image=name, path=f"{out}/image", checksum=f"sha256:{sha256}")["action"] == "created"
    assert lab.failure(image=name, path=f"{out}/image", checksum=f"sha256:{'0' * 64}")["kind"] == "integrity"
    assert lab.done(image=name, path=f"{out}/image", checksum=f"sha256:{sha256}")["action"] == "unchanged"


def qemu_img(*arguments: str) -> str:
    if shutil.which("qemu-img") is None:
        pytest.fail("these tests need qemu-img: install qemu-utils")
    return subprocess.run(["qemu-img", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def disk(out: Path) -> Path:
    path = out.parent / "disk.raw"
    with path.open("wb") as file:
        file.write(os.urandom(MIB))
        file.truncate(4 * MIB)
    return path


@pytest.mark.parametrize(("stored", "wanted"), [("qcow2", "raw"), ("raw", "qcow2"), ("qcow2", "vmdk")])
def test_conversion(lab: ExportLab, north: Site, disk: Path, out: Path, stored: str, wanted: str) -> None:
    name = f"t-export-{uuid.uuid4().hex[:8]}"
    source = disk.with_suffix(".stored")
    qemu_img("convert", "-f", "raw", "-O", stored, str(disk), str(source))
    north.add_image(name, source.read_bytes(), stored)
    options = {"image": name, "path": f"{out}/", "disk_format": wanted}
    try:
        planned = lab.done(**options, _ansible_check_mode=True)
        assert (planned["size"], planned["checksum"]) == (None, {"md5": None, "sha512": None})
        first = lab.done(**options)
        target = out / f"{name}.{wanted}"
        assert (first["action"], first["export_format"], files(out)) == ("created", wanted, [target.name])
        assert first["checksum"] == digests(target.read_bytes())
        assert "identical" in qemu_img("compare", "-f", wanted, "-F", "raw", str(target), str(disk))
        lab.heal()
        assert lab.done(**options) == {**first, "action": "unchanged", "method": None}
        assert north.downloads() == 0
        as_it_is = lab.done(image=name, path=str(target))
        assert as_it_is["action"] == "replaced"
        assert target.read_bytes() == source.read_bytes()
    finally:
        north.delete_images(name)


def test_a_converted_file_that_nobody_remembers_is_not_replaced_by_the_same(
    lab: ExportLab, name: str, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = {"image": name, "path": f"{out}/image", "disk_format": "qcow2"}
    lab.done(**options)
    before = (out / "image").stat()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert lab.done(**options)["action"] == "unchanged"
    assert (out / "image").stat().st_ino == before.st_ino
    assert files(out) == ["image"]


def test_conversion_without_qemu_img_fails_before_the_download(
    lab: ExportLab, north: Site, name: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    failure = lab.failure(image=name, path=f"{out}/image", disk_format="qcow2")
    assert (failure["kind"], north.downloads(), files(out)) == ("config", 0, [])
