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
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.candidate import Candidate
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import Blueprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placed import Placed, missing, placed
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import Allowance, PlaceOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Space
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import WantedServer

THREE = WantedServer("web", count=3)
FULL = Space(Blueprint({}), (Allowance("cores", 10, 4, 2), Allowance("ram", 100, 80, 1)))
NO_ANSWER = UnreachableError("no answer (HTTP 500) (Request-ID: req-7)")


def candidate(region: str, held: tuple[str, ...] = (), **fields: Any) -> Candidate:
    """A Location that has these servers, which were there."""
    connection: Any = SimpleNamespace(location=Location("alpha", region), requests=7)
    kept = Change("unchanged", parts=tuple(Change("unchanged", output={"name": name}) for name in held))
    return Candidate(connection, 0, {name: ({"id": f"{region}-{name}"},) for name in held}, kept=kept, **fields)


def said(*candidates: Candidate, failed: tuple[Result[Any], ...] = (), blocked: bool = False, **options: Any) -> Placed:
    return placed(THREE, PlaceOptions(**options), candidates, failed, blocked=blocked)


def errors(report: Placed) -> list[str | None]:
    return [result.error.message if result.error else None for result in report.results]


def test_servers_stand_by_location_in_the_order_of_their_names() -> None:
    built = {"web-1": Change("created", output={"name": "web-1"})}
    first, second = candidate("south", ("web-2",)), candidate("north", ("web-3",), built=built)
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
        (candidate("r", ("web-1",)), ("chosen", None, "")),
        (candidate("r", ("web-1",), space=FULL), ("chosen", None, "ram 80 of 100 used")),
        (candidate("r", ("web-1",), space=FULL, error=QuotaError("no")), ("chosen", "quota", "no")),
        (candidate("r"), ("passed_over", None, "")),
        (candidate("r", error=ConflictError("two networks")), ("refused", "conflict", "two networks")),
        (candidate("r", error=NO_ANSWER, unknown=True), ("unknown", "unreachable", "no answer (HTTP 500)")),
    ],
)
def test_rows(one: Candidate, row: tuple[str, str | None, str]) -> None:
    (found,) = said(one).placement
    assert (found["status"], found["kind"], found["reason"]) == row
    assert found["location"]["cloud"] == "alpha"


@pytest.mark.parametrize(
    ("one", "options", "reason"),
    [
        (candidate("r", error=QuotaError("no")), {}, "no"),
        (candidate("r", ("web-1",)), {"per_location": 1}, "place.per_location: it has 1 of 1 server"),
        (candidate("r", ("web-1",), space=FULL, given=3), {}, "quota: cores 10 of 10 used"),
        (candidate("r", ("web-1",)), {}, None),
        (candidate("r", error=QuotaError("no"), doubtful={"web-1": ConflictError("perhaps")}), {}, "perhaps"),
    ],
)
def test_why_a_location_has_not_got_what_is_missing(
    one: Candidate, options: dict[str, Any], reason: str | None
) -> None:
    assert errors(said(one, **options)) == [reason]


def test_what_is_missing_is_named() -> None:
    many = placed(WantedServer("web", count=9), PlaceOptions(), [candidate("r", ("web-2",))], (), blocked=False)
    assert many.lead == "Not placed: web-1, web-3, web-4, web-5, web-6 and 3 more (8 of 9 servers). "
    one = placed(WantedServer("web"), PlaceOptions(), [candidate("r")], (), blocked=False)
    assert one.lead == "Not placed: web (1 of 1 server). "


def test_nothing_has_failed_where_all_exist() -> None:
    """Whatever the others say, and whoever cannot be asked."""
    cloud = Result[Any](Location("broken"), 0.1, 0, error=ConfigError("no"))
    candidates = candidate("a", THREE.names, error=QuotaError("no")), candidate("b", error=NO_ANSWER, unknown=True)
    report = said(*candidates, failed=(cloud,))
    assert errors(report) == [None, None]
    assert [row["status"] for row in report.placement] == ["chosen", "unknown", "unknown"]


def test_what_is_wrong_with_those_that_exist_is_a_failure() -> None:
    one, other = candidate("a", THREE.names, wrong=ConflictError("two")), candidate("b")
    other.kept = Change("unchanged", parts=(), error=ConflictError("it cannot be changed"))
    assert errors(said(one, other)) == ["two", "it cannot be changed"]


def test_who_cannot_be_asked_is_the_reason() -> None:
    cloud = Result[Any](Location("broken"), 0.1, 0, error=ConfigError("no"))
    report = said(candidate("a"), candidate("b", error=NO_ANSWER, unknown=True), failed=(cloud,), blocked=True)
    assert errors(report) == [None, NO_ANSWER.message, "no"]
    hints = [result.error.hint for result in report.results if result.error]
    assert all(hint.endswith("place.when_unknown: place accepts that there may be two.") for hint in hints)
    passed = said(candidate("b", error=NO_ANSWER, unknown=True), when_unknown="place")
    assert [result.error.hint for result in passed.results if result.error] == [NO_ANSWER.hint]
