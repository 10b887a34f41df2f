# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The upload sessions of a Location: their records, images imported from their segments, their containers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._cloud.capabilities import has_object_store
from ..._core.errors import RefusedError, ServerError, UnreachableError
from ..._glance.v2 import Glance
from ..._object_store.client import Swift
from ..._object_store.large_object import remove_container
from ..discard import discard
from ..publish.context import PlanContext
from ..publish.survey import Survey, survey
from ..upload_marker import session_expiry
from .record import PreparedUpload, read, session_of
from .segments import container_prefix

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..._cloud.connection import Connection
    from ..desired import Desired
    from ..fingerprint import Fingerprint


@dataclass(frozen=True)
class Leftovers:
    """What is to be removed: containers with all objects in them, and images."""

    containers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.images)

    def to_dict(self) -> dict[str, list[str]]:
        return {"containers": list(self.containers), "images": list(self.images)}

    def remove(self, connection: Connection) -> list[str]:
        """Remove everything, and return what could not be removed and why."""
        residue = [remove_container(Swift(connection), container) for container in self.containers]
        residue += [discard(Glance(connection), image_id) for image_id in self.images]
        return [text for text in residue if text]


@dataclass(frozen=True)
class SessionSurvey:
    """Everything at one Location that matters to upload sessions of one image name."""

    survey: Survey
    """Everything but the sessions."""
    uploads: tuple[PreparedUpload, ...] = ()
    imported: tuple[tuple[str, str], ...] = ()
    """IDs of images imported from segments, each with the ID of the session's record; empty where it is unknown."""
    containers: tuple[str, ...] = ()

    def leftovers(self, kept: Collection[str] = ()) -> Leftovers:
        """Everything of sessions other than those that are kept, which are named by the IDs of their records."""
        return Leftovers(
            tuple(container for container in self.containers if not container.endswith(tuple(kept))),
            (
                *(image_id for image_id, session in self.imported if session not in kept),
                *(upload.image_id for upload in self.uploads if upload.image_id not in kept),
            ),
        )

    def context(self, connection: Connection, desired: Desired, content: Fingerprint) -> PlanContext:
        """What the plan of the publication is made from: its ``upload`` is None where the content is published."""
        keystone = connection.region.settings.keystone
        return PlanContext(connection.location, desired, self.survey, keystone, content.disk_format, content)


def survey_sessions(connection: Connection, desired: Desired) -> SessionSurvey:
    """Look at the Location: two list requests of images, and one of containers."""
    found = survey(connection, desired, None, "")
    marked = sorted(
        (image for image in (*found.leftovers, *found.busy) if session_expiry(image)),
        key=lambda image: str(image["id"]),
    )
    others = replace(
        found,
        leftovers=tuple(image for image in found.leftovers if image not in marked),
        busy=tuple(image for image in found.busy if image not in marked),
    )
    uploads = [upload for image in marked if (upload := read(image))]
    records = {upload.image_id for upload in uploads}
    imported = [(str(image["id"]), session_of(image)) for image in marked if image["id"] not in records]
    return SessionSurvey(others, tuple(uploads), tuple(imported), _containers(connection, desired.name))


def _containers(connection: Connection, name: str) -> tuple[str, ...]:
    """Empty where there is no object store, or none that answers: uploads that need it fail where they use it."""
    if not has_object_store(connection):
        return ()
    try:
        return tuple(Swift(connection).containers(container_prefix(name)))
    except (RefusedError, ServerError, UnreachableError):
        return ()


def check_removed(residue: list[str]) -> None:
    """Raise ServerError for what could not be removed."""
    if residue:
        raise ServerError("; ".join(residue), hint="Run the task again.")
