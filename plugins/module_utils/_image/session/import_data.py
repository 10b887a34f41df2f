# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From data that has arrived to an active image with the right content."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..._cloud.cleanup import CLEANUP_TIMEOUT, removing
from ..._core.deadline import clock
from ..._core.errors import ConflictError, DeadlineError, IntegrityError, OaktreeError, RefusedError, ServerError
from ..._core.text import counted
from ..._glance.v2 import Glance
from ..discard import discard
from ..fingerprint import missing_digest, verify
from ..import_wait import ImportWait, until_active
from ..publish.import_task import ImportTask
from ..publish.schemes import glance_direct, swift_task, web_download
from ..source.download import ImageStream
from ..upload_marker import upload_name
from .record import session_of
from .schemes import survey_schemes
from .survey import check_removed

if TYPE_CHECKING:
    from ..._object_store.responses import Segment
    from ..publish.context import PlanContext
    from ..publish.schemes import Scheme
    from .record import PreparedUpload
    from .segments import Segments

AFTER_IMPORT = 600
"""Seconds that the URL for the cloud itself outlives the time for the import."""

_PREPARE_AGAIN = (
    "Prepare it again, which replaces the record that has the wrong data, then send the data to the new one."
)
_SEND_AGAIN = "Send all segments again by the same requests, then finalize again."


def check_complete(upload: PreparedUpload) -> None:
    """Raise ConflictError where data that is sent to Glance has not arrived yet, IntegrityError where it is wrong."""
    whole = f"offset 0, {counted(upload.content.size, 'byte')}"
    if upload.status == "queued":
        raise ConflictError(
            f"nothing has arrived ({whole})", hint="Send the request that state prepared returns, then finalize again."
        )
    staging = upload.status == "uploading" and upload.image.get("size") is None
    if upload.status == "saving" or staging:
        raise ConflictError(f"the data is still being sent ({whole})", hint="Finalize again when it is.")
    if upload.status == "uploading" and upload.difference:
        raise IntegrityError(upload.difference, hint=_PREPARE_AGAIN)


class DataImport:
    """Makes an active, verified image of the data of one upload."""

    def __init__(self, glance: Glance, context: PlanContext, upload: PreparedUpload) -> None:
        self._glance = glance
        self._connection = glance.connection
        self._context = context
        self._desired = context.desired
        self._upload = upload
        self.notes: list[str] = []

    def from_record(self) -> dict[str, Any]:
        """Have Glance finish the record that the data was sent to. Raises `OaktreeError`; the record stays as it is."""
        importing = self._upload.status == "uploading"
        with self._connection.within(self._desired.timeouts.import_timeout, "import_timeout"):
            if importing:
                self._glance.start_import(self._upload.image_id, {"name": glance_direct.METHOD}, {})
            return self._finished(self._upload.image_id, importing=importing, hint=_PREPARE_AGAIN)

    def from_segments(self, segments: Segments, found: tuple[Segment, ...]) -> dict[str, Any]:
        """Import an object made of the segments into a new image.

        Raises `OaktreeError`; then the new image is removed. Record and segments stay in any case.
        """
        timeouts = self._desired.timeouts
        check_removed(self._discard_imported())
        schemes = survey_schemes(self._connection, self._context)
        if schemes.object_store is None:
            raise RefusedError(f"the object store does not answer: {schemes.missing}")
        signer = segments.prepare(schemes.object_store, "GET")
        path = segments.assemble(found, timeouts.stall_timeout)
        url = signer.url("GET", path, int(clock.time() + timeouts.import_timeout) + AFTER_IMPORT)
        remaining = schemes.imports
        with self._connection.within(timeouts.import_timeout, "import_timeout"):
            while remaining:
                scheme = remaining.pop(0)
                try:
                    return self._by(scheme, url)
                except (RefusedError, ServerError) as error:
                    if not remaining:
                        raise
                    self.notes.append(f"{scheme.NAME} failed, {remaining[0].NAME} instead: {error.message}")
        raise RefusedError(
            "the image service cannot import from the object store any more",
            hint="Abort the upload, and prepare it with another scheme.",
        )

    def _by(self, scheme: Scheme, url: str) -> dict[str, Any]:
        by_task = scheme.NAME == swift_task.NAME
        image_id = self._by_task(url) if by_task else str(uuid.uuid4())
        with removing(lambda: discard(self._glance, image_id)):
            if not by_task:
                self._glance.create({"id": image_id, **self._upload.imported_fields(self._desired)})
                self._glance.start_import(image_id, web_download.request(url), {})
            return self._finished(image_id, importing=not by_task, hint=_SEND_AGAIN)

    def _by_task(self, url: str) -> str:
        """Have a task make an image, and return its ID. Glance requires the owner among its properties."""
        fields = {**self._upload.imported_fields(self._desired), "owner": self._connection.location.project.id}
        task = ImportTask(self._glance, url, self._upload.content.disk_format, fields)
        try:
            with removing(self._remove_imported):
                task.start()
                return task.finish()
        except DeadlineError as error:
            error.add_residue(task.residue)
            raise

    def _remove_imported(self) -> str:
        with self._connection.grace(CLEANUP_TIMEOUT), suppress(OaktreeError):  # else the next run removes them
            return "; ".join(self._discard_imported())
        return ""

    def _discard_imported(self) -> list[str]:
        """Remove images that were imported before, or by a task that failed; returns what could not be removed."""
        owner = self._connection.location.project.id
        images = self._glance.named([upload_name(self._desired.name)], owner, hidden=False)
        ours = [str(image["id"]) for image in images if session_of(image) == self._upload.image_id]
        return [text for image_id in ours if (text := discard(self._glance, image_id))]

    def _finished(self, image_id: str, *, importing: bool, hint: str) -> dict[str, Any]:
        content = self._upload.content
        wait = ImportWait(self._glance, image_id, self._desired.timeouts.stall_timeout, content.size)
        image = until_active(wait, importing=importing)
        try:
            verify(image, content)
            algorithm = missing_digest(image, content)
            if algorithm:
                verify({**image, "os_hash_algo": algorithm, "os_hash_value": self._hash(image, algorithm)}, content)
        except IntegrityError as error:
            error.hint = hint
            raise
        return image

    def _hash(self, image: dict[str, Any], algorithm: str) -> str:
        """Download the stored data once to hash it."""
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for piece in ImageStream(self._connection, image, self._desired.timeouts.stall_timeout).read():
            digest.update(piece)
        return digest.hexdigest()
