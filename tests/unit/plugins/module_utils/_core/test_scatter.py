# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scatter: ordered outcomes, bounded concurrency, and an end in time whatever the work does."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError, QuotaError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.scatter import (
    THREAD_WAIT,
    InterruptError,
    Limits,
    scatter,
)

QUICK = Limits(concurrency=10, timeout=5.0)


def test_nothing_to_do() -> None:
    assert scatter([], lambda item, _deadline: item, QUICK) == []


def test_outcomes_are_in_the_order_of_the_items() -> None:
    def work(item: int, _deadline: Deadline) -> int:
        time.sleep((5 - item) * 0.02)
        return item * 10

    outcomes = scatter(range(5), work, QUICK)
    assert [(outcome.item, outcome.value, outcome.error) for outcome in outcomes] == [
        (item, item * 10, None) for item in range(5)
    ]
    assert outcomes[0].seconds > outcomes[4].seconds


def test_equal_items_have_an_outcome_each() -> None:
    assert [outcome.value for outcome in scatter(["a", "a"], lambda item, _deadline: item, QUICK)] == ["a", "a"]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_concurrency_is_bounded_and_used(concurrency: int) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work(_item: int, _deadline: Deadline) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        with lock:
            running -= 1

    scatter(range(7), work, Limits(concurrency, 5.0))
    assert most == concurrency


def test_work_gets_a_deadline_of_its_own_from_its_start_on() -> None:
    def work(_item: int, deadline: Deadline) -> float:
        left = deadline.remaining()
        time.sleep(0.2)
        return left

    outcomes = scatter(range(3), work, Limits(1, 0.5))
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert all(0.4 < (outcome.value or 0) <= 0.5 for outcome in outcomes)


def test_work_that_never_ends_costs_its_own_time_only_and_frees_its_place() -> None:
    release = threading.Event()

    def work(item: int, _deadline: Deadline) -> int:
        if item < 4:
            release.wait(30)
        return item

    start = time.monotonic()
    outcomes = scatter(range(8), work, Limits(concurrency=2, timeout=0.2, grace=0.1))
    seconds = time.monotonic() - start
    release.set()
    assert [outcome.value for outcome in outcomes] == [None] * 4 + [4, 5, 6, 7]
    for outcome in outcomes[:4]:
        assert isinstance(outcome.error, DeadlineError)
        assert outcome.error.message == "not finished within timeout (0.2 s)"
        assert 0.3 <= outcome.seconds < 0.5
    assert 0.6 <= seconds < 1.2


def test_work_that_is_given_up_is_told_and_no_other() -> None:
    told = queue.SimpleQueue[str]()

    def work(item: str, deadline: Deadline) -> str:
        deadline.cancelled.on_cancel(lambda: told.put(item))
        if item == "slow":
            assert deadline.cancelled.wait(10)
            assert deadline.cancelled.grace > 1000, "it may clean up"
        return item

    outcomes = scatter(["slow", "quick"], work, Limits(concurrency=2, timeout=0.2, grace=0.1))
    assert [outcome.value for outcome in outcomes] == [None, "quick"]
    assert told.get(timeout=5) == "slow"
    assert told.empty()


def test_a_result_that_comes_too_late_is_not_taken_for_another() -> None:
    def work(item: int, _deadline: Deadline) -> int:
        time.sleep(0.3 if item == 0 else 0.15)
        return item

    outcomes = scatter(range(4), work, Limits(concurrency=1, timeout=0.1, grace=0.1))
    assert [outcome.value for outcome in outcomes] == [None, 1, 2, 3]


def test_work_may_use_the_grace_to_report_by_itself() -> None:
    def work(_item: int, deadline: Deadline) -> None:
        time.sleep(0.12)
        deadline.remaining()

    (outcome,) = scatter([1], work, Limits(1, 0.1, grace=2.0))
    assert isinstance(outcome.error, DeadlineError)
    assert outcome.seconds < 1


def test_errors_become_outcomes_with_their_cause() -> None:
    boom = ZeroDivisionError("boom")
    quota = QuotaError("full")

    def work(item: str, _deadline: Deadline) -> str:
        if item == "ours":
            raise quota
        if item == "defect":
            raise boom
        return item

    fine, ours, defect = scatter(["fine", "ours", "defect"], work, QUICK)
    assert fine.value == "fine"
    assert ours.error is quota
    assert defect.error is not None
    assert (defect.error.kind, defect.error.message) == ("internal", "ZeroDivisionError: boom")
    assert defect.error.__cause__ is boom


