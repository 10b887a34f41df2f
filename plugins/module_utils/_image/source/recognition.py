# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file is by its first bytes: compressed, or no disk image at all. Pure.

The format inspectors of oslo.utils know images only: to them everything else is raw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..._core.text import one_line

HEAD = 4096
"""Bytes from the beginning of a file that are enough for what is recognised here."""

_SHOWN = 60
"""Characters of a text that are shown."""

_COMPRESSIONS = (
    ("gzip", re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")),
    ("xz", re.compile(rb"\xfd7zXZ\0")),
    ("bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")),
    ("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
)

_UNPACK = "Unpack it, and give the image file that is in it."
_DECOMPRESS = "Decompress it first."
_CONVERT = "Convert it first, for example with 'qemu-img convert -O qcow2'."
_OTHER_FILE = "Give the image file itself."

_BINARIES = (
    (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (rb"07070[127]", "a cpio archive", f"{_UNPACK} For a ramdisk set disk_format to ari."),
    (rb"!<arch>\n", "an ar archive or a Debian package", _UNPACK),
    (rb"\xed\xab\xee\xdb", "an RPM package", _UNPACK),
    (rb"MSWIM\0\0\0", "a WIM archive", _OTHER_FILE),
    (rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", "compressed with lz4", _DECOMPRESS),
    (rb"LZIP[\x00\x01]", "compressed with lzip", _DECOMPRESS),
    (rb"\x89LZO\0\r\n\x1a\n", "compressed with lzop", _DECOMPRESS),
    (rb"\x1f\x9d[\x89-\x90\x09-\x10]", "compressed with compress", _DECOMPRESS),
    (rb"\x5d\0\0[\x00-\xff]{2}(\xff{8}|[\x00-\xff]{5}\0{3})", "compressed with lzma", _DECOMPRESS),
    (rb"COWD", "a vmdk of VMware ESX (COWD)", _CONVERT),
    (rb"QED\0", "a qed disk, which no cloud takes", _CONVERT),
    (rb"Bochs Virtual HD Image", "a Bochs disk image", _CONVERT),
    (rb"#!/bin/sh\n#V2\.0 Format\n", "a cloop image", _CONVERT),
    (rb"%PDF-|\x89PNG\r\n|\xff\xd8\xff[\xdb\xe0-\xef]|GIF8[79]a", "a document or a picture", _OTHER_FILE),
)
_BINARIES_COMPILED = tuple((re.compile(pattern), what, hint) for pattern, what, hint in _BINARIES)

_TEXTS = (
    (r"(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", "a web page"),
    (r"<(\?xml|!|[a-z][\w:.-]*[\s/>])", "an XML document"),
    (r"[\[{]\s*([\"\[{\]}]|$)", "a JSON document"),
    (r"-----BEGIN PGP ", "a PGP signature or message"),
    (r"-----BEGIN ", "a key or a certificate"),
    (r"([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(\s|$)", "a list of checksums"),
    (r"(md5|sha[0-9-]+)\s?\(.*\)\s?=", "a list of checksums"),
)
_MARKUP = re.compile(r"<(!doctype\s+html|html|\?xml)\b|-----BEGIN ", re.IGNORECASE)
"""What no disk begins with, in whatever encoding the rest may be."""

_TEXTS_COMPILED = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), what) for pattern, what in _TEXTS)

_GIT_LFS = b"version https://git-lfs"
_DESCRIPTOR = re.compile(rb"(#[^\n]*\n|[ \r]*\n)*version=[123]\r?\n|\s*# Disk DescriptorFile", re.IGNORECASE)
"""As qemu recognises it: the text that names the files with the data of a vmdk."""

_PARALLELS = (b"WithoutFreeSpace", b"WithouFreSpacExt")

_MAGIC = {
    "qcow2": (0, b"QFI\xfb"),
    "vdi": (0x40, b"\x7f\x10\xda\xbe"),
    "vhd": (0, b"conectix"),
    "vhdx": (0, b"vhdxfile"),
    "vmdk": (0, b"KDMV"),
}
"""Offset and bytes."""


