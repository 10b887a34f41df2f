# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is at a Location of uploads by hand: their records, images made of their segments, their containers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._core.errors import RefusedError, ServerError, UnreachableError
from ..._glance.v2 import Glance
from ..._object_store.client import Swift
from ..publish.survey import Survey, survey
from ..publish.transfer import discard
from ..upload_marker import session_until
from .record import PreparedUpload, part_of, read
from .segments import container_prefix, remove_container

if TYPE_CHECKING:
    from ..._cloud.connection import Connection
    from ..desired import Desired


@dataclass(frozen=True)
class Remains:
    """What is to be removed: containers with all objects in them, and images."""

    containers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.images)

    def to_dict(self) -> dict[str, list[str]]:
        return {"containers": list(self.containers), "images": list(self.images)}

    def remove(self, connection: Connection) -> list[str]:
        """Remove it, and return what could not be removed and why."""
        complaints = [remove_container(Swift(connection), container) for container in self.containers]
        complaints += [discard(Glance(connection), image_id) for image_id in self.images]
        return [complaint for complaint in complaints if complaint]


@dataclass(frozen=True)
class SessionSurvey:
    """Everything at one Location that bears on an upload by hand under one name."""

    survey: Survey
    """All but the uploads by hand."""
    uploads: tuple[PreparedUpload, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    """IDs of images that are made of an upload's segments, each with the upload's; empty where that is not known."""
    containers: tuple[str, ...] = ()

    def apart_from(self, kept: Collection[str]) -> Remains:
        """What there is of uploads other than these, which are named by the IDs of their records."""
        return Remains(
            tuple(container for container in self.containers if not container.endswith(tuple(kept))),
            (
                *(image_id for image_id, upload in self.parts if upload not in kept),
                *(upload.image_id for upload in self.uploads if upload.image_id not in kept),
            ),
        )


def survey_sessions(connection: Connection, desired: Desired) -> SessionSurvey:
    """Look at the Location: two list requests of images, and one of containers."""
    found = survey(connection, desired, None, "")
    marked = sorted(
        (image for image in (*found.leftovers, *found.busy) if session_until(image)), key=lambda image: str(image["id"])
    )
    others = replace(
        found,
        leftovers=tuple(image for image in found.leftovers if image not in marked),
        busy=tuple(image for image in found.busy if image not in marked),
    )
    uploads = [upload for image in marked if (upload := read(image))]
    known = {upload.image_id for upload in uploads}
    parts = [(str(image["id"]), part_of(image)) for image in marked if image["id"] not in known]
    return SessionSurvey(others, tuple(uploads), tuple(parts), _containers(connection, desired.name))


def _containers(connection: Connection, name: str) -> tuple[str, ...]:
    """None where there is no object store, or none that answers: uploads that need it fail where they use it."""
    try:
        return tuple(Swift(connection).containers(container_prefix(name)))
    except (RefusedError, ServerError, UnreachableError):
        return ()


def complain(complaints: list[str]) -> None:
    """Raise ServerError for what could not be removed."""
    if complaints:
        raise ServerError("; ".join(complaints), hint="Run the task again.")
