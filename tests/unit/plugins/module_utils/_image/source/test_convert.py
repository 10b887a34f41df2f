# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversion by the real qemu-img, of images that may be hostile."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import threading
import time
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConfigError,
    DeadlineError,
    InputError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import convert as convert_module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.convert import convert
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    AS_BYTES,
    ImageFile,
    open_image_file,
)
from tests.support import image_formats as formats
from tests.support.wait import until

pytestmark = pytest.mark.slow

MIB = 1 << 20


def soon() -> Deadline:
    return Deadline(30)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(os.urandom(MIB) + bytes(MIB))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


@pytest.mark.parametrize("disk_format", ["qcow2", "vhd", "vhdx", "vmdk", "vdi"])
def test_there_and_back(disk: Path, workspace: Path, disk_format: str) -> None:
    there = convert(open_image_file(str(disk)), disk_format, workspace, soon())
    assert (there.disk_format, there.path.parent) == (disk_format, workspace)
    back = convert(there, "raw", workspace, soon())
    data = back.path.read_bytes()
    assert back.disk_format == "raw"
    assert data[: 2 * MIB] == disk.read_bytes()
    assert not any(data[2 * MIB :])  # a VHD ends with a whole cylinder


@pytest.mark.parametrize("content", [formats.iso(), formats.mbr()])
def test_disk_of_another_kind_is_raw_when_raw_is_wanted(disk: Path, workspace: Path, content: bytes) -> None:
    disk.write_bytes(content)
    qcow2 = convert(open_image_file(str(disk)), "qcow2", workspace, soon())
    assert convert(qcow2, "raw", workspace, soon()).disk_format == "raw"


@pytest.mark.parametrize("content", [formats.qcow2(), formats.qcow2(backing_offset=512)])
def test_disk_that_pretends_to_be_an_image_is_refused(disk: Path, workspace: Path, content: bytes) -> None:
    """A raw image with a qcow2 in it, perhaps with a backing file, would be opened as one by others."""
    disk.write_bytes(content)
    wrapped = workspace / "wrapped.qcow2"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, wrapped], check=True)
    with pytest.raises(InputError):
        convert(open_image_file(str(wrapped)), "raw", workspace, soon())
    assert list(workspace.iterdir()) == [wrapped]


SECRET = b"of this machine alone " * 1000


def test_what_a_cloud_declares_is_not_what_is_converted(disk: Path, workspace: Path, tmp_path: Path) -> None:
    """Data declared as a vmdk that names a file of this machine has made qemu-img read that file (CVE-2024-32498)."""
    (tmp_path / "secret").write_bytes(SECRET)
    disk.write_bytes("#ü\n".encode() + formats.vmdk_descriptor(f'RW 44 FLAT "{tmp_path}/secret" 0'))
    leak = ["qemu-img", "convert", "-f", "vmdk", "-O", "raw", str(disk), str(tmp_path / "leak")]
    assert subprocess.run(leak, check=False).returncode == 0
    assert SECRET[:100] in (tmp_path / "leak").read_bytes()
    with pytest.raises(InputError, match="it is the descriptor of a vmdk, which names other files"):
        open_image_file(str(disk), handling=AS_BYTES)
    declared = ImageFile(disk.stat().st_size, "vmdk", {}, disk, MIB, detected="raw")
    with pytest.raises(InputError, match="declared as vmdk, but its content is raw"):
        convert(declared, "qcow2", workspace, soon())
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize("name", ["json:{}", "nbd:host:1", "a,b=c"])
def test_a_file_is_a_file_whatever_it_is_called(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(os.urandom(MIB))
    there = convert(open_image_file(name), "qcow2", workspace, soon())
    assert convert(there, "raw", workspace, soon()).path.read_bytes() == Path(name).read_bytes()


@pytest.mark.parametrize(("disk_format", "of_secret"), [("qcow2", "raw"), ("vmdk", "vmdk")])
def test_a_backing_file_is_not_read_even_if_it_comes_after_the_checks(
    workspace: Path, tmp_path: Path, disk_format: str, of_secret: str
) -> None:
    (tmp_path / "plain").write_bytes(SECRET + bytes(MIB - len(SECRET)))
    secret = tmp_path / "secret"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", of_secret, tmp_path / "plain", secret], check=True)
    checked = tmp_path / f"image.{disk_format}"
    create = ["qemu-img", "create", "-q", "-f", disk_format]
    subprocess.run([*create, checked, "1M"], check=True)
    source = replace(open_image_file(str(checked)), state=None)
    subprocess.run([*create, "-b", secret, "-F", of_secret, checked], check=True)
    assert convert(source, "raw", workspace, soon()).path.read_bytes() == bytes(MIB)


def test_without_qemu_img(disk: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workspace))
    with pytest.raises(ConfigError, match="raw to qcow2 needs qemu-img, which is not installed here"):
        convert(open_image_file(str(disk)), "qcow2", workspace, soon())


@pytest.mark.parametrize("disk_format", ["ploop", "aki"])
def test_format_that_nobody_makes(disk: Path, workspace: Path, disk_format: str) -> None:
    with pytest.raises(InputError, match="cannot be converted") as caught:
        convert(open_image_file(str(disk)), disk_format, workspace, soon())
    assert "qcow2, raw" in caught.value.hint


