# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content that can be read repeatedly from any offset, and its MD5s."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from .segments import Part

CHUNK = 256 << 10


class Content(Protocol):
    """Content for an upload. Several threads use it at once."""

    @property
    def size(self) -> int:
        """Bytes."""

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """Exactly ``length`` bytes from the offset, on each call; raises `OaktreeError`."""

    def md5(self, offset: int, length: int) -> str | None:
        """The hexadecimal MD5 of these bytes, if it is known without reading them."""


@dataclass(frozen=True)
class File:
    """A local file as `Content`. ``md5s`` are from `PartDigests`, if the file has been hashed anyway."""

    path: Path
    size: int
    md5s: Mapping[tuple[int, int], str] = field(default_factory=dict, repr=False)

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """See `Content.read`; raises InputError if the file cannot be read or has become shorter."""
        left = length
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(offset)
                while left and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
        except OSError as exc:
            raise InputError(f"path: {self.path} can no longer be read: {exc.strerror}") from exc
        if left:
            raise InputError(
                f"path: {self.path} became shorter during the upload", hint="Upload it when it is complete."
            )

    def md5(self, offset: int, length: int) -> str | None:
        return self.md5s.get((offset, length))


class PartDigests:
    """Computes the MD5 of each part of a file in one pass; used like a hashlib object."""

    def __init__(self, part_size: int) -> None:
        self._part_size = part_size
        self._offset = 0
        self._length = 0
        self._current = hashlib.md5(usedforsecurity=False)
        self._done: dict[tuple[int, int], str] = {}

    def update(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            piece = view[: self._part_size - self._length]
            self._current.update(piece)
            self._length += len(piece)
            view = view[len(piece) :]
            if self._length == self._part_size:
                self._end_part()

    def md5s(self) -> dict[tuple[int, int], str]:
        """``{(offset, length): MD5}`` of all parts; ends the pass."""
        if self._length:
            self._end_part()
        return dict(self._done)

    def _end_part(self) -> None:
        self._done[self._offset, self._length] = self._current.hexdigest()
        self._offset += self._length
        self._length = 0
        self._current = hashlib.md5(usedforsecurity=False)


class PartBody:
    """A request body: one part of the content, from its first byte on each iteration.

    ``check`` is called before each chunk is sent; an exception from it ends the request.
    """

    def __init__(self, content: Content, part: Part, check: Callable[[], object]) -> None:
        self._content = content
        self._part = part
        self._check = check

    def __len__(self) -> int:
        return self._part.length

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._content.read(self._part.offset, self._part.length):
            self._check()
            yield chunk

    def md5(self) -> str:
        """The MD5 of the part: known, or computed by reading it once."""
        known = self._content.md5(self._part.offset, self._part.length)
        if known:
            return known
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self:
            digest.update(chunk)
        return digest.hexdigest()
