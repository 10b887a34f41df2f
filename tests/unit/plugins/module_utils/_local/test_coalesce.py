# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for concurrent reads. To file locks two runs within a process are like two processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.images import ImageQuery, list_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import ServerQuery, list_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import file_lock, private_files, signs_of_life
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.coalesce import KIND, RequestCoalescer
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import ask, ask_one

LIST = "/v2/images"
SHOW = "/v2/images/{image_id}"


class Fetch:
    """The request to a cloud; counts how often it is sent."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return {"answer": self.times}


def get(reads: RequestCoalescer, fetch: Callable[[], dict[str, Any]], key: str = "key", wait: float = 5) -> Any:
    return reads.get(key, fetch, Deadline(wait))


def stored_files() -> list[Path]:
    directory = private_files.private_directory(KIND)
    assert directory
    return list(directory.glob("*.json"))


def store(value: Any, key: str = "key") -> None:
    """As a process of this machine would."""
    private_files.write(KIND, f"{signs_of_life.clock_id()}:{key}", value)


def presence() -> Path:
    path = private_files.path_of(KIND, signs_of_life.clock_id(), "presence")
    assert path
    return path


@pytest.fixture
def other() -> Iterator[RequestCoalescer]:
    """Another process that runs at the same time."""
    with RequestCoalescer() as reads:
        yield reads


def test_a_process_alone_fetches_and_stores_nothing() -> None:
    fetch = Fetch()
    with RequestCoalescer() as reads:
        assert [get(reads, fetch), get(reads, fetch)] == [{"answer": 1}, {"answer": 2}]
        assert stored_files() == []


def test_two_share_responses_to_requests_sent_since_both_began(other: RequestCoalescer) -> None:
    fetch = Fetch()
    with RequestCoalescer() as reads:
        assert get(other, fetch) == get(reads, fetch) == {"answer": 1}
        assert get(reads, fetch, "another key") == {"answer": 2}
        assert [path.stat().st_mode & 0o777 for path in stored_files()] == [0o600, 0o600]


@pytest.mark.parametrize("days", [-1, 1])
def test_processes_share_whatever_the_date(
    other: RequestCoalescer, wrong_date: Callable[[float], None], days: int
) -> None:
    fetch = Fetch()
    with RequestCoalescer() as reads:
        assert get(other, fetch) == {"answer": 1}
        wrong_date(86400.0 * days)
        assert get(reads, fetch) == {"answer": 1}
    with RequestCoalescer() as reads:
        assert get(reads, fetch) == {"answer": 2}


def test_machines_with_one_home_share_nothing(other: RequestCoalescer, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = Fetch()
    with RequestCoalescer() as second:
        assert get(second, fetch) == {"answer": 1}
        with monkeypatch.context() as another_machine:
            another_machine.setattr(signs_of_life, "clock_id", lambda: "another")
            with RequestCoalescer() as reads:
                assert reads.alone()
                with RequestCoalescer():
                    another_machine.setattr(reads, "began", 0.0)
                    assert get(reads, fetch) == {"answer": 2}
        assert not other.alone()
    assert other.alone()


def test_nothing_is_shared_where_the_machine_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs_of_life, "clock_id", lambda: "")
    fetch = Fetch()
    with RequestCoalescer() as one, RequestCoalescer() as two:
        assert [get(one, fetch), get(two, fetch)] == [{"answer": 1}, {"answer": 2}]


def test_a_process_that_begins_later_fetches_again(other: RequestCoalescer) -> None:
    fetch = Fetch()
    assert get(other, fetch) == {"answer": 1}
    with RequestCoalescer() as reads:
        assert get(reads, fetch) == {"answer": 2}
        assert get(other, fetch) == {"answer": 2}


def test_a_response_from_the_future_is_ignored(other: RequestCoalescer) -> None:
    store({"sent": clock.uptime() + 60, "response": {}})
    with RequestCoalescer():
        assert get(other, Fetch()) == {"answer": 1}


@pytest.mark.parametrize(
    "stored",
    [[], {"sent": "now", "response": {}}, {"response": {}}, {"sent": 1}, {"sent": 1, "response": []}, "x", 7],
)
def test_a_malformed_response_is_ignored(other: RequestCoalescer, monkeypatch: pytest.MonkeyPatch, stored: Any) -> None:
    monkeypatch.setattr(other, "began", 0.0)
    store(stored)
    with RequestCoalescer():
        assert get(other, Fetch()) == {"answer": 1}


def test_a_stored_response_is_used(other: RequestCoalescer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other, "began", 0.0)
    store({"sent": 1, "response": {"answer": "stored"}})
    with RequestCoalescer() as reads:
        assert get(other, Fetch()) == {"answer": "stored"}
        assert other.get("key", Fetch(), Deadline(5), since=2) == {"answer": 1}
        assert get(reads, Fetch()) == {"answer": 1}


def test_the_last_process_removes_the_responses() -> None:
    with RequestCoalescer() as first:
        with RequestCoalescer() as second:
            get(second, Fetch())
        assert len(stored_files()) == 1
        get(first, Fetch())
    assert stored_files() == []


def test_a_response_that_cannot_be_removed_stays() -> None:
    with RequestCoalescer() as only:
        get(only, Fetch())
        directory = private_files.private_directory(KIND)
        assert directory
        (directory / "x.json").mkdir()
    assert [path.name for path in stored_files()] == ["x.json"]


def test_a_fetch_of_another_process_is_awaited(other: RequestCoalescer) -> None:
    fetch, begun, finish = Fetch(), threading.Event(), threading.Event()

    def slowly() -> dict[str, Any]:
        begun.set()
        assert finish.wait(10)
        return fetch()

    with RequestCoalescer() as reads, ThreadPoolExecutor() as pool:
        one = pool.submit(get, other, slowly)
        assert begun.wait(10)
        two = pool.submit(get, reads, fetch)
        assert get(reads, fetch, "another key") == {"answer": 1}
        finish.set()
        assert [one.result(10), two.result(10)] == [{"answer": 2}, {"answer": 2}]


def test_waiting_for_another_process_times_out(other: RequestCoalescer) -> None:
    fetch, begun, finish = Fetch(), threading.Event(), threading.Event()

    def hanging() -> dict[str, Any]:
        begun.set()
        finish.wait(30)
        return {}

    with RequestCoalescer() as reads, ThreadPoolExecutor() as pool:
        pool.submit(get, other, hanging)
        assert begun.wait(10)
        assert get(reads, fetch, wait=0.1) == {"answer": 1}
        finish.set()


def test_a_failure_is_not_shared(other: RequestCoalescer) -> None:
    def fail() -> dict[str, Any]:
        raise ServerError("503")

    with RequestCoalescer() as reads:
        with pytest.raises(ServerError):
            get(other, fail)
        assert get(reads, Fetch()) == {"answer": 1}


def test_a_forked_child_counts_on_its_own() -> None:
    reader, writer = os.pipe()
    go, ended = os.pipe()
    with RequestCoalescer() as reads:
        child = os.fork()
        if child == 0:
            os.close(ended)
            os.write(writer, b"alone" if reads.alone() else b"two")
            os.read(go, 1)
            os._exit(0)
        os.close(go)
        assert os.read(reader, 10) == b"two"
        assert not reads.alone()
        os.close(ended)
        os.waitpid(child, 0)
        assert reads.alone()
    for descriptor in (reader, writer):
        os.close(descriptor)


def test_presence_remains_shared_after_each_check(other: RequestCoalescer) -> None:
    with RequestCoalescer() as reads:
        for _time in range(3):
            assert not reads.alone()
            assert not other.alone()
    assert other.alone()
    assert other.alone()


def test_a_presence_file_that_was_removed_is_created_again(other: RequestCoalescer) -> None:
    presence().unlink()
    assert other.alone()
    with RequestCoalescer() as reads:
        assert not reads.alone()
        assert not other.alone()


def test_a_presence_that_cannot_be_locked_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "SHORT_WAIT", 0.05)
    with FileLock(presence()) as lock:
        lock.acquire()
        with RequestCoalescer() as reads:
            assert reads.alone()
            assert get(reads, Fetch()) == {"answer": 1}


@pytest.mark.usefixtures("other")
def test_nothing_is_shared_unless_allowed() -> None:
    fetch = Fetch()
    with RequestCoalescer(allowed=False) as reads:
        assert [get(reads, fetch), get(reads, fetch)] == [{"answer": 1}, {"answer": 2}]
    assert stored_files() == []


def test_without_private_files_each_process_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "oaktree.multicloud").mkdir(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fetch = Fetch()
    with RequestCoalescer() as one, RequestCoalescer() as two:
        assert [get(one, fetch), get(two, fetch)] == [{"answer": 1}, {"answer": 2}]


@pytest.mark.parametrize("noun", ["servers", "images"])
def test_concurrent_lists_are_one_request_per_region(fake_openstack: Callable[..., FakeOpenStack], noun: str) -> None:
    clouds = fake_openstack(regions=2, servers=3)
    region = clouds["cloud1"]["r1"]
    region.glance.images["1"] = Image("1", owner=None, status="active", size=1, properties={})
    region.glance.images["1"].fields.update({"visibility": "public", "name": "one"})
    lists: dict[str, Callable[[Connection], Any]] = {
        "servers": lambda connection: list_servers(connection, ServerQuery()),
        "images": lambda connection: list_images(connection, ImageQuery()),
    }
    ask(clouds, lists[noun])
    before = clouds.counters.requests(service="compute") + clouds.counters.requests(service="image")
    all_there = threading.Barrier(8 * 2)

    def listed(connection: Connection) -> Any:
        all_there.wait(20)
        return lists[noun](connection)

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _number: ask(clouds, listed, timeout=20), range(8)))
    values = [[result.value for result in run] for run in runs]
    assert values == values[:1] * 8
    assert values[0][0]
    asked = clouds.counters.requests(service="compute") + clouds.counters.requests(service="image") - before
    assert asked == 2


@pytest.mark.usefixtures("other")
def test_waiting_for_images_is_one_list(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    clouds = fake_openstack()
    cloud = clouds["cloud1"]
    glance = cloud["r1"].glance
    for name in "abc":
        owner = cloud.keystone.project_id("demo")
        glance.images[name] = Image(name, owner=owner, status="importing", size=None, properties={})
    since = clock.uptime()

    def polls(connection: Connection) -> list[Any]:
        client = Glance(connection)
        return [client.poll(name, since) for name in "abc"]

    for _number in range(3):
        found = ask_one(clouds, polls).value
        assert found
        assert [image["status"] for image in found] == ["importing"] * 3
    assert (clouds.counters.requests(path=LIST), clouds.counters.requests(path=SHOW)) == (1, 0)

    glance.images["b"].status = "active"
    since = clock.uptime()
    found = ask_one(clouds, polls).value
    assert found
    assert [image["status"] for image in found] == ["importing", "active", "importing"]
    assert (clouds.counters.requests(path=LIST), clouds.counters.requests(path=SHOW)) == (2, 1)
