# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deadlines end work in time, a cancelled run ends all of it, and a test can turn the clock of both."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import deadline as _deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import (
    Cancellation,
    Clock,
    Deadline,
    clock,
    uncharged,
    uncharged_seconds,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError


def test_remaining_goes_down() -> None:
    deadline = Deadline(5.0)
    first = deadline.remaining()
    time.sleep(0.01)
    assert 4.0 < deadline.remaining() < first <= 5.0


def test_the_message_names_the_option_and_the_time() -> None:
    with pytest.raises(DeadlineError) as caught:
        Deadline(0, "import_timeout").remaining()
    assert caught.value.message == "not finished within import_timeout (0 s)"
    assert "raise import_timeout" in caught.value.hint
    assert caught.value.kind == "timeout"


def test_a_sleep_that_would_outlast_the_clock_ends_at_once() -> None:
    deadline, start = Deadline(10), time.monotonic()
    with pytest.raises(DeadlineError, match="timeout"):
        deadline.sleep(10)
    assert time.monotonic() - start < 5
    deadline.sleep(0.01)


def test_cancelling_wakes_sleepers_and_stops_all_clocks() -> None:
    cancelled = Cancellation()
    deadlines = [Deadline(30.0, cancelled=cancelled), Deadline(30.0, cancelled=cancelled)]
    threading.Timer(0.05, cancelled.set).start()
    start = time.monotonic()
    with pytest.raises(DeadlineError, match="interrupted"):
        deadlines[0].sleep(20.0)
    assert time.monotonic() - start < 5
    with pytest.raises(DeadlineError, match="interrupted"):
        deadlines[1].remaining()
    assert Deadline(1.0).remaining() > 0


def test_cancelling_breaks_off_what_asked_for_it_once_and_whatever_asks_later_at_once() -> None:
    cancelled, broken = Cancellation(), list[str]()

    def first() -> None:
        broken.append("first")

    for _time in range(2):
        cancelled.on_cancel(first)
    assert broken == []
    cancelled.set()
    assert broken == ["first"]
    cancelled.on_cancel(lambda: broken.append("late"))
    assert broken == ["first", "late"]


@pytest.mark.slow
def test_a_cancelled_run_has_one_time_for_cleaning_up() -> None:
    cancelled = Cancellation()
    assert cancelled.grace == float("inf")
    cancelled.set(1)
    assert 0 < cancelled.grace <= 1
    time.sleep(1)
    assert cancelled.grace == 0


def test_a_turned_clock_goes_on_from_where_it_is() -> None:
    clock = Clock()
    moments = [time.monotonic(), clock.monotonic()]
    clock.turn(1000)
    moments.append(clock.monotonic())
    time.sleep(0.01)
    moments.append(clock.monotonic())
    clock.turn(1)
    moments.append(clock.monotonic())
    assert moments == sorted(moments)
    assert 10 <= moments[3] - moments[0] < 3000
    assert clock.monotonic() - moments[4] < 3


@pytest.mark.slow
def test_pauses_and_deadlines_take_less_on_a_turned_clock(fast_clock: Clock) -> None:
    deadline, start = Deadline(fast_clock.speed), time.monotonic()
    deadline.sleep(fast_clock.speed * 0.1)
    assert not deadline.cancelled.wait(fast_clock.speed * 0.1)
    assert 0.2 <= time.monotonic() - start < 0.2 * fast_clock.speed
    fast_clock.sleep(fast_clock.speed * 0.8)
    assert 1 <= time.monotonic() - start < fast_clock.speed
    with pytest.raises(DeadlineError, match="timeout"):
        deadline.remaining()


def test_sockets_and_locks_get_real_seconds(fast_clock: Clock) -> None:
    deadline = Deadline(fast_clock.speed * 20)
    assert 19 < deadline.timeout() <= 20 < deadline.remaining()
    assert deadline.timeout(3) == 3
    assert fast_clock.real(fast_clock.turned(7)) == 7


def test_what_others_compare_with_clocks_of_their_own_is_not_turned(fast_clock: Clock) -> None:
    before = fast_clock.time(), fast_clock.uptime()
    fast_clock.sleep(1)
    assert fast_clock.time() - before[0] < 1
    assert fast_clock.uptime() - before[1] < 1
    assert abs(fast_clock.time() - time.time()) < 1
    assert abs(fast_clock.uptime() - time.monotonic()) < 1


def test_the_date_can_be_wrong_and_nothing_else(wrong_date: Callable[[float], None]) -> None:
    before = clock.monotonic(), clock.uptime()
    for seconds in (3600.0, -3600.0):
        wrong_date(seconds)
        assert abs(clock.time() - time.time() - seconds) < 1
        assert abs((clock.now() - datetime.now(UTC)).total_seconds() - seconds) < 1
    assert max(clock.monotonic() - before[0], clock.uptime() - before[1]) < 1


@pytest.mark.slow
def test_what_is_no_clouds_work_does_not_count() -> None:
    deadline, before, start = Deadline(1), uncharged_seconds(), clock.monotonic()
    with uncharged(), uncharged():
        clock.sleep(1.1)
        assert 0 < deadline.remaining() <= 1
    assert 0 < deadline.remaining() <= 1
    took = clock.monotonic() - start
    assert 1.1 <= uncharged_seconds() - before <= took, "once, however many threads"
    clock.sleep(1)
    with pytest.raises(DeadlineError):
        deadline.remaining()


def test_what_takes_too_long_counts_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deadline, "LONGEST_UNCHARGED", uncharged_seconds() + 0.1)
    deadline = Deadline(0.3)
    with uncharged():
        clock.sleep(0.45)
        with pytest.raises(DeadlineError):
            deadline.remaining()


def test_in_a_forked_child_all_time_counts() -> None:
    with uncharged():
        child = os.fork()
        if child == 0:
            before = uncharged_seconds()
            clock.sleep(0.05)
            os._exit(0 if uncharged_seconds() == before == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_the_cancellation_of_one_item_is_set_with_that_of_all() -> None:
    every = Cancellation()
    first, second = every.of_one(), every.of_one()
    first.set()
    assert (first.is_set(), second.is_set(), every.is_set()) == (True, False, False)
    every.set(grace=7)
    assert (second.is_set(), every.of_one().is_set()) == (True, True)
    assert 6 < second.grace <= 7
