# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image brought to an object store of its own Location: by the cloud itself, or as a stream through here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..._cloud.capabilities import object_store
from ..._core.deadline import clock
from ..._core.errors import IntegrityError, OaktreeError, RefusedError, ServerError
from ..._core.retry import Attempts, Policy
from ..._glance.v2 import UPLOAD
from ..._object_store.client import Swift
from ..._object_store.large_object import CLEANUP_TIMEOUT, SEGMENTS, ObjectTarget, discard, remove
from ..._object_store.orphans import orphans
from ..._object_store.segments import part_size
from ..._object_store.tempurl_key import signer
from ..._object_store.upload_file import UploadOptions
from ..._object_store.upload_stream import Stream, StreamUpload
from ..fingerprint import stored_digests
from ..source.download import ImageStream, verify_data
from ..upload_marker import is_leftover, upload_marker
from .cloud_task import ExportTask, offers_export
from .request import REPORTED, Copy, Export, file_name, same_image

if TYPE_CHECKING:
    from ..._cloud.capabilities import ObjectStore
    from ..._cloud.connection import Connection
    from .request import ExportRequest

STRENGTH = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""The digests that a cloud may tell, the one that data is verified with last: each costs as much as the network."""

STREAMS = Policy(attempts=2, errors=(IntegrityError,), first=0.0)
"""How often the data is streamed when what passed is damaged."""

LONGEST_NAME = 900
"""Bytes of a name that we choose for an object: of the 1024 that Swift takes, its segments' names need more."""

_META = "X-Object-Meta-Oaktree-"
"""What begins the headers that say of which image an object was made."""


