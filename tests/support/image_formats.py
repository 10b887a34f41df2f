# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that makes a file an image of some format; sizes are bytes."""

from __future__ import annotations

import struct

MIB = 1 << 20


def _placed(size: int, *parts: tuple[int, bytes]) -> bytes:
    """Zeros, with each part at its offset."""
    data = bytearray(size)
    for offset, part in parts:
        data[offset : offset + len(part)] = part
    return bytes(data)


def qcow2(*, version: int = 3, backing_offset: int = 0, features: int = 0) -> bytes:
    """Features are the incompatible ones: 4 is an external data file."""
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing_offset, 0, 16, 8 * MIB)
    return _placed(64 << 10, (0, header), (0x48, struct.pack(">Q", features)))


CHILD = 'parentFileNameHint="base.vmdk"\nRW 16 SPARSE "disk.vmdk"'
"""In the descriptor of a vmdk with a parent."""


def vmdk(extent: str = 'RW 16 SPARSE "disk.vmdk"', create_type: str = "monolithicSparse") -> bytes:
    """A sparse disk of 8 KiB with an embedded descriptor."""
    header = struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 3, 16, 128, 1, 20, 512, 0, 0)
    return _placed(64 << 10, (0, header), (512, vmdk_descriptor(extent, create_type)))


def vmdk_descriptor(extent: str = 'RW 16 FLAT "/etc/passwd" 0', create_type: str = "monolithicFlat") -> bytes:
    """The text that names where the data lies; by itself a vmdk too."""
    lines = ["# Disk DescriptorFile", "version=1", "CID=1", "parentCID=ffffffff", f'createType="{create_type}"', extent]
    return ("\n".join(lines) + "\n").encode()


def vdi() -> bytes:
    return _placed(64 << 10, (0x40, struct.pack("<I", 0xBEDA107F)), (0x170, struct.pack("<Q", MIB)))


def vhd(*, kind: int = 3) -> bytes:
    """With a copy of the footer in front; its disk was larger once. Kind 3 is dynamic, 4 has a parent."""
    fields = struct.pack(">QQ4xI", 2 * MIB, MIB, kind)
    return _placed(64 << 10, (0, b"conectix"), (40, fields), ((64 << 10) - 512, b"conectix"))


def vhdx() -> bytes:
    return _placed(MIB, (0, b"vhdxfile"))


def iso(*, bootable: bool = False) -> bytes:
    """With ``bootable`` a hybrid as distributions publish them: a CD and, to a BIOS, a disk."""
    boot = mbr(partition_type=0x17)[:512] if bootable else b""
    return _placed(128 << 10, (0, boot), (32 << 10, b"\x01CD001\x01"))


def mbr(*, partition_type: int = 0x83) -> bytes:
    """A disk with a boot sector; type 0: without a partition, 0xEE: GPT."""
    entry = struct.pack("<B3BB3BII", 0, 0, 2, 0, partition_type, 0, 0, 0, 1, 100)
    return _placed(64 << 10, (446, entry), (510, b"\x55\xaa"))


def luks() -> bytes:
    return _placed(64 << 10, (0, b"LUKS\xba\xbe\x00\x01"))


def qed() -> bytes:
    return _placed(64 << 10, (0, b"QED\x00"))


def raw() -> bytes:
    return bytes(range(1, 256)) * 257
