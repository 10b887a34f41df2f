# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of attributes as they can be compared between Locations, and whether two are the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._image.fingerprint import best_digest, made_of_same, origin_digests
from .._resource import rules
from .._resource.desired import same
from .._resource.references import target_of

if TYPE_CHECKING:
    from .._resource.kinds import Kind

NameOf = Callable[[str, Any], Any]
"""Returns the name of what a type and an ID refer to, or the ID where nothing is known of it."""

_NOBODY = (None, "", "*")
"""Values of references that refer to nothing, or to all projects."""

RULES = ("network.security_group", "rules")

_INNER_OWN = frozenset({"external_fixed_ips", "links", "project_id", "revision_number", "tenant_id"})
"""Keys within a value that are the cloud's own: what it chose, and what says whose something is."""

_OPEN = frozenset({
    "attributes", "extra", "extra_specs", "group_specs", "input_values", "metadata", "parameters", "properties",
    "specs",
})  # fmt: skip
"""Mappings whose keys users choose."""


@dataclass(frozen=True)
class ImageContent:
    """What an image contains, as far as its digests and those that were recorded say it."""

    image: Mapping[str, Any] = field(repr=False)
    place: str = ""
    """The name of the Location."""

    def is_same(self, other: ImageContent) -> bool | None:
        """None if nothing decides it."""
        return made_of_same(self.image, other.image, (self.place, other.place))

    def shown(self, other: ImageContent | None = None) -> str | None:
        """A digest, by an algorithm that the other has too if there is one; None if none is known."""
        digests = origin_digests(self.image)
        common = digests.keys() & origin_digests(other.image).keys() if other else ()
        known = {name: digests[name] for name in common} or digests
        algorithm = best_digest(known) if known else None
        return f"{algorithm}:{known[algorithm]}" if algorithm else None


def portable(kind: Kind, attribute: str, value: Any, name_of: NameOf) -> Any:
    """The value with a name in place of each ID, at any depth, and without what is the cloud's own."""
    if isinstance(value, dict):
        return {
            name: portable(kind, name, inner, name_of)
            for name, inner in value.items()
            if not _is_own(kind, attribute, str(name))
        }
    if isinstance(value, list):
        return [portable(kind, attribute, inner, name_of) for inner in value]
    target = target_of(kind, attribute)
    return name_of(target, value) if target and value not in _NOBODY else value


def _is_own(kind: Kind, attribute: str, key: str) -> bool:
    """Whether a key within a value of this attribute is the cloud's own."""
    if attribute in _OPEN:
        return False
    return key == "id" or key in _INNER_OWN or (key.endswith(("_at", "_id")) and not target_of(kind, key))


def portable_rules(kind: Kind, found: Any, name_of: NameOf) -> list[dict[str, Any]]:
    """The rules of a security group as Neutron means them, by openstacksdk's names, sorted."""
    named = [{**rule, **_groups(kind, rule, name_of)} for rule in found or ()]
    normal = {rules.normal_rule(rule) for rule in named}
    return [
        {key: value for key, value in zip(rules.NORMAL_KEYS, rule, strict=True) if value is not None}
        for rule in sorted(normal, key=repr)
    ]


def _groups(kind: Kind, rule: Mapping[str, Any], name_of: NameOf) -> dict[str, Any]:
    keys = ("remote_group_id", "remote_address_group_id")
    return {key: portable(kind, key, rule.get(key), name_of) for key in keys}


def same_value(kind: Kind, attribute: str, one: Any, other: Any) -> bool | None:
    """Whether two portable values mean the same; None if nothing decides it."""
    if isinstance(one, ImageContent) and isinstance(other, ImageContent):
        return one.is_same(other)
    ordered = attribute in kind.ordered
    return same(one, other, ordered=ordered) and same(other, one, ordered=ordered)


def shown_difference(kind: Kind, attribute: str, expected: Any, actual: Any) -> tuple[Any, Any]:
    """Two values that differ, as plain JSON: of mappings and rules only what differs."""
    if isinstance(expected, ImageContent) and isinstance(actual, ImageContent):
        return expected.shown(actual), actual.shown(expected)
    if (kind.name, attribute) == RULES:
        return _without(expected, actual), _without(actual, expected)
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = [key for key in sorted({*expected, *actual}) if not _same_key(expected, actual, key)]
        return {key: expected.get(key) for key in keys}, {key: actual.get(key) for key in keys}
    return expected, actual


def _without(rules_of: Any, others: Any) -> list[Any]:
    return [rule for rule in rules_of if rule not in others]


def _same_key(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    return same(one.get(key), other.get(key)) and same(other.get(key), one.get(key))
