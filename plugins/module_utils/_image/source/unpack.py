# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed image files: one layer of gzip, xz, bzip2 or zstd is undone, as a stream and within a bound."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ..._core.errors import ConfigError, InputError, OaktreeError
from ..._core.progress import Progress
from ..._object_store.content import changed, state_of
from ..fingerprint import DIGESTS
from .image_file import Handling, ImageFile, open_image_file, read_head
from .recognition import HEAD, compression, foreign
from .workspace import MORE_SPACE, SHARE, new_file, room_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..._core.deadline import Deadline

CHUNK = 1 << 20

XZ_MEMORY = 512 << 20
"""Bytes that decompressing xz may take; `xz -9` needs 65 MiB."""

_ZEROS = bytes(CHUNK)

ZSTD_PIECE = 256
"""Bytes that are decompressed at once, which may become 32,000 times as many."""

_CONTENT_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "xz": "xz", "bzip2": "bzip2", "zstd": "zstd"}
"""What servers call them."""


@dataclass(frozen=True)
class SourceFile:
    """A file as its maker published it, and the image that it holds."""

    image: ImageFile
    packing: str
    """The compression that was undone; empty for a file that is the image itself."""
    published: Mapping[str, str] = field(repr=False)
    """The `DIGESTS` of the file."""


def packing_of(path: str, handling: Handling) -> str:
    """The compression of the file, if it is to be undone; else empty. Raises InputError."""
    return "" if handling.verbatim else compression(read_head(path)[0])


def open_source(
    path: str, workspace: Path, deadline: Deadline, handling: Handling, progress: Progress | None = None
) -> SourceFile:
    """The image in the file, or in ``workspace`` what it holds compressed; the work counts for ``progress``.

    Raises InputError for what cannot be decompressed or is no image, ConfigError where zstd cannot be decompressed
    here, and DeadlineError; then nothing remains in ``workspace``.
    """
    packing = packing_of(path, handling)
    if not packing:
        image = open_image_file(path, deadline, handling, progress)
        return SourceFile(image, "", image.digests)
    unpacked, published = unpack(Path(path), packing, workspace, deadline, handling, progress)
    try:
        return SourceFile(open_image_file(str(unpacked), deadline, handling, progress), packing, published)
    except OaktreeError as error:
        unpacked.unlink(missing_ok=True)
        if not isinstance(error, InputError):
            raise
        inside = error.message.replace(f"path: {unpacked}", f"path: the {packing} data in {path}")
        raise InputError(inside, hint=error.hint) from error


def decode(
    path: Path, coding: str, workspace: Path, deadline: Deadline, progress: Progress | None = None
) -> tuple[Path, dict[str, str]]:
    """What a server sent with this Content-Encoding, decoded, and the digests of what it sent.

    The file itself, and no digests, if it is not encoded after all. Raises InputError.
    """
    packing = _CONTENT_CODINGS.get(coding)
    if packing and compression(read_head(str(path))[0]) != packing:
        return path, {}  # the server says so of all its files
    if packing is None:
        raise InputError(
            f"url: the server sends the file with the Content-Encoding {coding!r}, although it was asked not to",
            hint="Give a URL that serves the file as it is.",
        )
    return unpack(path, packing, workspace, deadline, None, progress)


def unpack(
    path: Path,
    packing: str,
    workspace: Path,
    deadline: Deadline,
    handling: Handling | None,
    progress: Progress | None = None,
) -> tuple[Path, dict[str, str]]:
    """Decompress to a new file in ``workspace``; returns also the digests of the compressed file.

    At most `SHARE` of the free space there is taken. With a ``handling``, what can be no image is refused as soon as
    its first bytes are there. Raises as `open_source`.
    """
    bound = room_in(workspace)
    with new_file(workspace, ".unpacked") as (target, output), path.open("rb") as file, _unchanged(path):
        hashed = _Hashed(file, path, progress or Progress())
        size = 0
        for chunk in _decompressed(packing, hashed, path):
            deadline.remaining()
            if handling and not size and chunk:
                _refuse_foreign(chunk[:HEAD], f"the {packing} data in {path}", handling)
            size += len(chunk)
            if size > bound:
                raise InputError(
                    f"path: {path} is larger than {bound} bytes when it is decompressed, {SHARE:.0%} of what is free "
                    f"in {workspace}",
                    hint=MORE_SPACE,
                )
            _write(output, chunk)
        output.truncate(size)
        digests = hashed.digests()
    return target, digests


@contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Raises InputError if the file changes meanwhile, whatever else that leads to."""
    before = state_of(path.stat())
    try:
        yield
    finally:
        if state_of(path.stat()) != before:
            raise changed(path, "read")


def _refuse_foreign(head: bytes, what: str, handling: Handling) -> None:
    again = compression(head)
    if again:
        raise InputError(
            f"path: {what} is compressed with {again} itself", hint="Decompress it first: one layer is undone, no more."
        )
    found = foreign(head, HEAD, text=handling.text)  # or more
    if found:
        raise InputError(f"path: {what} is no disk image but {found.what}", hint=found.hint)


def _write(output: IO[bytes], chunk: bytes) -> None:
    """Write, or leave a hole: disks are empty for the most part."""
    if chunk == _ZEROS[: len(chunk)]:
        output.seek(len(chunk), 1)
    else:
        output.write(chunk)


class _Hashed:
    """A file that is read once, from its beginning; its digests are computed on the way."""

    def __init__(self, file: IO[bytes], path: Path, progress: Progress) -> None:
        progress.enter("decompressing", path.stat().st_size)
        self._progress = progress
        self._file = file
        self._path = path
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in DIGESTS}

    def read(self, size: int = CHUNK) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as exc:
            raise InputError(f"path: {self._path} can no longer be read: {exc.strerror}") from exc
        for digest in self._hashes.values():
            digest.update(data)
        self._progress.advance(len(data))
        return data

    def digests(self) -> dict[str, str]:
        """Of the whole file, also of what was not read yet."""
        while self.read():
            pass
        return {name: digest.hexdigest() for name, digest in self._hashes.items()}


class _DamagedError(Exception):
    """Data that cannot be decompressed."""


def _decompressed(packing: str, file: _Hashed, path: Path) -> Iterator[bytes]:
    """The data in chunks of bounded size, of all streams or frames that the file has one after another."""
    try:
        yield from _READERS[packing](file)
    except EOFError as exc:
        raise InputError(f"path: {path} is truncated: its {packing} data has no end", hint="Copy it again.") from exc
    except (lzma.LZMAError, zlib.error, _DamagedError, ValueError, OSError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise
        raise InputError(
            f"path: {path} is damaged: its {packing} data cannot be decompressed ({exc})", hint="Copy it again."
        ) from exc


def _gzip(file: _Hashed) -> Iterator[bytes]:
    reader = gzip.GzipFile(fileobj=cast("IO[bytes]", file))
    while chunk := reader.read(CHUNK):
        yield chunk


def _bzip2(file: _Hashed) -> Iterator[bytes]:
    """Not by bz2.BZ2File, which takes a damaged stream after the first for the end of the file."""
    return _streams(file, bz2.BZ2Decompressor)


def _xz(file: _Hashed) -> Iterator[bytes]:
    """As lzma.LZMAFile reads, but within `XZ_MEMORY`."""
    return _streams(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY))


def _streams(
    file: _Hashed, new: Callable[[], bz2.BZ2Decompressor] | Callable[[], lzma.LZMADecompressor]
) -> Iterator[bytes]:
    """All streams of the file; what is none is damage, wherever it is."""
    data = file.read()
    while data:
        decompressor = new()
        while not decompressor.eof:
            if decompressor.needs_input and not data and not (data := file.read()):
                raise EOFError
            if chunk := decompressor.decompress(data, CHUNK):
                yield chunk
            data = b""
        data = decompressor.unused_data.lstrip(b"\0")
        while not data and (more := file.read()):
            data = more.lstrip(b"\0")  # streams may be padded


def _zstd(file: _Hashed) -> Iterator[bytes]:
    """Not by the library's reader, which takes a file that ends early for a whole one."""
    try:
        import zstandard
    except ImportError:
        raise ConfigError(
            "the image is compressed with zstd, and this host does not have the Python library zstandard",
            hint="Install it (pip install zstandard, or package python3-zstandard), or decompress the image first.",
        ) from None
    data = file.read(ZSTD_PIECE)
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        while True:
            if not data:
                raise EOFError
            try:
                found = frame.decompress(data)
            except zstandard.ZstdError as exc:
                raise _DamagedError(str(exc)) from exc
            yield from (found[at : at + CHUNK] for at in range(0, len(found), CHUNK))
            if frame.eof:
                break
            data = file.read(ZSTD_PIECE)
        data = frame.unused_data or file.read(ZSTD_PIECE)


_READERS: dict[str, Callable[[_Hashed], Iterator[bytes]]] = {
    "gzip": _gzip,
    "xz": _xz,
    "bzip2": _bzip2,
    "zstd": _zstd,
}
