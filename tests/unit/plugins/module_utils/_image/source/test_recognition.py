# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What first bytes say: compressed, an image however short, or certainly none."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.recognition import (
    HEAD,
    compression,
    foreign,
    magic,
)
from tests.support import image_formats as formats


def tar(name: str, form: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        member = tarfile.TarInfo(name)
        member.size = 10
        archive.addfile(member, io.BytesIO(bytes(10)))
    return file.getvalue()


def old_tar() -> bytes:
    """As before POSIX: nothing but the sum of its header tells."""
    header = bytearray(tar("disk.raw", tarfile.USTAR_FORMAT)[:512])
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + bytes(512)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("disk.raw", b"x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(b"x"), "gzip"),
        (lzma.compress(b"x"), "xz"),
        (bz2.compress(b"x"), "bzip2"),
        (bz2.compress(b""), "bzip2"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"\x50\x2a\x4d\x18\x04", "zstd"),
        (formats.raw(), ""),
        (b"BZh9 is how a text begins", ""),
        (b"", ""),
    ],
)
def test_compressions(data: bytes, name: str) -> None:
    assert compression(data[:HEAD]) == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (formats.qcow2(), "qcow2"),
        (formats.qcow2()[:4], "qcow2"),
        (formats.vdi()[:68], "vdi"),
        (formats.vhdx(), "vhdx"),
        (formats.vhd()[:8], "vhd"),
        (formats.vmdk(), "vmdk"),
        (b"WithouFreSpacExt\2\0\0\0", "ploop"),
        (b"WithoutFreeSpace\2\0\0\0", "ploop"),
        (formats.raw(), ""),
        (b"QF", ""),
    ],
)
def test_formats_however_little_there_is(data: bytes, name: str) -> None:
    assert magic(data[:HEAD]) == name


NO_IMAGES: list[tuple[str, bytes]] = [
    ("a zip archive", zipped()),
    ("a 7z archive", b"7z\xbc\xaf\x27\x1c\0\4"),
    ("a rar archive", b"Rar!\x1a\x07\x01\0"),
    ("a tar archive", tar("disk.raw", tarfile.USTAR_FORMAT)),
    ("a tar archive", tar("disk.raw", tarfile.GNU_FORMAT)),
    ("a tar archive", tar("disk.raw" * 30, tarfile.PAX_FORMAT)),
    ("a tar archive", old_tar()),
    ("an OVA, a tar archive", tar("appliance.ovf", tarfile.USTAR_FORMAT)),
    ("a cpio archive", b"070701000000"),
    ("compressed with lz4", b"\x04\x22\x4d\x18\x64"),
    ("compressed with lzip", b"LZIP\x01\x0c"),
    ("compressed with compress", b"\x1f\x9d\x90"),
    ("compressed with lzma", lzma.compress(b"x" * 1000, lzma.FORMAT_ALONE)),
    ("an RPM package", b"\xed\xab\xee\xdb\x03"),
    ("a vmdk of VMware ESX", b"COWD\x01\0\0\0"),
    ("a qed disk", formats.qed()),
    ("a document or a picture", b"%PDF-1.7\n%\xe2\xe3"),
    ("a web page: it begins '<!DOCTYPE html>", b"<!DOCTYPE html>\n<p>"),
    ("a web page", b"\n  <HTML><head><title>Login</title>"),
    ("a web page", b"<!-- made by x -->\n<!doctype  html>"),
    ("a web page", "\ufeff<html>ä</html>".encode()),
    ("a web page", "<html><p>Übung".encode("latin-1")),
    ("a web page", "<!doctype html>Übung".encode("utf-16")),
    ("a web page", "<!doctype html>Übung".encode("utf-16-be").join([b"\xfe\xff", b""])),
    ("an XML document", '<?xml version="1.0" encoding="ISO-8859-1"?><e>Übung</e>'.encode("latin-1")),
    ("an XML document: it begins '", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
    ("an XML document", b"<Error><Code>NoSuchKey</Code></Error>"),
    ("an XML document", b'<metalink xmlns="urn:x">'),
    ("a JSON document: it begins '{", b'{"error": "not found"}'),
    ("a JSON document", b"[]\n"),
    ("a PGP signature or message", b"-----BEGIN PGP SIGNATURE-----\n\niQ"),
    ("a PGP signature", b"\x89\x02\x33\x04\x00\x01\x08" + bytes(50)),
    ("a PGP signature", b"\x88\x75\x04\x00\x16" + bytes(50)),
    ("a key or a certificate", b"-----BEGIN CERTIFICATE-----\n"),
    ("a list of checksums", f"{'0' * 64}  disk.raw\n".encode()),
    ("a list of checksums", f"SHA256 (disk.raw) = {'0' * 64}\n".encode()),
    ("a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    ("the descriptor of a vmdk", formats.vmdk_descriptor()),
    ("the descriptor of a vmdk", formats.vmdk_descriptor('RW 16 SPARSE "disk.vmdk"', "twoGbMaxExtentSparse")),
    ("the descriptor of a vmdk", "#ü\n \n".encode() + formats.vmdk_descriptor().partition(b"\n")[2]),
    ("the descriptor of a vmdk", b"version=1\r\n" + bytes(600)),
]


@pytest.mark.parametrize(("what", "data"), NO_IMAGES)
@pytest.mark.parametrize("text", [False, True])
def test_what_is_certainly_no_image(what: str, data: bytes, *, text: bool) -> None:
    found = foreign(data[:HEAD], len(data), text=text)
    assert found
    assert found.what.startswith(what)
    assert found.hint


@pytest.mark.parametrize(
    "data", [b"x", b"Not found\n", "Nicht gefunden: Übung\n".encode(), b"#!/bin/sh\nexit 1\n", b"word " * 2000]
)
def test_other_text_is_an_image_only_where_that_is_said(data: bytes) -> None:
    found = foreign(data[:HEAD], len(data), text=False)
    assert found
    assert found.what.startswith("a text: it begins '")
    assert found.hint == "If it is meant to be the image, set disk_format to raw."
    assert foreign(data[:HEAD], len(data), text=True) is None


def test_text_that_is_cut_within_a_character() -> None:
    data = b"x" * (HEAD - 1) + "ä".encode() * 1000
    assert foreign(data[:HEAD], len(data), text=False)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(formats.raw(), id="raw"),
        pytest.param(formats.mbr(), id="mbr"),
        pytest.param(formats.iso(), id="iso"),
        pytest.param(formats.iso(bootable=True), id="hybrid"),
        pytest.param(formats.luks(), id="luks"),
        pytest.param(bytes(2 << 20), id="zeros"),
        pytest.param(b"hsqs" + bytes(4096), id="squashfs"),
        pytest.param(b"some words" + bytes(10), id="words-and-zeros"),
        pytest.param(b"\x7fELF\2\1\1", id="kernel"),
        pytest.param(b"\x1f\x8b\x08\xff" + os.urandom(4096), id="encrypted-and-like-gzip"),
        pytest.param(b"\x1f\x9d\xff" + os.urandom(4096), id="encrypted-and-like-compress"),
        pytest.param(b"\x89\x02\x33\x04\x00" + bytes(8000), id="as-a-signature-but-longer"),
    ],
)
def test_what_may_be_a_disk(data: bytes) -> None:
    assert foreign(data[:HEAD], len(data), text=False) is None


def test_noise_is_a_disk() -> None:
    for _time in range(300):
        data = b"\xaa" + os.urandom(HEAD - 1)
        assert foreign(data, 1 << 30, text=False) is None
