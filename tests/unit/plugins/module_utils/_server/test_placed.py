# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the Locations of a placement, and which of them have failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConfigError,
    ConflictError,
    QuotaError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import Blueprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placed import Placed, missing, placed
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import Allowance, PlaceOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Space
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.site import Site
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import WantedServer

THREE = WantedServer("web", count=3)
FULL = Space(Blueprint({}), (Allowance("cores", 10, 4, 2), Allowance("ram", 100, 80, 1)))
NO_ANSWER = UnreachableError("no answer (HTTP 500) (Request-ID: req-7)")


def site(region: str, held: tuple[str, ...] = (), **fields: Any) -> Site:
    """A Location that has these servers, which were there."""
    connection: Any = SimpleNamespace(location=Location("alpha", region), requests=7)
    kept = Change("unchanged", parts=tuple(Change("unchanged", output={"name": name}) for name in held))
    return Site(connection, 0, {name: ({"id": f"{region}-{name}"},) for name in held}, kept=kept, **fields)


def said(*sites: Site, failed: tuple[Result[Any], ...] = (), blocked: bool = False, **options: Any) -> Placed:
    return placed(THREE, PlaceOptions(**options), sites, failed, blocked=blocked)


def errors(report: Placed) -> list[str | None]:
    return [result.error.message if result.error else None for result in report.results]


def test_servers_stand_by_location_in_the_order_of_their_names() -> None:
    built = {"web-1": Change("created", output={"name": "web-1"})}
    first, second = site("south", ("web-2",)), site("north", ("web-3",), built=built)
    report = said(first, second)
    named = [
        (result.location.region, [part.output["name"] for part in result.value.each])
        for result in report.results
        if result.value
    ]
    assert named == [("north", ["web-1", "web-3"]), ("south", ["web-2"])]
    assert [row["servers"] for row in report.placement] == [["web-1", "web-3"], ["web-2"]]
    assert (errors(report), report.lead, missing(THREE, [first, second])) == ([None, None], "", [])


@pytest.mark.parametrize(
    ("one", "row"),
    [
        (site("r", ("web-1",)), ("chosen", None, "")),
        (site("r", ("web-1",), space=FULL), ("chosen", None, "ram 80 of 100 used")),
        (site("r", ("web-1",), space=FULL, error=QuotaError("no")), ("chosen", "quota", "no")),
        (site("r"), ("passed_over", None, "")),
        (site("r", error=ConflictError("two networks")), ("refused", "conflict", "two networks")),
        (site("r", error=NO_ANSWER, unknown=True), ("unknown", "unreachable", "no answer (HTTP 500)")),
    ],
)
def test_rows(one: Site, row: tuple[str, str | None, str]) -> None:
    (found,) = said(one).placement
    assert (found["status"], found["kind"], found["reason"]) == row
    assert found["location"]["cloud"] == "alpha"


@pytest.mark.parametrize(
    ("one", "options", "reason"),
    [
        (site("r", error=QuotaError("no")), {}, "no"),
        (site("r", ("web-1",)), {"per_location": 1}, "place.per_location: it has 1 of 1 servers"),
        (site("r", ("web-1",), space=FULL, given=3), {}, "quota: cores 10 of 10 used"),
        (site("r", ("web-1",)), {}, None),
        (site("r", error=QuotaError("no"), doubtful={"web-1": ConflictError("perhaps")}), {}, "perhaps"),
    ],
)
def test_why_a_location_has_not_got_what_is_missing(one: Site, options: dict[str, Any], reason: str | None) -> None:
    assert errors(said(one, **options)) == [reason]


def test_what_is_missing_is_named() -> None:
    many = placed(WantedServer("web", count=9), PlaceOptions(), [site("r", ("web-2",))], (), blocked=False)
    assert many.lead == "Not placed: web-1, web-3, web-4, web-5, web-6 and 3 more (8 of 9 servers). "
    one = placed(WantedServer("web"), PlaceOptions(), [site("r")], (), blocked=False)
    assert one.lead == "Not placed: web (1 of 1 servers). "


def test_nothing_has_failed_where_all_exist() -> None:
    """Whatever the others say, and whoever cannot be asked."""
    cloud = Result[Any](Location("broken"), 0.1, 0, error=ConfigError("no"))
    sites = site("a", THREE.names, error=QuotaError("no")), site("b", error=NO_ANSWER, unknown=True)
    report = said(*sites, failed=(cloud,))
    assert errors(report) == [None, None]
    assert [row["status"] for row in report.placement] == ["chosen", "unknown", "unknown"]


def test_what_is_wrong_with_those_that_exist_is_a_failure() -> None:
    one, other = site("a", THREE.names, wrong=ConflictError("two")), site("b")
    other.kept = Change("unchanged", parts=(), error=ConflictError("it cannot be changed"))
    assert errors(said(one, other)) == ["two", "it cannot be changed"]


def test_who_cannot_be_asked_is_the_reason() -> None:
    cloud = Result[Any](Location("broken"), 0.1, 0, error=ConfigError("no"))
    report = said(site("a"), site("b", error=NO_ANSWER, unknown=True), failed=(cloud,), blocked=True)
    assert errors(report) == [None, NO_ANSWER.message, "no"]
    hints = [result.error.hint for result in report.results if result.error]
    assert all(hint.endswith("place.when_unknown: place accepts that there may be two.") for hint in hints)
    passed = said(site("b", error=NO_ANSWER, unknown=True), when_unknown="place")
    assert [result.error.hint for result in passed.results if result.error] == [NO_ANSWER.hint]
