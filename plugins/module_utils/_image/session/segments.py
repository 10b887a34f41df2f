# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The object store's part in an upload session: a container, a key, and segments that others send by signed URLs.

The container is made for the one upload, and named after it; its key for signed URLs is removed with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..._core.deadline import clock
from ..._core.errors import ConflictError
from ..._core.text import counted
from ..._object_store.client import Swift
from ..._object_store.large_object import ObjectTarget, assemble, remove_container, verify
from ..._object_store.responses import Segment
from ..._object_store.segments import make_parts
from ..._object_store.tempurl_key import signer
from ..fingerprint import Fingerprint, best_digest, mismatch
from ..publish.schemes.temporary_object import OBJECT
from ..upload_marker import container_name

if TYPE_CHECKING:
    from ..._cloud.capabilities import ObjectStore
    from ..._cloud.connection import Connection
    from ..._object_store.responses import Object
    from ..._object_store.segments import Part
    from ..._object_store.tempurl import Signer
    from .content import DeclaredContent
    from .record import PreparedUpload

RETENTION = timedelta(days=1)
"""How long the store keeps what was sent after the requests have expired."""

SHOWN = 3
"""Segments named in a message; there may be a thousand."""


def container_prefix(name: str) -> str:
    """How the containers of all upload sessions of an image name begin."""
    return f"{container_name('session', name)}-"


class Segments:
    """The segments of one upload in one object store."""

    def __init__(self, connection: Connection, name: str, upload: PreparedUpload, content: DeclaredContent) -> None:
        """``name`` is that of the image. Raises InputError where the content's file can no longer be read."""
        self._swift = Swift(connection)
        self._upload = upload
        self._sums = content.part_sums(upload.part_size)
        self.parts = make_parts(upload.content.size, upload.part_size)
        self.container = f"{container_prefix(name)}{upload.image_id}"
        self.delete_at = int((upload.expires + RETENTION).timestamp())
        digest = upload.content.digests[best_digest(upload.content.digests)]
        lifetime = max(1, self.delete_at - int(clock.time()))
        self._target = ObjectTarget(self.container, OBJECT, digest, upload.image_id, lifetime)

    def prepare(self, store: ObjectStore, method: str) -> Signer:
        """Make the container and its key where they are missing. Raises SignedUrlError where no URL can be signed."""
        container = self._swift.ensure_container(self.container)
        return signer(self._swift, container, store.tempurl_digests, method)

    def remove(self) -> str:
        """Remove everything; returns nothing, or what stays and why."""
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
        """The numbers of the parts that are stored as expected, by the store's listing: one request."""
        listed = self._listed()
        return frozenset(part.number for part in self.parts if not self._problem(part, listed.get(self._name(part))))

    def check(self) -> tuple[Segment, ...]:
        """All segments. Raises ConflictError that names those that are missing or wrong.

        Those that the listing does not show, or not as they are now, cost a request each.
        """
        listed, segments, problems = self._listed(), list[Segment](), list[str]()
        for part in self.parts:
            name = self._name(part)
            stored = listed.get(name)
            if self._problem(part, stored):
                stored = self._swift.head(self.container, name)
            problem = self._problem(part, stored)
            if problem:
                problems.append(
                    f"segment {part.number} (offset {part.offset}, {counted(part.length, 'byte')}) {problem}"
                )
            elif stored:
                segments.append(Segment(stored.name, stored.size, stored.etag))
            if len(problems) > SHOWN:
                break
        if problems:
            more = " and others" if len(problems) > SHOWN else ""
            raise ConflictError(
                f"not everything has arrived: {'; '.join(problems[:SHOWN])}{more}",
                hint="Send them by the requests that state prepared returns, which also reports what has arrived.",
            )
        return tuple(segments)

    def assemble(self, segments: tuple[Segment, ...], stall_timeout: float) -> str:
        """Make them one object, and return its ``container/object``."""
        if len(segments) == 1:
            verify(self._swift, self._target, self._upload.content.size, segments[0].etag)
        else:
            assemble(self._swift, self._target, segments, began=clock.uptime(), stall_timeout=stall_timeout)
        return f"{self.container}/{OBJECT}"

    def _name(self, part: Part) -> str:
        return OBJECT if len(self.parts) == 1 else self._target.segment_name(part, self._upload.part_size)

    def _listed(self) -> dict[str, Object]:
        prefix = OBJECT if len(self.parts) == 1 else self._target.segments_prefix(self._upload.part_size)
        return {stored.name: stored for stored in self._swift.objects(self.container, prefix)}

    def _problem(self, part: Part, stored: Object | None) -> str:
        """Why a part cannot be used; empty where it can."""
        if stored is None:
            return "is missing"
        md5 = self._sums.get((part.offset, part.length))
        difference = mismatch(
            stored.size, {"md5": stored.etag}, Fingerprint(part.length, "", {"md5": md5} if md5 else {})
        )
        return f"is wrong: {difference}" if difference else ""
