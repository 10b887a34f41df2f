# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations: their order, their text, and the patterns that select them."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import (
    Location,
    Pattern,
    Project,
    Selection,
)

DEMO = Project("p1", "demo", "default", "Default")
EVERYWHERE = [
    Location("lab", "north", project=DEMO),
    Location("ovh", "BHS1", project=DEMO),
    Location("ovh", "GRA1", project=DEMO),
    Location("ovh", "GRA11", project=Project("p2", "production")),
    Location("tiny", None, project=Project("p3")),
]


def selected(*patterns: str, unknown: tuple[str, ...] = ()) -> list[str]:
    return [str(location) for location in Selection.parse(patterns).apply(EVERYWHERE, unknown)]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production", "tiny//p3"]),
        (["ovh"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/GRA*"], ["ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/GRA?"], ["ovh/GRA1/demo"]),
        (["ovh/[BG]*1"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["*/*/production"], ["ovh/GRA11/production"]),
        (["*/*/p1"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA1/demo"]),
        (["*//p3"], ["tiny//p3"]),
        (["tiny/*"], ["tiny//p3"]),
        (["*", "!ovh"], ["lab/north/demo", "tiny//p3"]),
        (["!ovh", "*"], ["lab/north/demo", "tiny//p3"]),
        (["*", "!*/GRA1"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA11/production", "tiny//p3"]),
        (["*", "!*/*/demo"], ["ovh/GRA11/production", "tiny//p3"]),
        (["ovh/BHS1", "ovh"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh", "!ovh"], []),
        (["ovh", "!lab/north"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
    ],
)
def test_selections(patterns: list[str], expected: list[str]) -> None:
    assert selected(*patterns) == expected


@pytest.mark.parametrize(
    "pattern", ["OVH", "ovh/gra*", "ovh/GRA", "tiny/?*", "*/*/Demo", "nowhere", "lab/*/production", " ovh"]
)
def test_a_pattern_that_matches_nothing_lists_what_exists(pattern: str) -> None:
    with pytest.raises(InputError) as caught:
        selected("*", pattern)
    assert caught.value.message == f"locations: {pattern!r} matches none of the configured Locations"
    assert caught.value.hint == (
        "Configured Locations: lab/north/demo, ovh/BHS1/demo, ovh/GRA1/demo, ovh/GRA11/production, tiny//p3."
    )


@pytest.mark.parametrize("pattern", ["!ovh/GRA2", "!*/*/prod", "!ovh/*/p1x"])
def test_a_typing_error_in_what_is_taken_away_does_not_select_more(pattern: str) -> None:
    with pytest.raises(InputError, match="matches none of the configured Locations"):
        selected("*", pattern)


@pytest.mark.parametrize("pattern", ["broken/r1", "!broken/r1", "bro*"])
def test_regions_of_a_cloud_that_could_not_be_learnt_are_not_called_missing(pattern: str) -> None:
    assert len(selected("*", pattern, unknown=("broken",))) == len(EVERYWHERE)


@pytest.mark.parametrize("text", ["", "!", "/r1", "!/r1", "a/b/c/d"])
def test_malformed_patterns(text: str) -> None:
    with pytest.raises(InputError, match="is not a pattern of the form") as caught:
        Selection.parse(["*", text])
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ([], "locations: nothing is selected"),
        (["!lab"], "locations: nothing is selected, there are only exclusions"),
        (["!lab", "!*"], "locations: nothing is selected, there are only exclusions"),
    ],
)
def test_nothing_is_never_everything(patterns: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Selection.parse(patterns)
    assert caught.value.message == message
    assert "'*'" in caught.value.hint


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["lab", "ovh", "ovh-us"]),
        (["ovh/GRA*"], ["ovh"]),
        (["ovh*"], ["ovh", "ovh-us"]),
        (["*", "!lab"], ["ovh", "ovh-us"]),
        (["*", "!lab/*"], ["ovh", "ovh-us"]),
        (["*", "!lab/north"], ["lab", "ovh", "ovh-us"]),
        (["*", "!lab/*/demo"], ["lab", "ovh", "ovh-us"]),
    ],
)
def test_only_clouds_that_may_be_selected_are_looked_at(patterns: list[str], expected: list[str]) -> None:
    assert Selection.parse(patterns).clouds(["lab", "ovh", "ovh-us"]) == expected


@pytest.mark.parametrize("pattern", ["azure", "azure/*", "!azure", "Lab"])
def test_an_unknown_cloud_lists_the_known_ones(pattern: str) -> None:
    with pytest.raises(InputError) as caught:
        Selection.parse(["*", pattern]).clouds(["ovh", "lab"])
    assert caught.value.message == f"locations: {pattern!r} matches none of the configured clouds"
    assert caught.value.hint == "Configured clouds: lab, ovh."


def test_patterns_keep_what_the_user_wrote() -> None:
    assert Pattern.parse("!ovh//demo") == Pattern("!ovh//demo", negated=True, cloud="ovh", region="*", project="demo")


def test_the_order_is_cloud_region_project_zone() -> None:
    ordered = [
        Location("a"),
        Location("a", "r1"),
        Location("a", "r1", project=Project("2", "blue")),
        Location("a", "r1", "z1", Project("1", "red")),
        Location("a", "r1", "z2", Project("1", "red")),
        Location("a", "r2", "z1", Project("0", "blue")),
        Location("b", None, "z0"),
    ]
    mixed = ordered[::-1]
    assert sorted(mixed, key=lambda location: location.sort_key) == ordered


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("a"), "a"),
        (Location("a", "r"), "a/r"),
        (Location("a", "r", "z", Project("1", "demo")), "a/r/demo"),
        (Location("a", "r", project=Project("1")), "a/r/1"),
        (Location("a", project=Project("1")), "a//1"),
    ],
)
def test_text_selects_the_location_that_it_names(location: Location, text: str) -> None:
    assert str(location) == text
    assert Pattern.parse(text).matches(location)


def test_every_key_is_always_there() -> None:
    nobody = {"id": None, "name": None, "domain_id": None, "domain_name": None}
    assert Location("a").to_dict() == {"cloud": "a", "region": None, "zone": None, "project": nobody}


def test_records_stand_in_their_zone_and_with_their_owner() -> None:
    asking = Location("a", "r", project=DEMO)
    assert asking.in_zone("z").to_dict()["zone"] == "z"
    assert asking.in_zone("") == asking
    for owner in (None, "", "p1"):
        assert asking.owned_by(owner) == asking
    assert asking.owned_by("other").project == Project("other")


def test_the_text_of_a_location_can_be_shown() -> None:
    location = Location("a\x1b[2J", "r\u202e", project=Project(name="p\n"))
    assert str(location) == r"a\x1b[2J/r\u202e/p "
    assert location.to_dict()["cloud"] == "a\x1b[2J"
