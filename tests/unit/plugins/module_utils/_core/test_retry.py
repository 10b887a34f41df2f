# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is retried, how often, and after which pauses."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.retry import (
    LEAST_PAUSE,
    Attempts,
    Policy,
    Rule,
    retry_after,
    with_retries,
)

SERVER = ServerError("broke")
BUSY_ANSWER = ServerError("busy", status=503)
STALLED = DeadlineError("stalled")
TIMEOUTS = Policy(errors=(DeadlineError, ServerError))


def about(pauses: list[float]) -> Any:
    """Pauses that are spread."""
    return pytest.approx(pauses, rel=0.21)


def throttled(seconds: float | None) -> ThrottledError:
    return ThrottledError("slow down", retry_after=seconds)


class NoWait(Deadline):
    """A deadline whose pauses pass at once, and are noted."""

    def __init__(self, seconds: float = 1000.0) -> None:
        super().__init__(seconds)
        self.left = seconds
        self.pauses: list[float] = []

    def remaining(self) -> float:
        self.check_cancelled()
        return self.left

    def sleep(self, seconds: float) -> None:
        if seconds >= self.remaining():
            raise self.expired()
        self.left -= seconds
        self.pauses.append(seconds)


# Policy


@pytest.mark.parametrize(
    ("policy", "error", "attempts"),
    [
        (Policy(), SERVER, 3),
        (Policy(), UnreachableError("cut"), 3),
        (Policy(), throttled(None), 3),
        (Policy(), STALLED, 0),
        (Policy(), AuthError("who?"), 0),
        (Policy(), RefusedError("no"), 0),
        (Policy(attempts=5), SERVER, 5),
        (Policy(attempts=1), SERVER, 1),
        (Policy(errors=(ConflictError,)), ConflictError("busy"), 3),
        (Policy(errors=(ConflictError,)), SERVER, 0),
        (TIMEOUTS, STALLED, 2),
        (TIMEOUTS, SERVER, 3),
        (Policy(errors=(DeadlineError,), stalls=7), STALLED, 7),
        (Policy(), ServerError("too large", final=True), 0),
        (Policy(errors=(OaktreeError,)), ServerError("too large", final=True), 0),
        (Policy(busy=Rule(5)), BUSY_ANSWER, 5),
        (Policy(busy=Rule(5)), ServerError("broke", status=500), 3),
        (Policy(busy=Rule(5), statuses=[500]), ServerError("broke", status=500), 5),
        (Policy(busy=Rule(1)), ThrottledError("slow down", status=429), 1),
        (Policy(busy=Rule(5)), ThrottledError("slow down", status=413), 5),
        (Policy(busy=Rule(5)), ThrottledError("slow down", status=498), 5),
        (Policy(busy=Rule(5)), QuotaError("full", status=413), 0),
        (Policy(busy=Rule(5), statuses=[401]), AuthError("who?", status=401), 0),
        (Policy(busy=Rule(5)), throttled(None), 3),
        (Policy(busy=Rule(5), repeatable=False), BUSY_ANSWER, 0),
        (Policy(busy=Rule(5), repeatable=False), ThrottledError("slow down", status=429), 5),
        (Policy(connect=Rule(4)), UnreachableError("cut"), 4),
        (Policy(connect=Rule(4)), STALLED, 4),
        (Policy(connect=Rule(4)), SERVER, 3),
        (Policy(repeatable=False), throttled(None), 3),
        (Policy(repeatable=False), ThrottledError("busy", perhaps_done=True), 0),
        (Policy(repeatable=False), SERVER, 0),
    ],
)
def test_how_often_an_error_is_retried(policy: Policy, error: OaktreeError, attempts: int) -> None:
    allowed = [policy.allows(failures, error) for failures in range(1, 9)]
    assert allowed == [failures < attempts for failures in range(1, 9)]


def test_attempts_may_be_without_end() -> None:
    assert Policy(attempts=math.inf).allows(10**9, SERVER)


