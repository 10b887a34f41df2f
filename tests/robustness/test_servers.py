# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are half built: killed and interrupted tasks, tasks that work at once, and shared lists."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.coalesce import RequestCoalescer
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.nova import is_settled
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.watch import wait_until
from ansible_collections.oaktree.multicloud.plugins.modules import server
from tests.support import kills
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.run_core import connect
from tests.support.run_module import Started, interrupt, run_module, start_module
from tests.support.server_clouds import NOTHING, OPTIONS, add_server, furnished_clouds, things
from tests.support.wait import until

HERD = 5
SPEED = 50
FAST = f"""
from {clock.__class__.__module__} import clock
clock.turn({SPEED})
"""
MOST = 40
"""Requests of any task here."""
ONE = {**NOTHING, "servers": 1, "ports": 1}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return furnished_clouds(fake_openstack)


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def options(clouds: FakeOpenStack, tmp_path: Path) -> dict[str, Any]:
    """Those of a task that has a server with a floating IP."""
    path = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    return {**OPTIONS, "clouds_yaml": path, "locations": ["*"], "floating_ip": "auto", "timeout": 60.0 * SPEED}


def killed_after(number: int, **options: Any) -> bool:
    """Whether a task was killed when it had the answer to so many requests; else it has ended before."""
    with start_module(server, FAST + kills.killed_after(number), **options) as task:
        out, err = task.communicate(timeout=60)
    assert (err, task.returncode in (0, -signal.SIGKILL)) == ("", True), out
    return task.returncode != 0


# Killed


@pytest.mark.usefixtures("fast_clock")
def test_killed_after_each_request_of_a_creation(region: Region, options: dict[str, Any]) -> None:
    """The next run ends right, and leaves nothing that a run by itself would not leave."""
    for number in range(1, MOST):
        killed = killed_after(number, **options)
        left = things(region)
        again = run_module("server", **options)
        assert again.ok, (number, again["failures"])
        said = (number, left, again["results"])
        assert things(region) == {**ONE, "floating_ips": 1}, said
        assert [one.status for one in region.nova.servers] == ["ACTIVE"], said
        assert run_module("server", **options)["results"][0]["action"] == "unchanged", said
        assert run_module("server", **options, state="absent").ok
        assert things(region) == NOTHING, said
        if not killed:
            assert number > 10
            return
    raise AssertionError("the task does not come to an end")


@pytest.mark.usefixtures("fast_clock")
def test_killed_after_each_request_of_a_deletion(region: Region, options: dict[str, Any]) -> None:
    for number in range(1, MOST):
        assert run_module("server", **options).ok
        killed = killed_after(number, **options, state="absent")
        assert run_module("server", **options, state="absent").ok
        assert things(region) == NOTHING, number
        if not killed:
            assert number > 4
            return
    raise AssertionError("the task does not come to an end")


@pytest.mark.usefixtures("fast_clock")
def test_killed_while_it_builds_what_fails(region: Region, options: dict[str, Any]) -> None:
    """The leftover is in the status ERROR, and holds a part of the quota."""
    region.nova.builds.fails = lambda _server: NO_HOST
    with start_module(server, FAST, **options) as task:
        until(lambda: bool(region.nova.servers))
        task.kill()
    region.nova.builds.look()
    region.nova.builds.look()
    assert [one.status for one in region.nova.servers] == ["ERROR"]
    region.nova.builds.fails = lambda _server: None
    again = run_module("server", **options)
    assert [result["action"] for result in again["results"]] == ["created"]
    assert things(region) == {**ONE, "floating_ips": 1}


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize("state", ["present", "absent"])
def test_each_answer_is_lost_in_turn(region: Region, options: dict[str, Any], state: str) -> None:
    """What was done is known, or removed; nothing is done twice."""
    for number in range(1, MOST):
        if state == "absent":
            assert run_module("server", **options).ok
        fault = region.fault("*", "", LoseAnswer(), first=number, times=1)
        run = run_module("server", **options, state=state)
        region.clear_faults()
        assert run.ok, (number, run["failures"])
        assert things(region) == ({**ONE, "floating_ips": 1} if state == "present" else NOTHING), number
        if not fault.struck:
            assert number > 4
            return
        assert run_module("server", **options, state="absent").ok
    raise AssertionError("the task does not come to an end")


# Interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", r"/servers$"), ("GET", "/servers/detail"), ("POST", "/floatingips")]
)
def test_interrupted_while_a_cloud_owes_an_answer(
    region: Region, options: dict[str, Any], method: str, path: str, number: signal.Signals
) -> None:
    """Nova has begun to build, or Neutron has made the floating IP, but nobody knows its ID."""
    first = 3 if method == "GET" else 1
    fault = region.fault(method, path, BlackHole(after="work"), first=first, times=1)
    with start_module(server, **options) as task:
        until(fault.owes)
        said = interrupt(task, number)
    assert said == "Interrupted. What was complete stays; what was incomplete has been removed."
    assert things(region) == NOTHING


def test_interrupted_between_a_floating_ip_and_its_server(region: Region, options: dict[str, Any]) -> None:
    """The server stays, and nobody would know why it cannot be reached."""
    assert run_module("server", **options).ok
    fault = region.fault("DELETE", "/servers/", BlackHole(), times=1)
    with start_module(server, **options, state="absent") as task:
        until(fault.owes)
        said = interrupt(task, signal.SIGTERM)
    assert "server 'web' may still be there; its floating IP 203.0.113.0 has been deleted" in said
    assert things(region) == {**ONE, "floating_ips": 0}


@pytest.mark.parametrize(("method", "path"), [("POST", r"/servers$"), ("GET", "/servers/detail")])
def test_an_interrupt_says_what_it_could_not_remove(
    region: Region, options: dict[str, Any], method: str, path: str
) -> None:
    first = 3 if method == "GET" else 1
    fault = region.fault(method, path, BlackHole(after="work"), first=first, times=1)
    region.fault("DELETE", "/servers/", Answer(403))
    with start_module(server, **options) as task:
        until(fault.owes)
        said = interrupt(task, signal.SIGTERM)
    (left,) = region.nova.servers
    assert f"server 'web' ({left.id}) could not be removed: " in said


def test_interrupted_while_some_are_ready(clouds: FakeOpenStack, region: Region, options: dict[str, Any]) -> None:
    """Those that are complete stay."""

    def looks() -> int:
        return clouds.counters.requests(service="compute", path="/v2.1/servers/detail")

    region.nova.builds.looks = -1
    with start_module(server, **{**options, "count": 3, "floating_ip": None}) as task:
        until(lambda: len(region.nova.servers) == 3)
        for one in region.nova.servers[:2]:
            one.then = None
            one.status, one.launched, one.changed = "ACTIVE", True, datetime.now(UTC)
        before = looks()
        until(lambda: looks() > before + 1)
        region.nova.builds.looks = 0
        region.nova.servers[2].looked = -1_000_000
        region.nova.servers[2].then = "ACTIVE"
        said = interrupt(task, signal.SIGTERM)
    assert said.startswith("Interrupted. ")
    assert [one.name for one in region.nova.servers] == ["web-1", "web-2"]


# At once


def test_a_herd_of_tasks_makes_one_server(region: Region, options: dict[str, Any]) -> None:
    region.latency = 0.05
    with ExitStack() as stack:
        tasks: list[Started] = [stack.enter_context(start_module(server, **options)) for _number in range(HERD)]
        ended = [json.loads(task.communicate(timeout=60)[0]) for task in tasks]
    assert sorted(run["results"][0]["action"] for run in ended) == ["created", *["unchanged"] * (HERD - 1)]
    assert things(region) == {**ONE, "floating_ips": 1}


def test_processes_that_wait_share_their_lists(clouds: FakeOpenStack, region: Region) -> None:
    """Each by itself would look four times in five seconds. What is shared is never too old to show the end."""
    region.nova.builds.looks = -1
    made = [add_server(region, f"s{number}", status="BUILD", then="ACTIVE") for number in range(HERD)]
    connections = [connect(clouds) for _server in made]

    def wait(number: int) -> str:
        """As a process of its own would: with its own coalescer."""
        connections[number].deadline = Deadline(5.0)
        servers = {made[number].id: {"id": made[number].id, "name": made[number].name, "status": "BUILD"}}
        with RequestCoalescer() as coalescer:
            connections[number].coalescer = coalescer
            with suppress(DeadlineError):
                wait_until(connections[number], servers, is_settled)
        return str(servers[made[number].id]["status"])

    clouds.counters.reset()
    with ThreadPoolExecutor(HERD) as pool:
        assert set(pool.map(wait, range(HERD))) == {"BUILD"}
        assert clouds.counters.requests(service="compute", path="/v2.1/servers/detail") <= 6
        region.nova.builds.looks = 1
        for server_ in made:
            server_.changed, server_.looked = datetime.now(UTC), 0
        assert set(pool.map(wait, range(HERD))) == {"ACTIVE"}