def test_too_little_space(disk: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(MIB, 0, MIB))
    with pytest.raises(InputError, match=f"where {MIB} are free") as caught:
        convert(open_image_file(str(disk)), "qcow2", workspace, soon())
    assert "temporary_directory" in caught.value.hint
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize("how", ["deadline", "cancelled", "damaged"])
def test_conversion_that_ends_early_leaves_nothing(
    disk: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A qemu-img that takes for ever to convert, or fails."""
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    slow = "exit 1" if how == "damaged" else f"echo $$ > {tmp_path}/pid; exec sleep 60"
    measure = """[ "$1" = measure ] && echo '{"required": 1}' && exit"""
    script = f'#!/bin/sh\n{measure}\nfor last; do :; done\n> "$last"\n{slow}\n'
    (bin_directory / "qemu-img").write_text(script, encoding="utf-8")
    (bin_directory / "qemu-img").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_directory}:{os.environ['PATH']}")
    monkeypatch.setattr(convert_module, "POLL", 0.02)
    deadline, pid = Deadline(2 if how == "deadline" else 30), tmp_path / "pid"

    def cancel() -> None:
        until(lambda: pid.exists() and pid.read_text(encoding="utf-8"))
        deadline.cancelled.set()

    begin = time.monotonic()
    if how == "cancelled":
        threading.Thread(target=cancel).start()
    with pytest.raises(ConfigError if how == "damaged" else DeadlineError):
        convert(open_image_file(str(disk)), "qcow2", workspace, deadline)
    assert time.monotonic() - begin < 20
    assert list(workspace.iterdir()) == []
    if how != "damaged":
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_qemu_img_ends_with_the_work_whatever_ends_it(
    disk: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    tool = tmp_path / "bin" / "qemu-img"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    pid = tmp_path / "pid"

    class Breaks(Deadline):
        def remaining(self) -> float:
            if pid.exists() and pid.read_text(encoding="utf-8").endswith("\n"):
                raise error
            return super().remaining()

    with pytest.raises(error):
        convert(open_image_file(str(disk)), "qcow2", workspace, Breaks(50))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="utf-8")), 0)


def test_a_file_that_changes_while_it_is_converted(
    disk: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = convert_module._run

    def run_and_change(command: Sequence[str], deadline: Deadline) -> str:
        with disk.open("ab") as more:
            more.write(bytes(512))
        return run(command, deadline)

    source = open_image_file(str(disk))
    monkeypatch.setattr(convert_module, "_run", run_and_change)
    with pytest.raises(InputError, match="changed while it was converted"):
        convert(source, "qcow2", workspace, soon())
    assert list(workspace.iterdir()) == []


def test_a_vhd_of_fixed_size_is_what_it_is(disk: Path, workspace: Path, tmp_path: Path) -> None:
    """Taken for raw, its footer would become part of the disk, and in a vhd of vhd there would be two."""
    fixed = tmp_path / "fixed.vhd"
    subprocess.run(["qemu-img", "convert", "-O", "vpc", "-o", "subformat=fixed,force_size=on", disk, fixed], check=True)
    source = open_image_file(str(fixed))
    assert source.disk_format == "vhd"
    assert convert(source, "raw", workspace, soon()).path.read_bytes() == disk.read_bytes()


def other_vhd(disk: Path, path: Path, creator: bytes, subformat: str) -> None:
    """As another program makes it: its geometry has 4080 of the disk's 4096 sectors, and the disk was larger once."""
    options = f"subformat={subformat},force_size=on"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, disk, path], check=True)
    data = bytearray(path.read_bytes())
    for start in {0, len(data) - 512} if subformat == "dynamic" else {len(data) - 512}:
        footer = data[start : start + 512]
        footer[28:32], footer[40:48], footer[56:60] = (
            creator,
            struct.pack(">Q", 4 * MIB),
            struct.pack(">HBB", 60, 4, 17),
        )
        footer[64:68] = bytes(4)
        footer[64:68] = struct.pack(">I", ~sum(footer) & 0xFFFFFFFF)
        data[start : start + 512] = footer
    path.write_bytes(data)


@pytest.mark.parametrize("subformat", ["dynamic", "fixed"])
@pytest.mark.parametrize("creator", [b"vbox", b"wa\0\0", b"win ", b"vpc ", b"qemu"])
def test_no_sector_of_a_vhd_is_lost(
    disk: Path, workspace: Path, tmp_path: Path, creator: bytes, subformat: str
) -> None:
    other_vhd(disk, tmp_path / "other.vhd", creator, subformat)
    source = open_image_file(str(tmp_path / "other.vhd"))
    assert (source.disk_format, source.virtual_size) == ("vhd", 2 * MIB)
    assert convert(source, "raw", workspace, soon()).path.read_bytes() == disk.read_bytes()


def test_a_qemu_img_that_cuts_off_the_end(
    disk: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_vhd(disk, tmp_path / "other.vhd", b"vbox", "dynamic")
    tool = tmp_path / "bin" / "qemu-img"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/bash\nexec {shutil.which("qemu-img")} "${{@//current_size/chs}}"\n', encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    with pytest.raises(ConfigError, match="qemu-img converted only 2088960 of the 2097152 bytes of the disk"):
        convert(open_image_file(str(tmp_path / "other.vhd")), "qcow2", workspace, soon())
    assert list(workspace.iterdir()) == []


def test_a_parallels_disk_is_no_raw_one(disk: Path, workspace: Path, tmp_path: Path) -> None:
    made = tmp_path / "disk.hds"
    subprocess.run(["qemu-img", "convert", "-O", "parallels", disk, made], check=True)
    source = open_image_file(str(made))
    assert source.disk_format == "ploop"
    assert convert(source, "raw", workspace, soon()).path.read_bytes()[: 2 * MIB] == disk.read_bytes()


def test_a_format_that_is_only_a_name_is_not_taken_for_raw(disk: Path, workspace: Path) -> None:
    for disk_format in ("root-tar", "docker"):
        with pytest.raises(InputError, match=f"{disk_format} cannot be converted to qcow2"):
            convert(replace(open_image_file(str(disk)), disk_format=disk_format), "qcow2", workspace, soon())
