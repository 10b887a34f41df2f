# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One try at getting the image to one Location: what a scheme works with, and what has to go if it fails."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..._core.deadline import clock
from ..._core.errors import ConflictError, OaktreeError, QuotaError, RefusedError
from ..._glance.client import glance_for
from ..._glance.v2 import (
    MD5,
    OBJECT,
    PUBLISHED,
    SHA256,
    SOURCE_IMAGE,
    SOURCE_LOCATION,
    SOURCE_MD5,
    SOURCE_SERVER,
    SOURCE_SHA256,
    UPLOAD,
)
from ..._local.work_marker import is_own, work_marker
from ..._object_store.content import Body
from ..discard import discard
from ..fingerprint import Fingerprint, fingerprint_of
from ..source.hashing import known, settle
from ..upload_marker import upload_name
from .schemes import temporary_object
from .survey import UNFINISHED, USABLE
from .twins import Twins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..._cloud.connection import Connection
    from ..source.image_data import ImageData
    from ..source.image_file import ImageFile
    from .context import PlanContext
    from .relay import RelayBoard
    from .schemes.temporary_object import TemporaryObject


IDS = uuid.UUID("5a1f8f6e-7a0c-5d3e-9a51-0f6b9c1d7e42")
"""The name space of image IDs."""
IDS_OF_PERIOD = 4
"""Image IDs that are tried of each period: each image of the name that was deleted in this period took one."""
_PERIODS = tuple(map(len, ("2026-11-26", "2026-11-26T23", "2026-11-26T23:00", "2026-11-26T23:00:00")))
"""Day, hour, minute and second: how much of a time each of them is."""


