# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalize an upload by hand: import, verify, publish, clean up; from any state that an earlier try left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._core.errors import ConflictError, InputError, OaktreeError
from ..._facts.records import image_record
from ..._glance.v2 import SESSION, Glance, pointer
from ..._object_store.client import Swift
from ..publish import finalize
from ..publish.transfer import discard
from .assemble import FromSegments, check_arrived, from_glance
from .outcome import SessionChange
from .plan import publication_plan
from .schemes import SWIFT
from .segments import Segments
from .survey import Remains, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._cloud.connection import Connection
    from ..._object_store.responses import Segment
    from ..desired import Desired
    from ..fingerprint import Fingerprint
    from ..publish.plan import Plan
    from .content import DeclaredContent
    from .record import PreparedUpload
    from .survey import SessionSurvey


class Finalization:
    """The work on one Location."""

    def __init__(self, connection: Connection, desired: Desired, content: DeclaredContent) -> None:
        self._connection = connection
        self._desired = desired
        self._content = content
        self._glance = Glance(connection)
        self._notes: list[str] = []

    def run(self, *, check_mode: bool) -> SessionChange:
        """Raises `OaktreeError`; then nothing is published, nothing that arrived is lost, and it can be repeated."""
        timeout = self._desired.clocks.timeout
        with self._connection.within(timeout, "timeout"):
            sight = survey_sessions(self._connection, self._desired)
            upload = meant(sight.uploads, self._content)
            origin = upload.content if upload else published(sight, self._content)
            plan = publication_plan(self._connection, self._desired, sight, origin)
            others = {other.image_id for other in sight.uploads if other is not upload}
            if plan.upload is None:
                return self._keep(plan, sight.apart_from(others), check_mode=check_mode)
            if upload is None:
                raise not_prepared(sight)
            segments = self._check_arrived(upload)
        if check_mode:
            current = image_record(plan.image, self._connection.location) if plan.image else None
            return SessionChange(plan.action, image=current, before=plan.before, after=plan.after)
        image = self._bring_in(upload, segments)
        with self._connection.within(timeout, "timeout"):
            image = self._publish(plan, image)
            remains = sight.apart_from(others)
            unused = tuple(image_id for image_id in remains.images if image_id != image["id"])
            self._clean_up(plan, Remains(remains.containers, unused))
        return self._outcome(plan.action, plan, image)

    def _check_arrived(self, upload: PreparedUpload) -> tuple[Segment, ...]:
        if upload.scheme == SWIFT:
            return self._segments(upload).check()
        check_arrived(upload)
        return ()

    def _segments(self, upload: PreparedUpload) -> Segments:
        file = self._content.file
        sums = file.sums(upload.part_size) if file else None
        return Segments(Swift(self._connection), upload, self._desired.name, sums)

    def _bring_in(self, upload: PreparedUpload, segments: tuple[Segment, ...]) -> dict[str, Any]:
        if upload.scheme != SWIFT:
            return from_glance(self._connection, self._desired, upload)
        way = FromSegments(self._connection, self._desired, upload, self._segments(upload))
        try:
            return way.run(segments)
        finally:
            self._notes.extend(way.notes)

    def _publish(self, plan: Plan, image: dict[str, Any]) -> dict[str, Any]:
        operations = [*finalize.publication(self._desired, plan), {"op": "remove", "path": pointer(SESSION)}]
        try:
            image = self._glance.patch(image["id"], operations)
        except OaktreeError:
            published = finalize.if_published(self._glance, image["id"])
            if published is None:
                raise
            image = published
        finalize.share(self._glance, self._desired, plan, image)
        return image

    def _keep(self, plan: Plan, remains: Remains, *, check_mode: bool) -> SessionChange:
        """The content is published: only metadata and what remains of the upload are left to do."""
        image = plan.image or {}
        before = {**plan.before, **(remains.to_dict() if remains else {})}
        after = {**plan.after, **(Remains().to_dict() if remains else {})}
        action = "updated" if plan.changed or remains else "unchanged"
        if not check_mode:
            image = self._glance.patch(image["id"], plan.changes) if plan.changes else image
            image = finalize.reactivate(self._glance, plan, image)
            self._clean_up(plan, remains)
        return self._outcome(action, replace(plan, before=before, after=after), image)

    def _clean_up(self, plan: Plan, remains: Remains) -> None:
        """What cannot be removed now is removed by the next run, or by its own expiry: the image is published."""
        for old in plan.remove:
            self._notes.extend(finalize.retire(self._glance, self._desired, old))
        self._notes.extend(remains.remove(self._connection))
        self._notes.extend(note for image_id in plan.clear if (note := discard(self._glance, image_id)))

    def _outcome(self, action: str, plan: Plan, image: dict[str, Any]) -> SessionChange:
        record = image_record(image, self._connection.location)
        return SessionChange(action, image=record, notes=tuple(self._notes), before=plan.before, after=plan.after)


def meant(uploads: Sequence[PreparedUpload], content: DeclaredContent) -> PreparedUpload | None:
    """The upload of this content; None where there is none. Raises InputError where nobody can tell."""
    same = {upload.image_id: content.is_that_of(upload.content) for upload in uploads}
    if None in same.values():
        raise InputError(
            "checksum: what is prepared has no digest of this algorithm",
            hint="Pass back the checksum that state prepared returned.",
        )
    return next((upload for upload in uploads if same[upload.image_id]), None)


def published(sight: SessionSurvey, content: DeclaredContent) -> Fingerprint:
    """What is published with this content. Raises ConflictError where nothing is: it would have to be prepared."""
    for image in sight.survey.images:
        found = content.found_in(image)
        if found:
            return found
    raise not_prepared(sight)


def not_prepared(sight: SessionSurvey) -> ConflictError:
    """The error for content that is neither prepared nor published."""
    if sight.uploads:
        prepared = sight.uploads[0]
        return ConflictError(
            f"other content is prepared here: {prepared.image_id} ({prepared.content.size} bytes)",
            hint="Pass back what state prepared returned, or prepare this content.",
        )
    return ConflictError(
        "nothing is prepared here, and the image is not published with this content",
        hint="Prepare the upload first. One that expired may have been removed.",
    )
