# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image files as they are in the world, made by the tools that make them there."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import image_formats as formats

MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """A file, and what the task says about it."""

    name: str
    make: Callable[[Path], None]
    """Writes it."""
    options: dict[str, str] = field(default_factory=dict)
    file: str = "image"
    library: str | None = None
    """What decompressing it needs besides Python."""


def of(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def tool(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def disk(path: Path) -> Path:
    """A disk with something on it, beside the path."""
    made = path.with_name("disk.raw")
    if not made.exists():
        noise = os.urandom(MIB)
        made.write_bytes(noise + bytes(4 * MIB) + noise[:512] + bytes(2 * MIB - 512))
    return made


def qemu(*options: str) -> Callable[[Path], None]:
    """The disk as `qemu-img convert` writes it."""

    def make(path: Path) -> None:
        tool("qemu-img", "convert", "-f", "raw", *options, str(disk(path)), str(path))

    return make


def based_on(*options: str) -> Callable[[Path], None]:
    """An image that `qemu-img create` bases on another file."""

    def make(path: Path) -> None:
        base = disk(path)
        tool("qemu-img", "create", "-q", "-f", "qcow2", *(option.format(base=base) for option in options), str(path))

    return make


def data_file(path: Path) -> None:
    option = f"data_file={path.with_name('data.raw')}"
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", option, str(path), "1M")


def cut(make: Callable[[Path], None], share: float = 0.5) -> Callable[[Path], None]:
    """What another case makes, without its end."""

    def cutting(path: Path) -> None:
        make(path)
        os.truncate(path, int(path.stat().st_size * share))

    return cutting


def packed(make: Callable[[Path], None], *command: str) -> Callable[[Path], None]:
    """What another case makes, as a command compresses it."""

    def packing(path: Path) -> None:
        plain = path.with_name("plain")
        make(plain)
        path.write_bytes(subprocess.run([*command, str(plain)], check=True, stdout=subprocess.PIPE).stdout)

    return packing


def raw(path: Path) -> None:
    path.write_bytes(disk(path).read_bytes())


def archive(*command: str, name: str = "disk.raw") -> Callable[[Path], None]:
    """The disk in an archive, which a command writes."""

    def make(path: Path) -> None:
        disk(path).rename(path.with_name(name))
        subprocess.run([*(part.format(path=path) for part in command), name], cwd=path.parent, check=True)

    return make


def ova(path: Path) -> None:
    path.with_name("appliance.ovf").write_text('<?xml version="1.0"?><Envelope/>', encoding="utf-8")
    qemu("-O", "vmdk", "-o", "subformat=streamOptimized")(path.with_name("disk.vmdk"))
    subprocess.run(["tar", "-cf", str(path), "appliance.ovf", "disk.vmdk"], cwd=path.parent, check=True)


GZIP, XZ, BZIP2, ZSTD = ("gzip", "-c"), ("xz", "-c"), ("bzip2", "-c"), ("zstd", "-q", "-c")
QCOW2 = qemu("-O", "qcow2")
PAGE = b"<!DOCTYPE html>\n<html><head><title>Please log in</title></head></html>\n"
ERROR = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'

CASES = (
    Case("raw disk, MBR", of(formats.mbr())),
    Case("raw disk, GPT", of(formats.mbr(partition_type=0xEE))),
    Case("raw disk or file system, no partition table", raw),
    Case("raw disk, LUKS", of(formats.luks())),
    Case("CD image (ISO 9660)", of(formats.iso())),
    Case("CD image that also boots as a disk", of(formats.iso(bootable=True))),
    Case("qcow2, version 3", QCOW2),
    Case("qcow2, version 2", qemu("-O", "qcow2", "-o", "compat=0.10")),
    Case("qcow2, compressed clusters", qemu("-O", "qcow2", "-c")),
    Case("vmdk, monolithicSparse", qemu("-O", "vmdk")),
    Case("vmdk, streamOptimized", qemu("-O", "vmdk", "-o", "subformat=streamOptimized")),
    Case("vdi", qemu("-O", "vdi")),
    Case("vhd, dynamic", qemu("-O", "vpc")),
    Case("vhd, fixed", qemu("-O", "vpc", "-o", "subformat=fixed")),
    Case("vhdx", qemu("-O", "vhdx")),
    Case("Parallels or ploop disk", qemu("-O", "parallels")),
    Case("raw disk in .gz", packed(raw, *GZIP)),
    Case("raw disk in .xz", packed(raw, *XZ)),
    Case("raw disk in .bz2", packed(raw, *BZIP2)),
    Case("raw disk in .zst", packed(raw, *ZSTD), library="zstandard"),
    Case("qcow2 in .gz", packed(QCOW2, *GZIP)),
    Case("qcow2 in .xz", packed(QCOW2, *XZ)),
    Case("qcow2 in .bz2", packed(QCOW2, *BZIP2)),
    Case("qcow2 in .zst", packed(QCOW2, *ZSTD), library="zstandard"),
    Case("kernel, `disk_format: aki`", of(b"\x7fELF\2\1\1" + bytes(4096)), {"disk_format": "aki"}),
    Case("ramdisk (.gz), `disk_format: ari`", of(gzip.compress(b"070701" + bytes(200))), {"disk_format": "ari"}),
    Case("OVA, `container_format: ova`, `disk_format: vmdk`", ova, {"container_format": "ova", "disk_format": "vmdk"}),
    Case(
        "anything, `container_format: compressed`, `disk_format: qcow2`",
        packed(QCOW2, *GZIP),
        {"container_format": "compressed", "disk_format": "qcow2"},
    ),
    Case("text, `disk_format: raw`, or named .raw, .img or .bin", of(b"some text\n"), file="image.raw"),
    Case("text", of(b"some text\n")),
    Case("qcow2 with a backing file", based_on("-b", "{base}", "-F", "raw")),
    Case("qcow2 with an external data file", data_file),
    Case("vmdk, descriptor of a flat disk", qemu("-O", "vmdk", "-o", "subformat=monolithicFlat")),
    Case("vmdk, descriptor of a split disk", qemu("-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse")),
    Case("vmdk with a parent", of(formats.vmdk(formats.CHILD))),
    Case("vhd with a parent", of(formats.vhd(kind=4))),
    Case("qed", qemu("-O", "qed")),
    Case("OVA", ova),
    Case("zip archive", archive("zip", "-q", "{path}"), file="image.zip"),
    Case("tar archive", archive("tar", "-cf", "{path}")),
    Case("tar archive in .xz", archive("tar", "-cJf", "{path}")),
    Case(".gz in .xz", packed(packed(raw, *GZIP), *XZ)),
    Case("web page", of(PAGE)),
    Case("error of an object store", of(ERROR)),
    Case("PGP signature", of(b"-----BEGIN PGP SIGNATURE-----\n\niQIzBAABCAAdFiEE\n-----END PGP SIGNATURE-----\n")),
    Case("list of checksums", of(f"{'0' * 64}  image.qcow2\n".encode())),
    Case("empty file", of(b"")),
    Case("qcow2, cut off", cut(QCOW2)),
    Case("vmdk, cut off", cut(qemu("-O", "vmdk"))),
    Case("vdi, cut off", cut(qemu("-O", "vdi"))),
    Case("vhd, cut off", cut(qemu("-O", "vpc"))),
    Case("vhdx, cut off", cut(qemu("-O", "vhdx"))),
    Case("raw disk, cut off", cut(raw)),
    Case(".gz, cut off", cut(packed(raw, *GZIP))),
    Case(".xz, cut off", cut(packed(raw, *XZ))),
)
