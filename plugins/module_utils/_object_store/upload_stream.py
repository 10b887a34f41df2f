# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes that come by once, on their way into an object store: as one object, or as segments.

For content that lies nowhere here and whose digests nobody knows before its end. Memory holds one piece of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.deadline import clock
from .._core.errors import IntegrityError, OaktreeError, ServerError
from .attempts import send_until_stored
from .content import Body
from .large_object import ObjectTarget, assemble, discard_sent, is_there, verify
from .responses import Segment
from .segments import Part, make_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .client import Swift
    from .responses import Object
    from .upload_file import UploadOptions


_PART = "part"
"""The MD5 of a single part, among the hashes of the whole."""


@dataclass(frozen=True)
class Stream:
    """What comes by: ``open`` yields the bytes from an offset on, anew with each call; ``md5`` is known or None."""

    size: int
    open: Callable[[int], Iterator[bytes]]
    md5: str | None = None


class _SourceError(OaktreeError):
    """The source failed, not the object store: sending again does not help."""

    def __init__(self, error: OaktreeError) -> None:
        super().__init__(error.message)
        self.error = error


class StreamUpload:
    """One way of content through here into an object store. Afterwards it is there, verified, or nothing of it is.

    Segments go one after the other, each hashed as it passes; the store's MD5 of it is compared. Digests of the whole
    are known when the last one is there, and the object appears only then. A single part whose MD5 is known
    beforehand becomes a plain object, which the store verifies; one of unknown MD5 is a segment like any other where
    the store has segments, so that an object of this name is not replaced by what turns out to be damaged.
    """

    def __init__(
        self,
        swift: Swift,
        passing: Stream,
        target: ObjectTarget,
        pace: UploadOptions,
        digests: Sequence[str],
        *,
        segments: bool,
    ) -> None:
        """``digests`` names those to take of the whole; ``segments`` is whether the store has large objects.

        ``pace.part_size`` is what `layout.part_size` allows for this store. No other upload may have the target's
        digest: what has its segments' names is removed when this one fails.
        """
        self._swift = swift
        self._passing = passing
        self._target = target
        self._pace = pace
        self._parts = make_parts(passing.size, pace.part_size)
        self._plain = len(self._parts) == 1 and (passing.md5 is not None or not segments)
        self._began = clock.uptime()
        self._touched: set[str] = set()
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in digests}
        self._content = _StreamContent(passing)

    def run(self, accept: Callable[[Mapping[str, str]], None]) -> tuple[Object, Mapping[str, str]]:
        """Send everything; returns the object and the digests of the whole.

        ``accept`` is given the digests before the object appears (after, for a plain one) and raises to refuse it.
        Raises `OaktreeError`; then nothing of it is left, or the message says what. Costs one request for each part,
        and two for the manifest and the look at the end.
        """
        try:
            segments = [self._send(part) for part in self._parts]
            digests = {name: digest.hexdigest() for name, digest in self._hashes.items()}
            accept(digests)
            return self._finish(segments), digests
        except OaktreeError as error:
            error.add_residue(discard_sent(self._swift, self._target, self._touched))
            raise
        finally:
            self._content.close()

    def _send(self, part: Part) -> Segment:
        name = self._target.name if self._plain else self._target.segment_name(part, self._pace.part_size)
        self._touched.add(name)
        hashes = {**self._hashes, _PART: hashlib.md5(usedforsecurity=False)}
        body = Body(self._content, part.offset, part.length, self._swift.connection.deadline.remaining, hashes)
        try:
            send_until_stored(
                self._swift.connection, lambda: self._put(name, body), lambda: self._is_stored(name, body)
            )
        except _SourceError as broken:
            raise broken.error from broken
        md5 = body.hashes.pop(_PART).hexdigest()
        self._hashes = body.hashes
        return Segment(name, part.length, md5)

    def _put(self, name: str, body: Body) -> None:
        response = self._swift.put(
            self._target.container,
            name,
            body,
            self._passing.md5 if self._plain else None,
            headers=self._target.headers(),
            timeout=(self._pace.stall_timeout, self._pace.stall_timeout),
        )
        stored = response.headers.get("Etag", "").strip('"')
        if stored != body.hashes[_PART].hexdigest():
            raise IntegrityError(f"the object store kept other bytes than passed: MD5 {stored}")

    def _is_stored(self, name: str, body: Body) -> bool:
        return body.complete and is_there(self._swift, self._target, name, body.hashes[_PART].hexdigest())

    def _finish(self, segments: Sequence[Segment]) -> Object:
        if self._plain:
            return verify(self._swift, self._target, self._passing.size, segments[0].etag)
        self._touched.add(self._target.name)
        return assemble(self._swift, self._target, segments, began=self._began, stall_timeout=self._pace.stall_timeout)


class _StreamContent:
    """A `Stream` as `Content`. Read in order, it is opened once."""

    def __init__(self, stream: Stream) -> None:
        self.size = stream.size
        self._open = stream.open
        self._pieces: Iterator[bytes] = iter(())
        self._rest = b""
        self._position = -1

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        try:
            yield from self._read(offset, offset + length)
        except OaktreeError as error:
            raise _SourceError(error) from error

    def _read(self, offset: int, end: int) -> Iterator[bytes]:
        if offset != self._position:
            self.close()
            self._pieces, self._rest, self._position = self._open(offset), b"", offset
        while self._position < end:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                raise ServerError(f"the data ended at byte {self._position}")
            piece, self._rest = piece[: end - self._position], piece[end - self._position :]
            self._position += len(piece)
            yield piece

    def md5(self, _offset: int, _length: int) -> None:
        return None

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close:
            close()
        self._position = -1