@dataclass(frozen=True)
class Foreign:
    """What is no disk image: what it is, and how to get at one."""

    what: str
    hint: str


def compression(head: bytes) -> str:
    """The name of the compression that can be undone, `gzip`, `xz`, `bzip2` or `zstd`; else empty."""
    return next((name for name, pattern in _COMPRESSIONS if pattern.match(head)), "")


def magic(head: bytes) -> str:
    """The image format that the first bytes announce, however few there are; else empty."""
    for name, (offset, data) in _MAGIC.items():
        if head[offset:].startswith(data):
            return name
    return "ploop" if head.startswith(_PARALLELS) else ""


def names_other_files(head: bytes) -> bool:
    """Whether it is a text that programs take for a disk, and read other files that it names."""
    return bool(_DESCRIPTOR.match(head))


def foreign(head: bytes, size: int, *, text: bool) -> Foreign | None:
    """What a file of this size with these first bytes is, if that is certainly no disk image.

    With ``text``, a text of an unknown kind is taken for one.
    """
    for pattern, what, hint in _BINARIES_COMPILED:
        if pattern.match(head):
            return Foreign(what, hint)
    if _is_tar(head):
        if head[:100].rstrip(b"\0").lower().endswith(b".ovf"):
            hint = f"{_UNPACK} To publish it as it is, set container_format to ova."
            return Foreign("an OVA, a tar archive of disks and their description", hint)
        return Foreign("a tar archive", _UNPACK)
    if _is_signature(head, size):
        return Foreign("a PGP signature", _OTHER_FILE)
    if names_other_files(head):
        return Foreign(
            "the descriptor of a vmdk whose data is in other files",
            "Convert the disk to a vmdk of one file, for example with 'qemu-img convert -O vmdk'.",
        )
    return _text(head, text=text)


def _text(head: bytes, *, text: bool) -> Foreign | None:
    words = _decoded(head)
    if words is None:
        words = head.lstrip(b"\xef\xbb\xbf \t\r\n").decode("latin-1")
        if not _MARKUP.match(words):
            return None
    begins = f"it begins {one_line(words)[:_SHOWN].strip()!r}"
    if head.startswith(_GIT_LFS):
        return Foreign("a pointer of Git LFS", "Fetch the file itself with 'git lfs pull'.")
    for pattern, what in _TEXTS_COMPILED:
        if pattern.match(words):
            return Foreign(f"{what}: {begins}", _OTHER_FILE)
    if text:
        return None
    return Foreign(f"a text: {begins}", "If it is meant to be the image, set disk_format to raw.")


def _decoded(head: bytes) -> str | None:
    """The text, without what precedes its first word; None for other data."""
    if head.startswith((b"\xff\xfe<", b"\xfe\xff\0<")):
        return head[: HEAD // 2 * 2].decode("utf-16", errors="replace").lstrip()
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        if len(head) < HEAD or exc.start < len(head) - 3:
            return None
        text = head[: exc.start].decode("utf-8-sig")  # cut within a character
    return text.lstrip() if all(letter.isprintable() or letter in "\t\n\r\f" for letter in text) else None


def _is_tar(head: bytes) -> bool:
    """By the word in its first header, or in old archives by the header's sum."""
    if head[257:262] == b"ustar":
        return True
    header, field = head[:512], head[148:156].strip(b" \0")
    if len(header) < 512 or not header[0] or not field.isdigit() or set(field) & set(b"89"):
        return False
    return int(field, 8) == sum(header) - sum(header[148:156]) + 8 * ord(" ")


def _is_signature(head: bytes, size: int) -> bool:
    """A detached signature (RFC 4880, 5.2.3): a packet of version 4 for a file, and nothing else."""
    lengths = {b"\x88": 2, b"\x89": 3, b"\xc2": 2 if head[1:2] < b"\xc0" else 3}
    start = lengths.get(head[:1])
    return start is not None and size < HEAD and head[start : start + 2] == b"\x04\0"