@pytest.mark.parametrize(
    ("policy", "error", "pauses"),
    [
        (Policy(), SERVER, [0.5, 1.0, 2.0, 4.0]),
        (Policy(first=2.0), SERVER, [1.0, 2.0, 4.0, 8.0]),
        (Policy(longest=1.5), SERVER, [0.5, 1.0, 1.5, 1.5]),
        (Policy(), throttled(None), [0.5, 1.0, 2.0, 4.0]),
        (Policy(), throttled(0.0), [0.5, 1.0, 2.0, 4.0]),
        (Policy(first=2.0, longest=1.0), throttled(0.0), [1.0] * 4),
        (Policy(longest=1.0), throttled(30.0), [30.0] * 4),
        (Policy(busy=Rule(5, 3.0)), BUSY_ANSWER, [3.0] * 4),
        (Policy(busy=Rule(5, 3.0)), ThrottledError("slow down", status=503, retry_after=7.0), [7.0] * 4),
        (Policy(busy=Rule(5, 0.0)), BUSY_ANSWER, [LEAST_PAUSE] * 4),
        (Policy(connect=Rule(5, 3.0)), UnreachableError("cut"), [3.0] * 4),
    ],
)
def test_pauses_double_unless_the_service_asks_for_another(
    policy: Policy, error: OaktreeError, pauses: list[float]
) -> None:
    assert [policy.pause(failures, error) for failures in range(1, 5)] == about(pauses)


def test_pauses_differ_where_many_fail_at_once() -> None:
    pauses = [Policy().pause(1, SERVER) for _location in range(100)]
    assert len(set(pauses)) > 50
    assert max(pauses) - min(pauses) > 0.04


# Attempts


@pytest.mark.parametrize(
    ("errors", "pauses", "raised"),
    [
        ([SERVER], [0.5], None),
        ([SERVER, UnreachableError("cut")], [0.5, 1.0], None),
        ([SERVER, SERVER, SERVER], [0.5, 1.0], 2),
        ([throttled(7.0), SERVER], [7.0, 1.0], None),
        ([SERVER, RefusedError("no")], [0.5], 1),
        ([RefusedError("no")], [], 0),
        ([SERVER, throttled(1000.0)], [0.5], 1),
    ],
)
def test_attempts(errors: list[OaktreeError], pauses: list[float], raised: int | None) -> None:
    """Each failure is followed by its pause, or by the error where there is no further attempt."""
    deadline = NoWait()
    attempts = Attempts(Policy(), deadline)
    for number, error in enumerate(errors):
        if number != raised:
            attempts.failed(error)
            continue
        with pytest.raises(type(error)) as caught:
            attempts.failed(error)
        assert caught.value is error
        assert caught.value.__cause__ is None
    assert deadline.pauses == about(pauses)


def test_whether_attempts_remain_is_known_before_the_failure() -> None:
    attempts = Attempts(Policy(attempts=2), NoWait())
    assert (attempts.remain(SERVER), attempts.remain(RefusedError("no"))) == (True, False)
    attempts.failed(SERVER)
    assert not attempts.remain(SERVER)


def test_progress_starts_the_count_again() -> None:
    deadline = NoWait()
    attempts = Attempts(Policy(), deadline)
    for _time in range(3):
        attempts.failed(SERVER)
        attempts.failed(SERVER)
        attempts.progressed()
    assert deadline.pauses == about([0.5, 1.0] * 3)


def test_an_interrupted_run_is_not_reported_as_the_error_that_was_to_be_retried() -> None:
    deadline = NoWait()
    deadline.cancelled.set()
    with pytest.raises(DeadlineError, match="interrupted"):
        Attempts(Policy(), deadline).failed(SERVER)


def test_an_interrupt_during_the_pause_ends_it() -> None:
    deadline = Deadline(60)
    threading.Timer(0.05, deadline.cancelled.set).start()
    start = time.monotonic()
    with pytest.raises(DeadlineError, match="interrupted"):
        Attempts(Policy(), deadline).failed(throttled(50.0))
    assert time.monotonic() - start < 10


# with_retries


