# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an image file must be by its own header and tables: a file that is shorter is truncated.

Sources: docs/interop/qcow2.txt of QEMU, VMware's "Virtual Disk Format 5.0", Microsoft's VHD specification and MS-VHDX,
VirtualBox's VDICore.h, ECMA-119. Where the disk ends within its last block, that block need only have begun: readers
take what is missing for zeros.
"""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECTOR = 512
_MIB = 1 << 20
_PIECE = 1 << 20

MOST_TABLES = 4 << 20
"""As many as qemu takes of a qcow2. Of more, which no image has, they are not looked at: all would be in memory."""

_AT_END = 0xFFFFFFFFFFFFFFFF
"""Where the grain directory of a streamOptimized vmdk is: the footer says."""


def least_size(file: IO[bytes], disk_format: str, size: int, check: Callable[[], object] = lambda: None) -> int:
    """Bytes that a file of ``size`` bytes in this format has at least; 0 where the format does not tell.

    ``check`` is called now and then; what it raises ends the work. Raises EOFError for a file that ends within what
    must be read for that.
    """
    measure = _MEASURES.get(disk_format)
    return measure(_Reader(file, size, check)) if measure else 0


class _Reader:
    def __init__(self, file: IO[bytes], size: int, check: Callable[[], object]) -> None:
        self._file = file
        self.size = size
        self._check = check

    def read(self, offset: int, length: int) -> bytes:
        """Exactly so many bytes; raises EOFError where there are fewer."""
        self._check()
        if offset < 0 or offset + length > self.size:
            raise EOFError
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) < length:
            raise EOFError
        return data

    def unpack(self, form: str, offset: int) -> list[int]:
        return list(struct.unpack(form, self.read(offset, struct.calcsize(form))))

    def numbers(self, form: str, offset: int, count: int) -> Iterable[int]:
        """So many numbers of this form, read in pieces."""
        width = struct.calcsize(form)
        step = _PIECE // width
        for first in range(0, count, step):
            data = self.read(offset + first * width, min(step, count - first) * width)
            for (number,) in struct.iter_unpack(form, data):
                yield number


_EXTENDED_L2 = 1 << 4


def _qcow2(reader: _Reader) -> int:
    """The end of the tables, and that of the last cluster that one of them names."""
    bits, disk, _crypt, l1_count, l1_offset = reader.unpack(">IQIIQ", 20)
    refcounts, clusters, _count, _snapshots, features = reader.unpack(">QIIQQ", 48)
    (version,) = reader.unpack(">I", 4)
    if not 9 <= bits <= 21:
        return 0
    cluster = 1 << bits
    needed = max(l1_offset + 8 * l1_count, refcounts + clusters * cluster)
    if needed > reader.size or l1_count > MOST_TABLES:
        return needed
    partly = version >= 3 and bool(features & _EXTENDED_L2)  # of a cluster only some parts may be there
    form = ">Q8x" if partly else ">Q"
    per_table = cluster // struct.calcsize(form)
    tables = {entry & _OFFSETS: number for number, entry in enumerate(reader.numbers(">Q", l1_offset, l1_count))}
    tables.pop(0, None)
    if tables and max(tables) + cluster > reader.size:
        return max(tables) + cluster
    last = (disk - 1) // cluster
    for table, number in sorted(tables.items()):
        for index, entry in enumerate(reader.numbers(form, table, per_table), number * per_table):
            if entry & _ANYWHERE:
                needed = max(needed, _qcow2_end(entry, bits, whole=index < last and not partly))
    return needed


_OFFSETS = (1 << 56) - SECTOR
_COMPRESSED = 1 << 62
_ANYWHERE = _OFFSETS | _COMPRESSED


def _qcow2_end(entry: int, bits: int, *, whole: bool) -> int:
    """Where the data of a cluster ends, by its entry in a table: compressed data within a sector."""
    if not entry & _COMPRESSED:
        return (entry & _OFFSETS) + (1 << bits if whole else 1)
    wide = 62 - (bits - 8)
    sectors = entry >> wide & ((1 << (bits - 8)) - 1)
    return ((entry & ((1 << wide) - 1)) // SECTOR + sectors) * SECTOR + 1


_COMPRESSED_GRAINS = 1 << 16
_MARKER = 12


def _vmdk(reader: _Reader) -> int:
    """The end of the tables, and that of the last grain."""
    start = 0
    if _vmdk_directory(reader, 0) == _AT_END:
        start = reader.size - 2 * SECTOR
        if start < 2 * SECTOR or reader.read(start, 4) != b"KDMV":
            return reader.size + SECTOR  # the footer is at the end
    return _vmdk_tables(reader, start, _vmdk_directory(reader, start))


def _vmdk_tables(reader: _Reader, start: int, directory: int) -> int:
    (flags,) = reader.unpack("<I", start + 8)
    capacity, grain = reader.unpack("<QQ", start + 12)
    (per_table,) = reader.unpack("<I", start + 44)
    if not (directory and grain and 0 < per_table <= _MIB):
        return 0
    count = -(-capacity // (grain * per_table))
    needed = directory * SECTOR + 4 * count
    if needed > reader.size or count > MOST_TABLES:
        return needed
    tables = set(reader.numbers("<I", directory * SECTOR, count)) - {0}
    if tables and max(tables) * SECTOR + 4 * per_table > reader.size:
        return max(tables) * SECTOR + 4 * per_table
    grains = (max(reader.numbers("<I", table * SECTOR, per_table)) for table in sorted(tables))
    last = max(grains, default=0) * SECTOR
    if last <= SECTOR:  # none, or one of zeros
        return needed
    return max(needed, last + _vmdk_grain(reader, last, flags, 1 if capacity % grain else grain * SECTOR))


def _vmdk_grain(reader: _Reader, offset: int, flags: int, whole: int) -> int:
    """The bytes of the grain: compressed ones say how many there are."""
    return _MARKER + reader.unpack("<8xI", offset)[0] if flags & _COMPRESSED_GRAINS else whole


def _vmdk_directory(reader: _Reader, start: int) -> int:
    return reader.unpack("<Q", start + 56)[0]


def _vdi(reader: _Reader) -> int:
    (data,) = reader.unpack("<I", 0x158)
    block, _extra, _blocks, allocated = reader.unpack("<IIII", 0x178)
    return data + block * allocated


def _vhd(reader: _Reader) -> int:
    """The footer is at the end; a disk that grows has a copy of it in front."""
    return reader.size if reader.read(reader.size - SECTOR, 8) == b"conectix" else reader.size + SECTOR


_BAT = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")
_METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
_REGIONS = (192 << 10, 256 << 10)
_MOST_ENTRIES = 2047
_PRESENT = {6, 7}


def _vhdx(reader: _Reader) -> int:
    """The end of the regions, and that of the last block."""
    if reader.size < _MIB:
        return _MIB
    regions = next(filter(None, (_vhdx_table(reader, offset, b"regi", 16, 32) for offset in _REGIONS)), {})
    areas: dict[bytes, tuple[int, int]] = {name: struct.unpack("<QI", entry[16:28]) for name, entry in regions.items()}
    needed = max([_MIB, *(offset + length for offset, length in areas.values())])
    if needed > reader.size or not {_BAT, _METADATA} <= areas.keys():
        return needed
    place = areas[_METADATA][0]
    metadata = _vhdx_table(reader, place, b"metadata", 32, 32, count=10)
    if _PARAMETERS not in metadata:
        return needed
    (block,) = reader.unpack("<I", place + struct.unpack("<I", metadata[_PARAMETERS][16:20])[0])
    offset, length = areas[_BAT]
    blocks = reader.numbers("<Q", offset, length // 8)
    last = max((entry >> 20 for entry in blocks if entry & 7 in _PRESENT), default=None)
    return needed if last is None else max(needed, last * _MIB + block)


def _vhdx_table(
    reader: _Reader, offset: int, signature: bytes, header: int, width: int, *, count: int = 8
) -> dict[bytes, bytes]:
    """The entries of a table by their GUIDs; ``count`` is where it says how many there are."""
    if reader.read(offset, len(signature)) != signature:
        return {}
    (entries,) = reader.unpack("<H", offset + count)
    data = reader.read(offset + header, min(entries, _MOST_ENTRIES) * width)
    return {data[at : at + 16]: data[at : at + width] for at in range(0, len(data), width)}


def _iso(reader: _Reader) -> int:
    """The volume that the primary descriptor describes."""
    (blocks,) = reader.unpack("<I", 16 * 2048 + 80)
    (block,) = reader.unpack("<H", 16 * 2048 + 128)
    return blocks * block


_MEASURES: dict[str, Callable[[_Reader], int]] = {
    "qcow2": _qcow2,
    "vmdk": _vmdk,
    "vdi": _vdi,
    "vhd": _vhd,
    "vhdx": _vhdx,
    "iso": _iso,
}
