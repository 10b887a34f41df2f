# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue without files and clocks: what a server counts, order, the dead, and content that makes no sense."""

from __future__ import annotations

import heapq
import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import (
    LONGEST_WAY,
    LOOK,
    UNHEARD,
    Limit,
    RequestQueue,
    Wait,
)

NOW = 1000.0
FIVE = Limit(rate=5)
ONE_AT_ONCE = Limit(concurrency=1)


def ticket(number: int, owner: int = 1) -> str:
    return f"{owner:016x}.{number}"


def started(turns: RequestQueue, limit: Limit, number: int, now: float = NOW) -> list[bool]:
    """Which of so many new requests may start at once."""
    return [turns.ask(ticket(index), limit, now) is None for index in range(number)]


def wait(turns: RequestQueue, name: str, limit: Limit, now: float) -> Wait:
    found = turns.ask(name, limit, now)
    assert found is not None
    return found


# What a server counts


@dataclass
class Simulation:
    """Clients that come, wait as they are told, and send requests that take a while to arrive and to be answered."""

    limit: Limit
    seed: int
    turns: RequestQueue = field(default_factory=RequestQueue)
    arrivals: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    most: int = 0

    def run(self, clients: int, slowest: float) -> float:
        """Let clients come within half a second, in order; return when the last one was done, from the start on."""
        chance = random.Random(self.seed)  # noqa: S311 - reproducible, not secret
        events = [(NOW + 0.5 * index / clients, index, "ask") for index in range(clients)]
        now = NOW
        while events:
            now, index, what = heapq.heappop(events)
            if what == "end":
                self.turns.end(ticket(index), self.limit, now, answered=True)
            elif found := self.turns.ask(ticket(index), self.limit, now):
                heapq.heappush(events, (now + found.look + chance.uniform(0, 0.01), index, "ask"))
            else:
                self.starts.append(index)
                self.most = max(self.most, len(self.turns.under_way))
                took = chance.uniform(0, slowest)
                self.arrivals.append(now + chance.uniform(0, took))
                heapq.heappush(events, (now + took, index, "end"))
            self.turns = RequestQueue.read(self.turns.written(), now)
        self.arrivals.sort()
        return now - NOW


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("slowest", [0.001, 0.3, 3.0])
@pytest.mark.parametrize(("rate", "burst", "window"), [(5, 5, 1.0), (1, 1, 1.0), (2.5, 2, 0.8), (0.5, 1, 2.0)])
def test_no_window_sees_more_than_the_limit(rate: float, burst: int, window: float, slowest: float, seed: int) -> None:
    simulation = Simulation(Limit(rate), seed)
    simulation.run(30, slowest)
    assert len(simulation.arrivals) == 30
    spans = [last - first for first, last in zip(simulation.arrivals, simulation.arrivals[burst:], strict=False)]
    assert min(spans) >= window - 1e-9


@pytest.mark.parametrize("limit", [Limit(5), Limit(0.5), Limit(concurrency=3), Limit(5, 2)])
def test_first_come_first_served(limit: Limit) -> None:
    simulation = Simulation(limit, 1)
    simulation.run(30, 0.1)
    # Those for whom there is room at the same time go in any order.
    room = limit.burst or limit.concurrency or 1
    assert all(abs(place - index) < room for place, index in enumerate(simulation.starts))


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_than_the_limit_are_under_way_and_no_time_is_lost(concurrency: int) -> None:
    simulation = Simulation(Limit(concurrency=concurrency), 2)
    seconds = simulation.run(60, 0.4)
    assert simulation.most == concurrency
    assert seconds < 1.3 * 60 * 0.2 / concurrency


def test_a_limit_is_used_up_when_answers_are_quick() -> None:
    assert Simulation(FIVE, 3).run(50, 0.01) < 9.2


# Turn by turn


def test_a_window_has_room_again_when_it_has_passed_since_the_end() -> None:
    turns = RequestQueue()
    assert started(turns, FIVE, 7) == [True] * 5 + [False] * 2
    assert wait(turns, ticket(5), FIVE, NOW).least == pytest.approx(1.0)
    for index in range(5):
        turns.end(ticket(index), FIVE, NOW + 0.1 * index, answered=True)
    assert wait(turns, ticket(5), FIVE, NOW + 0.9).least == pytest.approx(0.1)
    assert turns.ask(ticket(6), FIVE, NOW + 1.0) is not None
    assert turns.ask(ticket(5), FIVE, NOW + 1.0) is None
    assert turns.ask(ticket(6), FIVE, NOW + 1.05) is not None
    assert turns.ask(ticket(6), FIVE, NOW + 1.11) is None


def test_who_waits_knows_how_long_at_least() -> None:
    turns = RequestQueue()
    started(turns, FIVE, 50)
    assert wait(turns, ticket(49), FIVE, NOW).least == pytest.approx(9.0)
    assert wait(turns, ticket(49), FIVE, NOW).look == LOOK


def test_who_gives_up_makes_room() -> None:
    turns = RequestQueue()
    started(turns, FIVE, 12)
    for index in range(5, 10):
        turns.leave(ticket(index))
    turns.leave(ticket(99))
    assert wait(turns, ticket(10), FIVE, NOW).least == pytest.approx(1.0)


