# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and pauses as servers see them, by real clocks: processes that wait, are killed, or cannot use their files."""

from __future__ import annotations

import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from requests import Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.rate_limit import RateLimiter
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import file_lock
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import Limit
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.herd import Herd
from tests.support.rate_limits import KEY, directory, error_of, images, often, ok, queue, servers
from tests.support.run_core import ask, ask_one, entries, kinds
from tests.support.wait import until

Clouds = Callable[..., FakeOpenStack]


def spans(moments: list[float], number: int) -> list[float]:
    """Seconds between each moment and the one so many later."""
    return [later - sooner for sooner, later in zip(moments, moments[number:], strict=False)]


# Many processes


def test_fifty_processes_keep_a_limit_of_five_per_second_while_ten_are_killed(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].latency = 0.1
    config = entries(clouds)
    config["cloud1"]["compute_rate_limit"] = 5
    with Herd(config, 50) as herd:
        until(lambda: clouds.counters.requests(service="compute") >= 8)
        for pid in random.Random(5).sample(herd.pids, 10):  # noqa: S311 - reproducible, not secret
            herd.kill(pid)
        ended = herd.ended()
    arrivals = clouds.counters.arrivals(service="compute")
    assert 40 <= len(ended.kinds) <= len(arrivals) < 50
    assert set(ended.kinds) == {None}
    assert min(spans(arrivals, 5)) > 1.0


def test_processes_keep_a_limit_of_requests_at_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].latency = 0.15
    with Herd(entries(clouds), 5, times=2, request_concurrency=2) as herd:
        assert herd.ended().kinds == [None] * 5
    arrivals = clouds.counters.arrivals(service="compute")
    assert len(arrivals) == 10
    assert min(spans(arrivals, 2)) >= 0.15
    assert min(spans(arrivals, 1)) < 0.15


def test_a_killed_process_frees_what_it_had(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", "/servers", BlackHole(), times=1)
    with Herd(entries(clouds), 1, request_concurrency=1) as herd:
        until(lambda: fault.struck == 1)
        waiting = ask_one(clouds, servers, timeout=1.0, request_concurrency=1)
        herd.kill(*herd.pids)
        herd.ended()
        after = ask_one(clouds, servers, timeout=60.0, request_concurrency=1)
    assert kinds([waiting]) == {"cloud1/r1/demo": "throttled"}
    assert 0.9 < waiting.seconds < 10
    assert error_of(waiting).message == (
        "the configured limit of 1 concurrent request for the compute service does not allow this request within "
        "timeout (1 s)"
    )
    assert (after.error, queue()["waiting"], queue()["in_flight"]) == (None, [], {})
    assert after.seconds < 20  # it would be a minute


def test_a_pause_holds_for_other_processes_but_not_for_other_places(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(429, {"Retry-After": "60"}), times=1)
    config = entries(clouds)
    with Herd({"cloud1": {**config["cloud1"], "regions": ["r1"]}}, 1, timeout=5) as herd:
        assert herd.ended().kinds == ["throttled"]
    results = ask(config, servers)
    assert kinds(results) == {"cloud1/r1/demo": "throttled", "cloud1/r2/demo": None}
    error = error_of(results[0])
    assert error.message.startswith("the compute service asked clients to wait another ")
    assert 50 < getattr(error, "retry_after", 0) <= 60
    assert results[0].seconds < 1
    assert clouds.counters.requests(service="compute", region="r1") == 1
    assert {result.error for result in ask(config, images)} == {None}


def test_a_short_pause_is_sat_out_by_all_and_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(503, {"Retry-After": "1.5"}), times=1)
    with Herd(entries(clouds), 1) as herd:
        until(lambda: fault.struck == 1)
        until(lambda: any(directory().glob("*.pause")))
        assert ask_one(clouds, servers, timeout=10).error is None
        assert herd.ended().kinds == [None]
    first, *others = clouds.counters.arrivals(service="compute")
    assert len(others) == 2
    assert min(others) - first > 1.4
    assert max(others) - first < 3.5


# The real clock of a cloud


@pytest.mark.parametrize(
    "options", [{"rate_limit": 4}, {"rate_limit": 4, "config": 100}, {"config": 4}, {"config": {"compute": 4}}]
)
def test_threads_keep_the_limit_of_task_or_configuration(fake_openstack: Clouds, options: dict[str, Any]) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["rate_limit"] = options.pop("config", None)
    assert ask_one(config, often(6), timeout=20, **options).error is None
    arrivals = clouds.counters.arrivals(service="compute")
    assert len(arrivals) == 6
    assert min(spans(arrivals, 4)) > 1.0
    assert min(spans(arrivals, 3)) < 0.5


def test_a_pause_holds_for_who_waits_for_a_turn() -> None:
    gate = RateLimiter(KEY, Limit(rate=4))
    moments: list[float] = []

    def call() -> Response:
        moments.append(time.monotonic())
        if len(moments) == 4:
            gate._pause(1.5)
        return ok()

    threads = [threading.Thread(target=gate.send, args=(call, Deadline(20))) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spans(moments, 4)[0] > 1.4


@pytest.mark.parametrize("content", [b"", b"\0\0", b"{", b'{"waiting": 5}\n', b'{"ended": [9e99, 9e99]}\n'])
def test_a_corrupt_file_holds_up_nobody(content: bytes) -> None:
    gate = RateLimiter(KEY, Limit(rate=2))
    gate._path.write_bytes(content)
    gate.send(ok, Deadline(5))
    assert len(queue()["ended"]) >= 1


# Files that cannot be used


@contextmanager
def unusable_base() -> Iterator[None]:
    directory().parent.mkdir(0o755)
    yield


@contextmanager
def open_to_others() -> Iterator[None]:
    directory().mkdir(parents=True)
    directory().chmod(0o777)
    yield


@contextmanager
def full_disk() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def directories_in_the_way() -> Iterator[None]:
    gate = RateLimiter(KEY, Limit(1))
    gate._path.mkdir()
    Path(gate._pause_path).mkdir()
    os.utime(gate._pause_path, (0, 0))
    yield


@contextmanager
def a_lock_that_somebody_holds() -> Iterator[None]:
    gate = RateLimiter(KEY, Limit(1))
    with FileLock(gate._path) as lock:
        lock.acquire()
        yield


@pytest.mark.parametrize(
    "trouble", [unusable_base, open_to_others, full_disk, directories_in_the_way, a_lock_that_somebody_holds]
)
def test_without_files_limits_hold_within_the_process(
    trouble: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "SHORT_WAIT", 0.05)
    moments: list[float] = []
    place = KEY._replace(region=trouble.__name__)
    monkeypatch.setattr(sys.modules[__name__], "KEY", place)

    def call() -> Response:
        moments.append(time.monotonic())
        return ok()

    with trouble():
        gates = [RateLimiter(place, Limit(rate=2)) for _number in range(3)]
        for gate in gates:
            gate.send(call, Deadline(10))
        assert spans(moments, 2)[0] > 1.0
        gates[0]._pause(60)
        assert RateLimiter(place, Limit())._paused() > (0 if trouble is a_lock_that_somebody_holds else 50)
