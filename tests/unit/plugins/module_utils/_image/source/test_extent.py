# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long files must be that qemu-img made: whole ones pass, and those cut anywhere do not."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import extent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.extent import least_size
from tests.support import image_formats as formats

MIB = 1 << 20
KINDS: dict[str, tuple[str, ...]] = {
    "qcow2": ("-O", "qcow2"),
    "qcow2-v2": ("-O", "qcow2", "-o", "compat=0.10"),
    "qcow2-compressed": ("-O", "qcow2", "-c"),
    "qcow2-zstd": ("-O", "qcow2", "-c", "-o", "compression_type=zstd"),
    "qcow2-small-clusters": ("-O", "qcow2", "-o", "cluster_size=512"),
    "qcow2-extended": ("-O", "qcow2", "-o", "extended_l2=on,cluster_size=128k"),
    "qcow2-preallocated": ("-O", "qcow2", "-o", "preallocation=metadata"),
    "vmdk": ("-O", "vmdk"),
    "vmdk-stream": ("-O", "vmdk", "-o", "subformat=streamOptimized"),
    "vdi": ("-O", "vdi"),
    "vdi-static": ("-O", "vdi", "-o", "static=on"),
    "vhd": ("-O", "vpc"),
    "vhd-fixed": ("-O", "vpc", "-o", "subformat=fixed"),
    "vhdx": ("-O", "vhdx"),
    "vhdx-fixed": ("-O", "vhdx", "-o", "subformat=fixed"),
}
LOOSE = {"qcow2-compressed", "qcow2-zstd", "qcow2-extended", "qcow2-preallocated", "vmdk-stream"}
"""Their last cluster need not be there as a whole, or its end is known to a sector."""


def is_whole(data: bytes, disk_format: str) -> bool:
    try:
        return least_size(io.BytesIO(data), disk_format, len(data)) <= len(data)
    except EOFError:
        return False


