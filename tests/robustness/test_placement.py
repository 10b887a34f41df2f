# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers are placed once each, whatever a region refuses, loses or does not answer, and wherever a run is killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import deadline
from ansible_collections.oaktree.multicloud.plugins.modules import server
from tests.support.fake_openstack import Action, Answer, BlackHole, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.placement_site import COUNT, FAST, PlacementSite
from tests.support.run_module import Started, interrupt, start_module
from tests.support.sampling import FULL
from tests.support.wait import until

POST = r"/servers$"
PATIENCE = 2.0
"""Real seconds for an answer, where one never comes: enough for all others, however busy the machine is."""
KILLS = 6
"""How many of the moments are tried, unless all are."""
FAST_PROCESS = f"from {deadline.__name__} import clock; clock.turn({FAST})"

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> PlacementSite:
    return PlacementSite(fake_openstack(regions=3, more=("network",)), tmp_path)


def refusal(status: int, message: str) -> Answer:
    body = json.dumps({"refused": {"code": status, "message": message}}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body, after="body")


@pytest.mark.parametrize(("order", "expected"), [("listed", [7, 18, 5]), ("room", [6, 16, 8]), ("spread", [7, 14, 9])])
def test_the_end_is_what_the_plan_said(site: PlacementSite, order: str, expected: list[int]) -> None:
    site.allow(r1=7, r2=18, r3=9)
    planned = site.run(place={"order": order}, _ansible_check_mode=True)
    assert site.servers() == {}
    made = site.run(place={"order": order})
    assert site.counts() == expected
    assert site.where(planned) == site.where(made) == site.servers()
    site.assert_complete()


def has_no_host(region: Region) -> None:
    """From the sixth server on it has none."""
    region.nova.builds.fails = lambda built: NO_HOST if int(built.name.rpartition("-")[2]) > 15 else None


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (refusal(403, "Quota exceeded for cores: Requested 1, but already used 10 of 10 cores"), "quota"),
        (refusal(409, "Multiple possible networks found, use a Network ID to be more specific."), "conflict"),
        (refusal(400, "Invalid key_name provided."), "refused"),
        (Answer(500, after="body"), "server"),
        (Answer(504, after="work"), None),
        (LoseAnswer(), None),
        (BlackHole(), "timeout"),
        (has_no_host, "server"),
    ],
    ids=["quota", "conflict", "refused", "server", "too-late", "lost", "black-hole", "no-host"],
)
def test_a_region_refuses_midway(
    site: PlacementSite, begin: Action | Callable[[Region], None], kind: str | None
) -> None:
    """The second of three, in which 10 servers belong, from the sixth on."""
    site.allow(r1=10, r2=10, r3=20)
    if callable(begin):
        begin(site.region("r2"))
    else:
        site.region("r2").fault("POST", POST, begin, first=6)
    made = site.run(**({"api_timeout": PATIENCE} if isinstance(begin, BlackHole) else {}))
    assert made.ok, made.result
    assert site.counts() == ([10, 10, 10] if kind is None else [10, 5, 15])
    assert [row["kind"] for row in made["placement"]] == [None, kind, None]
    assert {row["status"] for row in made["placement"]} == {"chosen"}
    site.clear_faults()
    site.assert_complete()


def test_answers_are_lost_everywhere(site: PlacementSite) -> None:
    site.allow(r1=10, r2=10, r3=20)
    for name in ("r1", "r2", "r3"):
        for first in (2, 5, 9):
            site.region(name).fault("POST", POST, LoseAnswer(), first=first, times=1)
    site.run()
    assert site.counts() == [10, 10, 10]
    site.clear_faults()
    site.assert_complete()


def test_a_server_that_may_be_there_is_not_placed_again(site: PlacementSite) -> None:
    """The answer is lost, and nobody can look for the server: it is."""
    site.region("r1").fault("POST", POST, LoseAnswer(), first=3)
    site.region("r1").fault("GET", "/servers/detail", Answer(403), first=2, times=1)
    made = site.run(count=5)
    assert not made.ok
    assert made["msg"].startswith("Not placed: web-3 (1 of 5 servers). ")
    assert [(row["status"], row["servers"]) for row in made["placement"]] == [
        ("chosen", ["web-1", "web-2"]),
        ("chosen", ["web-4", "web-5"]),
        ("passed_over", []),
    ]
    assert site.counts() == [3, 2, 0]
    site.clear_faults()
    site.run(count=5)
    site.assert_complete(count=5)