class Attempt:
    """Made anew for every try. ``image_id`` and ``expected`` are set by `create`, or by what takes its place."""

    def __init__(
        self,
        connection: Connection,
        context: PlanContext,
        image_data: ImageData,
        relay_board: RelayBoard,
        metadata: Mapping[str, Any] | None = None,
        twins: Twins | None = None,
    ) -> None:
        """``metadata`` is what the record of the image says besides `fields`."""
        self.connection = connection
        self.context = context
        self.image_data = image_data
        self.relay_board = relay_board
        self._metadata = metadata or {}
        self._twins = twins or Twins()
        self.glance = glance_for(connection)
        self.image_id: str | None = None
        self.expected: Fingerprint | None = None
        self.importing = False
        """Whether an import was started: the image may be queued until it begins."""
        self.outcome: Callable[[], None] | None = None
        """For an import that creates the image record by itself: waits for it, and sets ``image_id``."""
        self.adopted = False
        """Whether the image was there before, so that it is somebody else's to remove."""
        self.unrecorded = False
        """Whether the record does not have the `digests`, because they were not known when it was made."""
        self.refused = False
        """Whether the cloud refuses the image's metadata: no other scheme can help."""
        self.exhausted = False
        """Whether what failed was tried often enough: another attempt would only multiply that."""
        self.temporary: list[Callable[[], str]] = []
        """What removes things made for the attempt, whether or not it succeeds; each returns nothing, or what stays."""

    @property
    def source(self) -> ImageFile:
        """The local file in the Location's format; the first caller has it converted or fetched."""
        self.connection.progress.enter("preparing")
        return self.image_data.source(self.context.disk_format, self.connection.deadline)

    def body(self, source: ImageFile) -> Body:
        """The file as a request body. Sending it raises DeadlineError at the Location's deadline."""
        connection = self.connection
        connection.progress.enter("sending", source.size)
        self.relay_board.sending(self.context.location, source.size, connection.progress)
        return Body(source.content, 0, source.size, connection.deadline.remaining, progress=connection.progress)

    def temporary_object(self, source: ImageFile, *, signed: bool) -> TemporaryObject:
        """The file in the Location's object store, until the attempt ends, whichever way."""
        desired = self.context.desired
        try:
            return temporary_object.put(self.connection, desired, source, self.temporary.append, signed=signed)
        except Exception:
            self.exhausted = True
            raise

    def create(self, expected: Fingerprint) -> str:
        """Make the image record, under its upload name and with our marker, and return its id.

        The id is ours, so that the record can be removed even when the answer to its creation is lost. It follows from
        what is there: two runs that begin at once, on whichever machines, choose the same, and Glance refuses the
        second, which raises ConflictError; TwinError where that may be another Location of this run. Glance also
        refuses the id of a deleted image, of one that an earlier attempt could not delete, and of one that has another
        name by now: the next id is taken.
        """
        self.expected = expected
        refused = ConflictError("all image IDs are taken")
        for image_id in self._new_ids():
            self.image_id = image_id
            record = {"id": image_id, **self._metadata, **self.fields(expected)}
            self._twins.begin(image_id, record[UPLOAD], self.context.location)
            try:
                self.glance.create(record)
            except (QuotaError, RefusedError):
                if not self._is_made(record):
                    self.image_id = None
                self.refused = bool(self._metadata) and self._takes_records(expected)
                raise
            except ConflictError as error:
                self.image_id = None
                self._twins.end(image_id, record[UPLOAD])
                there = self.glance.get(image_id)
                if there and self._is_in_use(there):
                    marker = there.get(UPLOAD)
                    self._twins.check(image_id, marker, self.context.location)
                    if not is_own(marker):
                        raise ConflictError(
                            f"another run is uploading this image: {image_id}",
                            hint="Wait for it to end; if it was abandoned, delete the image.",
                        ) from error
                refused = error
            else:
                return image_id
        raise refused

    def _is_in_use(self, there: Mapping[str, Any]) -> bool:
        """Whether the image is being uploaded, or was published since the survey.

        Some clouds show what is deleted, or waits for that: those with ``delayed_delete``, or to administrators.
        """
        if there["status"] not in UNFINISHED | USABLE:
            return False
        return UPLOAD in there or there["name"] == self.context.desired.name

    def _is_made(self, record: Mapping[str, Any]) -> bool:
        """Whether a cloud that refuses the record has made it all the same, so that it has to be removed."""
        with suppress(OaktreeError):
            there = self.glance.get(record["id"])
            return there is not None and there.get(UPLOAD) == record[UPLOAD]
        return False

    def _takes_records(self, expected: Fingerprint) -> bool:
        """Whether the cloud takes a record without the metadata."""
        image_id = str(uuid.uuid4())
        self.temporary.append(lambda: discard(self.glance, image_id))
        try:
            self.glance.create({"id": image_id, **self.fields(expected)})
        except OaktreeError:
            return False
        return True

    def _new_ids(self) -> Iterator[str]:
        """The same for all who see the same images of this name on the same day.

        Where so many were deleted on this day that all of its IDs are taken, those who come in the same hour have the
        same, then those of the same minute, and at last of the same second.
        """
        context = self.context
        there = sorted(str(image["id"]) for image in context.survey.images)
        now = clock.now().isoformat()
        for length in _PERIODS:
            for number in range(IDS_OF_PERIOD):
                words = [str(context.location.project.id), context.desired.name, now[:length], str(number), *there]
                yield str(uuid.uuid5(IDS, "\n".join(words)))

    def start_import(self, method: dict[str, str]) -> None:
        """Have the cloud import, to the stores that are desired."""
        self.importing = True
        self.glance.start_import(str(self.image_id), method, self.context.desired.store_request)

    def adopt(self, image: Mapping[str, Any]) -> None:
        """Have an active image become the one of this Location. Others may need it: it is not removed here."""
        self.image_id, self.expected, self.adopted = str(image["id"]), fingerprint_of(image), True

    def fields(self, expected: Fingerprint) -> dict[str, Any]:
        """What the record says while the image is unfinished."""
        desired = self.context.desired
        return {
            "name": upload_name(desired.name),
            "disk_format": expected.disk_format,
            "container_format": desired.container,
            **self.properties(expected),
        }

    def settle(self, expected: Fingerprint) -> None:
        """Wait for all digests of the data. Raises DeadlineError, and InputError for a file that changed."""
        for digests in self._all_digests(expected):
            settle(digests, self.connection.deadline)

    def _all_digests(self, expected: Fingerprint) -> list[Mapping[str, str]]:
        origin = self.context.origin
        return [self.sent(expected).digests, *([origin.digests] if origin and self.context.converted else [])]

    def sent(self, expected: Fingerprint) -> Fingerprint:
        """What the cloud was sent. Its source region may have converted that on import, and serve it so.

        Then no digests are known of a file that was converted here before.
        """
        context, origin = self.context, self.context.origin
        if expected.disk_format == context.disk_format or not isinstance(origin, Fingerprint):
            return expected
        return Fingerprint(origin.size, context.disk_format, {} if context.converted else origin.digests)

    def digests(self, expected: Fingerprint) -> dict[str, str]:
        """What the record says of the digests of what was sent, and where it was converted here of the file's."""
        origin, sent = self.context.origin, self.sent(expected)
        digests = {MD5: sent.digests.get("md5"), SHA256: sent.digests.get("sha256")}
        if origin and self.context.converted:
            digests |= {SOURCE_MD5: origin.digests.get("md5"), SOURCE_SHA256: origin.digests.get("sha256")}
        return {key: value for key, value in digests.items() if value}

    def properties(self, expected: Fingerprint) -> dict[str, str]:
        """What the record says of the data and of the upload, in this collection's properties."""
        desired, origin = self.context.desired, self.context.origin
        self.unrecorded = not all(known(digests) for digests in self._all_digests(expected))
        published = " ".join(f"{name}:{digest}" for name, digest in self.context.published.items())
        source = origin if isinstance(origin, Fingerprint) else expected
        location, image_id = source.copied_from or (None, None)
        recorded = {
            **({} if self.unrecorded else self.digests(expected)),
            PUBLISHED: published,
            SOURCE_LOCATION: location,
            SOURCE_IMAGE: image_id,
            SOURCE_SERVER: source.server,
            OBJECT: f"images/{desired.name}",
            UPLOAD: work_marker(self.context.longest),
        }
        return {key: value for key, value in recorded.items() if value}
