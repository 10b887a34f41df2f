# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done at each Location: decided here, from what is wanted and what was found, without a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import ConflictError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.glance import pointer
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.schemes import by_preference, copy_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.schemes import Scheme
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.wanted import Wanted
    from ansible_collections.oaktree.multicloud.plugins.module_utils._location import Location

_FIELDS = {
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "visibility": "visibility",
    "hidden": "os_hidden",
    "protected": "protected",
}
"""Options and the fields of Glance's that hold them, in the order in which they are set."""

_BUILT_IN = {"tags", *_FIELDS.values()}


@dataclass(frozen=True)
class Upload:
    """How the data gets there: by the first scheme, and by the next when the Location refuses it after all."""

    schemes: tuple[Scheme, ...]
    reason: str
    disk_format: str
    size: int | None
    """Bytes; None where the data has still to be converted."""
    feeder: Location | None = None
    """The Location that hands the image on; None where the bytes come from this machine."""


@dataclass(frozen=True)
class Plan:
    """Everything that will be done at one Location, in this order: clear away, upload, change, share, remove."""

    action: str
    image: dict[str, Any] | None = None
    """The image that stays, is changed, or is replaced; None where there is none yet."""
    clear: tuple[str, ...] = ()
    """IDs of unfinished uploads that earlier runs left behind."""
    upload: Upload | None = None
    copy_to: tuple[str, ...] = ()
    """Stores that are to have the data besides the one that it is in."""
    changes: tuple[dict[str, Any], ...] = ()
    """JSON patch operations on the image."""
    share: tuple[str, ...] = ()
    unshare: tuple[str, ...] = ()
    """Projects that get or lose access."""
    activation: str | None = None
    """``deactivate`` or ``reactivate``."""
    remove: tuple[dict[str, Any], ...] = ()
    """Images that go when all else is done."""
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
            "feeder": upload.feeder.to_dict() if upload and upload.feeder else None,
            "disk_format": upload.disk_format if upload else None,
            "size": upload.size if upload else None,
            "copy_to": list(self.copy_to),
            "clear": list(self.clear),
        }


def make_plan(case: Case) -> Plan:
    """Raises ConflictError where the Location's images do not allow it, RefusedError where no scheme serves."""
    wanted, survey = case.wanted, case.survey
    clear = tuple(str(image["id"]) for image in survey.leftovers)
    if wanted.state == "absent":
        return _absent(case, clear)
    if survey.busy:
        raise ConflictError(
            f"an upload of this image is under way: {_ids(survey.busy)}",
            hint="Wait for it to end; if nobody works on it any more, delete it.",
        )
    if len(survey.images) - len(case.superseded) > 1 or (survey.images and case.current is None):
        raise ConflictError(
            f"the project has several images of this name: {_ids(survey.images)}",
            hint="Rename or delete all but the one that is meant.",
        )
    _check_members(case)
    if case.needs_upload:
        return _uploaded(case, clear)
    if case.current is None:
        raise ConflictError(f"there is no image {wanted.name!r} here", hint="Give path, url or from to upload it.")
    return _kept(case, case.current, clear)


def _check_members(case: Case) -> None:
    """Raise ConflictError for members that the image could not have, before anything is done."""
    current, shared = case.current or {}, case.survey.shared
    visibility = case.wanted.visibility or current.get("visibility") or shared
    if case.wanted.members and visibility != shared:
        raise ConflictError(
            f"members: the image is {visibility}, only {shared} images have members here",
            hint=f"Set visibility to {shared}.",
        )


def _absent(case: Case, clear: tuple[str, ...]) -> Plan:
    survey = case.survey
    if not (survey.images or clear or survey.busy):
        return Plan("unchanged")
    protected = [image for image in survey.images if image.get("protected")]
    if protected:
        raise ConflictError(
            f"protected from deletion: {_ids(protected)}", hint="Set protected to false first, with state present."
        )
    remove = (*survey.images, *survey.busy)
    before = {"images": [str(image["id"]) for image in remove]}
    return Plan("deleted", clear=clear, remove=remove, before=before, after={"images": []})


