# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a verified upload to the image that users see, and what becomes of the image that it replaces."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..._cloud.cleanup import CLEANUP_TIMEOUT, removing
from ..._core.errors import ConflictError, OaktreeError, RefusedError
from ..._glance.v2 import (
    KEPT_FOR,
    KEPT_ID,
    REPLACES,
    UPLOAD,
    Glance,
    dated_name,
    name_when_kept,
    pointer,
    with_suffix,
)
from ..._local.file_lock import key_lock
from .members import accept, not_accepted, pending
from .retention import next_name
from .survey import USABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from ..._cloud.connection import Connection
    from ..desired import Desired
    from .plan import Plan

_LOCK = "image"


def publication(desired: Desired, plan: Plan) -> list[dict[str, Any]]:
    """The JSON patch that turns an uploaded image into the one that users see."""
    replaces = [{"op": "add", "path": pointer(REPLACES), "value": plan.image["id"]}] if plan.image else []
    return [
        {"op": "replace", "path": "/name", "value": desired.name},
        *plan.changes,
        *replaces,
        {"op": "remove", "path": pointer(UPLOAD)},
    ]


@contextmanager
def claimed(
    glance: Glance, desired: Desired, image_id: str, seen: Collection[str], remove: Callable[[str], str]
) -> Iterator[None]:
    """A context in which to publish an image whose ID the cloud chose.

    Where this collection chooses it, the cloud refuses the second of two runs (`Attempt.create`). Here the name
    decides: ``seen`` are the IDs of the images that had it before. Raises ConflictError, after a call of ``remove``, if
    another run has published one since. Runs on one host take turns. Of two runs on different hosts, both may publish.
    """
    with ExitStack() as stack:
        with removing(lambda: remove(image_id)), glance.connection.within(desired.timeouts.timeout, "timeout"):
            where = f"{glance.connection.location} {desired.name}"
            stack.enter_context(key_lock(_LOCK, where, glance.connection.deadline))
            owner = glance.connection.location.project.id
            there = [image for hidden in (False, True) for image in glance.named([desired.name], owner, hidden=hidden)]
            usable = {str(image["id"]) for image in there if image["status"] in USABLE}
            others = sorted(usable - {image_id, *seen})
            if others:
                raise ConflictError(
                    f"another run has published this image: {', '.join(others)}",
                    hint="Run the task again; it compares that image with what is wanted.",
                )
        yield


