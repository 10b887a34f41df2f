# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalize an upload: import, verify, publish, clean up; from any state that an earlier run left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..._core.deadline import clock
from ..._core.errors import ConflictError, InputError
from ..._core.text import counted
from ..._facts.records import image_record
from ..._glance.v2 import SESSION, UPLOAD, Glance, pointer
from ..._run.ensure import Change
from ..discard import discard
from ..fingerprint import conversion, published_content
from ..publish import finalize
from ..publish.plan import make_plan
from ..upload_marker import session_until
from .import_data import DataImport, check_complete
from .requests import session_output
from .schemes import SWIFT
from .segments import Segments
from .survey import Leftovers, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._cloud.connection import Connection
    from ..._object_store.responses import Segment
    from ..desired import Desired
    from ..fingerprint import Fingerprint
    from ..publish.context import PlanContext
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

    def run(self, *, check_mode: bool) -> Change:
        """Raises `OaktreeError`; then nothing is published, nothing that arrived is lost, and it can be repeated."""
        timeout = self._desired.timeouts.timeout
        with self._connection.within(timeout, "timeout"):
            found = survey_sessions(self._connection, self._desired)
            upload = matching(found.uploads, self._content)
            content = upload.content if upload else published(found, self._content)
            context = found.context(self._connection, self._desired, content)
            plan = make_plan(context)
            leftovers = found.leftovers({other.image_id for other in found.uploads if other is not upload})
            if plan.upload is None:
                return self._update(plan, leftovers, check_mode=check_mode)
            if upload is None:
                raise not_prepared(found)
            segments = self._check_complete(upload)
        if check_mode:
            return self._change(plan.action, plan.before, plan.after, plan.image)
        image = self._import(context, upload, segments)
        with self._connection.within(timeout, "timeout"):
            image = self._publish(plan, image, upload.content)
            unused = tuple(image_id for image_id in leftovers.images if image_id != image["id"])
            self._clean_up(plan, Leftovers(leftovers.containers, unused))
        return self._change(plan.action, plan.before, plan.after, image)

    def _check_complete(self, upload: PreparedUpload) -> tuple[Segment, ...]:
        if upload.scheme == SWIFT:
            return self._segments(upload).check()
        check_complete(upload)
        return ()

    def _segments(self, upload: PreparedUpload) -> Segments:
        return Segments(self._connection, self._desired.name, upload, self._content)

    def _import(self, context: PlanContext, upload: PreparedUpload, segments: tuple[Segment, ...]) -> dict[str, Any]:
        self._stay_in_use(upload)
        work = DataImport(self._glance, context, upload)
        if upload.scheme != SWIFT:
            return work.from_record()
        image = work.from_segments(self._segments(upload), segments)
        self._notes.extend(work.notes)
        return image

    def _stay_in_use(self, upload: PreparedUpload) -> None:
        """Let others know that the record is in use as long as this run may take, where its marker ends before that."""
        until = session_until(upload.image)
        if until and until < clock.now() + timedelta(seconds=self._desired.timeouts.finalization):
            marker = upload.marker(self._desired)
            self._glance.patch(upload.image_id, [{"op": "replace", "path": pointer(UPLOAD), "value": marker}])

    def _publish(self, plan: Plan, image: dict[str, Any], sent: Fingerprint) -> dict[str, Any]:
        operations = [*finalize.publication(self._desired, plan), {"op": "remove", "path": pointer(SESSION)}]
        recorded = conversion(image, sent)
        operations += [{"op": "add", "path": pointer(key), "value": value} for key, value in recorded.items()]
        image = finalize.apply_publication(self._glance, image["id"], operations)
        self._notes.extend(finalize.share(self._glance, self._desired, plan, image))
        return image

    def _update(self, plan: Plan, leftovers: Leftovers, *, check_mode: bool) -> Change:
        """The content is published: only its metadata and the leftovers of the upload are to be changed."""
        image = plan.image or {}
        before = {**plan.before, **(leftovers.to_dict() if leftovers else {})}
        after = {**plan.after, **(Leftovers().to_dict() if leftovers else {})}
        if not check_mode:
            image = self._glance.patch(image["id"], plan.changes) if plan.changes else image
            image = finalize.reactivate(self._glance, plan, image)
            self._notes.extend(finalize.share(self._glance, self._desired, plan, image))
            self._clean_up(plan, leftovers)
        return self._change("updated" if plan.changed or leftovers else "unchanged", before, after, image)

    def _clean_up(self, plan: Plan, leftovers: Leftovers) -> None:
        """What cannot be removed now is removed by the next run, or expires: the image is published."""
        for old in plan.remove:
            self._notes.extend(finalize.retire(self._glance, self._desired, old))
        self._notes.extend(leftovers.remove(self._connection))
        self._notes.extend(text for image_id in plan.clear if (text := discard(self._glance, image_id)))

    def _change(
        self, action: str, before: dict[str, Any], after: dict[str, Any], image: dict[str, Any] | None
    ) -> Change:
        record = image_record(image, self._connection.location) if image else None
        return Change(action, before, after, session_output(image=record), tuple(self._notes))


def matching(uploads: Sequence[PreparedUpload], content: DeclaredContent) -> PreparedUpload | None:
    """The upload of this content; None where there is none. Raises InputError where that cannot be found out."""
    same = {upload.image_id: content.is_same(upload.content) for upload in uploads}
    if None in same.values():
        raise InputError(
            "checksum: the prepared upload has no digest of this algorithm",
            hint="Pass back the checksum that state prepared returned.",
        )
    return next((upload for upload in uploads if same[upload.image_id]), None)


def published(found: SessionSurvey, content: DeclaredContent) -> Fingerprint:
    """The published image with this content. Raises ConflictError where there is none: it has to be prepared first."""
    for image in found.survey.images:
        there = published_content(image, content.size, content.digests)
        if there:
            return there
    raise not_prepared(found)


def not_prepared(found: SessionSurvey) -> ConflictError:
    """The error for content that is neither prepared nor published."""
    if found.uploads:
        prepared = found.uploads[0]
        return ConflictError(
            f"other content is prepared here: {prepared.image_id} ({counted(prepared.content.size, 'byte')})",
            hint="Pass back what state prepared returned, or prepare this content.",
        )
    return ConflictError(
        "nothing is prepared here, and the image is not published with this content",
        hint="Prepare the upload first. One that expired may have been removed.",
    )
