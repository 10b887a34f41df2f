# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare an upload by hand: the image record, and the requests that bring its data."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..._cloud.capabilities import capabilities, object_store
from ..._core.errors import ConflictError, OaktreeError
from ..._glance.v2 import Glance
from ..._object_store.client import Swift
from ..._object_store.segments import PART_SIZE, part_size
from ..fingerprint import fingerprint_of, same_format
from ..publish.transfer import discard
from .outcome import SessionChange, shown
from .plan import publication_plan
from .record import PreparedUpload
from .requests import UploadRequest, to_glance, to_swift
from .schemes import SWIFT, negotiate
from .segments import Segments
from .survey import Remains, complain, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._cloud.capabilities import ObjectStore
    from ..._cloud.connection import Connection
    from ..desired import Desired
    from .content import DeclaredContent


@dataclass(frozen=True)
class RequestOptions:
    """What the user says of the requests; ``segment_size`` in bytes, ``expires_in`` in seconds."""

    scheme: str | None = None
    segment_size: int | None = None
    expires_in: int = 86400
    with_token: bool = False


class Preparation:
    """The work on one Location."""

    def __init__(self, connection: Connection, desired: Desired, content: DeclaredContent, ask: RequestOptions) -> None:
        self._connection = connection
        self._desired = desired
        self._content = content
        self._ask = ask
        self._glance = Glance(connection)

    def run(self, *, check_mode: bool) -> SessionChange:
        """Raises `OaktreeError`; then what this run made is removed, and what was there is as it was."""
        origin = self._content.identity()
        sight = survey_sessions(self._connection, self._desired)
        upload = choose(sight.uploads, self._content, self._ask)
        plan = publication_plan(self._connection, self._desired, sight, origin)
        remains = sight.apart_from({upload.image_id} if upload else set())
        if not check_mode:
            complain(remains.remove(self._connection))
            complain([note for image_id in plan.clear if (note := discard(self._glance, image_id))])
        if plan.upload and upload is None:
            made = self._new(check_mode=check_mode)
            return replace(made, action="replaced", before=remains.to_dict()) if sight.uploads else made
        requests = self._requests(upload, None) if upload and not check_mode else ()
        before, after = (remains.to_dict(), Remains().to_dict()) if remains else ({}, {})
        action = "updated" if remains else "unchanged"
        return SessionChange(action, upload, None, requests, self._finalize(), before=before, after=after)

    def _finalize(self) -> dict[str, Any]:
        digests = self._content.digests
        algorithm = next(name for name in ("sha512", "sha256", "md5") if name in digests)
        return {
            "name": self._desired.name,
            "state": "finalized",
            "locations": [str(self._connection.location)],
            "checksum": f"{algorithm}:{digests[algorithm]}",
            "size": self._content.size,
        }

    def _new(self, *, check_mode: bool) -> SessionChange:
        found = capabilities(self._connection)
        scheme, reason = negotiate(found, self._ask.scheme)
        content = self._content.identity()
        size = content.size
        if scheme == SWIFT and found.object_store:
            size = part_size(content.size, found.object_store, self._ask.segment_size or PART_SIZE)
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=self._ask.expires_in)
        upload = PreparedUpload(str(uuid.uuid4()), scheme, content, size, until)
        requests: tuple[UploadRequest, ...] = ()
        if not check_mode:
            requests = self._made(upload, found.object_store)
        asked = self._connection.region.settings.image_format
        notes = (f"the cloud asks for {asked} images, this one is {content.disk_format}",)
        fits = asked is None or same_format(asked, content.disk_format)
        return SessionChange(
            "created", upload, reason, requests, self._finalize(), notes=() if fits else notes, after=shown(upload)
        )

    def _made(self, upload: PreparedUpload, limits: ObjectStore | None) -> tuple[UploadRequest, ...]:
        try:
            self._glance.create({"id": upload.image_id, **upload.fields(self._desired)})
            return self._requests(upload, limits)
        except OaktreeError as error:
            if upload.scheme == SWIFT:
                error.add_residue(self._segments(upload).remove())
            error.add_residue(discard(self._glance, upload.image_id))
            raise

    def _segments(self, upload: PreparedUpload) -> Segments:
        file = self._content.file
        sums = file.sums(upload.part_size) if file else None
        return Segments(Swift(self._connection), upload, self._desired.name, sums)

    def _requests(self, upload: PreparedUpload, limits: ObjectStore | None) -> tuple[UploadRequest, ...]:
        if upload.scheme != SWIFT:
            return to_glance(self._connection, upload, with_token=self._ask.with_token)
        segments = self._segments(upload)
        signer = segments.prepare(limits or object_store(self._connection))
        return to_swift(segments, signer, upload, segments.arrived())


def choose(uploads: Sequence[PreparedUpload], content: DeclaredContent, ask: RequestOptions) -> PreparedUpload | None:
    """The upload that is prepared already as it is asked for; None where there is none that can still be used.

    Raises ConflictError for one of something else that has not expired: somebody may be sending its data.
    """
    alive = [upload for upload in uploads if is_usable(upload)]
    chosen = next((upload for upload in alive if is_as_asked(upload, content, ask)), None)
    others = [upload for upload in alive if upload is not chosen]
    if others:
        raise ConflictError(
            f"another upload by hand of this name is prepared until {others[0].expires_at}: {others[0].image_id} "
            f"({others[0].scheme}, {others[0].content.size} bytes)",
            hint="Finalize or abort it first.",
        )
    return chosen


def is_as_asked(upload: PreparedUpload, content: DeclaredContent, ask: RequestOptions) -> bool:
    same = content.is_that_of(upload.content) and content.disk_format == upload.content.disk_format
    sized = upload.scheme != SWIFT or ask.segment_size in (None, upload.part_size)
    return bool(same) and ask.scheme in (None, upload.scheme) and sized


def is_usable(upload: PreparedUpload) -> bool:
    """Whether its data may still arrive, or has."""
    return not spoilt(upload) and not (upload.expired and upload.status == "queued")


def spoilt(upload: PreparedUpload) -> bool:
    """Whether the record holds other data than it should, and can hold no other any more."""
    if upload.status == "uploading":
        return upload.image.get("size") not in (None, upload.content.size)
    if upload.status != "active":
        return upload.status not in {"queued", "saving", "importing"}
    there = fingerprint_of(upload.image)
    if there.disk_format != upload.content.disk_format:
        return False  # the cloud converted it
    common = {name: value for name, value in there.digests.items() if name in upload.content.digests}
    return there.size != upload.content.size or any(upload.content.digests[one] != common[one] for one in common)
