# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue without files and clocks: what a server counts, order, ended processes, and damaged content."""

from __future__ import annotations

import heapq
import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import (
    LONGEST_ARRIVAL,
    RECHECK,
    UNANSWERED,
    Limit,
    RequestQueue,
    Wait,
)

NOW = 1000.0
FIVE = Limit(rate=5)
ONE_AT_ONCE = Limit(concurrency=1)


def ticket(number: int, owner: int = 1) -> str:
    return f"{owner:016x}.{number}"


def started(queue: RequestQueue, limit: Limit, number: int, now: float = NOW) -> list[bool]:
    """Which of so many new requests may start at once."""
    return [queue.ask(ticket(index), limit, now) is None for index in range(number)]


def wait(queue: RequestQueue, name: str, limit: Limit, now: float) -> Wait:
    found = queue.ask(name, limit, now)
    assert found is not None
    return found


# What a server counts


@dataclass
class Simulation:
    """Clients that arrive, wait as the queue demands, and send requests that take a while to arrive and return."""

    limit: Limit
    seed: int
    queue: RequestQueue = field(default_factory=RequestQueue)
    arrivals: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    most: int = 0

    def run(self, clients: int, slowest: float) -> float:
        """Let clients arrive in order within half a second; return the seconds until the last response."""
        chance = random.Random(self.seed)  # noqa: S311 - reproducible, not secret
        events = [(NOW + 0.5 * index / clients, index, "ask") for index in range(clients)]
        now = NOW
        while events:
            now, index, what = heapq.heappop(events)
            if what == "end":
                self.queue.end(ticket(index), self.limit, now, answered=True)
            elif found := self.queue.ask(ticket(index), self.limit, now):
                heapq.heappush(events, (now + found.recheck + chance.uniform(0, 0.01), index, "ask"))
            else:
                self.starts.append(index)
                self.most = max(self.most, len(self.queue.in_flight))
                took = chance.uniform(0, slowest)
                self.arrivals.append(now + chance.uniform(0, took))
                heapq.heappush(events, (now + took, index, "end"))
            self.queue = RequestQueue.from_bytes(self.queue.to_bytes(), now)
        self.arrivals.sort()
        return now - NOW


@pytest.mark.slow
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
def test_no_more_than_the_limit_are_in_flight_and_no_time_is_lost(concurrency: int) -> None:
    simulation = Simulation(Limit(concurrency=concurrency), 2)
    seconds = simulation.run(60, 0.4)
    assert simulation.most == concurrency
    assert seconds < 1.3 * 60 * 0.2 / concurrency


def test_a_limit_is_used_up_when_answers_are_quick() -> None:
    assert Simulation(FIVE, 3).run(50, 0.01) < 9.2


# Step by step


def test_a_window_has_room_again_when_it_has_passed_since_the_end() -> None:
    queue = RequestQueue()
    assert started(queue, FIVE, 7) == [True] * 5 + [False] * 2
    assert wait(queue, ticket(5), FIVE, NOW).least == pytest.approx(1.0)
    for index in range(5):
        queue.end(ticket(index), FIVE, NOW + 0.1 * index, answered=True)
    assert wait(queue, ticket(5), FIVE, NOW + 0.9).least == pytest.approx(0.1)
    assert queue.ask(ticket(6), FIVE, NOW + 1.0) is not None
    assert queue.ask(ticket(5), FIVE, NOW + 1.0) is None
    assert queue.ask(ticket(6), FIVE, NOW + 1.05) is not None
    assert queue.ask(ticket(6), FIVE, NOW + 1.11) is None


def test_the_shortest_possible_wait_is_known() -> None:
    queue = RequestQueue()
    started(queue, FIVE, 50)
    assert wait(queue, ticket(49), FIVE, NOW).least == pytest.approx(9.0)
    assert wait(queue, ticket(49), FIVE, NOW).recheck == RECHECK


def test_a_request_that_leaves_the_queue_makes_room() -> None:
    queue = RequestQueue()
    started(queue, FIVE, 12)
    for index in range(5, 10):
        queue.leave(ticket(index))
    queue.leave(ticket(99))
    assert wait(queue, ticket(10), FIVE, NOW).least == pytest.approx(1.0)


def test_a_request_without_a_response_may_still_arrive() -> None:
    queue = RequestQueue()
    limit = Limit(1)
    queue.ask(ticket(0), limit, NOW)
    queue.end(ticket(0), limit, NOW + 0.1, answered=False)
    assert wait(queue, ticket(1), limit, NOW + 0.1).least == pytest.approx(1.0 + UNANSWERED)