def publish(
    glance: Glance,
    desired: Desired,
    plan: Plan,
    image: Mapping[str, Any],
    remove: Callable[[str], str],
    unwanted: Iterable[str] = (),
    unrecorded: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Give the uploaded image its name and its metadata in one request; ``remove`` is called when that fails.

    ``unwanted`` are names of properties to remove, ``unrecorded`` are properties that were not known at its creation.
    """
    operations = publication(desired, plan)
    operations += [{"op": "remove", "path": pointer(key)} for key in sorted(unwanted)]
    known = {**unrecorded, **({KEPT_ID: str(image["id"])} if desired.is_version else {})}
    operations += [{"op": "add", "path": pointer(key), "value": value} for key, value in known.items()]
    with removing(lambda: remove(str(image["id"]))), glance.connection.within(desired.timeouts.timeout, "timeout"):
        return apply_publication(glance, image["id"], operations)


def apply_publication(glance: Glance, image_id: str, operations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Apply what `publication` returned, with retries. Where only the answer was lost, it is not applied again."""

    def once() -> dict[str, Any]:
        try:
            return glance.patch(image_id, operations)
        except OaktreeError:
            published = _if_published(glance, image_id)
            if published:
                return published
            raise

    return glance.connection.with_retries(once, "image", repeatable=True)


def _if_published(glance: Glance, image_id: str) -> dict[str, Any] | None:
    """The image, if only the answer to its publication was lost."""
    with glance.connection.grace(CLEANUP_TIMEOUT):
        try:
            image = glance.get(image_id)
        except OaktreeError:
            return None
    return image if image and UPLOAD not in image else None


def share(
    glance: Glance,
    desired: Desired,
    plan: Plan,
    image: Mapping[str, Any],
    receivers: Mapping[str, Connection] = MappingProxyType({}),
) -> list[str]:
    """Bring the image's members to what the plan says, or where the task does not, to those of the images it replaces.

    That holds as long as those are there: a run may have ended after it published this image. The projects of the
    ``receivers``, by ID, accept it. Returns notes: who has not accepted it. Only shared images have members.
    """
    inherited: Iterable[str] = ()
    shared = [old for old in plan.remove if old.get("visibility") == image.get("visibility") == glance.SHARED]
    if shared and desired.members is None:
        has = {} if plan.upload else glance.members(image["id"])
        found = dict.fromkeys(project for old in shared for project in _members(glance, old))
        inherited = [project for project in found if project not in has]
    said = {project: glance.share(image["id"], project) for project in (*plan.share, *inherited)}
    for project in plan.unshare:
        glance.unshare(image["id"], project)
    notes = []
    for project in (*pending(said, said), *plan.accept):
        if project in receivers:
            notes.append(accept(image["id"], project, receivers[project], glance.connection))
        else:
            notes.append(not_accepted(project, said[project]))
    return [note for note in notes if note]


def _members(glance: Glance, image: Mapping[str, Any]) -> Collection[str]:
    """The projects that the image is shared with; none if another run has deleted it meanwhile."""
    try:
        return glance.members(image["id"])
    except RefusedError as error:
        if error.status != 404:
            raise
        return ()


def reactivate(glance: Glance, plan: Plan, image: dict[str, Any]) -> dict[str, Any]:
    """Reactivate the image where the plan says so, and return it as it is then: a deactivated one shows no stores."""
    if plan.activation != "reactivate":
        return image
    glance.act(image["id"], "reactivate")
    return glance.get(image["id"]) or image


def deactivate(glance: Glance, plan: Plan, image: dict[str, Any]) -> dict[str, Any]:
    """Deactivate the image where the plan says so, and return it as it is then."""
    if plan.activation != "deactivate":
        return image
    glance.act(image["id"], "deactivate")
    return {**image, "status": "deactivated"}


def retire(glance: Glance, desired: Desired, old: Mapping[str, Any]) -> list[str]:
    """Delete a replaced image, or with ``on_change: keep`` set it aside. Returns notes.

    One that is in use cannot be deleted, so it is set aside too.
    """
    if desired.on_change == "keep":
        _keep(glance, desired, old)
        return []
    try:
        delete(glance, old)
    except ConflictError as error:
        name = with_suffix(old["name"], f".replaced-{old['id'][:8]}")
        _set_aside(glance, old, name, hide=True)
        hidden = " hidden," if "os_hidden" in old else ""
        return [f"the replaced image {old['id']} stays,{hidden} as {name!r}: {error.message}"]
    return []


def delete(glance: Glance, image: Mapping[str, Any]) -> None:
    """Delete the image. A protected one that cannot be deleted stays protected."""
    if not image.get("protected"):
        glance.delete(image["id"])
        return
    with removing(lambda: _protected_again(glance, image)):
        glance.patch(image["id"], [_protection(protected=False)])
        glance.delete(image["id"])


def _protected_again(glance: Glance, image: Mapping[str, Any]) -> str:
    """Protect an image whose deletion failed, or perhaps only its answer; returns nothing, or that it is not."""
    try:
        with glance.connection.grace(CLEANUP_TIMEOUT):
            glance.patch(image["id"], [_protection(protected=True)])
    except OaktreeError as error:
        return "" if error.status == 404 else f"the image {image['id']} is no longer protected ({error.message})"
    return ""


def _protection(*, protected: bool) -> dict[str, Any]:
    return {"op": "replace", "path": "/protected", "value": protected}


def _keep(glance: Glance, desired: Desired, image: Mapping[str, Any]) -> None:
    """Give the image its `next_name`, or if another image has that already, its name and date.

    That is the last request: until then the next run knows that something remains to be done.
    """
    name = next_name(image)
    if name_when_kept(image):
        owner = str(image["owner"])
        taken = any(glance.named([name], owner, hidden=hidden) for hidden in (False, True))
        name = dated_name(image["name"], image) if taken else name
    if desired.keep_deactivated and image["status"] == "active":
        glance.act(image["id"], "deactivate")
    _set_aside(glance, image, name, hide=desired.keep_hidden)


def _set_aside(glance: Glance, image: Mapping[str, Any], name: str, *, hide: bool) -> None:
    """Rename the image, and hide it where images can be hidden."""
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": "/name", "value": name},
        *([{"op": "replace", "path": "/os_hidden", "value": True}] if hide and "os_hidden" in image else []),
        {"op": "add", "path": pointer(KEPT_FOR), "value": image["name"]},
        {"op": "add", "path": pointer(KEPT_ID), "value": image["id"]},
    ]
    glance.patch(image["id"], operations)


def thin_out(glance: Glance, expired: Iterable[Mapping[str, Any]]) -> list[str]:
    """Delete kept images; those in use stay. Returns notes."""
    notes = []
    for image in expired:
        try:
            delete(glance, image)
        except ConflictError as error:
            notes.append(f"the kept image {image['id']} is in use and stays: {error.message}")
    return notes
