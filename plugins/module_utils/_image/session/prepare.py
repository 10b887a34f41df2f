# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare an upload: the image record, and the requests that carry its data."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..._cloud.capabilities import object_store
from ..._cloud.cleanup import removing
from ..._core.deadline import clock
from ..._core.errors import ConflictError
from ..._core.text import counted
from ..._glance.v2 import Glance
from ..._object_store.segments import PART_SIZE, part_size
from ..._object_store.tempurl import SignedUrlError
from ..._run.ensure import Change
from ..discard import discard
from ..fingerprint import same_format
from ..publish.plan import make_plan
from .record import PreparedUpload
from .requests import UploadRequest, session_output, to_glance, to_swift
from .schemes import SWIFT, survey_schemes
from .segments import Segments
from .survey import Leftovers, check_removed, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._cloud.capabilities import ObjectStore
    from ..._cloud.connection import Connection
    from ..desired import Desired
    from ..publish.context import PlanContext
    from .content import DeclaredContent
    from .schemes import SessionSchemes


@dataclass(frozen=True)
class RequestOptions:
    """The options of the requests; ``segment_size`` in bytes, ``expires_in`` in seconds."""

    scheme: str | None = None
    segment_size: int | None = None
    expires_in: int = 86400
    with_token: bool = False


class Preparation:
    """The work on one Location."""

    def __init__(
        self, connection: Connection, desired: Desired, content: DeclaredContent, options: RequestOptions
    ) -> None:
        self._connection = connection
        self._desired = desired
        self._content = content
        self._options = options
        self._glance = Glance(connection)

    def run(self, *, check_mode: bool) -> Change:
        """Raises `OaktreeError`; then what this run made is removed, and everything else is as it was."""
        found = survey_sessions(self._connection, self._desired)
        context = found.context(self._connection, self._desired, self._content.fingerprint())
        upload = reusable(found.uploads, self._content, self._options)
        plan = make_plan(context)
        leftovers = found.leftovers({upload.image_id} if upload else ())
        if not check_mode:
            check_removed(leftovers.remove(self._connection))
            check_removed([text for image_id in plan.clear if (text := discard(self._glance, image_id))])
        if plan.upload and upload is None:
            replaced = leftovers.to_dict() if found.uploads else None
            return self._new(context, replaced, check_mode=check_mode)
        requests = self._requests(upload, None) if upload and not check_mode else ()
        before, after = (leftovers.to_dict(), Leftovers().to_dict()) if leftovers else ({}, {})
        output = session_output(upload, None, requests, self._finalize_options())
        return Change("updated" if leftovers else "unchanged", before, after, output)

    def _finalize_options(self) -> dict[str, Any]:
        return {
            "name": self._desired.name,
            "state": "finalized",
            "locations": [str(self._connection.location)],
            "checksum": self._content.checksum,
            "size": self._content.size,
        }

    def _new(self, context: PlanContext, replaced: dict[str, Any] | None, *, check_mode: bool) -> Change:
        """``replaced`` are the leftovers of another upload whose place this one takes."""
        schemes = survey_schemes(self._connection, context)
        try:
            return self._by(schemes, replaced, check_mode=check_mode)
        except SignedUrlError as error:
            return self._by(replace(schemes, unsigned=error.message), replaced, check_mode=check_mode)

    def _by(self, schemes: SessionSchemes, replaced: dict[str, Any] | None, *, check_mode: bool) -> Change:
        scheme, reason = schemes.choose(self._options.scheme)
        content, size = self._content.fingerprint(), self._options.segment_size or PART_SIZE
        store = schemes.object_store if scheme == SWIFT else None
        expires = clock.now().replace(microsecond=0) + timedelta(seconds=self._options.expires_in)
        parts = part_size(content.size, store, size) if store else content.size
        upload = PreparedUpload(str(uuid.uuid4()), scheme, content, parts, expires)
        requests = () if check_mode else self._made(upload, store)
        expected = self._connection.region.settings.image_format
        fits = expected is None or same_format(expected, content.disk_format)
        notes = () if fits else (f"the cloud expects {expected} images, this one is {content.disk_format}",)
        output = session_output(upload, reason, requests, self._finalize_options())
        action = "created" if replaced is None else "replaced"
        return Change(action, replaced or {}, upload.to_dict(), output, notes)

    def _made(self, upload: PreparedUpload, store: ObjectStore | None) -> tuple[UploadRequest, ...]:
        removals = [lambda: discard(self._glance, upload.image_id)]
        if upload.scheme == SWIFT:
            removals.insert(0, lambda: self._segments(upload).remove())
        with removing(*removals):
            self._glance.create({"id": upload.image_id, **upload.fields(self._desired)})
            return self._requests(upload, store)

    def _segments(self, upload: PreparedUpload) -> Segments:
        return Segments(self._connection, self._desired.name, upload, self._content)

    def _requests(self, upload: PreparedUpload, store: ObjectStore | None) -> tuple[UploadRequest, ...]:
        if upload.scheme != SWIFT:
            return to_glance(self._connection, upload, with_token=self._options.with_token)
        segments = self._segments(upload)
        signer = segments.prepare(store or object_store(self._connection), "PUT")
        return to_swift(segments, signer, upload, segments.arrived())


def reusable(
    uploads: Sequence[PreparedUpload], content: DeclaredContent, options: RequestOptions
) -> PreparedUpload | None:
    """The upload that was prepared before with the same options; None where there is none that can still be used.

    Raises ConflictError for another one that has not expired: another host may be sending its data.
    """
    usable = [upload for upload in uploads if upload.usable]
    same = next((upload for upload in usable if _is_same(upload, content, options)), None)
    others = [upload for upload in usable if upload is not same]
    if others:
        raise ConflictError(
            f"another upload of this name is prepared until {others[0].expires_at}: {others[0].image_id} "
            f"({others[0].scheme}, {counted(others[0].content.size, 'byte')})",
            hint="Finalize or abort it first.",
        )
    return same


def _is_same(upload: PreparedUpload, content: DeclaredContent, options: RequestOptions) -> bool:
    same = content.is_same(upload.content) and content.disk_format == upload.content.disk_format
    sized = upload.scheme != SWIFT or options.segment_size in (None, upload.part_size)
    return bool(same) and options.scheme in (None, upload.scheme) and sized
