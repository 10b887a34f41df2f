# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations: their order, their text, and the patterns that select them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import (
    Location,
    Pattern,
    Project,
    Selection,
    pattern_of,
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
        (["*"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production", "tiny/-/p3"]),
        (["ovh"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/GRA*"], ["ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/GRA?"], ["ovh/GRA1/demo"]),
        (["ovh/[BG]*1"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["ovh/"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["*/*/production"], ["ovh/GRA11/production"]),
        (["*/*/p1"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA1/demo"]),
        (["*//p3"], ["tiny/-/p3"]),
        (["*/-"], ["tiny/-/p3"]),
        (["*", "!*/-"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
        (["tiny/*"], ["tiny/-/p3"]),
        (["*", "!ovh"], ["lab/north/demo", "tiny/-/p3"]),
        (["!ovh", "*"], ["lab/north/demo", "tiny/-/p3"]),
        (["*", "!*/GRA1"], ["lab/north/demo", "ovh/BHS1/demo", "ovh/GRA11/production", "tiny/-/p3"]),
        (["*", "!*/*/demo"], ["ovh/GRA11/production", "tiny/-/p3"]),
        (["ovh/BHS1", "ovh"], ["ovh/BHS1/demo", "ovh/GRA1/demo", "ovh/GRA11/production"]),
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
        "Configured Locations: lab/north/demo, ovh/BHS1/demo, ovh/GRA1/demo, ovh/GRA11/production, tiny/-/p3."
    )


def test_where_the_list_has_a_location() -> None:
    selection = Selection.parse(["ovh/GRA*", "!ovh/BHS1", "tiny", "ovh", "ovh/GRA1"])
    assert [(str(location), selection.position(location)) for location in EVERYWHERE] == [
        ("lab/north/demo", 4),
        ("ovh/BHS1/demo", 2),
        ("ovh/GRA1/demo", 0),
        ("ovh/GRA11/production", 0),
        ("tiny/-/p3", 1),
    ]


@pytest.mark.parametrize("pattern", ["!ovh/GRA2", "!*/*/prod", "!ovh/*/p1x"])
def test_a_typing_error_in_what_is_taken_away_does_not_select_more(pattern: str) -> None:
    with pytest.raises(InputError, match="matches none of the configured Locations"):
        selected("*", pattern)


@pytest.mark.parametrize("patterns", [["ovh/GRA1", "!ovh/GRA*"], ["tiny", "!*/*/p3"]])
def test_a_selection_of_nothing_is_an_error(patterns: list[str]) -> None:
    with pytest.raises(InputError, match=r"^locations: nothing is selected, the exclusions cover all of it$"):
        selected(*patterns)
    with pytest.raises(InputError, match=r"^locations: nothing is selected, the exclusions cover all of it$"):
        Selection.parse(["lab", "!lab"]).clouds(["lab", "ovh"])


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
        (Location("a"), "a/-"),
        (Location("a", "r"), "a/r"),
        (Location("a", "r", "z", Project("1", "demo")), "a/r/demo"),
        (Location("a", "r", project=Project("1")), "a/r/1"),
        (Location("a", project=Project("1")), "a/-/1"),
        (Location("a", "-"), "a/%2D"),
        (Location("a", "r", project=Project("1", "team/prod")), "a/r/team%2Fprod"),
        (Location("a", "r", project=Project("1", "a[1]")), "a/r/a%5B1%5D"),
        (Location("a", "r", project=Project("1", "*")), "a/r/%2A"),
        (Location("!a, b", "50%", project=Project("1", "Zoë")), "%21a%2C%20b/50%25/Zoë"),
    ],
)
def test_text_selects_the_location_that_it_names(location: Location, text: str) -> None:
    assert str(location) == location.name == text
    assert Pattern.parse(text).matches(location)


def random_name(chance: random.Random) -> str:
    """A name of characters that mean something in patterns or lists, and of some that do not."""
    return "".join(chance.choices("ab-*?[]!/%2F,; {}\"'\n\u2028é", k=chance.randint(1, 4)))


def test_a_region_called_as_none_is_not_none() -> None:
    dash, none = Location("a", "-"), Location("a", None)
    for pattern, expected in (
        ("a/%2D", [dash]),
        ("*/%2D", [dash]),
        ("a/-", [none]),
        ("*/-", [none]),
        ("a", [dash, none]),
    ):
        assert Selection.parse([pattern]).apply([dash, none]) == expected


@pytest.mark.slow
def test_text_and_mapping_of_a_location_select_it_and_no_other() -> None:
    chance = random.Random(5)  # noqa: S311 - the same names in every run
    for _round in range(300):
        places = {(random_name(chance), chance.choice([None, random_name(chance)])) for _number in range(8)}
        locations = [
            Location(cloud, region, project=chance.choice([Project(), Project("p1", random_name(chance))]))
            for cloud, region in sorted(places, key=str)
        ]
        for location in locations:
            for text in (str(location), pattern_of("locations", location.to_dict())):
                assert Selection.parse([text]).apply(locations) == [location], text
            assert location not in Selection.parse(["*", f"!{location}"]).apply(locations)
            assert not {"\n", " ", ","} & set(str(location))


def test_the_name_is_as_configured_whatever_the_token_and_the_record_say() -> None:
    configured = Location("a", None, project=Project(name="Demo"))
    found = replace(configured, region="RegionOne", project=DEMO).in_zone("z").owned_by("other")
    assert found.to_dict()["name"] == "a/-/Demo"
    assert pattern_of("from", found.to_dict()) == "a/-/Demo"
    assert Selection.parse(["a/-/Demo"]).includes(found)


@pytest.mark.parametrize(
    ("mapping", "pattern"),
    [
        ({"cloud": "a"}, "a"),
        ({"cloud": "a", "region": "r"}, "a/r"),
        ({"cloud": "a", "region": None, "zone": None}, "a/-"),
        ({"cloud": "a*", "region": "r/1", "project": {"id": "1", "name": "x y"}}, "a%2A/r%2F1/x%20y"),
        ({"cloud": "a", "project": {"id": "1", "name": None}}, "a/*/1"),
        ({"cloud": "a", "region": "r", "project": {"id": None, "name": None}}, "a/r"),
        ({"cloud": "a", "region": "r", "name": "a/r/demo", "project": {"id": "other"}}, "a/r/demo"),
        ({"cloud": "a", "region": None, "name": "a"}, "a"),
    ],
)
def test_mappings_without_a_name(mapping: dict[str, Any], pattern: str) -> None:
    assert pattern_of("locations", mapping) == pattern


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, "it names no cloud"),
        ({"name": "*"}, "it names no cloud"),
        ({"cloud": ["a"]}, "its cloud is not text"),
        ({"cloud": "a", "region": 1}, "its region is not text"),
        ({"cloud": "a", "regoin": "r"}, "it has the key regoin"),
        ({"cloud": "a", "project": "demo"}, "is not a mapping"),
        ({"cloud": "b", "region": "r", "name": "a/r"}, "is called 'a/r', but is in cloud 'b'"),
        ({"cloud": "a", "region": "s", "name": "a/r/demo"}, "region 's'"),
        ({"cloud": "a", "region": "s", "name": "*/s"}, "is called"),
    ],
)
def test_mappings_that_are_no_locations(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=r"^from: ") as caught:
        pattern_of("from", mapping)
    assert message in caught.value.message


def test_messages_name_the_option() -> None:
    with pytest.raises(InputError, match=r"^OS_CLOUD: 'x' matches none of the configured clouds$"):
        Selection.parse(["x"], "OS_CLOUD").clouds(["a"])
    with pytest.raises(InputError, match=r"^from: nothing is selected$"):
        Selection.parse([], "from")
    with pytest.raises(InputError, match=r"^from: 'a/b/c/d' is not a pattern"):
        Selection.parse(["a/b/c/d"], "from")


def test_every_key_is_always_there() -> None:
    nobody = {"id": None, "name": None, "domain_id": None, "domain_name": None}
    expected = {"name": "a/-", "cloud": "a", "region": None, "zone": None, "project": nobody}
    assert Location("a").to_dict() == expected


def test_records_stand_in_their_zone_and_with_their_owner() -> None:
    asking = Location("a", "r", project=DEMO)
    assert asking.in_zone("z").to_dict()["zone"] == "z"
    assert asking.in_zone("") == asking
    for owner in (None, "", "p1"):
        assert asking.owned_by(owner) == asking
    assert asking.owned_by("other").project == Project("other")


def test_the_text_of_a_location_can_be_shown() -> None:
    location = Location("a\x1b[2J", "r\u202e", project=Project(name="p\n"))
    assert str(location) == "a%1B%5B2J/r%E2%80%AE/p%0A"
    assert location.to_dict()["cloud"] == "a\x1b[2J"
