# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations -> hosts that work on Locations is done for: one for each Location, cloud or shard. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.addresses import host_name
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.groups import LocationGroup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location

GROUP = "locations"
"""The group of all these hosts, and how the names of their groups by cloud begin."""
_DIGITS = 3


@dataclass(frozen=True)
class Unit:
    """A host, and the Locations that it stands for; ``cloud`` is that of a single Location."""

    name: str
    locations: tuple[Location, ...]
    cloud: LocationGroup | None = None


def is_unit(variables: Mapping[str, Any]) -> bool:
    """Whether a host with these variables is one that stands for Locations."""
    return "locations" in variables and variables.get("ansible_connection") == "local"


def make_units(
    locations: Sequence[Location], by: str, size: int, prefix: str | None, reserved: Collection[str]
) -> list[Unit]:
    """The hosts of these Locations, in the order of the Locations or, ``by`` shard, of the shards.

    ``size`` is how many Locations a shard has on average. ``prefix`` begins all names. No host gets a name that is
    ``reserved``, and no two the same one.
    """
    if by == "shard":
        prefix = "shard-" if prefix is None else prefix
        units = [Unit(f"{prefix}{number:0{_DIGITS}}", own) for number, own in _shards(locations, size)]
    elif by == "cloud":
        units = [Unit((prefix or "") + cloud, own) for cloud, own in _clouds(locations).items()]
    else:
        units = [Unit((prefix or "") + _name(one), (one,), LocationGroup(GROUP, one.cloud)) for one in locations]
    return _named(units, reserved)


def _name(location: Location) -> str:
    return f"{location.region}.{location.cloud}" if location.region else location.cloud


def _clouds(locations: Iterable[Location]) -> dict[str, tuple[Location, ...]]:
    found: dict[str, list[Location]] = {}
    for location in locations:
        found.setdefault(location.cloud, []).append(location)
    return {cloud: tuple(own) for cloud, own in found.items()}


def _shards(locations: Sequence[Location], size: int) -> Iterable[tuple[int, tuple[Location, ...]]]:
    """The number of each shard that is not empty, from 1, and its Locations.

    A cloud is in one shard as a whole, because its regions share a token and hand images on to each other; in which one
    depends on its name and the number of shards only.
    """
    count = -(-len(locations) // size)
    shards: list[list[Location]] = [[] for _number in range(count)]
    for cloud, own in _clouds(locations).items():
        shards[int(hashlib.sha256(cloud.encode()).hexdigest(), 16) % count] += own
    return [(number, tuple(own)) for number, own in enumerate(shards, 1) if own]


def _named(units: Sequence[Unit], reserved: Collection[str]) -> list[Unit]:
    """The units with names that are valid and free: where one is not, a suffix follows that depends on nothing else."""
    names = [host_name(unit.name) for unit in units]
    uses = Counter(names)
    free = [name if uses[name] == 1 and name not in reserved else None for name in names]
    return [
        replace(unit, name=kept or f"{name}-{_suffix(unit)}")
        for unit, name, kept in zip(units, names, free, strict=True)
    ]


def _suffix(unit: Unit) -> str:
    return hashlib.sha256("\n".join(location.name for location in unit.locations).encode()).hexdigest()[:6]
