# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of any type of resource, by the same model as those of servers and images."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._facts.records import RecordModel, location_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._core.location import Location
    from .kinds import Kind

_EXCLUDED = frozenset({"adminPass", "file", "links", "schema", "self", "tenant_id"})
"""Keys of any type that repeat others or are secrets."""
_OWNER_KEYS: Mapping[str, str] = {"orchestration.stack": "project"}
"""The key of the project that owns an item where openstacksdk knows none: Heat has it in administrators' lists."""
_BOOLEANS: Mapping[str, bool | None] = {"true": True, "false": False, "": None}


def owner_of(kind: Kind, item: Mapping[str, Any]) -> Any:
    """The ID of the project that owns an item, under the key that its service has for it; None without one."""
    key = kind.keys.get("project_id", _OWNER_KEYS.get(kind.name, "project_id"))
    return item.get(key) or item.get("tenant_id") or item.get("owner")


def id_of(kind: Kind, item: Mapping[str, Any]) -> Any:
    """The ID of an item. Barbican names a URL, whose last segment it is."""
    found = item.get(kind.id_key, item.get("id"))
    return found.rsplit("/", 1)[-1] if isinstance(found, str) and kind.id_key.endswith("_ref") else found


def name_of(kind: Kind, item: Mapping[str, Any]) -> Any:
    """The name of an item, None where its type has none."""
    return item.get(kind.keys[kind.name_attribute]) if kind.name_attribute else None


def where(kind: Kind, location: Location) -> Location:
    """The Location of a resource: Keystone's are in no region."""
    return replace(location, region=None) if kind.service == "identity" else location


def resource_record(
    kind: Kind, item: Mapping[str, Any], location: Location, parents: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of an item; ``parents`` are the IDs of the path that it stands at.

    Attributes that the type has as numbers or booleans are such also where the service writes a text. Secrets are left
    out.
    """
    model, casts = _model(kind)
    record = model.attributes(item)
    for name, cast in casts:
        value = record[name]
        if value.__class__ is str:
            record[name] = cast(value)
    record["id"] = id_of(kind, item)
    owner = owner_of(kind, item)
    if "project_id" in record:
        record["project_id"] = owner
    record.update(parents)
    record.setdefault("properties", {})
    zone = record.get("availability_zone")
    record["location"] = location_of(
        where(kind, location), zone if isinstance(zone, str) else None, owner if isinstance(owner, str) else None
    )
    return record


@lru_cache(maxsize=64)
def _model(kind: Kind) -> tuple[RecordModel, tuple[tuple[str, Callable[[str], Any]], ...]]:
    shown = {name: key for name, key in kind.keys.items() if name not in kind.secrets}
    excluded = _EXCLUDED | {kind.keys[name] for name in kind.secrets}
    # A type with an attribute of this name keeps it, and what is unknown of its items is left out.
    model = RecordModel(shown, excluded, is_open="properties" not in shown)
    return model, tuple((name, _CASTS[type_]) for name, type_ in kind.types.items() if name in shown)


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text.lower(), text)


def _number(text: str) -> Any:
    """Nova writes an empty text for no swap."""
    if text == "":
        return 0
    return int(text) if text.removeprefix("-").isdecimal() else text


_CASTS: Mapping[str, Callable[[str], Any]] = {"bool": _boolean, "int": _number}