def test_an_interrupt_tells_what_became_of_the_work() -> None:
    def work(item: str, deadline: Deadline) -> str:
        if item == "last":
            signal.raise_signal(signal.SIGINT)
        if item == "stubborn":
            threading.Event().wait(5)
        try:
            deadline.sleep(5)
        except DeadlineError as error:
            if item == "late":
                return item
            error.add_residue("a crumb" if item == "messy" else "")
            raise
        return item

    with pytest.raises(InterruptError) as caught:
        scatter(["late", "clean", "messy", "stubborn", "last", "never"], work, Limits(5, 10.0, grace=0.5))
    ends = [(one.item, one.value, one.error.residue if one.error else None) for one in caught.value.outcomes]
    assert ends == [
        ("late", "late", None),
        ("clean", None, []),
        ("messy", None, ["a crumb"]),
        ("stubborn", None, ["the work did not end in time"]),
        ("last", None, []),
    ]


def test_an_interrupt_while_an_outcome_is_taken_does_not_lose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Queue(queue.SimpleQueue[None]):
        def get(self, *args: Any, **kwargs: Any) -> None:
            super().get(*args, **kwargs)
            raise KeyboardInterrupt

    monkeypatch.setattr(queue, "SimpleQueue", Queue)
    began = time.monotonic()
    with pytest.raises(InterruptError) as caught:
        scatter(["a"], lambda item, _deadline: item * 2, Limits(1, 5.0, grace=5.0))
    assert [(outcome.value, outcome.error) for outcome in caught.value.outcomes] == [("aa", None)]
    assert time.monotonic() - began < 2


def test_work_that_had_not_begun_when_interrupted_is_not_waited_for_and_never_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(thread: threading.Thread) -> None:
        threads.append(thread)
        raise KeyboardInterrupt

    threads: list[threading.Thread] = []
    done: list[str] = []
    began = time.monotonic()
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(InterruptError) as caught:
        scatter(["a"], lambda item, _deadline: done.append(item), Limits(1, 5.0, grace=5.0))
    assert caught.value.outcomes == []
    assert time.monotonic() - began < 2
    threads[0].run()
    assert done == []


# Threads are a resource that may run out


@pytest.fixture
def thread_limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets how many threads of scatter there may be at once."""
    start, alive = threading.Thread.start, list[threading.Thread]()

    def limit(most: int) -> None:
        def limited(thread: threading.Thread) -> None:
            if thread.name == "scatter":
                alive[:] = [other for other in alive if other.is_alive()]
                if len(alive) >= most:
                    raise RuntimeError("can't start new thread")
                alive.append(thread)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", limited)

    return limit


@pytest.mark.parametrize("most", [1, 2, 5])
def test_work_waits_for_a_thread(thread_limit: Callable[[int], None], most: int) -> None:
    thread_limit(most)

    def work(_item: int, deadline: Deadline) -> float:
        time.sleep(0.01)
        return deadline.remaining()

    outcomes = scatter(range(12), work, QUICK)
    assert [(outcome.item, outcome.error) for outcome in outcomes] == [(item, None) for item in range(12)]
    assert min(outcome.value or 0 for outcome in outcomes) > 4.5, "waiting is not the work's time"


def test_work_that_gets_no_thread_fails_and_says_why(thread_limit: Callable[[int], None], fast_clock: Clock) -> None:
    thread_limit(0)
    start = fast_clock.monotonic()
    outcomes = scatter(range(3), lambda item, _deadline: item, QUICK)
    assert THREAD_WAIT <= fast_clock.monotonic() - start < 6 * THREAD_WAIT
    assert [outcome.item for outcome in outcomes] == [0, 1, 2]
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert [(error.kind, error.message) for error in errors] == [
        ("input", "no thread can be started for it: can't start new thread")
    ] * 3
    assert "concurrency" in errors[0].hint
    assert len({id(error) for error in errors}) == 3


def test_work_that_was_given_up_holds_the_only_thread(thread_limit: Callable[[int], None], fast_clock: Clock) -> None:
    """What waits behind it fails by itself; nothing is abandoned."""
    thread_limit(1)
    release = threading.Event()
    outcomes = scatter(range(3), lambda _item, _deadline: release.wait(30), Limits(3, 10.0, 0.5))
    release.set()
    assert [outcome.error.kind if outcome.error else None for outcome in outcomes] == ["timeout", "input", "input"]
    assert fast_clock.speed > 1
