# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done at each Location: decided here, from what is desired and what was found, without a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..._core.errors import ConflictError, RefusedError
from ..._glance.v2 import HIDING, KEPT_ID, OPEN, pointer
from ..source.hashing import known
from .members import ACCEPTED, PENDING, not_accepted, pending
from .negotiation import negotiate
from .retention import expired, next_name
from .schemes import by_preference, copy_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._core.location import Location
    from ..desired import Desired
    from ..fingerprint import Announced, Fingerprint
    from .context import PlanContext
    from .schemes import Scheme

_FIELDS = {
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "visibility": "visibility",
    "hidden": "os_hidden",
    "protected": "protected",
}
"""Options and the fields of Glance's that hold them, in the order in which they are set."""

_BUILT_IN = {"tags", *_FIELDS.values()}

_DATA_LEFT = "an upload that was cut off left data in the object store"


@dataclass(frozen=True)
class UploadPlan:
    """How the data gets there: by the first scheme, and by the next when the Location refuses it after all."""

    schemes: tuple[Scheme, ...]
    reason: str
    disk_format: str
    size: int | None
    """Bytes; None where the data has still to be converted."""
    source_region: Location | None = None
    """The Location that serves the image; None where the bytes come from this machine."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Metadata that the record has from the beginning, so that the cloud refuses it before any data is sent."""


@dataclass(frozen=True)
class Plan:
    """Everything that will be done at one Location: clear, upload, copy, change, share, remove, in this order."""

    action: str
    image: dict[str, Any] | None = None
    """The image that stays, is changed, or is replaced; None where there is none yet."""
    clear: tuple[str, ...] = ()
    """IDs of unfinished uploads that earlier runs left behind."""
    clear_data: bool = False
    """Whether what they left in the object store is removed, unless an upload takes it up."""
    upload: UploadPlan | None = None
    copy_to: tuple[str, ...] = ()
    """Stores that are to have the data besides the one that it is in."""
    changes: tuple[dict[str, Any], ...] = ()
    """JSON patch operations on the image."""
    share: tuple[str, ...] = ()
    unshare: tuple[str, ...] = ()
    """Projects that get or lose access."""
    accept: tuple[str, ...] = ()
    """Projects that had access before, and accept the image."""
    notes: tuple[str, ...] = ()
    """What the user should know of what stays as it is."""
    activation: str | None = None
    """``deactivate`` or ``reactivate``."""
    remove: tuple[dict[str, Any], ...] = ()
    """Images that are deleted, or with ``on_change: keep`` set aside, when all else is done."""
    expired: tuple[dict[str, Any], ...] = ()
    """Kept images to delete by ``keep_last`` or ``keep_days``, those that this run sets aside included."""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.action != "unchanged"

    def to_dict(self) -> dict[str, Any]:
        """The part of the plan that says how, for the user."""
        upload = self.upload
        first = upload.schemes[0].NAME if upload else (copy_image.NAME if self.copy_to else None)
        return {
            "scheme": first,
            "reason": upload.reason if upload else None,
            "fallbacks": [scheme.NAME for scheme in upload.schemes[1:]] if upload else [],
            "source_region": upload.source_region.to_dict() if upload and upload.source_region else None,
            "disk_format": upload.disk_format or None if upload else None,
            "size": upload.size if upload else None,
            "copy_to": list(self.copy_to),
            "clear": list(self.clear),
        }


def make_plan(context: PlanContext) -> Plan:
    """Raises ConflictError where the Location's images do not allow it, RefusedError where no scheme serves."""
    plan = _planned(_without_hiding(context))
    if not context.survey.data_left:
        return plan
    action = plan.action
    if action == "unchanged":
        action = "deleted" if context.desired.state == "absent" else "updated"
    return replace(plan, action=action, clear_data=True, notes=(*plan.notes, _DATA_LEFT))


def _planned(context: PlanContext) -> Plan:
    desired, survey = context.desired, context.survey
    clear = tuple(str(image["id"]) for image in survey.leftovers)
    if desired.state == "absent":
        return _absent(context, clear)
    if survey.busy:
        raise ConflictError(
            f"another upload of this image is in progress: {_ids(survey.busy)}",
            hint="Wait for it to end; if it was abandoned, delete the image.",
        )
    if len(survey.images) - len(context.superseded) > 1 or (survey.images and context.current is None):
        raise ConflictError(
            f"the project has several images of this name: {_ids(survey.images)}",
            hint="Rename or delete all but the one that is meant.",
        )
    _check_members(context)
    if context.needs_upload:
        return _uploaded(context, clear)
    if context.current is None and context.successor:
        return Plan(
            "updated" if clear else "unchanged", context.successor, clear, notes=(_still_current(context.successor),)
        )
    if context.current is None:
        raise ConflictError(f"there is no image {desired.name!r} here", hint="Give path, url or from to upload it.")
    return _kept(context, context.current, clear)


