# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Location gets which server: order, limits, zones, and why one gets none."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import (
    Allowance,
    PlaceOptions,
    Room,
    assign,
    shortage,
)

FREE = Allowance("cores", None, 7, 2)


def names(number: int) -> list[str]:
    return [f"web-{index}" for index in range(1, number + 1)]


def room(position: int = 0, *, limit: int | None = None, used: int = 0, **fields: Any) -> Room:
    return Room(position, allowances=(Allowance("instances", limit, used, 1),), **fields)


def shares(number: int, rooms: list[Room], **options: Any) -> list[int]:
    """How many servers each Location gets."""
    counts = Counter(each.index for each in assign(names(number), rooms, PlaceOptions(**options)))
    return [counts[index] for index in range(len(rooms))]


@pytest.mark.parametrize(
    ("number", "rooms", "options", "expected"),
    [
        (2, [room(0), room(1)], {}, [2, 0]),
        (2, [room(1), room(0)], {}, [0, 2]),
        (1, [room(0), room(0)], {}, [1, 0]),
        (3, [room(0, limit=10, used=8), room(1)], {}, [2, 1]),
        (3, [room(0), room(1)], {"per_location": 2}, [2, 1]),
        (3, [room(0, present=1), room(1), room(2)], {"per_location": 2}, [1, 2, 0]),
        (2, [room(0, present=5), room(1)], {"per_location": 2}, [0, 2]),
        (9, [room(0, limit=2), room(1, limit=3)], {}, [2, 3]),
        (1, [room(0, closed=True), room(1)], {}, [0, 1]),
        (1, [room(0, limit=1, used=5)], {}, [0]),
        (1, [], {}, []),
        (1, [room(0, limit=10, used=5), room(1, limit=10, used=2)], {"order": "room"}, [0, 1]),
        (1, [room(0, limit=100, used=50), room(1, limit=4, used=1)], {"order": "room"}, [0, 1]),
        (1, [room(0, limit=10, used=1), room(1)], {"order": "room"}, [0, 1]),
        (1, [room(1), room(0)], {"order": "room"}, [1, 0]),
        (30, [room(0, limit=10), room(1, limit=40), room(2, limit=20, used=10)], {"order": "room"}, [6, 23, 1]),
        (30, [room(0, limit=5), room(1, limit=18), room(2, limit=9, used=1)], {"order": "room"}, [5, 17, 8]),
        (5, [room(0), room(1), room(2)], {"order": "spread"}, [2, 2, 1]),
        (3, [room(0, present=2), room(1, present=1), room(2)], {"order": "spread"}, [0, 1, 2]),
        (1, [room(0, limit=10, used=9), room(1, limit=10)], {"order": "spread"}, [0, 1]),
        (6, [room(0, limit=1), room(1), room(2)], {"order": "spread"}, [1, 3, 2]),
    ],
)
def test_shares(number: int, rooms: list[Room], options: dict[str, Any], expected: list[int]) -> None:
    assert shares(number, rooms, **options) == expected


def test_the_smallest_share_of_all_limits_counts() -> None:
    """There are many instances left where the first Location has few cores left."""
    scarce = Room(0, allowances=(Allowance("instances", 100, 0, 1), Allowance("cores", 10, 8, 1)))
    even = Room(1, allowances=(Allowance("instances", 100, 60, 1), Allowance("cores", 10, 6, 1)))
    assert shares(1, [scarce, even], order="room") == [0, 1]
    assert scarce.fits() == 2
    assert scarce.tightest == "cores 8 of 10 used"


def test_servers_go_in_the_order_of_their_names() -> None:
    assigned = assign(names(3), [room(0, limit=1), room(1)], PlaceOptions())
    assert [(each.name, each.index, each.zone) for each in assigned] == [
        ("web-1", 0, None),
        ("web-2", 1, None),
        ("web-3", 1, None),
    ]


def test_zones_are_filled_evenly() -> None:
    places = [room(0, zones={"b": 0, "a": 0, "c": 2}, limit=5), room(1)]
    assigned = assign(names(6), places, PlaceOptions(zones="spread"))
    assert [each.zone for each in assigned] == ["a", "b", "a", "b", "a", None]
    assert {each.zone for each in assign(names(6), places, PlaceOptions())} == {None}
    assert places[0].zones == {"b": 0, "a": 0, "c": 2}


@pytest.mark.parametrize(
    ("allowance", "fits", "share"),
    [
        (FREE, math.inf, 1.0),
        (Allowance("cores", 10, 4, 0), math.inf, 1.0),
        (Allowance("cores", 10, 4, 4), 1, 0.6),
        (Allowance("cores", 10, 12, 1), 0, 0.0),
        (Allowance("cores", 0, 0, 1), 0, 0.0),
    ],
)
def test_allowance(allowance: Allowance, fits: float, share: float) -> None:
    assert (allowance.fits(), allowance.free_share(0)) == (fits, share)


@pytest.mark.parametrize(
    ("allowances", "reason"),
    [
        ([], None),
        ([FREE, Allowance("ram", 512, 0, 512)], None),
        ([FREE, Allowance("cores", 10, 10, 2)], "quota: cores 10 of 10 used"),
        ([Allowance("cores", 10, 9, 2)], "quota: cores 9 of 10 used, 2 needed"),
        ([Allowance("cores", 0, 0, 2)], "quota: cores 0 of 0 used"),
    ],
)
def test_why_there_is_no_room(allowances: list[Allowance], reason: str | None) -> None:
    error = shortage(allowances)
    assert (error.message if error else None) == reason


def test_without_limits_there_is_nothing_to_say() -> None:
    assert Room(0, allowances=(FREE,)).tightest == ""


def test_a_thousand_servers_fill_a_thousand_locations() -> None:
    assert shares(1000, [room(0, limit=5) for _number in range(1000)], order="spread") == [1] * 1000
