# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.units import Unit, is_unit, make_units

SITES = [Location(f"edge{number:04}", region) for number in range(500) for region in ("r1", "r2")]
TWO = [Location("alpha", "north"), Location("alpha", "south"), Location("beta")]


def units(locations: list[Location], by: str, size: int = 100, prefix: str | None = None) -> list[Unit]:
    return make_units(locations, by, size, prefix, {"all", "locations", "taken"})


@pytest.mark.parametrize(
    ("by", "prefix", "names"),
    [
        ("location", None, ["north.alpha", "south.alpha", "beta"]),
        ("location", "west-", ["west-north.alpha", "west-south.alpha", "west-beta"]),
        ("cloud", None, ["alpha", "beta"]),
        ("shard", None, ["shard-001"]),
        ("shard", "west-", ["west-001"]),
        ("shard", "", ["001"]),
    ],
)
def test_names(by: str, prefix: str | None, names: list[str]) -> None:
    found = units(TWO, by, prefix=prefix)
    assert [unit.name for unit in found] == names
    assert [location for unit in found for location in unit.locations] == TWO


def test_shards_have_whole_clouds_and_each_location_once() -> None:
    found = units(SITES, "shard")
    assert [unit.name for unit in found] == [f"shard-{number:03}" for number in range(1, 11)]
    assert sorted(one.name for unit in found for one in unit.locations) == [one.name for one in SITES]
    homes = [{location.cloud for location in unit.locations} for unit in found]
    assert sum(map(len, homes)) == 500
    assert all(60 <= len(unit.locations) <= 140 for unit in found)


def test_a_cloud_stays_in_its_shard_when_others_come_and_go() -> None:
    def homes(locations: list[Location]) -> dict[str, str]:
        return {one.cloud: unit.name for unit in units(locations, "shard") for one in unit.locations}

    before, after = homes(SITES[:950]), homes(SITES[20:990])
    both = before.keys() & after.keys()
    assert len(both) > 400
    assert {cloud: before[cloud] for cloud in both} == {cloud: after[cloud] for cloud in both}


def test_a_cloud_that_is_larger_than_a_shard_is_not_divided() -> None:
    found = units([Location("big", f"r{number}") for number in range(30)], "shard", size=10)
    assert [len(unit.locations) for unit in found] == [30]


@pytest.mark.parametrize(
    "locations",
    [
        [Location("b.c", "a"), Location("c", "a.b")],
        [Location("taken"), Location("all")],
        [Location("a b"), Location("a-b")],
    ],
    ids=["same", "reserved", "not valid"],
)
def test_no_two_hosts_have_one_name_and_none_has_that_of_a_group(locations: list[Location]) -> None:
    names = [unit.name for unit in units(locations, "location")]
    assert len(set(names)) == 2
    assert not {"all", "taken", "a b"} & set(names)
    assert names == [unit.name for unit in units(locations[::-1], "location")][::-1]


def test_no_location_is_no_host() -> None:
    assert units([], "shard") == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ansible_connection": "local", "locations": ["alpha/north"]}, True),
        ({"ansible_connection": "ssh", "locations": ["rack 7"]}, False),
        ({"ansible_connection": "local"}, False),
        ({}, False),
    ],
)
def test_hosts_that_stand_for_locations_are_told_by_their_variables(
    variables: dict[str, Any], *, expected: bool
) -> None:
    assert is_unit(variables) is expected
