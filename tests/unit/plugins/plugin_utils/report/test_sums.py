# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import (
    Count,
    Failure,
    Finding,
    Place,
    Report,
    Resource,
    ServerSums,
    make_report,
)
from tests.support.report_results import DAY, EAST, NORTH, PLAIN, drift, failure, quota, results, server


def report(**found: Any) -> Report:
    return make_report(results(**found), DAY, "Clouds")


def sums(*servers: dict[str, Any]) -> ServerSums:
    made = report(servers=servers).servers
    assert made is not None
    return made


def pairs(counts: tuple[Count, ...]) -> list[tuple[str, int]]:
    return [(count.name, count.count) for count in counts]


def test_servers_are_counted_from_the_largest() -> None:
    made = sums(
        server(EAST, status="ERROR"),
        server(NORTH),
        server(NORTH, flavor={"name": "m1.large"}),
        server(PLAIN, flavor={"name": None, "id": "42"}),
        server(NORTH, flavor=None, status=None),
    )
    assert made.total == 5
    assert pairs(made.by_cloud) == [("alpha", 3), ("beta", 1), ("delta", 1)]
    assert pairs(made.by_region) == [("alpha/north", 3), ("beta/east", 1), ("delta/-", 1)]
    assert pairs(made.by_flavor) == [("m1.small", 2), ("42", 1), ("m1.large", 1), ("unknown", 1)]
    assert pairs(made.by_status) == [("ACTIVE", 3), ("ERROR", 1), ("unknown", 1)]


@pytest.mark.parametrize(
    ("created_at", "age"),
    [
        ("2026-11-27T00:10:00Z", "today"),
        ("2026-11-26T00:00:00Z", "today"),
        ("2026-11-25T23:59:59Z", "up to a week"),
        ("2026-11-19T00:00:00Z", "up to a week"),
        ("2026-11-18T23:59:59Z", "up to a month"),
        ("2026-10-26T00:00:00Z", "up to a month"),
        ("2026-10-25T00:00:00.000000", "up to 3 months"),
        ("2026-08-26T00:00:00Z", "up to 3 months"),
        ("2026-08-25T00:00:00Z", "up to a year"),
        ("2025-11-25T00:00:00Z", "up to a year"),
        ("2025-11-24T00:00:00Z", "more than a year"),
        ("yesterday", "unknown"),
        (None, "unknown"),
    ],
)
def test_ages_are_in_days(created_at: str | None, age: str) -> None:
    assert [count.name for count in sums(server(NORTH, created_at=created_at)).by_age if count.count] == [age]


def test_all_ages_are_there_from_the_youngest() -> None:
    known = ["today", "up to a week", "up to a month", "up to 3 months", "up to a year", "more than a year"]
    assert pairs(sums().by_age) == [(name, 0) for name in known]
    assert [count.name for count in sums(server(NORTH, created_at=None)).by_age] == [*known, "unknown"]


def test_what_differs_alike_is_one_finding() -> None:
    wrong: dict[str, Any] = {"attribute": "ram", "expected": 2048, "actual": 1024}
    made = report(
        rows=[
            drift("m1.small", NORTH, "differs", **wrong),
            drift("m1.small", EAST, "differs", **wrong),
            drift("m1.small", PLAIN, "differs", **wrong | {"actual": {"b": 1, "a": "x"}}),
            drift("m1.large", EAST, "ambiguous", reason="2 have this name"),
            drift(None, PLAIN, "unknown"),
        ]
    )
    assert made.drift == (
        Resource("compute.flavor", None, (Finding("unknown", None, None, None, None, (PLAIN["name"],)),)),
        Resource(
            "compute.flavor",
            "m1.large",
            (Finding("ambiguous", None, None, None, "2 have this name", (EAST["name"],)),),
        ),
        Resource(
            "compute.flavor",
            "m1.small",
            (
                Finding("differs", "ram", 2048, 1024, None, (NORTH["name"], EAST["name"])),
                Finding("differs", "ram", 2048, {"b": 1, "a": "x"}, None, (PLAIN["name"],)),
            ),
        ),
    )
    texts = [finding.text for resource in made.drift for finding in resource.findings]
    assert texts == [
        "unknown",
        "ambiguous (2 have this name)",
        "differs: ram is 1024, expected 2048",
        'differs: ram is {"a": "x", "b": 1}, expected 2048',
    ]


