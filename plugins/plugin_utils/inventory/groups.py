# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory groups of servers by cloud, region, zone and project."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Group:
    """An inventory group and the group that contains it."""

    name: str
    parent: str | None = None


@dataclass(frozen=True)
class LocationGroup:
    """A cloud, region, zone or project whose servers form a group."""

    kind: str
    name: str
    parent: LocationGroup | None = None
    id: str = ""
    """Distinguishes projects of the same name."""

    @property
    def name_parts(self) -> tuple[str, ...]:
        """What the group's name is made of: the kind, and the names from the cloud inwards."""
        return (self.kind, *(self.parent.name_parts[1:] if self.parent else ()), self.name)

    def with_ancestors(self) -> Iterator[LocationGroup]:
        """This one, its parent, the parent of that one, and so on."""
        yield self
        if self.parent:
            yield from self.parent.with_ancestors()


def innermost_groups(location: Mapping[str, Any]) -> tuple[LocationGroup, ...]:
    """The groups of a Location that contain no others: its zone (or else region, or else cloud), and its project."""
    cloud = place = LocationGroup("cloud", location["cloud"])
    for kind in ("region", "zone"):
        if location[kind]:
            place = LocationGroup(kind, location[kind], place)
    project = location["project"]
    name = project["name"] or project["id"]
    return (place, LocationGroup("project", name, cloud, project["id"] or "")) if name else (place,)


def make_groups(innermost: Iterable[LocationGroup], safe_name: Callable[[str], str]) -> dict[LocationGroup, Group]:
    """The inventory groups of these and of all their ancestors, ordered by depth and name.

    ``safe_name`` makes a valid group name of any text. If two groups get the same name that way, each gets a suffix
    that depends on nothing but the group itself.
    """
    found = {ancestor for group in innermost for ancestor in group.with_ancestors()}
    ordered = sorted(found, key=lambda group: (len(group.name_parts), group.name_parts, group.id))
    names = {group: safe_name("_".join(group.name_parts)) for group in ordered}
    uses = Counter(names.values())
    unique = {group: name if uses[name] == 1 else f"{name}_{_suffix(group)}" for group, name in names.items()}
    return {group: Group(name, unique[group.parent] if group.parent else None) for group, name in unique.items()}


def _suffix(group: LocationGroup) -> str:
    return hashlib.sha256("/".join((*group.name_parts, group.id)).encode()).hexdigest()[:6]