def test_a_request_that_takes_long_counts_as_arrived() -> None:
    queue = RequestQueue()
    limit = Limit(1)
    queue.ask(ticket(0), limit, NOW)
    assert queue.ask(ticket(1), limit, NOW + LONGEST_ARRIVAL + 0.9) is not None
    assert queue.ask(ticket(1), limit, NOW + LONGEST_ARRIVAL + 1.1) is None
    queue.end(ticket(0), limit, NOW + 60, answered=True)
    assert queue.ended == []


def test_requests_of_ended_processes_are_removed() -> None:
    queue = RequestQueue()
    for owner, number in ((1, 0), (2, 0), (2, 1), (3, 0)):
        queue.ask(ticket(number, owner), ONE_AT_ONCE, NOW)
    assert queue.owners == {f"{owner:016x}" for owner in (1, 2, 3)}
    queue.remove_owners({f"{owner:016x}" for owner in (1, 2)}, ONE_AT_ONCE, NOW + 1)
    assert (queue.waiting, queue.in_flight, queue.checked) == ([ticket(0, 3)], {}, NOW + 1)
    assert queue.ask(ticket(0, 3), ONE_AT_ONCE, NOW + 1) is None


def test_requests_of_ended_processes_count_until_they_have_arrived() -> None:
    queue = RequestQueue()
    limit = Limit(1)
    queue.ask(ticket(0, 1), limit, NOW)
    queue.remove_owners({f"{1:016x}"}, limit, NOW + 2)
    assert wait(queue, ticket(0, 2), limit, NOW + 2).least == pytest.approx(1.0 + UNANSWERED)
    queue.ask(ticket(0, 2), limit, NOW + 10)
    queue.remove_owners({f"{2:016x}"}, limit, NOW + 10 + 3600)
    assert queue.ask(ticket(0, 3), limit, NOW + 10 + 3600) is None


def test_each_request_has_its_own_limit_and_counts_all_others() -> None:
    queue = RequestQueue()
    slow, quick = Limit(0.5), Limit(5)
    assert queue.ask(ticket(0), slow, NOW) is None
    queue.end(ticket(0), slow, NOW, answered=True)
    for index in range(1, 5):
        assert queue.ask(ticket(index), quick, NOW + 0.5) is None
        queue.end(ticket(index), quick, NOW + 0.5, answered=True)
    assert wait(queue, ticket(6), quick, NOW + 0.5).least == pytest.approx(0.5)
    queue.leave(ticket(6))
    assert wait(queue, ticket(7), slow, NOW + 2.1).least == pytest.approx(0.4)


def test_a_queue_is_no_longer_than_a_window() -> None:
    queue = RequestQueue()
    for index in range(1000):
        assert queue.ask(ticket(index), FIVE, NOW + 2 * index) is None
        queue.end(ticket(index), FIVE, NOW + 2 * index, answered=True)
    assert len(queue.to_bytes()) < 300


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(5), "5 requests per second"),
        (Limit(1.0, 1), "1 request per second and 1 concurrent request"),
        (Limit(0.25), "0.25 requests per second"),
        (Limit(None, 3), "3 concurrent requests"),
        (Limit(2.5, 3), "2.5 requests per second and 3 concurrent requests"),
    ],
)
def test_a_limit_describes_itself(limit: Limit, text: str) -> None:
    assert str(limit) == text
    assert limit
    assert not Limit()


# Content of the file


def test_a_queue_survives_serialization() -> None:
    queue = RequestQueue()
    started(queue, FIVE, 7)
    queue.end(ticket(1), FIVE, NOW + 0.1, answered=True)
    assert RequestQueue.from_bytes(queue.to_bytes(), NOW + 1) == queue


VALID: dict[str, Any] = {
    "waiting": [ticket(1)],
    "in_flight": {ticket(2): NOW},
    "ended": [NOW],
    "pace": 1.0,
    "checked": NOW,
}

WRONG: list[dict[str, Any]] = [
    {"waiting": 5},
    {"waiting": "abc"},
    {"waiting": [5]},
    {"waiting": ["../../../etc/passwd"]},
    {"in_flight": []},
    {"in_flight": {"x": 1}},
    {"in_flight": {ticket(1): "now"}},
    {"ended": 5},
    {"ended": ["x"]},
    {"ended": [float("nan")]},
    {"pace": float("inf")},
    {"window": None},
    {"checked": float("nan")},
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
def test_content_that_cannot_be_parsed_is_an_empty_queue(content: bytes) -> None:
    assert RequestQueue.from_bytes(content, NOW) == RequestQueue()


def test_times_in_the_future_delay_requests_briefly() -> None:
    far = {"in_flight": {ticket(2): 9e9}, "ended": [9e9] * 5, "checked": 9e9, "window": 1.0, "burst": 5}
    queue = RequestQueue.from_bytes(json.dumps(far).encode(), NOW)
    assert wait(queue, ticket(1), FIVE, NOW).least <= 1.0 + UNANSWERED
    assert queue.checked <= NOW
