# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed images: what is in them, what is refused, and that nothing bursts."""

from __future__ import annotations

import bz2
import functools
import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConfigError,
    DeadlineError,
    InputError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import unpack as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import AS_IMAGE, Handling
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.unpack import (
    SourceFile,
    decode,
    open_source,
)
from tests.support import image_formats as formats

MIB = 1 << 20
DISK = os.urandom(MIB) + bytes(5 * MIB) + b"\xff" * 512 + bytes(MIB)
QCOW2 = formats.qcow2()


def zstd(data: bytes) -> bytes:
    pytest.importorskip("zstandard")
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def flipped(data: bytes) -> bytes:
    """With one bit that is another in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstd,
}


@functools.cache
def packed(packing: str) -> bytes:
    """The disk, compressed once for all tests: that takes longer than what they are about."""
    return PACKERS[packing](DISK)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "image.packed"


def opened(file: Path, workspace: Path, data: bytes, handling: Handling = AS_IMAGE, seconds: float = 30) -> SourceFile:
    file.write_bytes(data)
    return open_source(str(file), workspace, Deadline(seconds), handling)


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize(("data", "disk_format"), [(DISK, "raw"), (QCOW2, "qcow2")])
def test_what_is_in_it(file: Path, workspace: Path, packing: str, data: bytes, disk_format: str) -> None:
    sent = packed(packing) if data is DISK else PACKERS[packing](data)
    source = opened(file, workspace, sent)
    assert (source.packing, source.image.disk_format, source.image.size) == (packing, disk_format, len(data))
    assert source.image.path.read_bytes() == data
    assert source.image.path.parent == workspace
    assert source.image.digests["sha256"] == hashlib.sha256(data).hexdigest()
    assert source.published == {name: hashlib.new(name, sent).hexdigest() for name in ("md5", "sha256", "sha512")}


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKERS)
def test_several_streams_one_after_another(file: Path, workspace: Path, packing: str) -> None:
    """As pigz, pixz, pbzip2 and pzstd write them."""
    pack = PACKERS[packing]
    data = pack(DISK[:MIB]) + pack(DISK[MIB:])
    assert opened(file, workspace, data).image.path.read_bytes() == DISK


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("at", [0, 2, 100, -6])
def test_a_damaged_stream_after_others(file: Path, workspace: Path, packing: str, at: int) -> None:
    """What is in those before it is not the image."""
    pack = PACKERS[packing]
    damaged = bytearray(pack(DISK[:MIB]))
    damaged[at] ^= 1
    with pytest.raises(InputError, match=f"its {packing} data"):
        opened(file, workspace, pack(DISK[:MIB]) + damaged + pack(DISK[MIB:]))
    assert list(workspace.iterdir()) == []


@pytest.mark.slow
def test_padding_after_a_stream(file: Path, workspace: Path) -> None:
    assert opened(file, workspace, packed("xz") + bytes(8)).image.size == len(DISK)
    assert opened(file, workspace, packed("gzip") + bytes(700)).image.size == len(DISK)
    assert opened(file, workspace, packed("bzip2") + bytes(700)).image.size == len(DISK)


def test_a_frame_of_zstd_that_is_to_be_skipped(file: Path, workspace: Path) -> None:
    skipped = b"\x50\x2a\x4d\x18" + (100).to_bytes(4, "little") + bytes(100)
    assert opened(file, workspace, skipped + packed("zstd")).image.size == len(DISK)


@pytest.mark.slow
def test_holes_are_not_written(file: Path, workspace: Path) -> None:
    source = opened(file, workspace, gzip.compress(bytes(64 * MIB) + b"x"))
    assert source.image.size == 64 * MIB + 1
    assert source.image.path.stat().st_blocks * 512 < 2 * MIB


def test_what_is_no_packed_image(file: Path, workspace: Path) -> None:
    source = opened(file, workspace, QCOW2)
    assert (source.packing, source.image.path, source.published) == ("", file, source.image.digests)
    assert list(workspace.iterdir()) == []


def test_bytes_as_they_are(file: Path, workspace: Path) -> None:
    data = packed("gzip")
    source = opened(file, workspace, data, Handling(verbatim=True, disk_format="aki", opaque=True))
    assert (source.packing, source.image.disk_format, source.image.size) == ("", "aki", len(data))
    with pytest.raises(InputError, match="declared as aki, but its content is unknown"):
        source.image.check_detected()


TAR = b"disk.raw".ljust(257, b"\0") + b"ustar\0" + bytes(249)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lzma.compress(TAR), r"the xz data in .*packed is no disk image but a tar archive"),
        (lambda: gzip.compress(b"<html>"), r"the gzip data in .* is no disk image but a web page"),
        (lambda: gzip.compress(b"some text"), r"the gzip data in .* is no disk image but a text"),
        (lambda: gzip.compress(packed("xz")), r"the gzip data in .* is compressed with xz itself"),
        (lambda: gzip.compress(formats.qcow2(backing_offset=512)), r"the gzip data in .* is not safe to upload"),
        (lambda: gzip.compress(QCOW2[:70]), r"the gzip data in .* is truncated"),
        (lambda: gzip.compress(b""), r"the gzip data in .* is empty"),
        (lambda: packed("gzip")[:-9], "is truncated: its gzip data has no end"),
        (lambda: packed("xz")[:-9], "is truncated: its xz data has no end"),
        (lambda: packed("bzip2")[:-9], "is truncated: its bzip2 data has no end"),
        (lambda: packed("gzip")[:-8] + bytes(8), "is damaged: its gzip data cannot be decompressed"),
        (lambda: packed("gzip") + b"x", "is damaged: its gzip data cannot be decompressed"),
        (lambda: flipped(packed("xz")), "is damaged: its xz data cannot be decompressed"),
        (lambda: flipped(packed("bzip2")), "is damaged: its bzip2 data cannot be decompressed"),
        (lambda: b"\x1f\x8b\x08" + bytes(100), "is damaged: its gzip data cannot be decompressed"),
    ],
)
def test_what_is_refused(file: Path, workspace: Path, make: Callable[[], bytes], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        opened(file, workspace, make())
    assert str(workspace) not in caught.value.message
    assert caught.value.hint
    assert list(workspace.iterdir()) == []


def test_what_is_refused_of_zstd(file: Path, workspace: Path) -> None:
    data = packed("zstd")
    for wrong, message in ((data[:-9], "no end"), (data + b"x", "damaged"), (flipped(data), "damaged")):
        with pytest.raises(InputError, match=message):
            opened(file, workspace, wrong)
        assert list(workspace.iterdir()) == []


def test_without_the_library_for_zstd(file: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(
        ConfigError, match="compressed with zstd, and this host does not have the Python library"
    ) as caught:
        opened(file, workspace, b"\x28\xb5\x2f\xfd" + bytes(100))
    assert "pip install zstandard" in caught.value.hint
    assert list(workspace.iterdir()) == []


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_is_large(file: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100 * MIB, 80 * MIB, 20 * MIB))
    assert opened(file, workspace, bz2.compress(bytes(18 * MIB))).image.size == 18 * MIB
    with pytest.raises(InputError, match=f"is larger than {18 * MIB} bytes when it is decompressed, 90% of") as caught:
        opened(file, workspace, bz2.compress(bytes(18 * MIB + 1)))
    assert "temporary_directory" in caught.value.hint
    assert len(list(workspace.iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKERS)
def test_memory_is_bounded(file: Path, workspace: Path, packing: str) -> None:
    data = PACKERS[packing](bytes(48 * MIB))
    tracemalloc.start()
    try:
        opened(file, workspace, data)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB


@pytest.mark.slow
def test_a_window_that_is_too_large_for_xz(file: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "XZ_MEMORY", MIB)
    with pytest.raises(InputError, match="Memory usage limit"):
        opened(file, workspace, lzma.compress(DISK, preset=6))


def test_a_deadline_ends_it(file: Path, workspace: Path) -> None:
    with pytest.raises(DeadlineError):
        opened(file, workspace, packed("gzip"), seconds=0)
    assert list(workspace.iterdir()) == []


def test_a_file_that_changes_meanwhile(file: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = module._write

    def change(output: object, chunk: bytes) -> None:
        with file.open("ab") as more:
            more.write(bytes(100))
        written(output, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_write", change)
    with pytest.raises(InputError, match="changed while it was read"):
        opened(file, workspace, packed("gzip"))


@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
def test_what_a_server_encodes(file: Path, workspace: Path, coding: str) -> None:
    file.write_bytes(gzip.compress(b"any data"))
    path, sent = decode(file, coding, workspace, Deadline(5))
    assert path.read_bytes() == b"any data"
    assert sent["md5"] == hashlib.md5(file.read_bytes()).hexdigest()  # noqa: S324


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
def test_what_only_a_browser_decodes(file: Path, workspace: Path, coding: str) -> None:
    with pytest.raises(InputError, match=f"^url: the server sends the file with the Content-Encoding '{coding}'"):
        decode(file, coding, workspace, Deadline(5))
