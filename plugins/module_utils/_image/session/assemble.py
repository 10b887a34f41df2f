# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From data that has arrived to an active image with the right content."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from ..._cloud.capabilities import capabilities
from ..._cloud.service import segment, service_at
from ..._cloud.translate import translate
from ..._core.deadline import clock
from ..._core.errors import ConflictError, IntegrityError, OaktreeError, RefusedError, ServerError
from ..._glance.v2 import Glance
from ..fingerprint import DIGESTS, Fingerprint, stored_digests, verify
from ..import_wait import ImportWait
from ..publish.schemes import glance_direct, web_download
from ..publish.transfer import discard, until_active
from ..upload_marker import upload_name
from .record import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._cloud.connection import Connection
    from ..._object_store.responses import Segment
    from ..desired import Desired
    from .record import PreparedUpload
    from .segments import Segments

AFTER_IMPORT = 600
"""Seconds that the URL for the cloud itself outlives the time for the import."""

POLL = 1.0
"""Seconds between looks at a task."""

CHUNK = 1 << 20

_AGAIN = (
    "Prepare it again: what holds the wrong data is then replaced by a new record, for which the data is sent anew."
)


def check_arrived(upload: PreparedUpload) -> None:
    """Raise ConflictError where data that goes straight to Glance has not, or not wholly, arrived."""
    whole = f"offset 0, {upload.content.size} bytes"
    if upload.status == "queued":
        raise ConflictError(
            f"nothing has arrived ({whole})", hint="Send the request that state prepared returns, then finalize again."
        )
    staging = upload.status == "uploading" and upload.image.get("size") is None
    if upload.status == "saving" or staging:
        raise ConflictError(f"the data is still being sent ({whole})", hint="Finalize again when it is.")
    if upload.status == "uploading" and upload.image["size"] != upload.content.size:
        raise IntegrityError(f"{upload.image['size']} bytes arrived of {upload.content.size}", hint=_AGAIN)


def from_glance(connection: Connection, desired: Desired, upload: PreparedUpload) -> dict[str, Any]:
    """Have Glance finish the record that the data was sent to. Raises `OaktreeError`; the record stays as it is."""
    glance = Glance(connection)
    with connection.within(desired.clocks.import_timeout, "import_timeout"):
        if upload.status == "uploading":
            glance.start_import(upload.image_id, {"name": glance_direct.METHOD}, {})
        patience = ImportWait(glance, upload.image_id, desired.clocks.stall_timeout, upload.content.size)
        image = until_active(patience, importing=upload.status == "uploading")
        try:
            verify_data(connection, image, upload.content)
        except IntegrityError as error:
            error.hint = _AGAIN
            raise
    return image


class FromSegments:
    """Brings an object made of the segments into a new image; the upload's own record stays as it is meanwhile."""

    def __init__(self, connection: Connection, desired: Desired, upload: PreparedUpload, segments: Segments) -> None:
        self._connection = connection
        self._desired = desired
        self._upload = upload
        self._segments = segments
        self._glance = Glance(connection)
        self.notes: list[str] = []

    def run(self, found: tuple[Segment, ...]) -> dict[str, Any]:
        """The active image, verified. Raises `OaktreeError`; then it is gone, and the segments are there."""
        clocks = self._desired.clocks
        self._discard_parts()
        offered = capabilities(self._connection)
        if offered.object_store is None:
            raise RefusedError(f"the object store does not answer: {offered.missing.get('object_store')}")
        signer = self._segments.prepare(offered.object_store)
        path = self._segments.assemble(found, clocks.stall_timeout)
        url = signer.url("GET", path, int(clock.time() + clocks.import_timeout) + AFTER_IMPORT)
        ways = [self._by_web_download] if web_download.METHOD in offered.import_methods else []
        ways += [self._by_task] if offered.tasks else []
        with self._connection.within(clocks.import_timeout, "import_timeout"):
            while ways:
                way = ways.pop(0)
                try:
                    return way(url)
                except (RefusedError, ServerError) as error:
                    if not ways:
                        raise
                    self.notes.append(f"the import by {web_download.METHOD} failed, by a task instead: {error.message}")
        raise RefusedError(
            f"neither the import method {web_download.METHOD} nor tasks are open any more",
            hint="Abort the upload, and prepare it with another scheme.",
        )

    def _by_web_download(self, url: str) -> dict[str, Any]:
        image_id = str(uuid.uuid4())
        try:
            self._glance.create({"id": image_id, **self._upload.brought_in_fields(self._desired)})
            self._glance.start_import(image_id, {"name": web_download.METHOD, "uri": url}, {})
            return self._finished(image_id, importing=True)
        except OaktreeError as error:
            error.add_residue(discard(self._glance, image_id))
            raise

    def _by_task(self, url: str) -> dict[str, Any]:
        """A task makes the image by itself, and tells its ID at the end. Glance wants to be told the owner."""
        fields = {**self._upload.brought_in_fields(self._desired), "owner": self._connection.location.project.id}
        told = {"import_from": url, "import_from_format": self._upload.content.disk_format, "image_properties": fields}
        service = service_at(self._connection, "image")
        task = service.json("POST", "/tasks", retry=False, json={"type": "import", "input": told})
        while task.get("status") in ("pending", "processing"):
            self._connection.deadline.sleep(POLL)
            task = service.json("GET", f"/tasks/{segment(task['id'])}")
        if task.get("status") != "success":
            self._discard_parts()
            raise ServerError(f"the import task ended as {task.get('status')}: {task.get('message')}")
        image_id = str((task.get("result") or {}).get("image_id"))
        try:
            return self._finished(image_id, importing=False)
        except OaktreeError as error:
            error.add_residue(discard(self._glance, image_id))
            raise

    def _discard_parts(self) -> None:
        """Remove images that an earlier try made of the segments, or a task that failed."""
        owner = self._connection.location.project.id
        for image in self._glance.named([upload_name(self._desired.name)], owner, hidden=False):
            if part_of(image) == self._upload.image_id:
                complaint = discard(self._glance, str(image["id"]))
                if complaint:
                    raise ServerError(complaint, hint="Finalize again.")

    def _finished(self, image_id: str, *, importing: bool) -> dict[str, Any]:
        size = self._upload.content.size
        patience = ImportWait(self._glance, image_id, self._desired.clocks.stall_timeout, size)
        image = until_active(patience, importing=importing)
        try:
            verify_data(self._connection, image, self._upload.content)
        except IntegrityError as error:
            error.hint = "Send all segments again by the same requests, then finalize again."
            raise
        return image


def verify_data(connection: Connection, image: Mapping[str, Any], content: Fingerprint) -> None:
    """Compare size and digests; the data is downloaded to hash it where the cloud tells no digest that is known.

    Raises IntegrityError. A cloud that converted the image has other bytes by its own doing.
    """
    import requests

    verify(image, content)
    if image.get("disk_format") != content.disk_format or any(one in content.digests for one in stored_digests(image)):
        return
    algorithm = next(name for name in reversed(DIGESTS) if name in content.digests)
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        path = f"/images/{segment(image['id'])}/file"
        with service_at(connection, "image").request("GET", path, stream=True) as response:
            for chunk in response.iter_content(CHUNK):
                connection.deadline.remaining()
                digest.update(chunk)
    except requests.RequestException as exc:
        raise translate(exc) from exc
    if digest.hexdigest() != content.digests[algorithm]:
        raise IntegrityError(
            f"the {algorithm} of what was stored is {digest.hexdigest()}, not {content.digests[algorithm]}"
        )
