# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An object that is to exist: sent where its content differs, else its headers changed where they differ."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .._cloud.capabilities import object_store
from .._cloud.cleanup import removing
from .._core.deadline import clock
from .._core.errors import ConflictError, RefusedError, ServerError
from .._local.work_marker import is_abandoned, is_own, work_marker
from .._object_store.client import Swift
from .._object_store.large_object import SEGMENTS, ObjectTarget, discard, remove_if_empty, segments_of
from .._object_store.orphans import orphans
from .._object_store.responses import MARKER, is_static
from .._object_store.segments import part_size
from .._object_store.tempurl_key import signer
from .._object_store.upload_file import FileUpload, UploadOptions
from .content import stored_content
from .headers import OBJECT_META, expiry_of, from_wire, iso, metadata_of, on_wire
from .records import shown_object
from .wanted import ObjectChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection
    from .content import ObjectSource
    from .wanted import ObjectTimeouts, WantedObject

_KEPT = {
    "content-disposition",
    "content-encoding",
    "content-language",
    "cache-control",
    "expires",
    "x-delete-at",
    "x-object-manifest",
    "x-robots-tag",
}
"""Headers that a store forgets with each change of an object's metadata, unless they are sent again."""

OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class FoundObject:
    """What exists: the headers of the object, None without one, and whether its container does."""

    headers: Mapping[str, str] | None
    has_container: bool
    is_same: bool
    """Whether it has the wanted content, where any is wanted."""