@pytest.fixture(scope="module", params=["even", "odd"])
def disk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk that ends with a cluster, or within one."""
    path: Path = tmp_path_factory.mktemp("disks") / "disk.raw"
    noise = os.urandom(MIB)
    path.write_bytes(noise + bytes(2 * MIB) + noise[:512] + (bytes(MIB - 512) if request.param == "even" else b""))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut(disk: Path, tmp_path: Path, kind: str) -> None:
    made = tmp_path / "image"
    subprocess.run(["qemu-img", "convert", "-f", "raw", *KINDS[kind], disk, made], check=True)
    data, disk_format = made.read_bytes(), kind.partition("-")[0]
    assert is_whole(data, disk_format)
    sizes = {100, 1000, len(data) // 3, len(data) // 2, len(data) - 200_000}
    if disk.stat().st_size % MIB == 0:
        sizes |= {len(data) - 140_000} if kind in LOOSE else {len(data) - 1, len(data) - 512}
    assert [size for size in sorted(sizes) if is_whole(data[:size], disk_format)] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vdi", "vpc", "vhdx"])
def test_an_empty_disk_is_whole(tmp_path: Path, kind: str) -> None:
    made = tmp_path / "image"
    subprocess.run(["qemu-img", "create", "-q", "-f", kind, made, "10G"], check=True)
    assert is_whole(made.read_bytes(), "vhd" if kind == "vpc" else kind)


def test_a_vmdk_whose_directory_is_at_its_end() -> None:
    """As VMware streams them: a header that says so, the grains, their tables, and a footer like the header."""

    def header(directory: int) -> bytes:
        return struct.pack("<4sIIQQQQIQQ", b"KDMV", 3, 3 << 16, 128, 128, 1, 1, 512, 0, directory).ljust(512, b"\0")

    grain = (struct.pack("<QI", 0, 600) + bytes(600)).ljust(1024, b"\0")
    table, directory = struct.pack("<I", 2).ljust(2048, b"\0"), struct.pack("<I", 4).ljust(512, b"\0")
    data = header((1 << 64) - 1) + bytes(512) + grain + table + directory + bytes(512) + header(8) + bytes(512)
    assert is_whole(data, "vmdk")
    assert not is_whole(data[:-512], "vmdk")
    assert not is_whole(data[:3000], "vmdk")


def test_an_iso() -> None:
    data = bytearray(formats.iso())
    struct.pack_into("<I", data, 16 * 2048 + 80, 64)
    struct.pack_into("<H", data, 16 * 2048 + 128, 2048)
    assert least_size(io.BytesIO(data), "iso", len(data)) == 64 * 2048 == len(data)
    assert not is_whole(bytes(data[:-1]), "iso")


@pytest.mark.parametrize("disk_format", ["raw", "ploop", "aki"])
def test_formats_that_do_not_tell(disk_format: str) -> None:
    assert least_size(io.BytesIO(b"x"), disk_format, 1) == 0


@pytest.mark.parametrize("make", [formats.qcow2, formats.vmdk, formats.vdi, formats.vhd, formats.vhdx, formats.iso])
def test_noise_after_the_magic_is_no_crash(make: Callable[[], bytes]) -> None:
    whole = make()
    for _time in range(50):
        data = whole[:8] + os.urandom(2000) + whole[2008:]
        with suppress(EOFError):
            assert least_size(io.BytesIO(data), make.__name__, len(data)) >= 0


def test_a_table_is_read_once_however_often_it_is_named() -> None:
    header = struct.pack(">4sIQIIQIIQ", b"QFI\xfb", 3, 0, 0, 9, 1 << 40, 0, 100_000, 1024)
    data = bytearray(header.ljust(1 << 20, b"\0"))
    for entry in range(100_000):
        struct.pack_into(">Q", data, 1024 + 8 * entry, 512)
    reads = []
    least_size(io.BytesIO(data), "qcow2", len(data), lambda: reads.append(1))
    assert len(reads) < 20


def at(size: int, *parts: tuple[int, bytes]) -> bytes:
    """So many zeros, with the parts at these offsets."""
    data = bytearray(size)
    for offset, part in parts:
        data[offset : offset + len(part)] = part
    return bytes(data)


MANY = 5 << 20


def many_numbers(form: str) -> bytes:
    """Numbers of which none is twice there."""
    return b"".join(map(struct.Struct(form).pack, range(1 << 20, (1 << 20) + MANY)))


def large_qcow2() -> bytes:
    numbers = b"".join(struct.pack(">Q", 512 * number) for number in range(1, MANY))
    header = struct.pack(">4sIQIIQIIQQIIQQ", b"QFI\xfb", 3, 0, 0, 16, MIB, 0, MANY, 4096, 0, 0, 0, 0, 0)
    return at(4096 + 8 * MANY, (0, header), (4096, numbers))


def large_vmdk() -> bytes:
    header = struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 0, MANY, 1, 0, 0, 1, 0, 8)
    return at(4096 + 4 * MANY, (0, header), (4096, many_numbers("<I")))


def large_vhdx() -> bytes:
    blocks, metadata = MANY // 3, 2 * MIB
    regions = struct.pack("<16sQII", extent._BAT, 3 * MIB, 8 * blocks, 1)
    regions += struct.pack("<16sQII", extent._METADATA, metadata, MIB, 1)
    return at(
        3 * MIB + 8 * blocks,
        (192 << 10, struct.pack("<4sIII", b"regi", 0, 2, 0) + regions),
        (metadata, struct.pack("<8sHH20x16sIII", b"metadata", 0, 1, extent._PARAMETERS, 65536, 8, 0)),
        (metadata + 65536, struct.pack("<I", MIB)),
        (3 * MIB, struct.pack("<Q", 3 << 20 | 6) * blocks),
    )


@pytest.mark.slow
@pytest.mark.parametrize("make", [large_qcow2, large_vmdk, large_vhdx])
def test_a_table_that_is_larger_than_any_image_needs_takes_no_memory(make: Callable[[], bytes]) -> None:
    data = make()
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        assert 0 < least_size(file, make.__name__.removeprefix("large_"), len(data)) <= len(data)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_a_deadline_ends_it() -> None:
    def expired() -> None:
        raise DeadlineError("over")

    with pytest.raises(DeadlineError):
        least_size(io.BytesIO(formats.qcow2()), "qcow2", 64 << 10, expired)
