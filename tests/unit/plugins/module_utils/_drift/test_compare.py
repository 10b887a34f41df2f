# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs, as rows: of Locations that have something, nothing, several, or that nobody knows of."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.compare import NO_DIGEST, Site, compare
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import Subject, subjects
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.survey import Inventory, Sighting
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.values import ImageContent
from tests.support.image_samples import image

(FLAVOR,) = subjects(["compute.flavor"], {})
(EXPLICIT,) = subjects(["compute.flavor"], {"compute.flavor": ["ram", "vcpus"]})
(QUOTA,) = subjects(["network.quota"], {})
DEAD = "dead"
NONE: dict[str, Any] = {}


def site(cloud: str, things: Any) -> Site:
    """A Location where each name has these values, or a list of several; or a dead one, or one without the type."""
    if things == DEAD:
        return Site(Location(cloud), None, "no answer")
    if things is None:
        return Site(Location(cloud), Inventory(offered=False))
    found = {
        name: [Sighting(name, f"{name}-{number}", one) for number, one in enumerate(several)]
        for name, values in things.items()
        for several in [values if isinstance(values, list) else [values]]
    }
    return Site(Location(cloud), Inventory(found))


def rows(
    *places: Any, subject: Subject = FLAVOR, names: tuple[str, ...] = (), reference: int | None = None
) -> list[str]:
    """The rows in one line each: Location, status, name, and what else they say."""
    sites = [site(cloud, things) for cloud, things in zip("abcdef", places, strict=False)]
    found = compare(subject, sites, names, None if reference is None else sites[reference])
    return [
        " ".join([
            row["location"]["cloud"],
            row["status"],
            str(row["name"]),
            *([f"{row['attribute']}={row['expected']}/{row['actual']}"] if row["attribute"] else []),
            *([f"@{row['reference']['cloud']}"] if row["reference"] else []),
            *([f"({row['reason']})"] if row["reason"] else []),
        ])
        for row in found
    ]  # fmt: skip


def m(ram: int, **more: Any) -> dict[str, Any]:
    return {"ram": ram, **more}


