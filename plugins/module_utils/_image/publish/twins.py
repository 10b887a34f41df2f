# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations of one task that are one place: the same project of the same image service.

Entries of clouds.yaml may be one project, and regions may share an image service: each Location would upload an image
of the name. Mostly that is known before anything is done. Where a service has several host names, it is found out when
the service refuses the ID of the second image.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..._core.errors import ConflictError, OaktreeError
from ..._facts.records import image_record
from ..._glance.client import glance_for
from ..._glance.v2 import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from ..._cloud.connection import Connection
    from ..._core.deadline import Deadline
    from ..._core.location import Location
    from ..._run.ensure import Change
    from .context import PlanContext

_IDENTITY = ("id", "created_at", "size", "checksum")
"""Fields of a record by which an image is recognised."""


class TwinError(ConflictError):
    """An image is here that is, or may be, that of another Location of this task: then that is the same place."""

    others: Sequence[Location] = ()
    """Those that it may be."""
    default_hint: ClassVar[str] = (
        "If they are one project, select one of them, or want the same of all. If another run uploads the image, wait "
        "for it to end."
    )


class Work(Protocol):
    """The work on one Location."""

    @property
    def context(self) -> PlanContext:
        """What is known of the Location."""

    @property
    def outcome(self) -> Future[Change]:
        """What it has come to."""

    @property
    def timeout(self) -> float:
        """Seconds that it may take."""


class Twins:
    """What the Locations of one task want, do, and upload."""

    def __init__(self) -> None:
        self._entered: defaultdict[tuple[str, str], list[PlanContext]] = defaultdict(list)
        self._work: dict[Location, Work] = {}
        self._uploads: defaultdict[str, dict[str, Location]] = defaultdict(dict)
        """By the IDs of images, then by the markers that their records are given."""
        self._lock = Lock()

    def enter(self, context: PlanContext) -> Location | None:
        """The first Location that is to have the same at the same place; None for that one itself.

        A Location whose project is not known has none.
        """
        project = context.location.project.id
        keys = [(name, project) for name in context.services] if project else []
        for key in keys:
            for other in self._entered[key]:
                if _wanted(other) == _wanted(context):
                    return other.location
        for key in keys:
            self._entered[key].append(context)
        return None

    def add(self, work: Work) -> None:
        """Remember work that will be done."""
        self._work[work.context.location] = work

    def at(self, location: Location | None) -> Work | None:
        """The work at this Location, if there is any."""
        return self._work.get(location) if location else None

    def begin(self, image_id: str, marker: str, location: Location) -> None:
        """Remember a record that the Location is about to create; each has a marker of its own."""
        with self._lock:
            self._uploads[image_id][marker] = location

    def end(self, image_id: str, marker: str) -> None:
        """Forget a record that was refused: a Location without one has nothing that others could wait for."""
        with self._lock:
            self._uploads[image_id].pop(marker, None)

    def check(self, image_id: str, marker: str | None, location: Location) -> None:
        """Raise TwinError if the image that has this ID is, or without a marker may be, another Location's."""
        with self._lock:
            uploads = self._uploads.get(image_id, {})
            found = list(uploads.values()) if marker is None else [uploads.get(marker, location)]
        others = [other for other in dict.fromkeys(found) if other != location]
        if others:
            places = " or ".join(map(str, others))
            error = TwinError(f"the image {image_id} is here already, and this may be the same project as {places}")
            error.others = others
            raise error

    def check_busy(self, context: PlanContext) -> None:
        """Raise TwinError if another Location uploads an image at this place."""
        for image in context.survey.busy:
            if UPLOAD in image:
                self.check(str(image["id"]), image[UPLOAD], context.location)

    def found(self, connection: Connection, context: PlanContext, error: TwinError) -> Work:
        """The work, which has ended, whose image is here, and of which the same is wanted.

        Raises its error, or TwinError where nobody knows whose the image is: regions with image services of their own
        may have images of one ID, which differ in when they were made.
        """
        candidates = [work for location in error.others if (work := self._work.get(location))]
        for work in candidates:
            if _wanted(work.context) != _wanted(context):
                continue
            try:
                record = image_of(work, connection.deadline)
            except OaktreeError:
                connection.deadline.remaining()
                if len(error.others) == 1:
                    raise
                continue
            image = glance_for(connection).get(record["id"]) if record else None
            here = image_record(image, context.location) if image else None
            if here and record and all(here[key] == record[key] for key in _IDENTITY):
                return work
        raise error


def image_of(work: Work, deadline: Deadline) -> Mapping[str, Any] | None:
    """The record of the image when the work has ended. Raises its error, and DeadlineError."""
    try:
        record: Mapping[str, Any] | None = work.outcome.result(deadline.timeout()).output["image"]
    except FutureTimeoutError:
        raise deadline.expired() from None
    except OaktreeError as error:
        raise error.copied() from error
    return record


def _wanted(context: PlanContext) -> object:
    return context.disk_format, context.desired
