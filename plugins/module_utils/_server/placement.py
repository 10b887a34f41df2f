# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Location gets which server: pure, and the same for the same input."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .._core.errors import QuotaError


@dataclass(frozen=True)
class PlaceOptions:
    """The option ``place``."""

    order: str = "listed"
    """listed: as the option ``locations`` lists them; room: the largest free share of its tightest limit first;
    spread: the fewest servers of the set first."""
    per_location: int | None = None
    """The most servers of the set in one Location."""
    zones: str = "any"
    """any: the cloud chooses the zone; spread: the available zone with the fewest servers of the set."""
    when_unknown: str = "fail"
    """Whether servers are placed while a Location, which may have them already, cannot be asked."""


@dataclass(frozen=True)
class Allowance:
    """One limit of a project, how much of it is used, and how much of it a server takes."""

    name: str
    limit: int | None
    """None where there is none."""
    used: int
    need: int

    def fits(self) -> float:
        """How many servers there is room for; infinite without a limit."""
        if self.limit is None or self.need <= 0:
            return math.inf
        return max(0, (self.limit - self.used) // self.need)

    def free_share(self, given: int) -> float:
        """The share of the limit that is free when so many servers have been placed."""
        if self.limit is None or self.need <= 0:
            return 1.0
        return max(0.0, (self.limit - self.used - given * self.need) / self.limit) if self.limit else 0.0

    def __str__(self) -> str:
        return f"{self.name} {self.used} of {self.limit} used"


@dataclass(frozen=True)
class Room:
    """What one Location has room for."""

    position: int
    """Where the option ``locations`` lists it."""
    present: int = 0
    """Servers of the set that it has."""
    zones: Mapping[str, int] = field(default_factory=dict)
    """The available zones, each with the number of servers of the set in it."""
    allowances: tuple[Allowance, ...] = ()
    closed: bool = False
    """Whether it is to get none, whatever there is room for."""

    def fits(self) -> float:
        """How many servers its limits allow, infinite without limits."""
        return 0 if self.closed else min((each.fits() for each in self.allowances), default=math.inf)

    def free_share(self, given: int) -> float:
        """The smallest free share of its limits when so many servers have been placed."""
        return min((each.free_share(given) for each in self.allowances), default=1.0)

    @property
    def tightest(self) -> str:
        """The limit of which the least is left, in words; nothing where there is none."""
        limited = [each for each in self.allowances if each.limit is not None and each.need > 0]
        return str(min(limited, key=lambda each: each.free_share(0))) if limited else ""


def shortage(allowances: Sequence[Allowance]) -> QuotaError | None:
    """The limit that leaves no room for a single server, if one does."""
    for each in allowances:
        if each.fits() < 1:
            needed = "" if each.limit is None or each.used >= each.limit else f", {each.need} needed"
            return QuotaError(f"quota: {each}{needed}")
    return None


@dataclass(frozen=True)
class Assignment:
    """A server, the index of the Location that gets it, and the zone, None where the cloud chooses it."""

    name: str
    index: int
    zone: str | None = None


def assign(names: Sequence[str], rooms: Sequence[Room], options: PlaceOptions) -> list[Assignment]:
    """Give each server a Location, in the order of the names; those that fit nowhere get none.

    ``rooms`` are in the order in which Locations are reported, which decides where nothing else does.
    """
    most = [_most(room, options) for room in rooms]
    given = [0] * len(rooms)
    zones = [dict(room.zones) for room in rooms]
    queue = [(_rank(room, 0, options), index) for index, room in enumerate(rooms) if most[index] >= 1]
    heapq.heapify(queue)
    assigned = []
    for name in names:
        if not queue:
            break
        _ranked, index = heapq.heappop(queue)
        zone = None
        if options.zones == "spread" and zones[index]:
            zone = min(zones[index], key=lambda each, counts=zones[index]: (counts[each], each))  # type: ignore[misc]
            zones[index][zone] += 1
        assigned.append(Assignment(name, index, zone))
        given[index] += 1
        if given[index] < most[index]:
            heapq.heappush(queue, (_rank(rooms[index], given[index], options), index))
    return assigned


def _most(room: Room, options: PlaceOptions) -> float:
    """How many more servers a Location may get."""
    allowed = math.inf if options.per_location is None else options.per_location - room.present
    return min(room.fits(), allowed)


def _rank(room: Room, given: int, options: PlaceOptions) -> tuple[float, ...]:
    """What the Locations are sorted by, the first getting the next server."""
    if options.order == "room":
        return (-room.free_share(given),)
    if options.order == "spread":
        return (room.present + given, -room.free_share(given))
    return (room.position,)
