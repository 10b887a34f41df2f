# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects made of segments: their names, assembly, verification and removal.

Segments are in their object's container, with names that identify their content::

    NAME                                      the object
    NAME.segments/DIGEST/PART_SIZE/00000000   its segments
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.deadline import clock
from .._core.errors import ConflictError, IntegrityError, OaktreeError
from .._core.retry import Policy, with_retries
from .._core.text import counted
from .attempts import send_until_stored
from .client import Container
from .responses import (
    MARKER,
    Object,
    Segment,
    check_manifest,
    is_static,
    manifest,
    manifest_etag,
    object_from_headers,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .client import Swift
    from .segments import Part

UNTIL_REMOVED = Policy(errors=(ConflictError,), first=0.0)
"""How often a container is emptied before its removal fails: listings may be late, or others write to it."""

SEGMENTS = ".segments/"
_HEARTBEAT = {"multipart-manifest": "put", "heartbeat": "on"}


@dataclass(frozen=True)
class ObjectTarget:
    """The destination of an upload. It replaces an object of this name, whose segments then are an `Orphan`.

    One upload at a time: a run first checks the markers of existing objects. ``digest`` identifies the content, for a
    later run that resumes this one.
    """

    container: str
    name: str
    digest: str
    marker: str
    """Identifies the run that uploads: see `_local.work_marker`."""
    lifetime: int | None = None
    """Seconds after which the store deletes everything; longer than the upload and the use of the object can take."""
    delete_at: int | None = None
    """In place of a lifetime: when the store deletes everything, in seconds since 1970."""
    own_headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of the object itself, which its segments do not have: metadata, content type."""
    stays: bool = False
    """Whether the object stays once it is stored, even if the upload fails after that: what it replaced is gone."""

    def segments_prefix(self, part_size: int) -> str:
        return f"{self.name}{SEGMENTS}{self.digest}/{part_size}/"

    def segment_name(self, part: Part, part_size: int) -> str:
        return f"{self.segments_prefix(part_size)}{part.number:08d}"

    def headers(self, name: str, elapsed: float = 0.0) -> dict[str, str]:
        """The headers of an object of the upload, itself or a segment; it expires ``elapsed`` seconds early."""
        headers = {**(self.own_headers if name == self.name else {}), MARKER: quote(self.marker, safe="/")}
        if self.delete_at is not None:
            headers["X-Delete-At"] = str(self.delete_at)
        if self.lifetime is not None:
            headers["X-Delete-After"] = str(max(1, int(self.lifetime - elapsed)))
        return headers


def assemble(
    swift: Swift, target: ObjectTarget, segments: Sequence[Segment], *, began: float, stall_timeout: float
) -> Object:
    """Assemble stored segments to one object, and verify it; raises IntegrityError if they are not as declared.

    It expires no later than they do: ``began`` is the time of `clock.uptime` when the first of them was sent.

    No etag is sent: Ceph's gateway compares it with the MD5 of nothing (``RGWPutObj::execute``).
    """
    etag = manifest_etag(segments)
    body = json.dumps(manifest(target.container, segments))

    def put() -> None:
        headers = {"Accept": "application/json", **target.headers(target.name, clock.uptime() - began)}
        timeout = (stall_timeout, stall_timeout)
        check_manifest(
            swift.put(target.container, target.name, body, None, params=_HEARTBEAT, headers=headers, timeout=timeout),
            etag,
        )

    send_until_stored(swift.connection, put, lambda: is_there(swift, target, target.name, etag))
    return verify(swift, target, sum(segment.size for segment in segments), etag)


def is_there(swift: Swift, target: ObjectTarget, name: str, etag: str) -> bool:
    """Whether this upload has stored the object of this name, with these bytes."""
    there = swift.head(target.container, name)
    return there is not None and (there.etag, there.marker) == (etag, target.marker)


def verify(swift: Swift, target: ObjectTarget, size: int, etag: str) -> Object:
    """The object as the store reports it; raises IntegrityError unless it is the one that was sent."""
    there = swift.head(target.container, target.name)
    if there is None or (there.size, there.etag) != (size, etag):
        found = f"{counted(there.size, 'byte')} with the etag {there.etag}" if there else "nothing"
        raise IntegrityError(f"the object store reports {found}, expected {counted(size, 'byte')} with the etag {etag}")
    return there


def segments_of(swift: Swift, container: str, name: str) -> list[str] | None:
    """The segments of a large object, each as ``container/object``; empty for any other object, or none.

    Ceph's gateway does not show manifests (``skip_manifest`` in ``RGWGetObj::execute``). There, those of this
    collection are the ones whose sizes and etags make up the object's; None for others: which they are is not known.

    One request, another where there is no manifest, and the listing where it is not shown.
    """
    paths = swift.segments(container, name)
    headers = None if paths else swift.object_headers(container, name)
    if headers is None or not is_static(headers):
        return paths
    there = object_from_headers(name, headers)
    for _upload, items in groupby(swift.objects(container, f"{name}{SEGMENTS}"), key=upload_of):
        segments = [Segment(item.name, item.size, item.etag) for item in items]
        if (sum(segment.size for segment in segments), manifest_etag(segments)) == (there.size, there.etag):
            paths += [f"{container}/{segment.name}" for segment in segments]
    return paths or None


def upload_of(segment: Object) -> str:
    """What the segments of one upload have in common."""
    return segment.name.rpartition("/")[0]


def remove(swift: Swift, container: str, name: str) -> str:
    """Delete an object with its segments; returns what could not be deleted and why, or an empty text.

    One request for its segments, and one if the store deletes all together and reports that they are deleted; else one
    for each object.
    """
    with swift.connection.grace(CLEANUP_TIMEOUT):
        try:
            paths = segments_of(swift, container, name)
        except OaktreeError as error:
            return f"{container}/{name} could not be removed from the object store: {error.message}"
        try:
            if paths != [] and swift.delete_large(container, name) > len(paths or ()):
                return ""
        except OaktreeError as error:
            if paths is None:
                return f"{container}/{name} could not be removed from the object store: {error.message}"
            # the rest is deleted by name
    return discard(swift, [*(paths or ()), f"{container}/{name}"])


def discard_sent(
    swift: Swift, target: ObjectTarget, names: Collection[str], etag: str = "", *, resumes: bool = True
) -> str:
    """Delete what an upload has stored, but nothing of an object that it has not replaced; returns as `remove`.

    ``etag`` is that of the complete object, which is not deleted if the target says that it stays. Only an upload that
    ``resumes`` another may have used segments of such an object.
    """
    if not names:
        return ""
    names = set(names)
    try:
        with swift.connection.grace(CLEANUP_TIMEOUT):
            there = swift.head(target.container, target.name)
            if there and (there.marker != target.marker or (target.stays and there.etag == etag)):
                names.discard(target.name)
                used = segments_of(swift, target.container, target.name) if names and resumes else []
                if used is None:
                    raise ConflictError("the object store does not show the segments of the object there")
                names.difference_update(path.partition("/")[2] for path in used)
    except OaktreeError as error:
        return f"the data sent to {target.container}/{target.name} could not be removed: {error.message}"
    return discard(swift, [f"{target.container}/{name}" for name in sorted(names)])


def discard(swift: Swift, paths: Sequence[str]) -> str:
    """Delete each ``container/object``, even if the deadline has expired; returns as `remove`."""
    with swift.connection.grace(CLEANUP_TIMEOUT):
        left = swift.delete_objects(paths)
    if not left:
        return ""
    path, error = next(iter(left.items()))
    return f"{counted(len(left), 'object')} could not be removed from the object store ({path}: {error.message})"


def remove_if_empty(swift: Swift, name: str) -> str:
    """Remove a container of ours if it is empty, even if the deadline has expired; returns as `remove`."""
    try:
        with swift.connection.grace(CLEANUP_TIMEOUT):
            found = swift.find_container(name)
            if found:
                swift.delete_container(found)
    except OaktreeError as error:
        return f"the container {name} could not be removed: {error.message}"
    return ""


def remove_container(swift: Swift, name: str) -> str:
    """Remove a container of ours with everything in it; returns as `remove`."""

    def once() -> str:
        left = discard(swift, [f"{name}/{there.name}" for there in swift.objects(name)])
        if not left and not swift.delete_container(Container(name, ours=True)):
            raise ConflictError("objects keep arriving in it")
        return left

    with swift.connection.grace(CLEANUP_TIMEOUT):
        try:
            return with_retries(once, UNTIL_REMOVED, swift.connection.deadline)
        except OaktreeError as error:
            return f"the container {name} could not be removed: {error.message}"