class ObjectPresence:
    """One object at one Location that is to exist."""

    def __init__(self, connection: Connection, wanted: WantedObject, timeouts: ObjectTimeouts) -> None:
        self._connection = connection
        self._swift = Swift(connection)
        self._wanted = wanted
        self._timeouts = timeouts
        self._found = FoundObject(None, has_container=False, is_same=False)
        self._notes: list[str] = []

    @property
    def work_remains(self) -> bool:
        """Whether there is anything to do beyond what changes: a URL to sign, a marker of a killed run to remove."""
        return self._wanted.tempurl is not None or self._is_marked()

    def survey(self) -> ObjectChange:
        """What is to be done: one request, another where there is no object, and one for the parts of a large one.

        Raises RefusedError where there is neither an object nor content for it.
        """
        wanted, swift = self._wanted, self._swift
        headers = swift.object_headers(wanted.container, wanted.name)
        has_container = headers is not None or swift.container_headers(wanted.container) is not None
        is_same = headers is not None and self._has_content(headers, wanted.source)
        self._found = FoundObject(headers, has_container, is_same)
        return self._plan(self._found)

    def _has_content(self, headers: Mapping[str, str], source: ObjectSource | None) -> bool:
        if source is None:
            return True
        wanted = self._wanted
        stored = stored_content(self._swift, wanted.container, wanted.name, headers, trust_records=True)
        return stored.is_source(source, self._connection.deadline.remaining)

    def _plan(self, found: FoundObject) -> ObjectChange:
        wanted = self._wanted
        if found.headers is None and wanted.source is None:
            if wanted.tempurl and wanted.tempurl.method == "PUT" and found.has_container:
                return ObjectChange("unchanged", None)
            what = f"object {wanted.name} in the container" if found.has_container else "container"
            raise RefusedError(
                f"there is no {what} {wanted.container}", hint="Give src or content, or check the names.", status=404
            )
        if found.headers is None or not found.is_same:
            return self._writing(found)
        before, after = self._differing(found.headers)
        return ObjectChange("updated" if after else "unchanged", self._record(found.headers), before, after)

    def _writing(self, found: FoundObject) -> ObjectChange:
        wanted, source = self._wanted, self._wanted.source
        after: dict[str, Any] = {"content_length": source.size, "md5": source.md5} if source else {}
        metadata = {name: value for name, value in wanted.metadata.items() if value is not None}
        after |= {"content_type": self._content_type(), "metadata": metadata}
        expires = wanted.delete_at if wanted.delete_after is None else int(clock.time()) + wanted.delete_after
        if expires is not None:
            after["delete_at"] = iso(expires)
        notes = () if found.has_container else (f"the container {wanted.container} does not exist, so it is created",)
        if found.headers is None:
            return ObjectChange("created", None, {}, after, notes)
        record = self._record(found.headers)
        before = {key: record[key] for key in ("content_length", "content_type", "metadata", "delete_at")}
        before["md5"] = None if is_static(found.headers) or record["object_manifest"] else record["etag"]
        before = {key: value for key, value in before.items() if key in after or value}
        return ObjectChange("replaced", record, before, after)

    def _differing(self, headers: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What of an object's headers differs from what is wanted: as it is, and as it is to be."""
        wanted = self._wanted
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        present = from_wire(headers.get("Content-Type") or "")
        if wanted.content_type is not None and present != wanted.content_type:
            before["content_type"], after["content_type"] = present, wanted.content_type
        metadata = metadata_of(OBJECT_META, headers)
        if any(metadata.get(name) != value for name, value in wanted.metadata.items()):
            before["metadata"], after["metadata"] = metadata, self._merged(metadata)
        expires = expiry_of(headers)
        until = self._expiry(expires)
        if until != expires:
            before["delete_at"] = None if expires is None else iso(expires)
            after["delete_at"] = None if until is None else iso(until)
        return before, after

    def _merged(self, metadata: Mapping[str, str]) -> dict[str, str]:
        merged = {**metadata, **self._wanted.metadata}
        return {name: value for name, value in sorted(merged.items()) if value is not None}

    def _expiry(self, present: int | None) -> int | None:
        """When the object is to expire that expires at ``present`` now; None for never."""
        wanted = self._wanted
        if wanted.delete_at is not None:
            return wanted.delete_at
        if present is None and wanted.delete_after is not None:
            return int(clock.time()) + wanted.delete_after
        return present

    def _content_type(self) -> str:
        """By the option, else by the ending of the name."""
        guessed, encoding = mimetypes.guess_type(self._wanted.name, strict=False)
        return self._wanted.content_type or (OCTETS if encoding or not guessed else guessed)

    def _is_marked(self) -> bool:
        """Whether a run that was killed has left its marker on the object."""
        headers = self._found.headers or {}
        marker = unquote(headers.get(MARKER) or "")
        return bool(marker) and is_abandoned(marker, None)

    def _record(self, headers: Mapping[str, str]) -> dict[str, Any]:
        return shown_object(self._wanted.container, self._wanted.name, headers, self._connection.location)

    def run(self, planned: ObjectChange) -> ObjectChange:
        """Do what is planned. Raises `OaktreeError`.

        A failure leaves the object as it was, or the new one complete, and no segment or container that was not there
        before, or the message says which.
        """
        undo = [] if self._found.has_container else [lambda: remove_if_empty(self._swift, self._wanted.container)]
        with removing(*undo):
            with self._connection.within(self._timeouts.timeout, "timeout"):
                if not self._found.has_container:
                    self._swift.ensure_container(self._wanted.container)
                tempurl = self._signed()  # before any data is sent
            if planned.action in ("created", "replaced"):
                self._upload()
            elif planned.action == "updated" or self._is_marked():
                self._update(self._found.headers or {})
        headers = self._swift.object_headers(self._wanted.container, self._wanted.name)
        record = None if headers is None else self._record(headers)
        return replace(planned, record=record, tempurl=tempurl, notes=(*planned.notes, *self._notes))

    def _upload(self) -> None:
        connection, wanted, source = self._connection, self._wanted, self._wanted.source
        if source is None:
            raise ServerError(f"the object {wanted.name} was deleted meanwhile")
        with connection.within(self._timeouts.transfer_timeout, "transfer_timeout"):
            size = part_size(source.size, object_store(connection))
            target = ObjectTarget(
                wanted.container,
                wanted.name,
                source.sha256,
                work_marker(self._timeouts.total),
                delete_at=self._expiry(None),
                own_headers=self._own_headers(source),
                stays=True,
            )
            self._remove_leftovers(target.segments_prefix(size))
            replaced = self._replaced_segments()
            connection.progress.enter("sending", source.size)
            options = UploadOptions(size, stall_timeout=self._timeouts.stall_timeout)
            stored = FileUpload(self._swift, source.content, target, options).run()
            connection.progress.enter("finishing")
            self._unmark(target)
            used = {f"{wanted.container}/{segment.name}" for segment in stored.segments}
            old = [path for path in replaced if path not in used]
            if old and (note := discard(self._swift, old)):
                self._notes.append(note)

    def _own_headers(self, source: ObjectSource) -> dict[str, str]:
        wanted = self._wanted
        metadata = {f"{OBJECT_META}{name}": on_wire(value) for name, value in wanted.metadata.items() if value}
        return {"Content-Type": on_wire(self._content_type()), **source.recorded(), **metadata}

    def _remove_leftovers(self, resumed: str) -> None:
        """Remove what killed runs left of this object, except segments with this prefix: the upload resumes from those.

        Raises ConflictError where another run is sending it.
        """
        container = self._wanted.container
        for orphan in orphans(self._swift, container, self._wanted.name):
            if not is_own(orphan.marker) and not is_abandoned(orphan.marker, orphan.updated_at):
                raise ConflictError(
                    f"another task is sending the object {container}/{self._wanted.name}", hint="Wait for it to end."
                )
            if not orphan.names[0].startswith(resumed):
                discard(self._swift, [f"{container}/{name}" for name in orphan.names])

    def _replaced_segments(self) -> list[str]:
        """The segments of the replaced object that were uploaded with it, as their names say; others may be in use."""
        container, name = self._wanted.container, self._wanted.name
        found = segments_of(self._swift, container, name) if is_static(self._found.headers or {}) else []
        if found is None:
            self._notes.append("segments of the replaced object stay: the store does not show which they are")
            return []
        own = [path for path in found if path.startswith(f"{container}/{name}{SEGMENTS}")]
        if len(own) < len(found):
            self._notes.append(f"segments of the replaced object stay, for example {next(iter(set(found) - set(own)))}")
        return own

    def _unmark(self, target: ObjectTarget) -> None:
        """Remove the marker of the upload from the object."""
        headers = {name: value for name, value in target.headers(target.name).items() if name != MARKER}
        if not self._swift.update(target.container, target.name, headers):
            raise ServerError(f"the object {target.container}/{target.name} was deleted meanwhile")

    def _update(self, headers: Mapping[str, str]) -> None:
        """Change the object's metadata and expiry, with that of its segments."""
        wanted, swift = self._wanted, self._swift
        metadata = self._merged(metadata_of(OBJECT_META, headers))
        sent = {name: value for name, value in headers.items() if name.lower() in _KEPT and value}
        sent |= {f"{OBJECT_META}{name}": on_wire(value) for name, value in metadata.items()}
        if wanted.content_type is not None:
            sent["Content-Type"] = on_wire(wanted.content_type)
        expires = expiry_of(headers)
        until = self._expiry(expires)
        if until is not None:
            sent["X-Delete-At"] = str(until)
        with self._connection.within(self._timeouts.timeout, "timeout"):
            if until != expires and is_static(headers):
                self._expire_segments(str(until))
            if not swift.update(wanted.container, wanted.name, sent):
                raise ServerError(f"the object {wanted.container}/{wanted.name} was deleted meanwhile")

    def _expire_segments(self, until: str) -> None:
        """Have the segments expire with the object: before it they would break it, after it they would be left over."""
        paths = segments_of(self._swift, self._wanted.container, self._wanted.name)
        if paths is None:
            self._notes.append("the segments expire as before: the store does not show which they are")
        for path in paths or ():
            container, _slash, name = path.partition("/")
            headers = self._swift.object_headers(container, name) or {}
            kept = {key: value for key, value in headers.items() if key.lower().startswith(OBJECT_META)}
            self._swift.update(container, name, {**kept, "X-Delete-At": until})

    def _signed(self) -> str | None:
        """Raises SignedUrlError where no URL can be signed."""
        wanted, asked = self._wanted, self._wanted.tempurl
        if asked is None:
            return None
        container = self._swift.ensure_container(wanted.container)
        digests = object_store(self._connection).tempurl_digests
        made = signer(self._swift, container, digests, asked.method)
        return made.url(asked.method, f"{wanted.container}/{wanted.name}", int(clock.time()) + asked.expires_in)