def _without_hiding(context: PlanContext) -> PlanContext:
    """Where images cannot be hidden, the context without this option; raises RefusedError if it is true."""
    if context.survey.hides or context.desired.hidden is None:
        return context
    if context.desired.hidden and context.desired.state != "absent":
        raise RefusedError(
            f"hidden: the image API here is older than version {HIDING[0]}.{HIDING[1]}, and cannot hide images",
            hint="Omit hidden for this Location.",
        )
    return replace(context, desired=replace(context.desired, hidden=None))


def _check_members(context: PlanContext) -> None:
    """Raise ConflictError for members that the image could not have, before anything is done."""
    current, shared = context.current or {}, context.survey.shared
    visibility = context.desired.visibility or current.get("visibility") or shared
    if context.desired.members and visibility != shared:
        raise ConflictError(
            f"members: the image is {visibility}, only {shared} images have members here",
            hint=f"Set visibility to {shared}.",
        )


def _absent(context: PlanContext, clear: tuple[str, ...]) -> Plan:
    survey = context.survey
    if not (survey.images or clear or survey.busy):
        return Plan("unchanged")
    protected = [image for image in (*survey.images, *survey.busy) if image.get("protected")]
    if protected:
        raise ConflictError(
            f"protected from deletion: {_ids(protected)}", hint="Set protected to false first, with state present."
        )
    remove = (*survey.images, *survey.busy)
    before = {"images": [str(image["id"]) for image in remove]}
    return Plan("deleted", clear=clear, remove=remove, before=before, after={"images": []})


def _uploaded(context: PlanContext, clear: tuple[str, ...]) -> Plan:
    desired, current, survey = context.desired, context.current, context.survey
    context.check_stores()
    context.check_quota()
    if current:
        _allow_replacement(desired, current)
        # new content does not change who sees the image
        hidden = current.get("os_hidden") if desired.hidden is None else desired.hidden
        desired = replace(desired, visibility=desired.visibility or current.get("visibility"), hidden=hidden)
    desired = replace(desired, properties={**context.upload_properties, **desired.properties})
    operations, _none, target = _difference(desired, {})
    metadata = {key: value for key, value in target.items() if key not in ("os_hidden", "protected", "visibility")}
    if desired.visibility in OPEN:
        hidden, shown = ({"os_hidden": True}, {"os_hidden": False}) if survey.hides else ({}, {})
        metadata |= {"visibility": desired.visibility, **hidden}
        operations = tuple(_operation(key, value) for key, value in {**shown, **target}.items())
    before, after = _difference(desired, current or {})[1:]
    gone, notes = _thinned_out(context, before, after)
    if current and desired.container_format not in (None, current.get("container_format")):
        before["container_format"], after["container_format"] = current.get("container_format"), desired.container
    before["content"] = _content(current)
    after["content"] = content_of(context.origin) if context.origin and known(context.origin.digests) else None
    return Plan(
        "replaced" if current else "created",
        image=current,
        clear=clear,
        upload=replace(_negotiate(context), metadata=metadata),
        changes=operations,
        share=desired.members or (),
        notes=notes,
        activation="deactivate" if desired.state == "inactive" else None,
        remove=(*([current] if current else []), *context.superseded),
        expired=gone,
        before=before if current else {key: value for key, value in before.items() if key == "kept"},
        after=after,
    )


def _allow_replacement(desired: Desired, current: Mapping[str, Any]) -> None:
    if desired.on_change == "fail":
        raise ConflictError(
            f"the image {current['id']} has other content", hint="Set on_change to replace it, or choose another name."
        )
    if current.get("protected") and desired.protected is None:
        raise ConflictError(
            f"the image to be replaced is protected: {current['id']}",
            hint="Set protected explicitly to allow the replacement.",
        )


def content_of(origin: Fingerprint | Announced | None) -> dict[str, Any] | None:
    """The content that an image is to have, for the user."""
    return {"size": origin.size, "sha512": origin.digests.get("sha512")} if origin else None


def _content(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"size": image.get("size"), str(image.get("os_hash_algo")): image.get("os_hash_value")} if image else None