def test_a_request_without_an_answer_may_still_arrive() -> None:
    turns = RequestQueue()
    limit = Limit(1)
    turns.ask(ticket(0), limit, NOW)
    turns.end(ticket(0), limit, NOW + 0.1, answered=False)
    assert wait(turns, ticket(1), limit, NOW + 0.1).least == pytest.approx(1.0 + UNHEARD)


def test_a_request_that_takes_long_counts_as_arrived() -> None:
    turns = RequestQueue()
    limit = Limit(1)
    turns.ask(ticket(0), limit, NOW)
    assert turns.ask(ticket(1), limit, NOW + LONGEST_WAY + 0.9) is not None
    assert turns.ask(ticket(1), limit, NOW + LONGEST_WAY + 1.1) is None
    turns.end(ticket(0), limit, NOW + 60, answered=True)
    assert turns.ended == []


def test_the_dead_free_what_they_had() -> None:
    turns = RequestQueue()
    for owner, number in ((1, 0), (2, 0), (2, 1), (3, 0)):
        turns.ask(ticket(number, owner), ONE_AT_ONCE, NOW)
    assert turns.owners == {f"{owner:016x}" for owner in (1, 2, 3)}
    turns.bury({f"{owner:016x}" for owner in (1, 2)}, ONE_AT_ONCE, NOW + 1)
    assert (turns.waiting, turns.under_way, turns.looked) == ([ticket(0, 3)], {}, NOW + 1)
    assert turns.ask(ticket(0, 3), ONE_AT_ONCE, NOW + 1) is None


def test_requests_of_the_dead_count_until_they_have_arrived() -> None:
    turns = RequestQueue()
    limit = Limit(1)
    turns.ask(ticket(0, 1), limit, NOW)
    turns.bury({f"{1:016x}"}, limit, NOW + 2)
    assert wait(turns, ticket(0, 2), limit, NOW + 2).least == pytest.approx(1.0 + UNHEARD)
    turns.ask(ticket(0, 2), limit, NOW + 10)
    turns.bury({f"{2:016x}"}, limit, NOW + 10 + 3600)
    assert turns.ask(ticket(0, 3), limit, NOW + 10 + 3600) is None


def test_each_keeps_its_own_limit_and_counts_everybody() -> None:
    turns = RequestQueue()
    slow, quick = Limit(0.5), Limit(5)
    assert turns.ask(ticket(0), slow, NOW) is None
    turns.end(ticket(0), slow, NOW, answered=True)
    for index in range(1, 5):
        assert turns.ask(ticket(index), quick, NOW + 0.5) is None
        turns.end(ticket(index), quick, NOW + 0.5, answered=True)
    assert wait(turns, ticket(6), quick, NOW + 0.5).least == pytest.approx(0.5)
    turns.leave(ticket(6))
    assert wait(turns, ticket(7), slow, NOW + 2.1).least == pytest.approx(0.4)


def test_a_queue_is_no_longer_than_a_window() -> None:
    turns = RequestQueue()
    for index in range(1000):
        assert turns.ask(ticket(index), FIVE, NOW + 2 * index) is None
        turns.end(ticket(index), FIVE, NOW + 2 * index, answered=True)
    assert len(turns.written()) < 300


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(5), "5 requests per second"),
        (Limit(0.25), "0.25 requests per second"),
        (Limit(None, 3), "3 requests at once"),
        (Limit(2.5, 3), "2.5 requests per second and 3 requests at once"),
    ],
)
def test_a_limit_says_what_it_is(limit: Limit, text: str) -> None:
    assert str(limit) == text
    assert limit
    assert not Limit()


# What stands in a file


def test_what_is_written_is_read_again() -> None:
    turns = RequestQueue()
    started(turns, FIVE, 7)
    turns.end(ticket(1), FIVE, NOW + 0.1, answered=True)
    assert RequestQueue.read(turns.written(), NOW + 1) == turns


VALID: dict[str, Any] = {
    "waiting": [ticket(1)],
    "under_way": {ticket(2): NOW},
    "ended": [NOW],
    "pace": 1.0,
    "looked": NOW,
}

WRONG: list[dict[str, Any]] = [
    {"waiting": 5},
    {"waiting": "abc"},
    {"waiting": [5]},
    {"waiting": ["../../../etc/passwd"]},
    {"under_way": []},
    {"under_way": {"x": 1}},
    {"under_way": {ticket(1): "now"}},
    {"ended": 5},
    {"ended": ["x"]},
    {"ended": [float("nan")]},
    {"pace": float("inf")},
    {"window": None},
    {"looked": float("nan")},
    {"burst": float("inf")},
    {"surprise": 1},
]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"[]",
        b"5",
        *(json.dumps({**VALID, **change}).encode() for change in WRONG),
    ],
)
def test_content_that_makes_no_sense_is_as_good_as_none(content: bytes) -> None:
    assert RequestQueue.read(content, NOW) == RequestQueue()


def test_moments_to_come_hold_up_nobody_for_long() -> None:
    far = {"under_way": {ticket(2): 9e9}, "ended": [9e9] * 5, "looked": 9e9, "window": 1.0, "burst": 5}
    turns = RequestQueue.read(json.dumps(far).encode(), NOW)
    assert wait(turns, ticket(1), FIVE, NOW).least <= 1.0 + UNHEARD
    assert turns.looked <= NOW
