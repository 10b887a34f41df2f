# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and pauses within one process, and what is configured."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable

import pytest
from requests import Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.rate_limit import (
    LONGEST_PAUSE,
    LimitKey,
    RateLimiter,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    OaktreeError,
    ThrottledError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import Limit
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.rate_limits import KEY, directory, error_of, images, often, ok, queue, servers
from tests.support.run_core import ask, ask_one, entries, kinds
from tests.support.wait import until

Clouds = Callable[..., FakeOpenStack]


def test_the_task_may_allow_more_than_the_configuration(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["rate_limit"] = 0.1
    assert ask_one(config, often(3), rate_limit=1000).error is None


def test_locations_services_and_keystone_are_counted_apart(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=3)

    def work(connection: Connection) -> None:
        servers(connection)
        images(connection)

    results = ask(clouds, work, timeout=20, rate_limit=2)
    assert {result.error for result in results} == {None}
    assert max(result.seconds for result in results) < 2.0  # discovery and list of the image service are two


def test_first_come_first_served() -> None:
    order = []
    limiter = RateLimiter(KEY, Limit(concurrency=1))
    go = threading.Event()

    def send(number: int) -> None:
        def call() -> Response:
            order.append(number)
            go.wait(20)
            return ok()

        limiter.send(call, Deadline(20))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: bool(order) and len(queue()["waiting"]) == number)  # type: ignore[misc]
    go.set()
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_cannot_be_served_in_time_hears_of_it_at_once(fake_openstack: Clouds, fast_clock: Clock) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["compute_rate_limit"] = 0.2

    def work(connection: Connection) -> None:
        servers(connection)
        servers(connection)

    result = ask_one(config, work, timeout=4.0)
    error = error_of(result)
    assert (error.kind, queue()["waiting"]) == ("throttled", [])
    assert fast_clock.real(result.seconds) < 2
    assert error.message == (
        "the configured limit of 0.2 requests per second for the compute service does not allow this request "
        "within timeout (200 s)"
    )
    assert "rate_limit" in error.hint
    assert clouds.counters.requests(service="compute") == 1


def test_a_deadline_that_expires_in_the_queue_is_the_limits_affair() -> None:
    limiter = RateLimiter(KEY, Limit(concurrency=1))
    with pytest.raises(ThrottledError, match="does not allow this request within timeout"):
        limiter.send(lambda: limiter.send(ok, Deadline(0)), Deadline(5))
    assert queue()["waiting"] == []


def test_who_is_cancelled_leaves_the_queue() -> None:
    limiter = RateLimiter(KEY, Limit(rate=0.01))
    limiter.send(ok, Deadline(5))
    deadline = Deadline(1000)
    errors: list[OaktreeError] = []

    def wait() -> None:
        try:
            limiter.send(ok, deadline)
        except DeadlineError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: len(queue()["waiting"]) == 1)
    deadline.cancelled.set()
    thread.join(5)
    assert [error.message for error in errors] == ["interrupted"]
    assert queue()["waiting"] == []


def test_files_are_private_and_there_are_none_without_limits(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, servers)
    assert list(directory().iterdir()) == []
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(429, {"Retry-After": "0.1"}), times=1)
    ask_one(clouds, servers, rate_limit=100)
    assert {path.suffix for path in directory().iterdir()} == {".alive", ".json", ".pause"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory().iterdir()} == {0o600}


# Pauses


def test_a_pause_does_not_hold_for_who_cleans_up(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(429, {"Retry-After": "3600"}), times=1)

    def work(connection: Connection) -> None:
        try:
            servers(connection)
        finally:
            with connection.grace(5.0):
                servers(connection)

    result = ask_one(clouds, work)
    assert (result.error and result.error.kind) == "throttled"
    assert clouds.counters.requests(service="compute") == 2


def test_a_pause_of_keystone_holds_for_all_regions(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(429, {"Retry-After": "60"}))
    for _time in range(2):
        assert set(kinds(ask(clouds, servers)).values()) == {"throttled"}
    assert clouds.counters.requests(method="POST") == 1


@pytest.mark.parametrize("value", ["inf", "1e300", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_no_pause_is_longer_than_an_hour(value: str) -> None:
    response = ok()
    response.status_code, response.headers["Retry-After"] = 429, value
    RateLimiter(KEY, Limit()).send(lambda: response, Deadline(5))
    assert LONGEST_PAUSE - 5 < RateLimiter(KEY, Limit())._paused() <= LONGEST_PAUSE


@pytest.mark.parametrize("value", [None, "", "0", "-5", "nan"])
def test_no_pause_that_nobody_asked_for(value: str | None) -> None:
    response = ok()
    response.status_code = 429
    if value is not None:
        response.headers["Retry-After"] = value
    RateLimiter(KEY, Limit()).send(lambda: response, Deadline(5))
    assert RateLimiter(KEY, Limit())._paused() == 0
    assert list(directory().iterdir()) == []


@pytest.mark.parametrize("ahead", [-86_400.0, -600.0, 600.0, 86_400.0])
def test_a_pause_is_as_long_whatever_happens_to_the_date(wrong_date: Callable[[float], None], ahead: float) -> None:
    """Of two tasks, between which the date is set right or wrong."""
    wrong_date(ahead)
    RateLimiter(KEY, Limit())._pause(60)
    wrong_date(0)
    assert 50 < RateLimiter(KEY, Limit())._paused() <= 60


def test_a_file_that_somebody_has_read_is_no_pause() -> None:
    """As a backup does: its access time is a date then."""
    limiter = RateLimiter(KEY, Limit())
    limiter._pause(60)
    os.utime(limiter._pause_path)
    assert limiter._paused() == 0


def test_a_longer_pause_stays() -> None:
    limiter = RateLimiter(KEY, Limit())
    limiter._pause(60)
    limiter._pause(5)
    assert limiter._paused() > 50


# What is configured


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("https://k/v3", "r1", "compute"), ("https://K", "r1", "compute"), True),
        (("https://k/identity/v3/", "r1", "volumev3"), ("https://k/identity", "r1", "block-storage"), True),
        (("https://k", "r1", "identity"), ("https://k", "r2", "identity"), True),
        (("https://k", "r1", "compute"), ("https://k", "r2", "compute"), False),
        (("https://k", "r1", "compute"), ("https://k", "r1", "image"), False),
        (("https://k", "r1", "compute"), ("https://l", "r1", "compute"), False),
        (("https://v3", "r1", "compute"), ("https://v2", "r1", "compute"), False),
        (("https://v3", "r1", "compute"), ("https://v3/v3/", "r1", "compute"), True),
    ],
)
def test_what_is_counted_together(one: tuple[str, str, str], other: tuple[str, str, str], same: bool) -> None:  # noqa: FBT001 - a table
    assert (LimitKey.of(*one) == LimitKey.of(*other)) is same