@pytest.mark.parametrize(
    ("errors", "seconds", "calls", "raised"),
    [
        ([], 1000.0, 1, None),
        ([SERVER, SERVER], 1000.0, 3, None),
        ([SERVER, SERVER, SERVER], 1000.0, 3, ServerError),
        ([RefusedError("no")], 1000.0, 1, RefusedError),
        ([SERVER, SERVER], 1.2, 2, ServerError),
        ([throttled(5.0)], 5.0, 1, ThrottledError),
        ([throttled(5.0)], 5.1, 2, None),
        ([STALLED], 1000.0, 1, DeadlineError),
        ([SERVER, STALLED], 1000.0, 2, ServerError),
        ([throttled(5.0), SERVER, STALLED], 1000.0, 3, ServerError),
    ],
)
def test_calls(errors: list[OaktreeError], seconds: float, calls: int, raised: type[OaktreeError] | None) -> None:
    made = []

    def call() -> str:
        made.append(1)
        if len(made) <= len(errors):
            raise errors[len(made) - 1]
        return "value"

    if raised is None:
        assert with_retries(call, Policy(), NoWait(seconds)) == "value"
    else:
        with pytest.raises(raised):
            with_retries(call, Policy(), NoWait(seconds))
    assert len(made) == calls


def test_a_deadline_that_ends_an_attempt_is_not_the_reason_though_there_could_be_others() -> None:
    """It says why there was another attempt."""
    failures = [SERVER, STALLED]

    def call() -> None:
        raise failures.pop(0)

    with pytest.raises(ServerError, match="broke"):
        with_retries(call, replace(TIMEOUTS, attempts=math.inf, stalls=math.inf), NoWait(1.2))
    assert failures == []


def test_an_interrupt_is_not_reported_as_the_failure_before_it() -> None:
    deadline, failures = NoWait(), [SERVER, DeadlineError("interrupted")]

    def call() -> None:
        if len(failures) == 1:
            deadline.cancelled.set()
        raise failures.pop(0)

    with pytest.raises(DeadlineError, match="interrupted"):
        with_retries(call, Policy(), deadline)


def test_other_exceptions_are_not_retried() -> None:
    made = []

    def call() -> None:
        made.append(1)
        raise KeyError

    with pytest.raises(KeyError):
        with_retries(call, Policy(), NoWait())
    assert len(made) == 1


def test_failures_of_each_kind_are_counted_by_themselves() -> None:
    deadline = NoWait()
    attempts = Attempts(Policy(busy=Rule(math.inf)), deadline)
    for error in (BUSY_ANSWER, SERVER, BUSY_ANSWER, BUSY_ANSWER, SERVER):
        attempts.failed(error)
    assert attempts.failures == 5
    assert not attempts.remain(SERVER)
    assert attempts.remain(BUSY_ANSWER)
    with pytest.raises(ServerError, match="broke"):
        attempts.failed(SERVER)


# Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("0", 0.0), ("7", 7.0), ("1.5", 1.5), ("-3", 0.0), ("soon", 1.0), ("nan", 0.0)],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after({} if value is None else {"Retry-After": value}) == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(60, 60), (-60, 0)])
@pytest.mark.parametrize("skew", [-7200, 0, 7200])
def test_retry_after_as_a_date_is_by_the_clock_of_the_service(ahead: float, seconds: float, skew: float) -> None:
    now = time.time() + skew
    headers = {"Retry-After": formatdate(now + ahead, usegmt=True), "Date": formatdate(now, usegmt=True)}
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("date", [None, "", "today", "Thu, 32 Nov 2026 25:00:00 GMT"])
def test_an_answer_without_a_date_is_of_now(date: str | None) -> None:
    headers = {"Retry-After": formatdate(time.time() + 60, usegmt=True)} | ({} if date is None else {"Date": date})
    assert retry_after(headers) == pytest.approx(60, abs=2)


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert retry_after({"Retry-After": "Thu, 26 Nov 2026 10:00:09", "Date": "Thu, 26 Nov 2026 10:00:00 GMT"}) == 9