@pytest.mark.parametrize(
    ("places", "options", "expected"),
    [
        pytest.param([{"m": m(1)}, {"m": m(1)}], {}, [], id="the-same"),
        pytest.param([{}, {}], {}, [], id="nothing-anywhere"),
        pytest.param([{"m": m(1)}, {"m": m(2)}, {"m": m(2)}], {}, ["a differs m ram=2/1 @b"], id="majority"),
        pytest.param([{"m": m(1)}, {"m": m(2)}], {}, ["b differs m ram=1/2 @a"], id="tie-goes-to-the-first"),
        pytest.param(
            [{"m": m(1, vcpus=1)}, {"m": m(2, vcpus=2)}, {"m": m(1, vcpus=3)}],
            {},
            ["b differs m ram=1/2 @a", "b differs m vcpus=1/2 @a", "c differs m vcpus=1/3 @a"],
            id="majority-of-whole-values",
        ),
        pytest.param(
            [{"m": m(1)}, {"m": m(2)}, {"m": m(2)}], {"reference": 0},
            ["b differs m ram=1/2 @a", "c differs m ram=1/2 @a"], id="reference-before-majority",
        ),
        pytest.param([{"m": m(1)}, {}, {}], {}, ["b missing m @a", "c missing m @a"], id="missing-has-no-vote"),
        pytest.param([{}, {"m": m(1)}], {"reference": 0}, ["b extra m @a"], id="extra"),
        pytest.param([{"m": m(1)}, {}], {"reference": 0}, ["b missing m @a"], id="missing-with-reference"),
        pytest.param([{"m": m(1)}, DEAD], {}, ["b unknown None (no answer)"], id="dead-is-unknown-once"),
        pytest.param(
            [{"m": m(1)}, DEAD], {"names": ("m", "n")},
            ["b unknown m (no answer)", "a missing n", "b unknown n (no answer)"], id="dead-is-unknown-for-each-name",
        ),
        pytest.param([DEAD, DEAD], {}, ["a unknown None (no answer)", "b unknown None (no answer)"], id="all-dead"),
        pytest.param(
            [DEAD, {"m": m(1)}], {"reference": 0},
            ["a unknown None (no answer)", "b unknown None (the reference a/- failed)"], id="dead-reference",
        ),
        pytest.param(
            [{"m": m(1)}, None], {}, ["b missing m @a (compute.flavor is not offered here)"], id="not-offered",
        ),
        pytest.param([{"m": m(1)}, None], {"reference": 1}, ["a extra m @b"], id="not-offered-at-the-reference"),
        pytest.param([{}, {}], {"names": ("m",)}, ["a missing m", "b missing m"], id="a-name-that-nothing-has"),
        pytest.param(
            [{}, {}], {"names": ("m",), "reference": 0}, ["a missing m", "b missing m"], id="nor-the-reference",
        ),
        pytest.param(
            [{"m": m(1)}, {"m": [m(1), m(1)]}, {"m": m(2)}, {}], {},
            ["b ambiguous m (2 have this name: m-0, m-1)", "c differs m ram=1/2 @a", "d missing m @a"],
            id="several-of-a-name-have-no-vote",
        ),
        pytest.param(
            [{"m": [m(1), m(1)]}, {}], {},
            ["a ambiguous m (2 have this name: m-0, m-1)", "b missing m @a"], id="only-an-ambiguous-one",
        ),
        pytest.param(
            [{"m": [m(1), m(1)]}, {"m": m(1)}, {}], {"reference": 0},
            [
                "a ambiguous m (2 have this name: m-0, m-1)",
                "b unknown m (the reference a/- has several of this name)",
                "c unknown m (the reference a/- has several of this name)",
            ],
            id="ambiguous-reference",
        ),
        pytest.param(
            [{}, {"m": [m(1), m(2)]}], {"reference": 0},
            ["b ambiguous m (2 have this name: m-0, m-1)"], id="several-that-the-reference-lacks",
        ),
        pytest.param([{"m": m(1)}, {"m": NONE}], {}, [], id="what-is-not-shown-is-not-compared"),
        pytest.param(
            [{"m": NONE}, {"m": NONE}, {"m": m(1)}, {"m": m(2)}], {},
            ["d differs m ram=1/2 @c"], id="expected-is-what-the-first-shows",
        ),
        pytest.param(
            [{"m": m(1, vcpus=1)}, {"m": m(1)}], {"subject": EXPLICIT},
            ["b unknown m vcpus=None/None @a (b/- does not show vcpus)"], id="not-shown-though-named",
        ),
        pytest.param(
            [{"": {"ports": 5}}, {"": {"ports": 6}}, DEAD], {"subject": QUOTA, "names": ("m",)},
            ["b differs None ports=5/6 @a", "c unknown None (no answer)"], id="one-of-each-project-has-no-name",
        ),
        pytest.param(
            [{"n": m(1), "m": m(1)}, {"n": m(2), "m": m(2)}], {},
            ["b differs m ram=1/2 @a", "b differs n ram=1/2 @a"], id="by-name",
        ),
    ],
)  # fmt: skip
def test_rows(places: list[Any], options: dict[str, Any], expected: list[str]) -> None:
    assert rows(*places, **options) == expected


def test_a_name_that_other_types_have_need_not_be_one_of_this() -> None:
    sites = [site("a", {"m": m(1)}), site("b", {}), site("c", DEAD)]
    found = compare(FLAVOR, sites, ["m", "n"], elsewhere=["m", "n"])
    assert [(row["location"]["cloud"], row["status"], row["name"]) for row in found] == [
        ("b", "missing", "m"),
        ("c", "unknown", "m"),
        ("c", "unknown", "n"),
    ]


def test_contents_that_cannot_be_compared_are_unknown() -> None:
    (subject,) = subjects(["image.image"], {"image.image": ["content"]})
    one = {"content": ImageContent(image(checksum=None))}
    other = {"content": ImageContent(image(number=2, os_hash_algo=None, os_hash_value=None))}
    assert rows({"m": one}, {"m": other}, subject=subject) == [f"b unknown m content=None/None @a ({NO_DIGEST})"]


def test_a_row_has_all_its_keys() -> None:
    (row,) = compare(FLAVOR, [site("a", {"m": m(1)}), site("b", {})], ())
    assert row == {
        "type": "compute.flavor",
        "name": "m",
        "location": Location("b").to_dict(),
        "status": "missing",
        "attribute": None,
        "expected": None,
        "actual": None,
        "reference": Location("a").to_dict(),
        "reason": None,
    }