def _uploaded(case: Case, clear: tuple[str, ...]) -> Plan:
    wanted, current = case.wanted, case.current
    case.check_stores()
    case.check_quota()
    if current:
        _allow_replacement(wanted, current)
        # who may see the image is not the new content's affair
        hidden = current.get("os_hidden") if wanted.hidden is None else wanted.hidden
        wanted = replace(wanted, visibility=wanted.visibility or current.get("visibility"), hidden=hidden)
    wanted = replace(wanted, properties={**case.upload_properties, **wanted.properties})
    operations = _difference(wanted, {})[0]
    before, after = _difference(wanted, current or {})[1:]
    before["content"] = _content(current)
    after["content"] = {"size": case.origin.size, "sha512": case.origin.digests.get("sha512")} if case.origin else None
    return Plan(
        "replaced" if current else "created",
        image=current,
        clear=clear,
        upload=_negotiate(case),
        changes=operations,
        share=wanted.members or (),
        activation="deactivate" if wanted.state == "inactive" else None,
        remove=(*([current] if current else []), *case.superseded),
        before=before if current else {},
        after=after,
    )


def _allow_replacement(wanted: Wanted, current: Mapping[str, Any]) -> None:
    if wanted.on_change == "fail":
        raise ConflictError(
            f"the image {current['id']} has other content", hint="Set on_change to replace it, or choose another name."
        )
    if current.get("protected") and wanted.protected is None:
        raise ConflictError(
            f"the image to be replaced is protected: {current['id']}",
            hint="Say with protected whether the new one is to be; that allows the replacement.",
        )


def _content(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"size": image.get("size"), str(image.get("os_hash_algo")): image.get("os_hash_value")} if image else None


def _kept(case: Case, current: dict[str, Any], clear: tuple[str, ...]) -> Plan:
    wanted = case.wanted
    operations, before, after = _difference(wanted, current)
    stores = case.stores_without(current)
    if stores:
        before["stores"] = current.get("stores")
        after["stores"] = ",".join([*filter(None, [current.get("stores")]), *stores])
    members = case.survey.members or ()
    share = tuple(project for project in wanted.members or () if project not in members)
    unshare = tuple(project for project in members if wanted.members is not None and project not in wanted.members)
    if share or unshare:
        before["members"], after["members"] = list(members), list(wanted.members or ())
    if case.superseded:
        before["images"] = [str(image["id"]) for image in (current, *case.superseded)]
        after["images"] = [str(current["id"])]
    activation = _activation(wanted, current)
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
        activation=activation,
        remove=case.superseded,
        before=before,
        after=after,
    )


def _activation(wanted: Wanted, current: Mapping[str, Any]) -> str | None:
    if wanted.state == "inactive":
        return "deactivate" if current["status"] == "active" else None
    return "reactivate" if current["status"] == "deactivated" else None


def _negotiate(case: Case) -> Upload:
    """Choose the first scheme, in the order of preference, that serves the case; those after it are fallbacks."""
    schemes = by_preference(case)
    refusals = {scheme.NAME: scheme.refusal(case) for scheme in schemes}
    usable = [scheme for scheme in schemes if refusals[scheme.NAME] is None]
    wanted = case.wanted.scheme
    if wanted and refusals[wanted] is not None:
        raise RefusedError(
            f"scheme {wanted} is not possible here: {refusals[wanted]}",
            hint=f"Possible are: {', '.join(scheme.NAME for scheme in usable) or 'none'}.",
        )
    if wanted:
        usable = [scheme for scheme in usable if wanted == scheme.NAME]
    elif case.wanted.relay == "only" and case.feeder:
        usable = [scheme for scheme in usable if scheme.FED]
    if not usable:
        reasons = "; ".join(f"{name}: {refusal}" for name, refusal in refusals.items())
        raise RefusedError(f"no way to upload an image: {reasons}")
    reason = f"{wanted} because the task asks for it" if wanted else usable[0].reason(case)
    feeder = case.feeder if any(scheme.FED for scheme in usable[:1]) else None
    return Upload(tuple(usable), reason, case.disk_format, case.size, feeder)


def _difference(
    wanted: Wanted, current: Mapping[str, Any]
) -> tuple[tuple[dict[str, Any], ...], dict[str, Any], dict[str, Any]]:
    """The operations that turn the image's metadata into what is wanted, and both sides of what differs."""
    target: dict[str, Any] = {
        key: value for key, value in wanted.properties.items() if value is not None or key in current
    }
    if wanted.tags is not None:
        target["tags"] = sorted(wanted.tags)
    for option, key in _FIELDS.items():
        if getattr(wanted, option) is not None:
            target[key] = getattr(wanted, option)
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
