# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource that the user wants, and all that can be wrong with that before any Location is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError
from .._core.text import MASK, did_you_mean
from .find import check_parents
from .kinds import Kind, check_changeable
from .parts import check_part, check_rule, parts_of
from .references import check_identity, check_references
from .rules import RULE_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Wanted:
    """A resource, present or absent. IDs may be references. ``wait_timeout`` in seconds."""

    kind: Kind
    state: str = "present"
    name: str | None = None
    id: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    replace: bool = False
    update_secrets: bool = False
    wait: bool = True
    wait_timeout: float = 300.0

    @property
    def subject(self) -> str:
        """How messages call it."""
        named = self.name if self.name is not None else self.id
        return self.kind.name if named is None else f"{self.kind.name} {named!r}"

    @property
    def values(self) -> dict[str, Any]:
        """All attributes that the user names, secrets too, but the name."""
        return {**self.attributes, **self.secrets}

    def shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes as they may be shown."""
        hidden = self.kind.secrets | self.secrets.keys()
        return {name: MASK if name in hidden else value for name, value in values.items()}


def links_of(kind: Kind) -> list[tuple[str, frozenset[str]]]:
    """The paths of a relation, and the attributes in each."""
    return [(path, frozenset(re.findall(r"{(\w+)}", path))) for path in kind.link]


def attributes_of(kind: Kind) -> set[str]:
    """What may be named of a resource of the type."""
    if kind.link:
        return {name for _path, names in links_of(kind) for name in names}
    return {*kind.keys, *kind.parents, *parts_of(kind), "properties"} - {"id"}


def check_wanted(wanted: Wanted) -> None:
    """Raise InputError for what can be had at no Location."""
    kind = wanted.kind
    check_changeable(kind, wanted.state)
    _check_names(wanted)
    _check_secrets(wanted)
    if kind.link:
        _check_link(wanted)
    else:
        check_parents(kind, wanted.values, "attributes")
        _check_identity(wanted)
    _check_properties(kind, wanted.values)
    check_identity(wanted.id)
    check_references(kind, "attributes", wanted.values)
    for attribute, value in wanted.values.items():
        check_part(kind, attribute, value)
    if kind.name in RULE_KINDS:
        check_rule(wanted.values)


def _check_names(wanted: Wanted) -> None:
    kind = wanted.kind
    known = attributes_of(kind)
    unknown = sorted(wanted.values.keys() - known)
    if unknown:
        raise InputError(
            f"attributes: {kind.name} has no {', '.join(unknown)}{did_you_mean(unknown, known)}",
            hint=f"Known are {', '.join(sorted(known))}. Keys that only the service knows go under properties.",
        )
    if kind.name_attribute in wanted.values:
        raise InputError(
            f"attributes: {kind.name_attribute} is what identifies a {kind.name}", hint="Give it as the option name."
        )


def _check_secrets(wanted: Wanted) -> None:
    shown = sorted(wanted.attributes.keys() & wanted.kind.secrets)
    if shown:
        raise InputError(
            f"attributes: {', '.join(shown)} would be logged", hint="Put it under secrets, which Ansible never shows."
        )
    twice = sorted(wanted.attributes.keys() & wanted.secrets.keys())
    if twice:
        raise InputError(f"attributes, secrets: both have {', '.join(twice)}", hint="Give it once.")


def _check_properties(kind: Kind, values: Mapping[str, Any]) -> None:
    """Keys that only the service knows: others have attributes, of which it is known whether they are secrets."""
    if "properties" not in values or "properties" in kind.keys:
        return
    properties = values["properties"]
    if not isinstance(properties, dict):
        raise InputError("attributes: properties must be a mapping of the service's own keys")
    known = {key: name for name, key in kind.keys.items()}
    named = sorted(known[key] for key in known.keys() & properties.keys())
    if named:
        raise InputError(
            f"attributes: properties of {kind.name} has {', '.join(named)}",
            hint="The type has an attribute for it: give it as that, or under secrets what is secret.",
        )


def _check_link(wanted: Wanted) -> None:
    given = {name for name, value in wanted.values.items() if value not in (None, "")}
    if wanted.name is not None or wanted.id is not None:
        raise InputError(f"name, id: {wanted.kind.name} has neither", hint="Its attributes identify it.")
    choices = [sorted(names) for _path, names in links_of(wanted.kind)]
    if sorted(given) not in choices:
        listed = "; ".join(", ".join(names) for names in choices)
        raise InputError(
            f"attributes: {', '.join(sorted(given)) or 'none'} do not identify one {wanted.kind.name}",
            hint=f"Give one of: {listed}.",
        )


def _check_identity(wanted: Wanted) -> None:
    kind = wanted.kind
    if wanted.name == "" or wanted.id == "":
        raise InputError("name, id: must not be empty")
    if kind.name_attribute is None and wanted.name is not None:
        by = f" It is found by {', '.join(kind.identity)}." if kind.identity else ""
        raise InputError(f"name: {kind.name} has no name", hint=f"Omit it.{by}")
    if kind.single and wanted.id is not None and wanted.values.get("project_id") is not None:
        raise InputError("id, attributes: both name the project", hint="Give one of them.")
    if kind.single or wanted.id is not None:
        return
    if kind.name_attribute is not None and wanted.name is None:
        raise InputError(f"name: {kind.name} needs a name or an id")
    keys = [name for name in kind.identity if name != kind.name_attribute]
    if keys and not any(wanted.values.get(name) is not None for name in keys):
        raise InputError(f"attributes: {kind.name} needs an id or some of {', '.join(keys)}, which identify it")
    if kind.name_attribute is None and not kind.identity and not kind.parents:
        raise InputError(f"id: {kind.name} needs an id")
