# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done with one resource at one Location, by what was found there. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._core.errors import ConflictError, OaktreeError, RefusedError
from . import rules
from .desired import cast, is_derived, same, same_but_for, same_range
from .parts import part_differs, part_of, part_shown
from .records import id_of, name_of
from .references import with_own_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .find import Item
    from .kinds import Kind
    from .references import MissingError
    from .wanted import Wanted

NOT_OFFERED = "not offered here"
_NOT_COMPARED = "the cloud does not show it, so that it was not compared"


@dataclass(frozen=True)
class Found:
    """What a Location has: the attributes with their references resolved, the item, and what it is made of."""

    values: Mapping[str, Any]
    item: Item | None
    """The one that there is; none that is being deleted."""
    id: Any = None
    """The option ``id``, resolved."""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What there is of each part that the user names."""
    missing: MissingError | None = None
    """The first reference that names nothing here."""
    offered: bool = True
    defaults: Item | None = None
    """The default values of a quota, where the service reports them."""
    going: Sequence[Item] = ()
    """Those that are being deleted, where there is no other, or there is to be none."""


@dataclass(frozen=True)
class ResourcePlan:
    """What to do. ``changes`` are the attributes to send: those that differ, or all of a resource to create."""

    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: OaktreeError | None = None
    """Why it cannot be applied. Check mode ignores it: an earlier task of the play may create what is missing."""


def make_plan(wanted: Wanted, found: Found) -> ResourcePlan:
    """Decide. Raises ConflictError for what cannot be changed, and RefusedError for an ID that is not there."""
    if wanted.state == "absent":
        return _absent(wanted, found)
    if found.missing:
        return _waiting_for(wanted, found, found.missing)
    if found.item is None:
        return _created(wanted, found)
    return _changed(wanted, found, found.item)


def _absent(wanted: Wanted, found: Found) -> ResourcePlan:
    kind, item = wanted.kind, found.item
    if not found.offered:
        return ResourcePlan("unchanged", notes=(NOT_OFFERED,))
    if item is None:
        return ResourcePlan("unchanged")
    if kind.link:
        return ResourcePlan("deleted", before=wanted.shown(wanted.attributes))
    if kind.single:
        if found.defaults is not None and _is_default(kind, item, found.defaults):
            return ResourcePlan("unchanged")
        return ResourcePlan("deleted", before=_numbers(kind, item), after=_numbers(kind, found.defaults or {}))
    return ResourcePlan("deleted", before={"id": id_of(kind, item), "name": name_of(kind, item)})


def _is_default(kind: Kind, item: Item, defaults: Item) -> bool:
    have, usual = _numbers(kind, item), _numbers(kind, defaults)
    return all(same(usual[name], have[name]) for name in have.keys() & usual.keys())


def _numbers(kind: Kind, item: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a quota, also those that only the service has a name for: Cinder has three for each volume type."""
    names = {key: name for name, key in kind.keys.items()}
    named = {names.get(key, key): value for key, value in item.items()}
    return {
        name: value
        for name, value in named.items()
        if kind.types.get(name) == "int" or (isinstance(value, int) and not isinstance(value, bool))
    }


def _waiting_for(wanted: Wanted, found: Found, missing: MissingError) -> ResourcePlan:
    """A play that makes a network, then a subnet, can be checked before there is either."""
    if found.item is not None:
        raise missing
    after = wanted.shown({**_name(wanted), **wanted.values})
    action = "updated" if wanted.kind.single else "created"
    return ResourcePlan(action, after=after, notes=(missing.note,), error=missing)


def _name(wanted: Wanted) -> dict[str, Any]:
    attribute = wanted.kind.name_attribute
    return {attribute: wanted.name} if attribute and wanted.name is not None else {}


def _created(wanted: Wanted, found: Found) -> ResourcePlan:
    kind = wanted.kind
    if kind.single:
        raise RefusedError(f"there is no {wanted.subject} here", status=404)
    if found.id is not None and not (kind.id_chosen or kind.create == "PUT"):
        raise RefusedError(
            f"there is no {kind.name} with the ID {found.id} here",
            status=404,
            hint="Without id, and with name, it is created.",
        )
    return ResourcePlan("created", after=wanted.shown({**_name(wanted), **wanted.values}), changes=found.values)


def _changed(wanted: Wanted, found: Found, item: Item) -> ResourcePlan:
    kind = wanted.kind
    if kind.link:
        return ResourcePlan("unchanged")
    differing, notes = differences(wanted, found, item)
    broken = bad_state(kind, item)
    if broken and not wanted.replace:
        raise ConflictError(
            f"{wanted.subject} is there, but {broken}", hint="Delete it first, or allow that with replace: true."
        )
    if not differing and not broken:
        return ResourcePlan("unchanged", notes=notes)
    before = wanted.shown({name: have for name, (have, _want) in differing.items()})
    after = wanted.shown({name: want for name, (_have, want) in differing.items()})
    fixed = sorted(name for name, (have, want) in differing.items() if not _can_change(kind, name, have, want))
    if fixed and not wanted.replace:
        said = ", ".join(f"{name} is {before[name]!r}, not {after[name]!r}" for name in fixed)
        raise ConflictError(
            f"{wanted.subject}: {said}, and cannot be changed",
            hint="Delete it first, or allow that with replace: true.",
        )
    if fixed or broken:
        return ResourcePlan("replaced", before, after, {**found.values, **_name(wanted)}, notes)
    changes = {name: want for name, (_have, want) in differing.items()}
    return ResourcePlan("updated", before, after, changes, notes)


