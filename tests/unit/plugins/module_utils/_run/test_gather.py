# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything at once: many Locations, some of them in trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.scatter import Limits
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.images import ImageQuery, list_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import ServerQuery, list_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import (
    Result,
    Target,
    failure_messages,
    failure_summary,
    gather,
)
from tests.support.fake_openstack import BlackHole, BreakAnswer, FakeOpenStack
from tests.support.run_core import ask, entries, kinds

Clouds = Callable[..., FakeOpenStack]


def servers(connection: Connection) -> int:
    return len(list_servers(connection, ServerQuery()))


def images(connection: Connection) -> int:
    return len(list_images(connection, ImageQuery()))


@pytest.mark.slow
@pytest.mark.parametrize("work", [servers, images])
def test_three_regions_in_trouble_at_once(fake_openstack: Clouds, work: Callable[[Connection], int]) -> None:
    clouds = fake_openstack(clouds=2, regions=3, servers=2)
    clouds["cloud1"]["r1"].fault("*", "", BlackHole())
    clouds["cloud1"]["r3"].refuse_connections()
    clouds["cloud2"]["r2"].fault("*", "", BreakAnswer())
    start = time.monotonic()
    results = ask(clouds, work, timeout=1.0)
    assert time.monotonic() - start < 3.0
    assert kinds(results) == {
        "cloud1/r1/demo": "timeout",
        "cloud1/r2/demo": None,
        "cloud1/r3/demo": "unreachable",
        "cloud2/r1/demo": None,
        "cloud2/r2/demo": "server",
        "cloud2/r3/demo": None,
    }
    assert [result.value for result in results if not result.error] == [2 if work is servers else 0] * 3
    assert all(result.seconds < 0.9 for result in results if not result.error)


def test_a_dead_cloud_costs_its_own_time_only(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=3, regions=4)
    clouds["cloud2"].fault("*", "", BlackHole())
    start = time.monotonic()
    results = ask(clouds, servers, timeout=0.7)
    assert time.monotonic() - start < 2.0
    ended = kinds(results)
    assert {place for place, kind in ended.items() if kind} == {f"cloud2/r{number}/demo" for number in range(1, 5)}
    assert set(ended.values()) == {None, "timeout"}


def test_wall_time_is_that_of_the_slowest_not_the_sum(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=7, regions=2, servers=5, latency=0.1)
    start = time.monotonic()
    results = ask(clouds, servers, timeout=10)
    seconds = time.monotonic() - start
    assert [result.error for result in results] == [None] * 14
    assert seconds < 14 * 3 * 0.1 / 2
    assert clouds.counters.requests(service="compute") == 14
    assert clouds.counters.tokens == 7
    assert sum(result.requests for result in results) == clouds.counters.requests()


def test_few_places_at_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=3, regions=2, latency=0.02)
    ask(clouds, servers, timeout=10, concurrency=2)
    assert clouds.counters.max_in_flight == 2


def test_what_is_done_holds_no_connections(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=1, regions=30)
    before, seen = open_files(), []

    def watched(connection: Connection) -> int:
        seen.append(open_files() - before)
        return servers(connection)

    assert [result.value for result in ask(clouds, watched, concurrency=2)] == [0] * 30
    assert max(seen) < 30  # of two Locations, both ends of each connection, and what the clouds are slow to close


def open_files() -> int:
    return sum(1 for _file in Path("/proc/self/fd").iterdir())


@pytest.mark.slow
def test_dead_places_in_front_do_not_starve_the_rest(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=4)
    for region in ("r1", "r2"):
        clouds["cloud1"][region].fault("*", "", BlackHole())
    results = ask(clouds, servers, timeout=0.5, concurrency=1)
    assert [result.error and result.error.kind for result in results] == ["timeout", "timeout", None, None]


