# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about a stack. Pure.

A stack is as it is wanted if it was sent the same before, by the digest in its tag, and if Heat shows what was sent:
that another tool has changed a stack is seen by what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import ConflictError
from .._core.text import MASK
from .desired import HEAT_MASK, texts_in
from .digest import marks_in, without_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.errors import OaktreeError
    from .desired import DesiredStack, Sent
    from .digest import Mark
    from .heat import Item

OTHER_KEY = (
    "the stack was last changed with other credentials or another digest_key, so that its hidden parameters could not "
    "be compared"
)
NO_MARK = "another tool has created or changed the stack, so that its hidden parameters could not be compared"
NO_KEY = (
    "the credentials have no secret that a digest could be keyed with, so that hidden parameters cannot be compared: "
    "give digest_key"
)
SHOWN = "is given under secrets, but Heat shows it: have the template say hidden: true"
_GOING = ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")
"""States of a stack that is deleted, or will be."""
RESOURCE_ACTIONS: Mapping[str, str] = {
    "added": "created",
    "deleted": "deleted",
    "replaced": "replaced",
    "updated": "updated",
}
"""What results call that which Heat's previews call otherwise."""


@dataclass(frozen=True)
class FoundStack:
    """What a Location has. ``template``, ``environment`` and ``files`` are None where Heat does not say them."""

    item: Item | None = None
    template: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    files: Mapping[str, Any] | None = None

    @property
    def status(self) -> str:
        return str(self.item["stack_status"]) if self.item else ""


@dataclass(frozen=True)
class StackPlan:
    """What will be done. ``resources`` are those that change by it, as far as that is known before."""

    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()
    error: OaktreeError | None = None
    """Why it cannot be applied. Check mode ignores it: an earlier task of the play may create what is missing."""

    @property
    def is_new(self) -> bool:
        return self.action in ("created", "replaced")


def is_busy(status: str) -> bool:
    """Whether Heat is at work on a stack. One that it has just accepted is not begun yet.

    One that is deleted is listed for a moment, in which its name is still taken.
    """
    return status.endswith("IN_PROGRESS") or status.startswith("INIT") or status == "DELETE_COMPLETE"


def make_plan(wanted: DesiredStack, found: FoundStack, sent: Sent | None, mark: Mark | None) -> StackPlan:
    """The plan; ``sent`` and ``mark`` are None for a stack that is to be absent. Raises ConflictError.

    ``mark`` is None as well where there is no key.
    """
    item, status = found.item, found.status
    if sent is None:
        if item is None or status in _GOING:
            return StackPlan("unchanged")
        return StackPlan("deleted", {"name": wanted.name, "status": status})
    notes = tuple(f"{name} {SHOWN}" for name in sorted(sent.masked & sent.parameters.keys() - sent.hidden))
    if item is None or status in _GOING:
        return StackPlan("created", {}, _shown(sent, wanted), notes)
    if wanted.replace and (status == "CREATE_FAILED" or status.startswith("DELETE")):
        return StackPlan("replaced", {"status": status}, _shown(sent, wanted), notes)
    if status.startswith("DELETE"):
        raise ConflictError(
            f"stack {wanted.name!r} could not be deleted before: {status}",
            hint="Delete it with state: absent, or replace it with replace: true.",
        )
    before, after, doubt = _all_differences(wanted, found, sent, mark)
    if not before and not after:
        return StackPlan("unchanged", notes=notes)
    if status.startswith("SUSPEND"):
        raise ConflictError(
            f"stack {wanted.name!r} differs, and is suspended: {status}",
            hint="Resume it first: Heat updates no suspended stack.",
        )
    return StackPlan("updated", before, after, (*notes, *doubt))


