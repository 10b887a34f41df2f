# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload of a stream to an object store, as one object or as segments.

For content that is not stored here and whose digests are known only at its end. Only one chunk is held in memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._cloud.cleanup import removing
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
    """The source: ``open`` yields the bytes from an offset, on each call; ``md5`` is None if it is not known."""

    size: int
    open: Callable[[int], Iterator[bytes]]
    md5: str | None = None


class _SourceError(OaktreeError):
    """The source failed, not the object store: a retry of the request does not help."""

    def __init__(self, error: OaktreeError) -> None:
        super().__init__(error.message)
        self.error = error


class StreamUpload:
    """One upload of a stream to one object store: complete and verified afterwards, or removed.

    Segments are sent one after the other; each is hashed while it is sent, and compared with the store's MD5. The
    digests of the whole are known after the last segment, and the object appears only then. A single part whose MD5
    is known beforehand becomes a plain object, which the store verifies. One of unknown MD5 is sent as a segment, if
    the store has large objects, so that damaged content does not replace an existing object.
    """

    def __init__(
        self,
        swift: Swift,
        stream: Stream,
        target: ObjectTarget,
        options: UploadOptions,
        digests: Sequence[str],
        *,
        segments: bool,
    ) -> None:
        """``digests`` are the algorithms for the whole; ``segments`` is whether the store has large objects.

        ``options.part_size`` is a result of `segments.part_size` for this store. No other upload may have the target's
        digest: if this one fails, all objects with its segments' names are deleted.
        """
        self._swift = swift
        self._stream = stream
        self._target = target
        self._options = options
        self._parts = make_parts(stream.size, options.part_size)
        self._plain = len(self._parts) == 1 and (stream.md5 is not None or not segments)
        self._began = clock.uptime()
        self._written: set[str] = set()
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in digests}
        self._content = _StreamContent(stream)

    def run(self, accept: Callable[[Mapping[str, str]], None]) -> tuple[Object, Mapping[str, str]]:
        """Send everything; returns the object and the digests of the whole.

        ``accept`` is called with the digests before the object appears (after, for a plain one) and raises to reject
        it. Raises `OaktreeError`; then all of it is removed, or reported as residue. One request for each part,
        and two for manifest and verification.
        """
        try:
            with removing(lambda: discard_sent(self._swift, self._target, self._written, resumes=False)):
                segments = [self._send(part) for part in self._parts]
                digests = {name: digest.hexdigest() for name, digest in self._hashes.items()}
                accept(digests)
                return self._finish(segments), digests
        finally:
            self._content.close()

    def _send(self, part: Part) -> Segment:
        name = self._target.name if self._plain else self._target.segment_name(part, self._options.part_size)
        self._written.add(name)
        hashes = {**self._hashes, _PART: hashlib.md5(usedforsecurity=False)}
        connection = self._swift.connection
        check, progress = connection.deadline.remaining, connection.progress
        body = Body(self._content, part.offset, part.length, check, hashes, progress)
        try:
            send_until_stored(connection, lambda: self._put(name, body), lambda: self._is_stored(name, body))
        except _SourceError as broken:
            raise broken.error from broken.error.__cause__
        md5 = body.hashes.pop(_PART).hexdigest()
        self._hashes = body.hashes
        return Segment(name, part.length, md5)

    def _put(self, name: str, body: Body) -> None:
        response = self._swift.put(
            self._target.container,
            name,
            body,
            self._stream.md5 if self._plain else None,
            headers=self._target.headers(name),
            timeout=(self._options.stall_timeout, self._options.stall_timeout),
        )
        stored = response.headers.get("Etag", "").strip('"')
        expected = body.hashes[_PART].hexdigest()
        if stored != expected:
            raise IntegrityError(f"MD5 mismatch: the object store stored {stored}, expected {expected}")

    def _is_stored(self, name: str, body: Body) -> bool:
        return body.complete and is_there(self._swift, self._target, name, body.hashes[_PART].hexdigest())

    def _finish(self, segments: Sequence[Segment]) -> Object:
        if self._plain:
            return verify(self._swift, self._target, self._stream.size, segments[0].etag)
        self._written.add(self._target.name)
        return assemble(
            self._swift, self._target, segments, began=self._began, stall_timeout=self._options.stall_timeout
        )


class _StreamContent:
    """A `Stream` as `Content`. Read in order, it is opened once."""

    def __init__(self, stream: Stream) -> None:
        self.size = stream.size
        self._open = stream.open
        self._chunks: Iterator[bytes] = iter(())
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
            self._chunks, self._rest, self._position = self._open(offset), b"", offset
        while self._position < end:
            chunk = self._rest or next(self._chunks, b"")
            if not chunk:
                raise ServerError(f"the source ended early, at byte {self._position}")
            chunk, self._rest = chunk[: end - self._position], chunk[end - self._position :]
            self._position += len(chunk)
            yield chunk

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close:
            close()
        self._position = -1