def _can_change(kind: Kind, attribute: str, have: Any, want: Any) -> bool:
    part = part_of(kind, attribute)
    if part:
        return not part.fixed(have, want)
    if "u" not in kind.can or attribute in kind.immutable:
        return False
    return kind.updatable is None or attribute in kind.updatable


def state_of(kind: Kind, item: Mapping[str, Any]) -> str:
    """What an item of a type with states says of its own, as a sentence."""
    return f"its {kind.ready.attribute} is {item.get(kind.keys[kind.ready.attribute])}" if kind.ready else ""


def bad_state(kind: Kind, item: Mapping[str, Any]) -> str:
    """The state of an item that will never be ready; empty for any other."""
    ready = kind.ready
    state = str(item.get(kind.keys[ready.attribute])) if ready else ""
    return state_of(kind, item) if ready and "error" in state.lower() and state not in ready.good else ""


def differences(wanted: Wanted, found: Found, item: Item) -> tuple[dict[str, tuple[Any, Any]], tuple[str, ...]]:
    """What there is and what is wanted of each attribute that differs; and notes on what cannot be compared."""
    kind, notes = wanted.kind, []
    differing: dict[str, tuple[Any, Any]] = {}
    values = {**found.values, **_name(wanted)}
    for name, want in values.items():
        if name in kind.parents:
            continue
        if part_of(kind, name):
            want = with_own_id(want, id_of(kind, item))  # noqa: PLW2901 - it is now known
            have = found.parts.get(name)
            if part_differs(kind, name, have, want):
                differing[name] = (part_shown(kind, name, have, want), want)
        elif name in kind.secrets or name in wanted.secrets or name in kind.write_only:
            if wanted.update_secrets and name in wanted.secrets:
                differing[name] = (None, want)
            else:
                notes.append(f"{name}: {_NOT_COMPARED}")
        else:
            differing.update(_unlike(kind, name, values, item, notes))
    return differing, tuple(notes)


def _unlike(
    kind: Kind, name: str, values: Mapping[str, Any], item: Item, notes: list[str]
) -> dict[str, tuple[Any, Any]]:
    """One of the attributes where it differs; of the service's own keys those that do."""
    want = values[name]
    if name == "properties" and "properties" not in kind.keys:
        unlike = {key: value for key, value in want.items() if not same(value, item.get(key))}
        return {"properties": ({key: item.get(key) for key in unlike}, unlike)} if unlike else {}
    key = key_in(kind, name, item)
    if key not in item and kind.service != "identity":  # Keystone leaves out what nobody has set
        notes.append(f"{name}: {_NOT_COMPARED}")
        return {}
    return {} if _fits(kind, name, values, item) else {name: (item.get(key), want)}


_COMPARE: Mapping[tuple[str, str], Callable[[list[Any], list[Any], Mapping[str, Any]], bool]] = {
    # Neutron adds an address of each subnet with SLAAC, whatever it is told.
    ("network.port", "fixed_ips"): lambda want, have, item: same_but_for(
        want,
        have,
        lambda fixed: isinstance(fixed, dict) and is_derived(fixed.get("ip_address"), item.get("mac_address")),
    ),
    # It joins those that are next to each other.
    ("network.subnet_pool", "prefixes"): lambda want, have, _item: same_range(want, have),
}
"""How attributes are compared whose lists services complete or rewrite: what is wanted, what there is, the item."""


def _fits(kind: Kind, name: str, values: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Whether an item has one of the attributes as wanted, by what the values mean."""
    key, type_ = key_in(kind, name, item), kind.types.get(name)
    if kind.name in rules.RULE_KINDS and name in kind.identity and name in rules.ATTRIBUTES:
        # Ports are compared together: Neutron shows none where they are all of them.
        ports = {port: values[port] for port in rules.PORTS if port in values}
        with parsing(f"a {kind.name}"):
            changed = ports if name in ports else {key: values[name]}
            return rules.normal_rule({**item, **changed}) == rules.normal_rule(item)
    want, have = cast(type_, values[name]), cast(type_, item.get(key))
    compare = _COMPARE.get((kind.name, name))
    if compare and isinstance(want, list) and isinstance(have, list):
        return compare(want, have, item)
    if type_ == "int" and have == "" and want == 0:  # Nova writes an empty text for no swap
        return True
    return same(want, have, ordered=name in kind.ordered)


def key_in(kind: Kind, name: str, item: Mapping[str, Any]) -> str:
    """What an item calls an attribute: older services have another word for the project."""
    key = kind.keys[name]
    return "tenant_id" if name == "project_id" and key not in item else key


def unkept(wanted: Wanted, values: Mapping[str, Any], item: Mapping[str, Any]) -> tuple[str, ...]:
    """What the cloud took and shows otherwise: the next run would want to change it again."""
    kind = wanted.kind
    return tuple(
        f"{name}: the cloud keeps {item[key]!r} for {value!r}"
        for name, value in values.items()
        if name in kind.keys
        and not part_of(kind, name)
        and name not in kind.secrets | kind.write_only | wanted.secrets.keys()
        and (key := key_in(kind, name, item)) in item
        and not _fits(kind, name, values, item)
    )