def _all_differences(
    wanted: DesiredStack, found: FoundStack, sent: Sent, mark: Mark | None
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What differs, before and after, also of what Heat does not show; and why that could not be compared."""
    before, after = differences(sent, found)
    tags = found.item["tags"] if found.item else []
    doubt, differs = _hidden_differ(sent, found, tags, mark)
    if differs and (doubt or not before):
        before["hidden"], after["hidden"] = "as it was sent before", "as it would be sent now"
    own = sorted(without_marks(tags))
    if wanted.tags is not None and own != sorted(set(wanted.tags)):
        before["tags"], after["tags"] = own, sorted(set(wanted.tags))
    if _has_failed(found.status):
        before["status"], after["status"] = found.status, "UPDATE_COMPLETE"
    return before, after, [doubt] if differs and doubt else []


def _has_failed(status: str) -> bool:
    return status.endswith("_FAILED") or status == "ROLLBACK_COMPLETE"


def _hidden_differ(sent: Sent, found: FoundStack, tags: Sequence[str], mark: Mark | None) -> tuple[str, bool]:
    """Why it cannot be known, and whether what Heat does not show differs, or has to be sent because of that."""
    if mark is None:
        return NO_KEY, sent.has_hidden or not _is_shown(found)
    there = marks_in(tags)
    if any(each.key_name == mark.key_name for each in there):
        return "", mark not in there
    return OTHER_KEY if there else NO_MARK, sent.has_hidden or not _is_shown(found)


def _is_shown(found: FoundStack) -> bool:
    return None not in (found.template, found.environment)


def differences(sent: Sent, found: FoundStack) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Heat shows otherwise than it would be sent, and what it would be sent; values of secrets are masked."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}

    def note(name: str, have: Any, want: Any) -> None:
        before[name], after[name] = have, want

    if found.template is not None and found.template != sent.template:
        note("template", found.template, sent.template)
    if found.files is not None:
        _note_keys(note, "files", found.files, sent.files)
    if found.environment is not None:
        defaults = sent.environment.get("parameter_defaults") or {}
        for name, have, want in (
            ("parameters", found.environment.get("parameters") or {}, sent.parameters),
            ("parameter_defaults", found.environment.get("parameter_defaults") or {}, defaults),
        ):
            _note_keys(note, name, _masked(have, sent), _masked(want, sent), _masked_differ(have, want, sent))
        registry = sent.environment.get("resource_registry") or {}
        have = _registry(found.environment.get("resource_registry") or {}, sent.files)
        _note_keys(note, "resource_registry", have, _registry(registry, sent.files))
    return before, after


def _note_keys(
    note: Any, name: str, have: Mapping[str, Any], want: Mapping[str, Any], also: Sequence[str] = ()
) -> None:
    """Note the keys of two mappings that differ, and others that do although they look the same."""
    keys = [key for key in sorted({*have, *want}) if key in also or texts_in(have.get(key)) != texts_in(want.get(key))]
    if keys:
        note(name, {key: have[key] for key in keys if key in have}, {key: want[key] for key in keys if key in want})


def _masked(values: Mapping[str, Any], sent: Sent) -> dict[str, Any]:
    return {name: MASK if name in sent.masked else value for name, value in values.items()}


def _masked_differ(have: Mapping[str, Any], want: Mapping[str, Any], sent: Sent) -> list[str]:
    """Which of the masked values differ that Heat shows."""
    return [
        name
        for name in sorted(sent.masked & have.keys() & want.keys())
        if have[name] != HEAT_MASK and texts_in(have[name]) != texts_in(want[name])
    ]


def _registry(registry: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """A resource registry without what Heat adds: an empty ``resources``, and the templates that a template names."""
    return {
        key: value for key, value in registry.items() if value not in ({}, None) and not (key == value and key in files)
    }


def _shown(sent: Sent, wanted: DesiredStack) -> dict[str, Any]:
    """What a new stack is sent, as diffs show it."""
    shown = {
        "template": sent.template,
        "parameters": _masked(sent.parameters, sent),
        "tags": sorted(set(wanted.tags or ())),
        "files": dict(sent.files),
        **sent.environment,
    }
    if "parameter_defaults" in shown:
        shown["parameter_defaults"] = _masked(shown["parameter_defaults"], sent)
    return {name: value for name, value in shown.items() if value}


def with_preview(plan: StackPlan, changes: Mapping[str, Sequence[Item]]) -> StackPlan:
    """The plan of an update, with the resources that Heat's preview says would change."""
    resources = [
        _resource(item, action) for name, action in RESOURCE_ACTIONS.items() for item in changes.get(name) or ()
    ]
    return replace(plan, resources=tuple(_in_order(resources)))


def previewed(template: Mapping[str, Any], resources: Sequence[Any]) -> tuple[Mapping[str, Any], ...]:
    """The resources of Heat's preview of a new stack.

    Of those that are stacks it lists what is within, but not their names: they are the others that the template
    declares. Where a condition leaves some of these out, only those are known that something within says it is part of.
    """
    declared = template.get("resources") or template.get("Resources") or {}
    lists = [item for item in resources if isinstance(item, list)]
    found = [_resource(item, "created") for item in resources if not isinstance(item, list)]
    others = [name for name in declared if name not in {item["name"] for item in found}]
    if len(others) != len(lists):
        said = {item.get("parent_resource") for within in lists for item in within if isinstance(item, dict)}
        others = [name for name in others if name in said]
    found += [{"name": name, "type": declared[name].get("type"), "action": "created"} for name in others]
    return tuple(_in_order(found))


def changed_resources(before: Sequence[Item], after: Sequence[Item]) -> tuple[Mapping[str, Any], ...]:
    """What has become of the resources of a stack, by two lists of them."""
    old = {item["resource_name"]: item for item in before}
    new = {item["resource_name"]: item for item in after}
    found = [_resource(item, "deleted") for name, item in old.items() if name not in new]
    for name, item in new.items():
        if name not in old:
            found.append(_resource(item, "created"))
        elif item.get("physical_resource_id") != old[name].get("physical_resource_id"):
            found.append(_resource(item, "replaced"))
        elif item.get("updated_time") != old[name].get("updated_time"):
            found.append(_resource(item, "updated"))
    return tuple(_in_order(found))


def _resource(item: Mapping[str, Any], action: str) -> dict[str, Any]:
    return {"name": item.get("resource_name"), "type": item.get("resource_type"), "action": action}


def _in_order(resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(resources, key=lambda item: (str(item["name"]), item["action"]))