def test_quotas_are_sorted_from_the_one_that_is_used_most() -> None:
    made = report(
        quotas=[
            quota(NORTH, "cores", 64, 16),
            quota(NORTH, "instances", None, 3),
            quota(NORTH, "ram", 0, 0),
            quota(NORTH, "snapshots", 0, 5),
            quota(NORTH, "volumes", 3, 4),
            quota(EAST, "cores", 3, 1),
            quota(NORTH, "ports", 5, None),
        ]
    )
    assert [(one.location, one.name, one.percent, one.free) for one in made.quotas or ()] == [
        (NORTH["name"], "snapshots", None, -5),
        (NORTH["name"], "volumes", 133.3, -1),
        (EAST["name"], "cores", 33.3, 2),
        (NORTH["name"], "cores", 25.0, 48),
        (NORTH["name"], "instances", None, None),
        (NORTH["name"], "ports", None, None),
        (NORTH["name"], "ram", None, 0),
    ]


def test_a_dead_cloud_is_a_failure_and_the_rest_is_reported() -> None:
    found = results(servers=[server(NORTH)], failures=[failure()])
    found["quotas"]["failures"].append(failure("no token"))
    made = make_report(found, DAY, "Clouds")
    hint = "Check that the cloud answers."
    assert made.failures == (
        Failure("gamma/west", ("servers", "drift", "quotas"), "timeout", "no answer", hint),
        Failure("gamma/west", ("quotas",), "timeout", "no token", hint),
    )
    assert made.locations == (
        Place("alpha/north/demo", failed=False, servers=1),
        Place("beta/east/demo", failed=False, servers=0),
        Place("gamma/west", failed=True, servers=None),
    )
    assert made.servers is not None
    assert made.servers.total == 1


def test_a_location_whose_quotas_failed_still_has_servers() -> None:
    found = results(servers=[server(NORTH)])
    found["quotas"]["failures"].append(failure() | {"location": NORTH})
    assert make_report(found, DAY, "").locations[0] == Place("alpha/north/demo", failed=True, servers=1)


@pytest.mark.parametrize("absent", [{}, {"skipped": True, "changed": False}], ids=["absent", "skipped"])
def test_what_was_not_collected_is_null(absent: dict[str, Any]) -> None:
    found = {"quotas": results(quotas=[quota(NORTH, "cores", 4, 1)])["quotas"]}
    if absent:
        found |= {"servers": absent, "drift": absent}
    made = make_report(found, DAY, "Clouds")
    assert (made.servers, made.drift, len(made.quotas or ())) == (None, None, 1)
    assert made.locations[0].servers is None


@pytest.mark.parametrize(
    ("found", "day", "message"),
    [
        ([], DAY, "report: the input is not a dictionary of results"),
        ({}, DAY, "report: there are no results"),
        ({"drift": {"skipped": True}}, DAY, "report: there are no results"),
        ({"images": {}}, DAY, "report: 'images' is none of servers, drift, quotas"),
        ({"servers": []}, DAY, "report: servers is not the result of a module"),
        ({"servers": {"drift": []}}, DAY, "report: servers is not the result of a module"),
        ({"servers": {"servers": [{"name": "x"}]}}, DAY, "report: servers has a record without its location"),
        ({"servers": {"servers": []}}, "26.11.2026", "date: '26.11.2026' is not a date"),
    ],
)
def test_wrong_input(found: Any, day: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_report(found, day, "Clouds")