class ObjectExport:
    """The export of one image to a container."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], request: ExportRequest) -> None:
        self._connection = connection
        self._image = image
        self._request = request
        self._swift = Swift(connection)
        self._container = str(request.container)
        self._name = request.object or file_name(image, str(image["disk_format"]), LONGEST_NAME)
        self._notes: list[str] = []

    def run(self, *, check_mode: bool) -> Export:
        """Have the object with the image's data, or in check mode say what would be done. Raises `OaktreeError`.

        What fails leaves no object, segment or container that was not there before, or the message says what.
        """
        with self._connection.within(self._request.timeout, "timeout"):
            present = self._present()
            done = self._unchanged(present)
            if done is None and check_mode:
                copy = self._copy(self._name, int(self._image["size"]), str(self._image["disk_format"]))
                return self._export("created", present, copy, None)
        if done is None:
            made_container = self._swift.container_headers(self._container) is None
            try:
                done = self._brought_out(present)
            except OaktreeError as error:
                if made_container:
                    error.add_residue(self._without_container())
                raise
        with self._connection.within(self._request.timeout, "timeout"):
            return replace(done, tempurl=self._tempurl(done) if self._request.tempurl and not check_mode else None)

    def _present(self) -> Mapping[str, str] | None:
        """The headers of the object that is there: of our name, or of the name that an export task chooses."""
        headers = self._swift.object_headers(self._container, self._name)
        if headers is None and self._request.object is None:
            for there in self._swift.objects(self._container, f"{self._image['id']}."):
                found = self._swift.object_headers(self._container, there.name)
                if found and found.get(f"{_META}Image") == self._image["id"]:
                    self._name = there.name
                    return found
        return headers

    def _unchanged(self, present: Mapping[str, str] | None) -> Export | None:
        if present is None:
            return None
        digests = _digests(present)
        origin = {"id": present.get(f"{_META}Image"), "size": int(present.get(f"{_META}Size") or 0)}
        if present.get(f"{_META}Bytes") != present.get("Content-Length"):
            return None  # somebody else's, or one that a killed run left unfinished
        if not same_image(origin, _source_digests(present), self._image):
            return None
        self._request.check(_source_digests(present))
        copy = self._copy(
            self._name, int(present["Content-Length"]), str(present.get(f"{_META}Format")), digests, present
        )
        return Export("unchanged", copy, copy.to_dict())

    def _brought_out(self, present: Mapping[str, str] | None) -> Export:
        refused: OaktreeError | None = None
        with self._connection.within(self._request.transfer_timeout, "transfer_timeout"):
            self._swift.ensure_container(self._container)
            if self._request.object is None and offers_export(self._connection):
                try:
                    return self._by_task(present)
                except (RefusedError, ServerError) as error:
                    refused = error
                    self._notes.append(f"export_task failed, stream instead: {error.message}")
            try:
                return self._by_stream(present)
            except OaktreeError as error:
                if refused:
                    error.message += f"; before that the export task failed: {refused.message}"
                raise

    def _by_task(self, present: Mapping[str, str] | None) -> Export:
        task = ExportTask(self._swift, self._image, self._container)
        made = task.run()
        try:
            self._request.check({})
            copy = self._finished(made.name, made.format, {})
        except OaktreeError as error:
            error.add_residue(remove(self._swift, self._container, made.name))
            raise
        self._notes.extend(task.notes)
        return self._export("created", present, copy, "export_task")

    def _by_stream(self, present: Mapping[str, str] | None) -> Export:
        container, name = self._container, self._name
        self._clear()
        replaced = self._swift.segments(container, name) if present else []
        digests = self._verified(object_store(self._connection))
        try:
            copy = self._finished(name, str(self._image["disk_format"]), digests)
        except OaktreeError as error:
            error.add_residue(remove(self._swift, container, name))
            raise
        old = [path for path in replaced if path.startswith(f"{container}/{name}{SEGMENTS}")]
        if old and (note := discard(self._swift, old)):
            self._notes.append(note)
        return self._export("created", present, copy, "stream")

    def _verified(self, limits: ObjectStore) -> Mapping[str, str]:
        """Have the object made of what the cloud says the image is; data that came damaged is streamed once more."""
        attempts = Attempts(STREAMS, self._connection.deadline)
        while True:
            try:
                return self._streamed(limits)
            except OaktreeError as error:
                if attempts.remain(error):
                    self._notes.append(f"stream, attempt 1 of {STREAMS.attempts:g}: {error.message}")
                attempts.failed(error)

    def _streamed(self, limits: ObjectStore) -> Mapping[str, str]:
        """One way of the data through here; returns its digests, verified."""
        size, request = int(self._image["size"]), self._request
        stream = ImageStream(self._connection, self._image, request.stall_timeout)
        known = stored_digests(self._image)
        wanted = {name for name in REPORTED if name not in known}
        if told := [name for name in STRENGTH if name in known]:
            wanted.add(told[-1])
        if request.checksum:
            wanted.add(request.checksum.algorithm)
        target = ObjectTarget(self._container, self._name, uuid.uuid4().hex, upload_marker(), request.expires_in)
        pace = UploadOptions(part_size(size, limits), parallel=1, stall_timeout=request.stall_timeout)
        passing = Stream(size, stream.read, known.get("md5"))

        def accept(digests: Mapping[str, str]) -> None:
            verify_data(self._image, size, digests)
            request.check(digests)

        passage = StreamUpload(self._swift, passing, target, pace, sorted(wanted), segments=limits.slo)
        return {**known, **passage.run(accept)[1]}

    def _finished(self, name: str, disk_format: str, digests: Mapping[str, str]) -> Copy:
        """Write on the object which image it was made of, and when it goes; returns it as it then is."""
        found = self._swift.object_headers(self._container, name)
        if found is None or not int(found.get("Content-Length") or 0):
            raise ServerError(f"the object {self._container}/{name} is not there, or empty")
        headers = {
            f"{_META}Image": str(self._image["id"]),
            f"{_META}Size": str(self._image["size"]),
            f"{_META}Bytes": found["Content-Length"],
            f"{_META}Format": disk_format,
            **{f"{_META}{name}": value for name, value in digests.items()},
            **{f"{_META}Source-{name}": value for name, value in {**digests, **stored_digests(self._image)}.items()},
        }
        expires = found.get("X-Delete-At")
        if expires is None and self._request.expires_in:
            expires = str(int(clock.time()) + self._request.expires_in)
            for path in self._swift.segments(self._container, name):
                container, _slash, segment = path.partition("/")
                self._swift.update(container, segment, {"X-Delete-At": expires})
        if expires:
            headers["X-Delete-At"] = expires
        self._swift.update(self._container, name, headers)
        return self._copy(name, int(found["Content-Length"]), disk_format, digests, headers)

    def _clear(self) -> None:
        """Remove what killed runs left of this object."""
        for trace in orphans(self._swift, self._container, self._name):
            if is_leftover({UPLOAD: trace.marker, "updated_at": trace.updated_at}, self._request.transfer_timeout):
                discard(self._swift, [f"{self._container}/{name}" for name in trace.names])

    def _without_container(self) -> str:
        try:
            with self._connection.grace(CLEANUP_TIMEOUT):
                self._swift.delete_container(self._swift.ensure_container(self._container))
        except OaktreeError as error:
            return f"the container {self._container} could not be removed: {error.message}"
        return ""

    def _copy(
        self,
        name: str,
        size: int,
        disk_format: str,
        digests: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Copy:
        digests = stored_digests(self._image) if digests is None else digests
        expires = _time((headers or {}).get("X-Delete-At"))
        self._name = name
        return Copy(self._swift.url(self._container, name), disk_format, size, digests, expires)

    def _export(self, action: str, present: Mapping[str, str] | None, copy: Copy, method: str | None) -> Export:
        if present is None:
            return Export(action, copy, {}, method, notes=tuple(self._notes))
        size = int(present.get("Content-Length") or 0)
        before = Copy(copy.location, str(present.get(f"{_META}Format") or ""), size, _digests(present))
        return Export("replaced", copy, before.to_dict(), method, notes=tuple(self._notes))

    def _tempurl(self, done: Export) -> str:
        """Signed until the object expires, or for as long as new objects would live."""
        container = self._swift.ensure_container(self._container)
        sign = signer(self._swift, container, object_store(self._connection).tempurl_digests)
        until = int(clock.time()) + int(self._request.expires_in or 0)
        if done.copy.expires_at:
            until = int(datetime.fromisoformat(done.copy.expires_at).timestamp())
        return sign.url("GET", f"{self._container}/{self._name}", until)


def _digests(headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: headers.get(f"{_META}{name}") for name in (*REPORTED, "sha256")}
    return {name: value for name, value in found.items() if value}


def _source_digests(headers: Mapping[str, str]) -> dict[str, str]:
    begin = f"{_META}Source-".lower()
    return {
        name.lower().removeprefix(begin): value for name, value in headers.items() if name.lower().startswith(begin)
    }


def _time(seconds: str | None) -> str | None:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None
