# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content that can be read repeatedly from any offset, and its MD5s."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .._core.errors import InputError
from .._core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CHUNK = 512 << 10

State = tuple[int, ...]
"""What changes with the content of a file, as far as the file system shows."""


class Content(Protocol):
    """Content for an upload. Several threads use it at once."""

    @property
    def size(self) -> int:
        """Bytes."""

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """Exactly ``length`` bytes from the offset, on each call; raises `OaktreeError`."""


def state_of(status: os.stat_result) -> State:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def changed(path: Path, when: str, option: str = "path") -> InputError:
    """The error for a file that changed while it was in use; ``when`` completes the sentence."""
    return InputError(
        f"{option}: {path} changed while it was {when}", hint="Run the task when nothing writes to the file any more."
    )


@dataclass(frozen=True)
class File:
    """A local file as `Content`; ``state`` is what it must still be, None for a file that nobody else has."""

    path: Path
    size: int
    state: State | None = None
    option: str = "path"
    """What names it."""
    use: str = "sent"
    """What is done with it, for the error."""
    piece: int = CHUNK
    """Bytes that are read at once."""

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """See `Content.read`; raises InputError if the file cannot be read, or is another one than before."""
        left = length
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(offset)
                while left and (chunk := file.read(min(self.piece, left))):
                    self._check(file.fileno())
                    left -= len(chunk)
                    yield chunk
                self._check(file.fileno())
        except OSError as exc:
            raise InputError(f"{self.option}: {self.path} can no longer be read: {exc.strerror}") from exc
        if left:
            raise changed(self.path, self.use, self.option)

    def _check(self, opened: int) -> None:
        if self.state is not None and state_of(os.fstat(opened)) != self.state:
            raise changed(self.path, self.use, self.option)


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


class Body:
    """A request body: some bytes of the content, from the first one each time it is iterated.

    HTTP libraries send a file object from its current position: sent a second time, after a 401 or a 503, it is empty,
    and the cloud keeps an empty image. Holds one chunk in memory.
    """

    def __init__(
        self,
        content: Content,
        offset: int,
        length: int,
        check: Callable[[], object],
        hashes: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """``check`` is called before each chunk is sent; what it raises ends the request.

        ``hashes`` are hashlib objects by name, as they are before these bytes; they themselves do not change. What is
        sent counts for ``progress``, once.
        """
        self._content = content
        self._offset = offset
        self._length = length
        self._check = check
        self._before = hashes or {}
        self._progress = progress or Progress()
        self._sent = 0
        self.hashes = dict(self._before)
        """Those of the last iteration; of all bytes if it is ``complete``."""
        self.complete = False
        """Whether the last iteration reached the end."""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        self.complete = False
        self.hashes = {name: digest.copy() for name, digest in self._before.items()}
        self._count(-self._sent)
        for chunk in self._content.read(self._offset, self._length):
            self._check()
            for digest in self.hashes.values():
                digest.update(chunk)
            yield chunk
            self._count(len(chunk))
        self.complete = True

    def _count(self, sent: int) -> None:
        self._sent += sent
        self._progress.advance(sent)

    def md5(self) -> str:
        """The MD5 of these bytes, computed by reading them once."""
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self._content.read(self._offset, self._length):
            self._check()
            digest.update(chunk)
        return digest.hexdigest()
