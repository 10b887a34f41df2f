# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for what is asked at the same time. Locks tell two runs in a process apart as they do two processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.images import ImageQuery, list_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import ServerQuery, list_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.coalesce import KIND, RequestCoalescer
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import ask, ask_one

LIST = "/v2/images"
SHOW = "/v2/images/{image_id}"


class Asked:
    """What a cloud is asked, as often as it is."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return {"answer": self.times}


def get(reads: RequestCoalescer, asked: Callable[[], dict[str, Any]], key: str = "key", patience: float = 5) -> Any:
    return reads.get(key, asked, Deadline(patience))


def kept() -> list[Path]:
    directory = private_files.private_directory(KIND)
    assert directory
    return list(directory.glob("*.json"))


@pytest.fixture
def other() -> Iterator[RequestCoalescer]:
    """Another process that is there at the same time."""
    with RequestCoalescer() as reads:
        yield reads


def test_alone_everything_is_asked_and_nothing_kept() -> None:
    asked = Asked()
    with RequestCoalescer() as reads:
        assert [get(reads, asked), get(reads, asked)] == [{"answer": 1}, {"answer": 2}]
        assert kept() == []


def test_two_share_what_was_asked_since_both_began(other: RequestCoalescer) -> None:
    asked = Asked()
    with RequestCoalescer() as reads:
        assert get(other, asked) == get(reads, asked) == {"answer": 1}
        assert get(reads, asked, "another key") == {"answer": 2}
        assert [path.stat().st_mode & 0o777 for path in kept()] == [0o600, 0o600]


def test_who_begins_later_asks_anew(other: RequestCoalescer) -> None:
    asked = Asked()
    assert get(other, asked) == {"answer": 1}
    with RequestCoalescer() as reads:
        assert get(reads, asked) == {"answer": 2}
        assert get(other, asked) == {"answer": 2}


def test_an_answer_from_the_future_is_not_believed(other: RequestCoalescer) -> None:
    private_files.write(KIND, "key", {"asked": time.time() + 60, "answer": {}})
    with RequestCoalescer():
        assert get(other, Asked()) == {"answer": 1}


@pytest.mark.parametrize(
    "kept", [[], {"asked": "now", "answer": {}}, {"answer": {}}, {"asked": 1e11}, {"asked": 0, "answer": []}, "x", 7]
)
def test_what_makes_no_sense_is_not_believed(
    other: RequestCoalescer, monkeypatch: pytest.MonkeyPatch, kept: Any
) -> None:
    monkeypatch.setattr(other, "began", 0.0)
    private_files.write(KIND, "key", kept)
    with RequestCoalescer():
        assert get(other, Asked()) == {"answer": 1}


def test_the_last_leaves_nothing_behind() -> None:
    with RequestCoalescer() as first:
        with RequestCoalescer() as second:
            get(second, Asked())
        assert len(kept()) == 1
        get(first, Asked())
    assert kept() == []


def test_others_are_waited_for(other: RequestCoalescer) -> None:
    asked, begun, finish = Asked(), threading.Event(), threading.Event()

    def slowly() -> dict[str, Any]:
        begun.set()
        assert finish.wait(10)
        return asked()

    with RequestCoalescer() as reads, ThreadPoolExecutor() as pool:
        one = pool.submit(get, other, slowly)
        assert begun.wait(10)
        two = pool.submit(get, reads, asked)
        assert get(reads, asked, "another key") == {"answer": 1}
        finish.set()
        assert [one.result(10), two.result(10)] == [{"answer": 2}, {"answer": 2}]


def test_patience_ends(other: RequestCoalescer) -> None:
    asked, begun, finish = Asked(), threading.Event(), threading.Event()

    def hanging() -> dict[str, Any]:
        begun.set()
        finish.wait(30)
        return {}

    with RequestCoalescer() as reads, ThreadPoolExecutor() as pool:
        pool.submit(get, other, hanging)
        assert begun.wait(10)
        assert get(reads, asked, patience=0.1) == {"answer": 1}
        finish.set()


def test_a_failure_is_of_one_alone(other: RequestCoalescer) -> None:
    def fail() -> dict[str, Any]:
        raise ServerError("503")

    with RequestCoalescer() as reads:
        with pytest.raises(ServerError):
            get(other, fail)
        assert get(reads, Asked()) == {"answer": 1}


def test_a_killed_process_is_not_there() -> None:
    code = (
        "import time\n"
        f"from {RequestCoalescer.__module__} import RequestCoalescer\n"
        "with RequestCoalescer():\n"
        "    print('there', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with (
        RequestCoalescer() as reads,
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout
        assert process.stdout.readline() == "there\n"
        assert not reads.alone()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert reads.alone()


@pytest.mark.usefixtures("other")
def test_nothing_is_shared_unless_that_is_allowed() -> None:
    asked = Asked()
    with RequestCoalescer(allowed=False) as reads:
        assert [get(reads, asked), get(reads, asked)] == [{"answer": 1}, {"answer": 2}]
    assert kept() == []


def test_without_private_files_everything_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    asked = Asked()
    with RequestCoalescer() as one, RequestCoalescer() as two:
        assert [get(one, asked), get(two, asked)] == [{"answer": 1}, {"answer": 2}]


@pytest.mark.parametrize("noun", ["servers", "images"])
def test_lists_are_asked_for_once_by_all_who_are_there(fake_openstack: Callable[..., FakeOpenStack], noun: str) -> None:
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
    since = time.time()

    def polls(connection: Connection) -> list[Any]:
        client = Glance(connection)
        return [client.poll(name, since) for name in "abc"]

    for _number in range(3):
        found = ask_one(clouds, polls).value
        assert found
        assert [image["status"] for image in found] == ["importing"] * 3
    assert (clouds.counters.requests(path=LIST), clouds.counters.requests(path=SHOW)) == (1, 0)

    glance.images["b"].status = "active"
    since = time.time()
    found = ask_one(clouds, polls).value
    assert found
    assert [image["status"] for image in found] == ["importing", "active", "importing"]
    assert (clouds.counters.requests(path=LIST), clouds.counters.requests(path=SHOW)) == (2, 1)
