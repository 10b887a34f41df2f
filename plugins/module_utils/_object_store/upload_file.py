# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload of a file to an object store: complete and verified afterwards, or removed.

Content that fits one part becomes a plain object. Larger content is sent as segments in parallel, which a manifest
assembles to one object. A run that was killed leaves its segments; the next one for the same content recognises them by
size and MD5, and sends only the rest.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._cloud.cleanup import removing
from .._cloud.translate import translate
from .._core.deadline import clock
from .._core.errors import IntegrityError, OaktreeError
from .._core.scatter import Limits, scatter
from .attempts import send_until_stored
from .content import Body
from .large_object import ObjectTarget, assemble, discard_sent, is_there, verify
from .responses import Segment, manifest_etag
from .segments import PART_SIZE, Part, make_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.deadline import Deadline
    from .client import Swift
    from .content import Content
    from .responses import Object


@dataclass(frozen=True)
class UploadOptions:
    """How content is sent. ``stall_timeout`` is the seconds after which a request without progress times out."""

    part_size: int = PART_SIZE
    parallel: int = 4
    stall_timeout: float = 60.0


@dataclass(frozen=True)
class Stored:
    """An object that was stored and verified. ``segments`` is empty for a plain one; sizes are in bytes."""

    container: str
    name: str
    size: int
    etag: str
    segments: tuple[Segment, ...]
    sent: int
    """How much of it this run sent; the rest was already stored."""


class _StoppedError(OaktreeError):
    """Another part failed, so this one is stopped."""


class FileUpload:
    """One upload of one content to one object store."""

    def __init__(self, swift: Swift, content: Content, target: ObjectTarget, options: UploadOptions) -> None:
        """``options.part_size`` is a result of `segments.part_size` for this store."""
        self._swift = swift
        self._connection = swift.connection
        self._content = content
        self._target = target
        self._options = options
        self._parts = make_parts(content.size, options.part_size)
        self._began = clock.uptime()
        self._lock = threading.Lock()
        self._failure: OaktreeError | None = None
        self._written: set[str] = set()
        self._etag = ""
        """That of the complete object, as soon as it is known."""
        self._sent = 0

    def run(self) -> Stored:
        """Send what is missing and verify. Raises `OaktreeError`; then all of it is removed, or reported as residue.

        An object that is complete all the same is removed, too, unless the target says that it stays.

        One request for each segment that is sent (or reused), and three more: listing, manifest, verification. A plain
        object takes three. The content is read twice: for its MD5s, and to be sent.
        """
        with removing(lambda: discard_sent(self._swift, self._target, self._written, self._etag)):
            segments = self._send_parts()
            there = self._finish(segments)
        segments = segments if len(segments) > 1 else ()
        return Stored(self._target.container, there.name, there.size, there.etag, segments, self._sent)

    def _send_parts(self) -> tuple[Segment, ...]:
        found = self._found()

        def ensure(part: Part, _deadline: Deadline) -> Segment:
            try:
                self._check()
                return self._ensure(part, found)
            except Exception as exc:
                with self._lock:
                    self._failure = self._failure or translate(exc)
                raise

        limits = Limits(self._options.parallel, self._connection.deadline.remaining())
        outcomes = scatter(self._parts, ensure, limits)
        error = self._failure or next((outcome.error for outcome in outcomes if outcome.error), None)
        if error:
            with self._lock:
                self._failure = error  # a part that still runs ends at its next chunk
            raise error
        return tuple(outcome.value for outcome in outcomes if outcome.value)

    def _found(self) -> Mapping[str, tuple[int, str]]:
        """Sizes and etags, by name, of the objects that an earlier run left of the same content."""
        target = self._target
        if len(self._parts) == 1:
            there = self._swift.head(target.container, target.name)
            return {there.name: (there.size, there.etag)} if there else {}
        prefix = target.segments_prefix(self._options.part_size)
        found = {there.name: (there.size, there.etag) for there in self._swift.objects(target.container, prefix)}
        self._written.update(found)
        return found

    def _ensure(self, part: Part, found: Mapping[str, tuple[int, str]]) -> Segment:
        """Ensure that the part is stored: reuse it, or send it."""
        progress = self._connection.progress
        body = Body(self._content, part.offset, part.length, self._check, progress=progress)
        name = self._target.name if len(self._parts) == 1 else self._target.segment_name(part, self._options.part_size)
        segment = Segment(name, part.length, body.md5())
        with self._lock:
            self._written.add(name)
            if name == self._target.name:
                self._etag = segment.etag
        if found.get(name) == (segment.size, segment.etag) and self._swift.update(
            self._target.container, name, self._target.headers(name)
        ):
            return segment
        send_until_stored(
            self._connection,
            lambda: self._put_part(segment, body),
            lambda: is_there(self._swift, self._target, name, segment.etag),
        )
        with self._lock:
            self._sent += part.length
        return segment

    def _put_part(self, segment: Segment, body: Body) -> None:
        self._check()
        response = self._swift.put(
            self._target.container,
            segment.name,
            body,
            segment.etag,
            headers=self._target.headers(segment.name),
            timeout=(self._options.stall_timeout, self._options.stall_timeout),
        )
        stored = response.headers.get("Etag", segment.etag).strip('"')
        if stored != segment.etag:
            raise IntegrityError(f"MD5 mismatch: the object store stored {stored}, expected {segment.etag}")

    def _finish(self, segments: tuple[Segment, ...]) -> Object:
        target, options = self._target, self._options
        if len(segments) == 1:
            return verify(self._swift, target, self._content.size, segments[0].etag)
        with self._lock:
            self._written.add(target.name)
            self._etag = manifest_etag(segments)
        return assemble(self._swift, target, segments, began=self._began, stall_timeout=options.stall_timeout)

    def _check(self) -> None:
        if self._failure:
            raise _StoppedError("another part failed")
        self._connection.deadline.remaining()
