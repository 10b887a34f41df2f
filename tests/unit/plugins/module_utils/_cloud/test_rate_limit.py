# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and pauses as servers see them, with processes that wait, are killed, and cannot use their files."""

from __future__ import annotations

import fcntl
import json
import os
import random
import resource
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from requests import Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.rate_limit import (
    LONGEST_PAUSE,
    LimitKey,
    RateLimiter,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError, OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import processes
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import LOOK, Limit
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.herd import Herd
from tests.support.run_core import ask, ask_one, entries, kinds

Clouds = Callable[..., FakeOpenStack]
KEY = LimitKey.of("https://keystone.example.org/v3", "r1", "compute")


def servers(connection: Connection) -> None:
    service_at(connection, "compute").json("GET", "/servers")


def images(connection: Connection) -> None:
    service_at(connection, "image").json("GET", "/images")


def often(times: int) -> Callable[[Connection], None]:
    """Work that sends requests from threads of its own."""

    def work(connection: Connection) -> None:
        with ThreadPoolExecutor(times) as pool:
            list(pool.map(lambda _number: servers(connection), range(times)))

    return work


def ok() -> Response:
    response = Response()
    response.status_code = 200
    return response


def directory() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "oaktree.multicloud" / "throttle"


def queue() -> dict[str, Any]:
    """The queue of the compute service as it stands in its file."""
    (found,) = [file for path in directory().glob("*.json") if " compute\n" in (file := path.read_text())]
    read: dict[str, Any] = json.loads(found.partition("\n")[0])
    return read


def spans(moments: list[float], number: int) -> list[float]:
    """Seconds between each moment and the one so many later."""
    return [later - sooner for sooner, later in zip(moments, moments[number:], strict=False)]


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def error_of(result: Any) -> OaktreeError:
    assert result.error is not None
    found: OaktreeError = result.error
    return found


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
    assert min(spans(arrivals, 1)) < 0.1


def test_a_killed_process_frees_what_it_had(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", "/servers", BlackHole(), times=1)
    with Herd(entries(clouds), 1, request_concurrency=1) as herd:
        until(lambda: fault.struck == 1)
        waiting = ask_one(clouds, servers, timeout=1.0, request_concurrency=1)
        herd.kill(*herd.pids)
        herd.ended()
        after = ask_one(clouds, servers, timeout=10.0, request_concurrency=1)
    assert kinds([waiting]) == {"cloud1/r1/demo": "throttled"}
    assert 0.9 < waiting.seconds < 1.4
    assert error_of(waiting).message == (
        "the configured limit of 1 requests at once for the compute service does not allow this request "
        "within timeout (1 s)"
    )
    assert (after.error, queue()["waiting"], queue()["under_way"]) == (None, [], {})
    assert after.seconds < 2 * LOOK + 1


FAMILY = """
import json, os, subprocess, sys, time
from pathlib import Path
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import processes
processes.show_life(Path(sys.argv[1]))
other = subprocess.Popen(["sleep", "60"], close_fds=False)
child = os.fork()
if child:
    known = {"parent": processes.name(), "pids": [child, other.pid]}
else:
    processes.show_life(Path(sys.argv[1]))
    known = {"child": processes.name()}
os.write(1, json.dumps(known).encode() + b"\\n")
time.sleep(60)
"""


def test_a_child_is_not_taken_for_its_parent(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FAMILY, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        family = {**json.loads(process.stdout.readline()), **json.loads(process.stdout.readline())}
        parent, child = family["parent"], family["child"]
        before = [processes.is_alive(tmp_path, name) for name in (parent, child)]
        process.kill()
        process.wait()
        after = [processes.is_alive(tmp_path, name) for name in (parent, child)]
        for pid in family["pids"]:
            os.kill(pid, 9)
    assert (before, after) == ([True, True], [False, True])
    until(lambda: not processes.is_alive(tmp_path, child))
    assert list(tmp_path.iterdir()) == []


def test_what_the_dead_left_is_removed(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("a.json", 90_000), ("b.pause", 90_000), ("c.json", 80_000), (f"{'d' * 16}.alive", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    processes.show_life(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"c.json", f"{processes.name()}.alive"}


# One process


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


def test_who_cannot_be_served_in_time_hears_of_it_at_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["compute_rate_limit"] = 0.2

    def work(connection: Connection) -> None:
        servers(connection)
        servers(connection)

    result = ask_one(config, work, timeout=4.0)
    error = error_of(result)
    assert (error.kind, result.seconds < 2, queue()["waiting"]) == ("throttled", True, [])
    assert error.message == (
        "the configured limit of 0.2 requests per second for the compute service does not allow this request "
        "within timeout (4 s)"
    )
    assert "rate_limit" in error.hint
    assert clouds.counters.requests(service="compute") == 1


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


# Files that cannot be used


@contextmanager
def unusable_base() -> Iterator[None]:
    path = Path(os.environ["XDG_CACHE_HOME"])
    path.rmdir()
    path.write_text("")
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
    limiter = RateLimiter(KEY, Limit(1))
    limiter._path.mkdir()
    Path(limiter._pause_path).mkdir()
    os.utime(limiter._pause_path, (0, 0))
    yield


@contextmanager
def a_lock_that_somebody_holds() -> Iterator[None]:
    limiter = RateLimiter(KEY, Limit(1))
    with limiter._path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize(
    "trouble", [unusable_base, open_to_others, full_disk, directories_in_the_way, a_lock_that_somebody_holds]
)
def test_without_files_limits_hold_within_the_process(
    trouble: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PATIENCE", 0.05)
    moments: list[float] = []
    key = KEY._replace(region=trouble.__name__)
    monkeypatch.setattr(sys.modules[__name__], "KEY", key)

    def call() -> Response:
        moments.append(time.monotonic())
        return ok()

    with trouble():
        limiters = [RateLimiter(key, Limit(rate=2)) for _number in range(3)]
        for limiter in limiters:
            limiter.send(call, Deadline(10))
        assert spans(moments, 2)[0] > 1.0
        limiters[0]._pause(60)
        assert RateLimiter(key, Limit())._paused() > (0 if trouble is a_lock_that_somebody_holds else 50)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"{", b'{"waiting": 5}\n', b'{"ended": [9e99, 9e99]}\n'])
def test_a_corrupt_file_holds_up_nobody(content: bytes) -> None:
    limiter = RateLimiter(KEY, Limit(rate=2))
    limiter._path.write_bytes(content)
    limiter.send(ok, Deadline(5))
    assert len(queue()["ended"]) >= 1


def test_files_are_private_and_there_are_none_without_limits(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, servers)
    assert list(directory().iterdir()) == []
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(429, {"Retry-After": "0.1"}), times=1)
    ask_one(clouds, servers, rate_limit=100)
    assert {path.suffix for path in directory().iterdir()} == {".alive", ".json", ".pause"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory().iterdir()} == {0o600}


# Pauses


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


def test_a_pause_holds_for_who_waits_for_a_turn() -> None:
    limiter = RateLimiter(KEY, Limit(rate=4))
    moments: list[float] = []

    def call() -> Response:
        moments.append(time.monotonic())
        if len(moments) == 4:
            limiter._pause(1.5)
        return ok()

    threads = [threading.Thread(target=limiter.send, args=(call, Deadline(20))) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spans(moments, 4)[0] > 1.4


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


def test_a_clock_that_was_set_back_leaves_no_pause() -> None:
    limiter = RateLimiter(KEY, Limit())
    limiter._pause(60)
    later = time.time() + 2 * LONGEST_PAUSE
    os.utime(limiter._pause_path, (later, later))
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
    ],
)
def test_what_is_counted_together(one: tuple[str, str, str], other: tuple[str, str, str], same: bool) -> None:  # noqa: FBT001 - a table
    assert (LimitKey.of(*one) == LimitKey.of(*other)) is same
