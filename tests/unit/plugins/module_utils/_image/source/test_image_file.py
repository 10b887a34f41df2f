# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that the user names: what it is, whether it may go to a cloud, and what reading it costs."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import same_format
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import hashing, image_file
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    AS_BYTES,
    AS_IMAGE,
    Handling,
    open_image_file,
)
from tests.support import image_formats as formats

MIB = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "image.bin"


@pytest.mark.parametrize(
    ("data", "disk_format"),
    [
        (formats.raw(), "raw"),
        (b"\0", "raw"),
        (formats.qcow2(), "qcow2"),
        (formats.qcow2(version=2), "qcow2"),
        (formats.qcow2(features=3), "qcow2"),
        (formats.vmdk(), "vmdk"),
        (formats.vmdk(create_type="streamOptimized"), "vmdk"),
        (formats.vdi(), "vdi"),
        (formats.vhd(), "vhd"),
        (formats.vhdx(), "vhdx"),
        (formats.iso(), "iso"),
        (formats.iso(bootable=True), "iso"),
        (formats.mbr(), "raw"),
        (formats.mbr(partition_type=0xEE), "raw"),
        (formats.mbr(partition_type=0), "raw"),
        (formats.luks(), "raw"),
    ],
)
def test_format_is_detected_from_content(file: Path, data: bytes, disk_format: str) -> None:
    file.write_bytes(data)
    assert open_image_file(str(file)).disk_format == disk_format


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (formats.qcow2(), 8 * MIB),
        (formats.vmdk(), 8 << 10),
        (formats.vdi(), MIB),
        (formats.vhd(), MIB),
        (formats.iso(), 128 << 10),
        (formats.raw(), 255 * 257),
    ],
)
def test_the_size_of_the_disk(file: Path, content: bytes, size: int) -> None:
    file.write_bytes(content)
    assert open_image_file(str(file)).virtual_size == size


@pytest.mark.parametrize("length", [1, 2, 4, 7, 63, 64, 511, 512, 513, 1535, 32 << 10])
@pytest.mark.parametrize("make", [formats.qcow2, formats.vmdk, formats.vdi, formats.vhdx, formats.iso, formats.luks])
def test_file_that_ends_early_is_taken_or_refused_but_never_a_crash(file: Path, make: Any, length: int) -> None:
    file.write_bytes(make()[:length])
    with suppress(InputError):
        assert open_image_file(str(file)).size == length


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(formats.qcow2(backing_offset=512), id="qcow2-backing-file"),
        pytest.param(formats.qcow2(features=4), id="qcow2-data-file"),
        pytest.param(formats.qcow2(features=1 << 20), id="qcow2-unknown-features"),
        pytest.param(formats.qcow2(version=1), id="qcow2-version-1"),
        pytest.param(formats.vmdk('RW 16 SPARSE "/etc/passwd"'), id="vmdk-absolute-extent"),
        pytest.param(formats.vmdk(create_type="monolithicFlat"), id="vmdk-flat"),
    ],
)
def test_file_that_names_others_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"^path: .* is not safe to upload") as caught:
        open_image_file(str(file))
    assert "qemu-img convert" in caught.value.hint


@pytest.mark.parametrize("handling", [AS_IMAGE, AS_BYTES])
@pytest.mark.parametrize("data", [formats.vmdk(formats.CHILD), formats.vhd(kind=4)])
def test_disk_with_a_parent_is_refused(file: Path, data: bytes, handling: Handling) -> None:
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"^path: .* is not safe to upload \(parent: .*\)$") as caught:
        open_image_file(str(file), handling=handling)
    assert caught.value.hint.startswith("Merge the two")


def test_two_formats_in_one_file_are_refused(file: Path) -> None:
    data = bytearray(formats.iso())
    data[:512] = formats.qcow2(backing_offset=512)[:512]
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"format of .* is ambiguous: iso, qcow2"):
        open_image_file(str(file))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("raw", "raw", True),
        ("raw", "aki", True),
        ("iso", "raw", True),
        ("gpt", "raw", True),
        ("luks", "raw", True),
        ("ploop", "raw", False),
        ("qcow2", "qcow2", True),
        ("raw", "qcow2", False),
        ("vhd", "vhdx", False),
    ],
)
def test_formats_that_are_bytes_as_they_stand_are_one(one: str, other: str, *, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert same_format(*pair) is same


def test_what_is_no_file_with_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    expected = {
        "missing": "does not exist",
        "missing/deeper": "does not exist",
        "dangling": "does not exist",
        "loop": "cannot be read: Too many levels",
        "x" * 300: "cannot be read: File name too long",
        "empty/below": "cannot be read: Not a directory",
        "": "is not a file",
        "fifo": "is not a file",
        "empty": "is empty",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=message) as caught:
            open_image_file(str(tmp_path / name))
        assert caught.value.message.startswith("path: ")
        assert caught.value.hint
    with pytest.raises(InputError, match="is not a file"):
        open_image_file("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_and_directory_are_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "image").write_bytes(b"x")
    for path in (closed / "image", closed):
        path.chmod(0)
        with pytest.raises(InputError, match=r"cannot be read: Permission denied|is not a file"):
            open_image_file(str(closed / "image"))
        path.chmod(0o700)


def test_size_and_digests_behind_a_link(tmp_path: Path) -> None:
    data = formats.qcow2() + os.urandom(9 * MIB)
    (tmp_path / "image").write_bytes(data)
    (tmp_path / "link").symlink_to("image")
    read = open_image_file(str(tmp_path / "link"))
    assert read.size == len(data)
    assert read.digests == {name: hashlib.new(name, data).hexdigest() for name in ("md5", "sha256", "sha512")}


class _Counting(io.FileIO):
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        type(self).taken += len(data)
        return data


@pytest.mark.slow
def test_one_pass_and_flat_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 64 * MIB
    with file.open("wb") as sparse:
        sparse.truncate(size)
    monkeypatch.setattr(_Counting, "taken", 0)
    monkeypatch.setattr(Path, "open", lambda path, _mode, **_how: _Counting(path))
    tracemalloc.start()
    try:
        read = open_image_file(str(file))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read.size == size
    beginning = _Counting.taken - size - image_file.CHUNK  # of which the inspectors see this
    assert 0 <= beginning < 64 << 10  # its first and last bytes are looked at
    assert peak < (hashing.AHEAD + 4) * image_file.CHUNK


def test_a_file_is_read_within_a_deadline(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(1000))
    assert open_image_file(str(tmp_path / "image"), Deadline(5)).size == 1000
    with pytest.raises(DeadlineError):
        open_image_file(str(tmp_path / "image"), Deadline(0))


def test_a_process_that_may_have_no_more_threads_is_told_why(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"data\0" * 1000)
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if thread.name.startswith("digest"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(InputError, match="no thread can be started for it: can't start new thread"):
        open_image_file(str(file))
