# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The object store's part in an upload by hand: a container, a key and segments that others send by signed URLs.

The container is made for the one upload, and named after it; its key for signed URLs goes with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..._core.deadline import clock
from ..._core.errors import ConflictError, OaktreeError
from ..._core.retry import Policy, with_retries
from ..._object_store.client import Container
from ..._object_store.large_object import CLEANUP_TIMEOUT, ObjectTarget, assemble, discard, verify
from ..._object_store.responses import Segment
from ..._object_store.segments import make_parts
from ..._object_store.tempurl_key import signer
from ..fingerprint import DIGESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._cloud.capabilities import ObjectStore
    from ..._object_store.client import Swift
    from ..._object_store.responses import Object
    from ..._object_store.segments import Part
    from ..._object_store.tempurl import Signer
    from .content import PartSums
    from .record import PreparedUpload

KEPT = timedelta(days=1)
"""How long the store keeps what was sent beyond the time in which it may be sent."""

OBJECT = "image"
SHOWN = 3
"""Parts named in a message; there may be a thousand."""

EMPTYINGS = Policy(errors=(ConflictError,), first=0.0)
"""How often a container is emptied before it counts as one that cannot be removed: listings may be late."""


def container_prefix(name: str) -> str:
    """How the containers of all uploads by hand of an image name begin."""
    return f"oaktree-by-hand-{hashlib.sha256(name.encode()).hexdigest()[:12]}-"


@dataclass(frozen=True)
class Fault:
    """Why a part cannot be used."""

    part: Part
    reason: str

    def __str__(self) -> str:
        return f"segment {self.part.number} (offset {self.part.offset}, {self.part.length} bytes) {self.reason}"


class Segments:
    """The segments of one upload in one object store. ``sums`` are the MD5s of the parts that are known."""

    def __init__(self, swift: Swift, upload: PreparedUpload, name: str, sums: PartSums | None = None) -> None:
        self._swift = swift
        self._size = upload.content.size
        self._part_size = upload.part_size
        self._sums = sums or {}
        self.parts = make_parts(upload.content.size, upload.part_size)
        self.container = f"{container_prefix(name)}{upload.image_id}"
        self.delete_at = int((upload.until + KEPT).timestamp())
        digest = next(upload.content.digests[one] for one in reversed(DIGESTS) if one in upload.content.digests)
        lifetime = max(1, self.delete_at - int(clock.time()))
        self._target = ObjectTarget(self.container, OBJECT, digest, upload.image_id, lifetime)

    def prepare(self, limits: ObjectStore) -> Signer:
        """Make the container and its key where they are missing."""
        container = self._swift.ensure_container(self.container)
        return signer(self._swift, container, limits.tempurl_digests)

    def remove(self) -> str:
        return remove_container(self._swift, self.container)

    def path(self, part: Part) -> str:
        """The part's ``container/object``."""
        return f"{self.container}/{self._name(part)}"

    def headers(self, part: Part) -> dict[str, str]:
        """What a part is to be sent with. Where its MD5 is known, the store refuses (422) other bytes."""
        md5 = self._sums.get((part.offset, part.length))
        return {
            "Content-Type": "application/octet-stream",
            "X-Delete-At": str(self.delete_at),
            **({"Etag": md5} if md5 else {}),
        }

    def arrived(self) -> frozenset[int]:
        """The numbers of the parts that are there as they should be, by the store's listing: one request."""
        found = self._listed()
        return frozenset(part.number for part in self.parts if self._fault(part, found.get(self._name(part))) is None)

    def check(self) -> tuple[Segment, ...]:
        """The segments, all of them; raises ConflictError that names those that are missing or wrong."""
        found = self._listed()
        faults = []
        for fault in self._faults(found):
            faults.append(fault)
            if len(faults) > SHOWN:
                break
        if faults:
            more = " and others" if len(faults) > SHOWN else ""
            raise ConflictError(
                f"not everything has arrived: {'; '.join(str(fault) for fault in faults[:SHOWN])}{more}",
                hint="Send them by the requests that state prepared returns, which also tells what has arrived.",
            )
        return tuple(Segment(one.name, one.size, one.etag) for one in (found[self._name(part)] for part in self.parts))

    def assemble(self, segments: tuple[Segment, ...], stall_timeout: float) -> str:
        """Make them one object, and return its ``container/object``."""
        if len(segments) == 1:
            verify(self._swift, self._target, self._size, segments[0].etag)
        else:
            assemble(self._swift, self._target, segments, began=clock.uptime(), stall_timeout=stall_timeout)
        return f"{self.container}/{OBJECT}"

    def _name(self, part: Part) -> str:
        return OBJECT if len(self.parts) == 1 else self._target.segment_name(part, self._part_size)

    def _listed(self) -> dict[str, Object]:
        prefix = OBJECT if len(self.parts) == 1 else self._target.segments_prefix(self._part_size)
        return {there.name: there for there in self._swift.objects(self.container, prefix)}

    def _faults(self, found: dict[str, Object]) -> Iterator[Fault]:
        """Parts that cannot be used; those that a listing shows too late, or as they were, are looked at one by one."""
        for part in self.parts:
            name = self._name(part)
            if self._fault(part, found.get(name)) is None:
                continue
            there = self._swift.head(self.container, name)
            reason = self._fault(part, there)
            if reason:
                yield Fault(part, reason)
            elif there:
                found[name] = there

    def _fault(self, part: Part, there: Object | None) -> str | None:
        if there is None:
            return "is not there"
        if there.size != part.length:
            return f"has {there.size} bytes"
        md5 = self._sums.get((part.offset, part.length), there.etag)
        return None if there.etag == md5 else f"has other bytes: their MD5 is {there.etag}, not {md5}"


def remove_container(swift: Swift, name: str) -> str:
    """Remove a container of ours with everything in it; returns nothing, or what stays and why."""

    def remove() -> str:
        complaint = discard(swift, [f"{name}/{there.name}" for there in swift.objects(name)])
        if not complaint and not swift.delete_container(Container(name, ours=True)):
            raise ConflictError("somebody else puts objects there")
        return complaint

    with swift.connection.grace(CLEANUP_TIMEOUT):
        try:
            return with_retries(remove, EMPTYINGS, swift.connection.deadline)
        except OaktreeError as error:
            return f"the container {name} could not be removed: {error.message}"