def test_only_selected_places_are_asked(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=3, regions=2)
    results = ask(clouds, servers, locations=("cloud1/r2", "cloud3", "!*/r1"))
    assert list(kinds(results)) == ["cloud1/r2/demo", "cloud3/r2/demo"]
    assert clouds.counters.requests(cloud="cloud2") == 0
    assert clouds.counters.tokens == 2


def test_a_selection_that_cannot_be_used_asks_nobody(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2)
    for locations in (("nowhere",), ("cloud1/r9",), ("!cloud1",), (), ("*", "!cloud1/r9")):
        with pytest.raises(InputError):
            ask(clouds, servers, locations=locations)
    assert clouds.counters.requests() == 0


def test_failures_and_results_stand_in_one_order(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2)
    config = {"b-broken": None, "z-broken": {"auth": 5}, **entries(clouds)}
    results = ask(config, servers)
    assert [str(result.location) for result in results] == ["b-broken", "cloud1/r1/demo", "cloud2/r1/demo", "z-broken"]
    failure = results[0].failure
    assert failure is not None
    assert failure["kind"] == "config"
    assert failure["location"]["cloud"] == "b-broken"
    assert results[1].failure is None


def test_the_record_of_a_failure() -> None:
    here = Location("a", "r")
    record = Result[None](here, 0.0, 0, error=ServerError("broke", hint="wait")).failure
    assert record == {"location": here.to_dict(), "error": "broke", "kind": "server", "hint": "wait"}


def test_the_message_of_failures() -> None:
    good, bad = Result(Location("a", "r"), 0.0, 1, value=1), Location("b", "r")
    results = [good, Result[int](bad, 0.0, 0, error=ServerError("broke", hint="Wait.")), good]
    assert failure_messages(results) == ["b/r: broke (server). Wait."]
    assert failure_summary(results) == "1 of 3 Locations failed: b/r: broke (server). Wait."
    assert failure_summary(results[1:2]) == "1 of 1 Location failed: b/r: broke (server). Wait."
    assert failure_messages([good]) == []


def test_the_work_may_have_limits_of_its_own(fake_openstack: Clouds) -> None:
    config = {"clouds": entries(fake_openstack())}

    def work(connection: Connection) -> float:
        return connection.deadline.remaining()

    (bound,) = gather(Target(clouds_config=config, timeout=10.0), work)
    (longer,) = gather(Target(clouds_config=config, timeout=10.0), work, Limits(1, 500.0))
    assert (bound.value or 0) <= 10.0 < (longer.value or 0) <= 500.0


@pytest.mark.slow
def test_a_location_that_is_given_up_breaks_off_its_requests() -> None:
    """A server may go on with headers for ever, each byte within the timeout of a request."""
    gone = threading.Event()

    def trickle(listening: socket.socket) -> None:
        taken = listening.accept()[0]
        with taken, suppress(OSError):
            taken.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
            taken.setblocking(False)  # noqa: FBT003 - has no other form
            received = b"?"
            while received:
                time.sleep(0.02)
                taken.sendall(b"x")
                with suppress(BlockingIOError):
                    received = taken.recv(1 << 16)
        gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=trickle, args=(listening,))
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        config = {"a": {"auth_type": "none", "auth": {"endpoint": url}, "baremetal_endpoint_override": url}}
        (result,) = ask(config, lambda connection: service_at(connection, "baremetal").json("GET", "/nodes"), 0.5)
        assert kinds([result]) == {"a/-": "timeout"}
        assert gone.wait(5)
        server.join()


def test_a_failure_that_is_known_costs_no_request(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=1, servers=2)
    known = {"cloud1": ServerError("known")}
    target = Target(clouds_config={"clouds": entries(clouds)})
    results = gather(target, servers, known_failure=lambda region: known.get(region.location.cloud))
    assert [(result.location.cloud, result.value, result.requests) for result in results[:1]] == [("cloud1", None, 0)]
    assert results[0].error is known["cloud1"]
    assert results[1].value == 2
    assert clouds.counters.tokens == 1
