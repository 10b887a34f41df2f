# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has of an image, and what it offers for an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._cloud.capabilities import ImageCapabilities, Quota, has_object_store, tasks
from ..._core.errors import RefusedError
from ..._glance.client import glance_for
from ..._glance.v2 import OPEN, UPLOAD, name_when_kept
from ..fingerprint import Fingerprint, needs_digests, same_content
from ..source.hashing import known, settle
from ..upload_marker import is_leftover, upload_name
from .members import find_projects
from .schemes import temporary_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._cloud.connection import Connection
    from ..._core.location import Project
    from ..._glance.v2 import Glance
    from ..desired import Desired
    from ..fingerprint import Announced

UNFINISHED = {"queued", "saving", "uploading", "importing"}
USABLE = {"active", "deactivated"}


@dataclass(frozen=True)
class Survey:
    """The project's images of the name at one Location, as Glance shows them."""

    images: tuple[dict[str, Any], ...]
    leftovers: tuple[dict[str, Any], ...] = ()
    """Unfinished uploads of runs that have ended."""
    data_left: bool = False
    """Whether such runs left data in the object store."""
    busy: tuple[dict[str, Any], ...] = ()
    """Unfinished uploads in progress, of this collection or of another tool."""
    successors: tuple[dict[str, Any], ...] = ()
    """The project's images that get the name when others replace them; empty where an image has it already."""
    kept: tuple[dict[str, Any], ...] = ()
    """Older versions of the image; empty where none is to be deleted by number or age."""
    offers: ImageCapabilities | None = None
    """What the Location offers for an upload; None where no upload can be needed."""
    shared: str = "shared"
    """The visibility that this version of the image API gives to images with members."""
    hides: bool = True
    """Whether this version of the image API can hide images; True where nothing depends on it."""
    version: str = "2"
    """Major version of the image API that is spoken here."""
    use_tasks: bool = False
    """Whether the cloud's configuration says that images are imported by tasks."""
    tasks: bool | None = None
    """Whether tasks are open to the project; None where it was not asked."""
    object_store: bool = False
    """Whether there is an object store."""
    members: Mapping[str, str] | None = None
    """The projects that the image is shared with, by ID, and what they say; None where nothing depends on it."""
    projects: tuple[Project, ...] = ()
    """Projects that Keystone knows by names that the user gave."""
    quota: Mapping[str, Quota] = field(default_factory=dict)
    """Limits of the project, where an upload is needed and the Location has some."""


def survey(
    connection: Connection,
    desired: Desired,
    origin: Fingerprint | Announced | None,
    disk_format: str,
    *,
    ask_tasks: bool = False,
    snapshot: str | None = None,
) -> Survey:
    """Look at the Location: two list requests, two more for an upload or another store, and one for an upload's quota.

    For the members of a shared image there is one more, and those of `find_projects`; for older versions, where any are
    to be deleted by number or age, there are two. Where an upload may have begun with data in the object store, one
    looks for what is left of that.

    ``origin`` is the content that the image is to have, None where it does not matter. With ``ask_tasks``, where an
    upload is needed, one more request asks whether tasks are open to the project. ``snapshot`` is the ID of the one
    that was taken for this run, which is no upload.
    """
    glance = glance_for(connection)
    owner = connection.location.project.id
    names = [desired.name, upload_name(desired.name)]
    wanted = [*names, desired.kept_for] if desired.kept_for else names
    listed = [image for hidden in (False, True) for image in glance.named(wanted, owner, hidden=hidden)]
    found = [image for image in listed if image["id"] != snapshot and image["name"] in names]
    settings = connection.region.settings
    marked = [image for image in found if UPLOAD in image]
    leftovers = [image for image in marked if is_leftover(image)]
    unmarked = [image for image in found if UPLOAD not in image and image["name"] == upload_name(desired.name)]
    if settings.image_api_use_tasks and unmarked and not temporary_object.in_use(connection, desired):
        leftovers += unmarked  # a task cannot mark its image, and the run that started it ended before it could
    object_store = has_object_store(connection)
    may_have_data = object_store and bool(leftovers or settings.image_api_use_tasks)
    named = [image for image in found if UPLOAD not in image and image["name"] == desired.name]
    images = tuple(image for image in named if image["status"] in USABLE)
    later = [image for image in listed if image["name"] == desired.kept_for and image["status"] in USABLE]
    successors = () if images else tuple(image for image in later if name_when_kept(image) == desired.name)
    candidates = (*images, *successors)
    if isinstance(origin, Fingerprint) and any(needs_digests(image, origin, disk_format) for image in candidates):
        _settle(connection, origin, desired.timeouts.transfer_timeout)
    formats = disk_format, desired.container_format
    there = any(same_content(image, origin, *formats) for image in candidates) if origin else True
    needs_offers = not there or desired.store_request
    hiding = desired.hidden is not None or desired.visibility in OPEN
    shared = desired.members is not None and [image.get("visibility") for image in images] == [glance.SHARED]
    return Survey(
        images=images,
        leftovers=tuple(leftovers),
        data_left=may_have_data and temporary_object.abandoned(connection, desired),
        busy=(
            *(image for image in marked if image not in leftovers),
            *(image for image in named if image["status"] in UNFINISHED),
        ),
        successors=successors,
        kept=_kept(glance, desired, owner),
        offers=glance.capabilities() if needs_offers else None,
        shared=glance.SHARED,
        hides=glance.hides(found) if found or hiding else True,
        version=glance.VERSION,
        use_tasks=settings.image_api_use_tasks,
        tasks=are_tasks_open(connection) if needs_offers and ask_tasks else None,
        object_store=object_store,
        members=glance.members(images[0]["id"]) if shared else None,
        projects=() if desired.state == "absent" else find_projects(connection, desired.members or ()),
        quota={} if there else glance.quota(),
    )


def _kept(glance: Glance, desired: Desired, owner: str | None) -> tuple[dict[str, Any], ...]:
    """Without an older version that somebody has given the name again: that is the image itself."""
    if not desired.thins_out or desired.state == "absent":
        return ()
    found = [image for hidden in (False, True) for image in glance.kept_for(desired.name, owner, hidden=hidden)]
    return tuple(image for image in found if image["name"] != desired.name)


def _settle(connection: Connection, origin: Fingerprint, seconds: float) -> None:
    """Wait until the digests of the content are known, with a deadline of their own: ``timeout`` does not count it."""
    if not known(origin.digests):
        connection.progress.enter("comparing")
        with connection.aside(seconds, "transfer_timeout"):
            settle(origin.digests, connection.deadline)
        connection.progress.enter("surveying")


def are_tasks_open(connection: Connection) -> bool:
    """Whether tasks are open to the project: one request."""
    try:
        return tasks(connection)
    except RefusedError:
        return False