def _kept(context: PlanContext, current: dict[str, Any], clear: tuple[str, ...]) -> Plan:
    desired = context.desired
    if desired.is_version:
        desired = replace(desired, properties={**desired.properties, KEPT_ID: str(current["id"])})
    operations, before, after = _difference(desired, current)
    stores = context.stores_without(current)
    if stores:
        before["stores"] = current.get("stores")
        after["stores"] = ",".join([*filter(None, [current.get("stores")]), *stores])
    members, wanted = context.survey.members or {}, desired.members or ()
    share = tuple(project for project in wanted if project not in members)
    unshare = tuple(project for project in members if desired.members is not None and project not in wanted)
    accept = tuple(project for project in wanted if members.get(project) == PENDING and project in context.receivers)
    if share or unshare or accept:
        accepted = {project: ACCEPTED if project in context.receivers else PENDING for project in share}
        said = {project: members[project] for project in wanted if project in members}
        before["members"] = dict(members)
        after["members"] = {**said, **accepted, **dict.fromkeys(accept, ACCEPTED)}
    unaccepted = pending(members, wanted)
    if context.superseded:
        before["images"] = [str(image["id"]) for image in (current, *context.superseded)]
        after["images"] = [str(current["id"])]
    gone, notes = _thinned_out(context, before, after)
    activation = _activation(desired, current)
    if activation:
        before["status"], after["status"] = current["status"], f"{activation}d"
    action = "updated" if before or clear else "unchanged"
    return Plan(
        action,
        current,
        clear,
        copy_to=stores,
        changes=operations,
        share=share,
        unshare=unshare,
        accept=accept,
        notes=(
            *(not_accepted(project, said) for project, said in unaccepted.items() if project not in accept),
            *notes,
        ),
        activation=activation,
        remove=context.superseded,
        expired=gone,
        before=before,
        after=after,
    )


def _thinned_out(
    context: PlanContext, before: dict[str, Any], after: dict[str, Any]
) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """The kept images to delete, those that this run sets aside included; ``before`` and ``after`` get the names.

    Returns also notes: protected ones stay unless the task says whether the image is protected, as in a replacement.
    """
    desired = context.desired
    if not desired.thins_out:
        return (), ()
    replaced = (context.current,) if context.needs_upload else ()
    goes = [image for image in (*replaced, *context.superseded) if image]
    kept = [*context.survey.kept, *({**image, "name": next_name(image)} for image in goes)]
    due = expired(kept, desired, context.run_date)
    stay = [image for image in due if image.get("protected") and desired.protected is None]
    found = tuple(image for image in due if image not in stay)
    if found:
        gone = {image["id"] for image in found}
        before["kept"] = sorted(str(image["name"]) for image in context.survey.kept)
        after["kept"] = sorted(str(image["name"]) for image in kept if image["id"] not in gone)
    return found, tuple(
        f"the kept image {image['id']} is protected and stays: the task does not set protected" for image in stay
    )


def _still_current(image: Mapping[str, Any]) -> str:
    return f"the image {image['id']} has this content, and is still called {image['name']!r}: none has replaced it yet"


def _activation(desired: Desired, current: Mapping[str, Any]) -> str | None:
    if desired.state == "inactive":
        return "deactivate" if current["status"] == "active" else None
    return "reactivate" if current["status"] == "deactivated" else None


def _negotiate(context: PlanContext) -> UploadPlan:
    """Choose the first scheme, in the order of preference, that is possible; those after it are fallbacks."""
    schemes = {scheme.NAME: scheme for scheme in by_preference(context)}
    refusals = {name: scheme.refusal(context) for name, scheme in schemes.items()}
    requested = context.desired.scheme
    if context.desired.relay == "only" and context.source_region and not requested:
        only = {name: None if scheme.SERVER_SIDE else "relay is 'only'" for name, scheme in schemes.items()}
        refusals = {name: refusal or only[name] for name, refusal in refusals.items()}
    names, reason = negotiate(refusals, requested, lambda name: schemes[name].reason(context))
    source_region = context.source_region if schemes[names[0]].SERVER_SIDE else None
    return UploadPlan(tuple(schemes[name] for name in names), reason, context.disk_format, context.size, source_region)


def _difference(
    desired: Desired, current: Mapping[str, Any]
) -> tuple[tuple[dict[str, Any], ...], dict[str, Any], dict[str, Any]]:
    """The operations that turn the image's metadata into what is desired, and both sides of what differs."""
    target: dict[str, Any] = {
        key: value for key, value in desired.properties.items() if value is not None or key in current
    }
    if desired.tags is not None:
        target["tags"] = sorted(desired.tags)
    for option, key in _FIELDS.items():
        if getattr(desired, option) is not None:
            target[key] = getattr(desired, option)
    found = {key: sorted(current.get(key) or []) if key == "tags" else current.get(key) for key in target}
    differing = [key for key in target if target[key] != found[key]]
    operations = tuple(_operation(key, target[key]) for key in differing)
    return operations, {key: found[key] for key in differing}, {key: target[key] for key in differing}


def _operation(key: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {"op": "remove", "path": pointer(key)}
    return {"op": "replace" if key in _BUILT_IN else "add", "path": pointer(key), "value": value}


def _ids(images: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{image['id']} ({image['status']})" for image in images)