def test_a_server_appears_after_it_was_placed_elsewhere(site: PlacementSite) -> None:
    """Nova may be at a request for longer than anybody waits for the answer, or looks for the server."""
    third = site.region("r3")
    site.allow(r1=0)
    third.latency = 0.1
    late = BlackHole(late=lambda: bool(third.nova.servers))
    site.region("r2").fault("POST", POST, late, times=1)
    made = site.run(count=2, api_timeout=PATIENCE)
    assert made.ok, made.result
    until(lambda: len(site.region("r2").nova.builds.deleted) == 1)
    assert site.counts() == [0, 0, 2]
    site.clear_faults()
    site.assert_complete(count=2)


def start(site: PlacementSite, **params: Any) -> Started:
    return start_module(server, FAST_PROCESS, **site.params(**params))


def test_two_tasks_place_once(site: PlacementSite) -> None:
    """Each would find nothing, and place all."""
    for name in ("r1", "r2", "r3"):
        site.region(name).latency = 0.05
    with ExitStack() as stack:
        tasks = [stack.enter_context(start(site, count=4, place={"order": "spread"})) for _task in range(3)]
        ended = [json.loads(task.communicate(timeout=90)[0]) for task in tasks]
    assert sorted(run["changed"] for run in ended) == [False, False, True]
    site.assert_complete(count=4, place={"order": "spread"})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_servers_are_built(site: PlacementSite, number: signal.Signals) -> None:
    site.allow(r1=2)
    for name in ("r1", "r2"):
        site.region(name).nova.builds.looks = 1 << 30
    with start(site, count=4) as task:
        until(lambda: len(site.servers()) == 4)
        for name in ("r1", "r2"):
            site.region(name).nova.builds.looks = 1
            site.region(name).nova.builds.fails = lambda _server: NO_HOST
        said = interrupt(task, number)
    assert said == "Interrupted. What was complete stays; what was incomplete has been removed."
    assert site.counts() == [0, 0, 0]


def test_interrupted_while_an_answer_is_awaited(site: PlacementSite) -> None:
    """The servers before it are still being built."""
    fault = site.region("r1").fault("POST", POST, BlackHole(), first=3)
    with start(site, count=4) as task:
        until(lambda: fault.struck > 0)
        said = interrupt(task, signal.SIGTERM)
    assert said == "Interrupted. What was complete stays; what was incomplete has been removed."
    assert site.counts() == [0, 0, 0]


def uneven(site: PlacementSite) -> None:
    """Two servers fit into the first region, the second fails to build any, the third takes the rest."""
    site.allow(r1=2)
    site.region("r2").nova.builds.fails = lambda _server: NO_HOST


def requests(site: PlacementSite) -> dict[str, int]:
    """How many each region gets of a run that nobody kills."""
    uneven(site)
    site.clouds.counters.reset()
    assert site.run(count=COUNT).ok
    return {name: site.clouds.counters.requests(region=name) for name in ("r1", "r2", "r3")}


def test_killed_after_a_request(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    """The next run ends where the killed one would have, with every server once."""
    whole = PlacementSite(fake_openstack(regions=3, more=("network",)), tmp_path)
    moments = [(name, number) for name, most in requests(whole).items() for number in range(1, most + 1)]
    step = 1 if FULL else max(1, len(moments) // KILLS)
    for name, number in moments[step // 2 :: step]:
        site = PlacementSite(fake_openstack(regions=3, more=("network",)), tmp_path)
        uneven(site)
        fault = site.region(name).fault("*", "", BlackHole(after="work"), first=number, times=1)
        with start(site, count=COUNT) as task:
            until(lambda fault=fault, task=task: fault.done > 0 or task.poll() is not None)  # type: ignore[misc]
            task.kill()
        left = site.servers()
        site.clear_faults()
        site.run(count=COUNT)
        said = f"killed after request {number} to {name}, which left {left}"
        assert site.counts() == whole.counts(), said
        site.assert_complete(count=COUNT)
        print(said)
