# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload to an object store: whole and verified afterwards, or gone.

Content that fits one part becomes a plain object. Larger content is sent as segments in parallel, of which a manifest
makes one object. A run that was killed leaves its segments; the next one for the same content finds them there by size
and MD5, and sends only what is missing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.deadline import clock
from .._core.errors import IntegrityError, OaktreeError
from .._core.scatter import Limits, scatter
from .attempts import send_until_stored
from .content import Body
from .large_object import ObjectTarget, assemble, discard_sent, is_there, verify
from .responses import Segment
from .segments import PART_SIZE, Part, make_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.deadline import Deadline
    from .client import Swift
    from .content import Content
    from .responses import Object


@dataclass(frozen=True)
class UploadOptions:
    """How content is sent. ``stall_timeout`` is the seconds without a byte taken or an answer begun."""

    part_size: int = PART_SIZE
    parallel: int = 4
    stall_timeout: float = 60.0


@dataclass(frozen=True)
class Stored:
    """An object that is there, verified. ``segments`` is empty for a plain one; sizes are in bytes."""

    container: str
    name: str
    size: int
    etag: str
    segments: tuple[Segment, ...]
    sent: int
    """How much of it this run sent; the rest was there."""


class _StoppedError(OaktreeError):
    """Another part failed: this one need not go on."""


class FileUpload:
    """One upload of one content to one object store."""

    def __init__(self, swift: Swift, content: Content, target: ObjectTarget, pace: UploadOptions) -> None:
        """``pace.part_size`` is what `layout.part_size` allows for this store."""
        self._swift = swift
        self._connection = swift.connection
        self._content = content
        self._target = target
        self._pace = pace
        self._parts = make_parts(content.size, pace.part_size)
        self._began = clock.uptime()
        self._lock = threading.Lock()
        self._failure: OaktreeError | None = None
        self._touched: set[str] = set()
        self._sent = 0

    def run(self) -> Stored:
        """Send what is missing and verify. Raises `OaktreeError`; then nothing of it is left, or the message says what.

        Costs one request for each segment that is sent (or found), and three more: listing, manifest, look at the end.
        A plain object costs three. The content is read twice: for its MD5s, and to be sent.
        """
        try:
            segments = self._send_parts()
            there = self._finish(segments)
        except OaktreeError as error:
            error.add_residue(discard_sent(self._swift, self._target, self._touched))
            raise
        segments = segments if len(segments) > 1 else ()
        return Stored(self._target.container, there.name, there.size, there.etag, segments, self._sent)

    def _send_parts(self) -> tuple[Segment, ...]:
        found = self._found()

        def have(part: Part, _deadline: Deadline) -> Segment:
            try:
                self._check()
                return self._have(part, found)
            except OaktreeError as error:
                with self._lock:
                    self._failure = self._failure or error
                raise

        limits = Limits(self._pace.parallel, self._connection.deadline.remaining())
        outcomes = scatter(self._parts, have, limits)
        error = self._failure or next((outcome.error for outcome in outcomes if outcome.error), None)
        if error:
            with self._lock:
                self._failure = error  # what still runs beyond its clock ends at its next chunk
            raise error
        return tuple(outcome.value for outcome in outcomes if outcome.value)

    def _found(self) -> Mapping[str, tuple[int, str]]:
        """Sizes and etags, by name, of what a run before this one left of the same content."""
        target = self._target
        if len(self._parts) == 1:
            there = self._swift.head(target.container, target.name)
            return {there.name: (there.size, there.etag)} if there else {}
        prefix = target.segments_prefix(self._pace.part_size)
        found = {there.name: (there.size, there.etag) for there in self._swift.objects(target.container, prefix)}
        self._touched.update(found)
        return found

    def _have(self, part: Part, found: Mapping[str, tuple[int, str]]) -> Segment:
        """Have the part in the store, whether it was there or not."""
        body = Body(self._content, part.offset, part.length, self._check)
        name = self._target.name if len(self._parts) == 1 else self._target.segment_name(part, self._pace.part_size)
        segment = Segment(name, part.length, body.md5())
        with self._lock:
            self._touched.add(name)
        if found.get(name) == (segment.size, segment.etag) and self._swift.update(
            self._target.container, name, self._target.headers()
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
            headers=self._target.headers(),
            timeout=(self._pace.stall_timeout, self._pace.stall_timeout),
        )
        stored = response.headers.get("Etag", segment.etag).strip('"')
        if stored != segment.etag:
            raise IntegrityError(f"the object store kept other bytes than were sent: MD5 {stored}, not {segment.etag}")

    def _finish(self, segments: tuple[Segment, ...]) -> Object:
        target, pace = self._target, self._pace
        if len(segments) == 1:
            return verify(self._swift, target, self._content.size, segments[0].etag)
        with self._lock:
            self._touched.add(target.name)
        return assemble(self._swift, target, segments, began=self._began, stall_timeout=pace.stall_timeout)

    def _check(self) -> None:
        if self._failure:
            raise _StoppedError("another part failed")
        self._connection.deadline.remaining()
