# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of an image to an object store of its own Location: by the cloud itself, or streamed through this machine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..._cloud.answers import parsing
from ..._cloud.capabilities import object_store
from ..._cloud.cleanup import removing
from ..._cloud.resuming import WHOLE
from ..._core.deadline import clock
from ..._core.errors import OaktreeError, RefusedError, ServerError
from ..._core.retry import Attempts
from ..._local.work_marker import is_abandoned, time_text, work_marker
from ..._object_store.client import Swift
from ..._object_store.large_object import SEGMENTS, ObjectTarget, discard, remove, remove_if_empty, segments_of
from ..._object_store.orphans import orphans
from ..._object_store.segments import part_size
from ..._object_store.tempurl_key import signer as signer_for
from ..._object_store.upload_file import UploadOptions
from ..._object_store.upload_stream import Stream, StreamUpload
from ..fingerprint import stored_digests, verify_download
from ..source.download import ImageStream
from .cloud_task import ExportTask, offers_export
from .paths import file_name
from .record import CopyRecord
from .request import REPORTED, Copy, Export

if TYPE_CHECKING:
    from ..._cloud.capabilities import ObjectStore
    from ..._cloud.connection import Connection
    from ..._object_store.tempurl import Signer
    from .request import ExportRequest

STRENGTH = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""The digests that a cloud may report, the strongest last. Only that is verified: each costs as much as the network."""

LONGEST_NAME = 900
"""Bytes of a name chosen here for an object: Swift accepts 1024, and the names of its segments are longer."""


class ObjectExport:
    """The export of one image to a container."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], request: ExportRequest) -> None:
        self._connection = connection
        self._image = image
        self._request = request
        self._swift = Swift(connection)
        self._container = str(request.container)
        self._name = request.object or file_name(image, str(image["disk_format"]), LONGEST_NAME)
        self._present: Mapping[str, str] | None = None
        """The headers of the object that the survey found."""
        self._notes: list[str] = []

    def survey(self) -> Export:
        """What is to be done: nothing where the object has the image's data, but for a signed URL.

        Raises `OaktreeError`.
        """
        self._present = self._existing()
        planned = self._unchanged(self._present)
        if planned is None:
            size, disk_format = int(self._image["size"]), str(self._image["disk_format"])
            copy = self._copy(self._name, size, disk_format, stored_digests(self._image))
            planned = self._export(self._present, copy, None)
        return replace(planned, sign=self._request.tempurl)

    def run(self, planned: Export) -> Export:
        """Write the image's data to the object. Raises `OaktreeError`.

        A failure leaves no object, segment or container that was not there before, or the message says which.
        """
        done = planned
        with self._connection.within(self._request.timeout, "timeout"):
            new_container = self._swift.container_headers(self._container) is None
        with removing(*([lambda: remove_if_empty(self._swift, self._container)] if new_container else [])):
            signer = self._signer() if planned.sign else None
            if planned.action != "unchanged":
                done = self._transfer(self._present)
        return replace(done, tempurl=self._tempurl(signer, done) if signer else None)

    def _existing(self) -> Mapping[str, str] | None:
        """The headers of the object that is there, under our name or the one that an export task chooses."""
        headers = self._swift.object_headers(self._container, self._name)
        if headers is None and self._request.object is None:
            for item in self._swift.objects(self._container, f"{self._image['id']}."):
                found = self._swift.object_headers(self._container, item.name) or {}
                record = CopyRecord.of_headers(found)
                if record and record.image_id == self._image["id"]:
                    self._name = item.name
                    return found
        return headers

    def _unchanged(self, existing: Mapping[str, str] | None) -> Export | None:
        """None where the object does not have the image's data."""
        record = CopyRecord.of_headers(existing or {})
        if existing is None or record is None or not record.is_of(self._image):
            return None
        self._request.check(record.source)
        copy = self._copy(self._name, _size(existing), record.format, record.digests, existing.get("X-Delete-At"))
        return Export("unchanged", copy, copy.to_dict())

    def _transfer(self, existing: Mapping[str, str] | None) -> Export:
        refused: OaktreeError | None = None
        with self._connection.within(self._request.transfer_timeout, "transfer_timeout"):
            self._swift.ensure_container(self._container)
            if self._request.object is None and offers_export(self._connection):
                try:
                    return self._by_task(existing)
                except (RefusedError, ServerError) as error:
                    refused = error
                    self._notes.append(f"export_task failed, stream instead: {error.message}")
            try:
                return self._by_stream(existing)
            except OaktreeError as error:
                if refused:
                    error.message += f"; before that the export task failed: {refused.message}"
                raise

    def _by_task(self, existing: Mapping[str, str] | None) -> Export:
        made = ExportTask(self._swift, self._image, self._container).run()
        copy = self._finished(made.name, made.format, {})
        self._name = made.name
        return self._export(existing, copy, "export_task")

    def _by_stream(self, existing: Mapping[str, str] | None) -> Export:
        container, name = self._container, self._name
        self._remove_leftovers()
        replaced = segments_of(self._swift, container, name) if existing else []
        digests = self._streamed(object_store(self._connection))
        copy = self._finished(name, str(self._image["disk_format"]), digests)
        old = [path for path in replaced or () if path.startswith(f"{container}/{name}{SEGMENTS}")]
        if old and (note := discard(self._swift, old)):
            self._notes.append(note)
        return self._export(existing, copy, "stream")

    def _streamed(self, limits: ObjectStore) -> Mapping[str, str]:
        """Stream the data, and return its digests, verified. Damaged data is streamed once more."""
        attempts = Attempts(WHOLE, self._connection.deadline)
        while True:
            try:
                return self._stream(limits)
            except OaktreeError as error:
                if attempts.remain(error):
                    self._notes.append(f"stream, attempt 1 of {WHOLE.attempts:g}: {error.message}")
                attempts.failed(error)

    def _stream(self, limits: ObjectStore) -> Mapping[str, str]:
        size, request = int(self._image["size"]), self._request
        known = stored_digests(self._image)
        needed = {name for name in REPORTED if name not in known}
        needed.update([name for name in STRENGTH if name in known][-1:])
        if request.checksum:
            needed.add(request.checksum.algorithm)
        marker = work_marker(request.total)
        target = ObjectTarget(self._container, self._name, uuid.uuid4().hex, marker, request.expires_in)
        options = UploadOptions(part_size(size, limits), parallel=1, stall_timeout=request.stall_timeout)
        stream = Stream(size, ImageStream(self._connection, self._image, request.stall_timeout).read, known.get("md5"))

        def accept(digests: Mapping[str, str]) -> None:
            verify_download(self._image, size, digests)
            request.check(digests)

        upload = StreamUpload(self._swift, stream, target, options, sorted(needed), segments=limits.slo)
        return {**known, **upload.run(accept)[1]}

    def _finished(self, name: str, disk_format: str, digests: Mapping[str, str]) -> Copy:
        """Record on the object which image it was made of, and set when it expires; it is removed when that fails."""
        with removing(lambda: remove(self._swift, self._container, name)):
            return self._finish(name, disk_format, digests)

    def _finish(self, name: str, disk_format: str, digests: Mapping[str, str]) -> Copy:
        container = self._container
        found = self._swift.object_headers(container, name)
        if found is None or not _size(found):
            raise ServerError(f"the object {container}/{name} does not exist, or is empty")
        source = {**digests, **stored_digests(self._image)}
        record = CopyRecord(disk_format, digests, str(self._image["id"]), int(self._image["size"]), source)
        headers = record.to_headers(str(_size(found)))
        expires = found.get("X-Delete-At")
        if expires is None and self._request.expires_in:
            expires = str(int(clock.time()) + self._request.expires_in)
            for path in segments_of(self._swift, container, name) or ():
                segment_container, _slash, segment = path.partition("/")
                self._swift.update(segment_container, segment, {"X-Delete-At": expires})
        if expires:
            headers["X-Delete-At"] = expires
        self._swift.update(container, name, headers)
        return self._copy(name, _size(found), disk_format, digests, expires)

    def _remove_leftovers(self) -> None:
        """Remove what killed runs left of this object."""
        for orphan in orphans(self._swift, self._container, self._name):
            if is_abandoned(orphan.marker, orphan.updated_at):
                discard(self._swift, [f"{self._container}/{name}" for name in orphan.names])

    def _copy(
        self, name: str, size: int, disk_format: str, digests: Mapping[str, str], expires: str | None = None
    ) -> Copy:
        """``expires`` is X-Delete-At, in seconds since 1970."""
        expires_at = None
        if expires:
            with parsing(f"the expiry of the object {self._container}/{name}"):
                expires_at = time_text(datetime.fromtimestamp(int(expires), UTC))
        return Copy(self._swift.url(self._container, name), disk_format, size, digests, expires_at)

    def _export(self, existing: Mapping[str, str] | None, copy: Copy, method: str | None) -> Export:
        if existing is None:
            return Export("created", copy, {}, method, notes=tuple(self._notes))
        record = CopyRecord.of_headers(existing) or CopyRecord("", {}, "", 0, {})
        before = Copy(copy.location, record.format, _size(existing), record.digests)
        return Export("replaced", copy, before.to_dict(), method, notes=tuple(self._notes))

    def _signer(self) -> Signer:
        """Raises SignedUrlError where no URL can be signed: before any data is sent."""
        with self._connection.within(self._request.timeout, "timeout"):
            container = self._swift.ensure_container(self._container)
            return signer_for(self._swift, container, object_store(self._connection).tempurl_digests, "GET")

    def _tempurl(self, signer: Signer, done: Export) -> str:
        """Signed until the object expires, or for as long as a new object would exist."""
        until = int(clock.time()) + int(self._request.expires_in or 0)
        if done.copy.expires_at:
            until = int(datetime.fromisoformat(done.copy.expires_at).timestamp())
        return signer.url("GET", f"{self._container}/{self._name}", until)


def _size(headers: Mapping[str, str]) -> int:
    """The size of the object that has these headers, in bytes."""
    with parsing("the answer to HEAD of the object"):
        return int(headers.get("Content-Length") or 0)
