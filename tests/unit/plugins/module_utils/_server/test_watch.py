# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: one list for all, shared by processes, whatever the clocks say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.nova import Item, act, is_gone, is_settled
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.watch import BY_NAME, wait_until
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.nova_servers import Server, Version
from tests.support.fake_openstack.service import Call
from tests.support.run_core import connect
from tests.support.server_clouds import add_server, requests

LIST = "GET /v2.1/servers/detail"


@pytest.fixture
def connection(clouds: FakeOpenStack, fast_clock: Clock) -> Connection:
    return connect(clouds, timeout=20.0 * fast_clock.speed)


def building(region: Region, *names: str) -> dict[str, Item]:
    made = [add_server(region, name, status="BUILD", then="ACTIVE", changed=datetime.now(UTC)) for name in names]
    return {server.id: {"id": server.id, "name": server.name, "status": "BUILD"} for server in made}


def test_many_servers_are_one_list(clouds: FakeOpenStack, region: Region, connection: Connection) -> None:
    region.nova.builds.looks = 2
    servers = building(region, *(f"s{number}" for number in range(20)))
    wait_until(connection, servers, is_settled)
    assert {item["status"] for item in servers.values()} == {"ACTIVE"}
    assert requests(clouds, "compute") == [LIST] * 3


def test_nothing_to_wait_for_is_no_request(clouds: FakeOpenStack, connection: Connection) -> None:
    wait_until(connection, {"x": {"id": "x", "name": "x", "status": "ACTIVE"}}, is_settled)
    assert requests(clouds, "compute") == []


def test_only_what_has_changed_is_asked_for(
    region: Region, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all servers of the project, which may be thousands."""
    asked: list[dict[str, str]] = []
    select = region.nova._select

    def noted(call: Call, version: Version) -> list[Server]:
        asked.append(dict(call.request.query))
        found = select(call, version)
        assert len(found) == 1
        return found

    monkeypatch.setattr(region.nova, "_select", noted)
    add_server(region, "old")
    wait_until(connection, building(region, "new"), is_settled)
    for query in asked:
        moment = datetime.fromisoformat(query["changes-since"])
        assert (moment.second, moment.microsecond) == (0, 0)  # so that processes ask for the same
        assert 60 <= (datetime.now(UTC) - moment).total_seconds() <= 180


def test_what_is_gone_is_shown_as_deleted(region: Region, connection: Connection) -> None:
    server = add_server(region, task_state="deleting", then="DELETED", changed=datetime.now(UTC))
    servers = {server.id: {"id": server.id, "name": "web", "status": "ACTIVE"}}
    wait_until(connection, servers, is_gone)
    assert servers[server.id]["status"] == "DELETED"


def test_what_never_shows_as_changed_is_looked_for_by_name(
    clouds: FakeOpenStack, region: Region, connection: Connection
) -> None:
    server = add_server(region)
    region.nova.servers.remove(server)
    servers = {server.id: {"id": server.id, "name": "web", "status": "BUILD"}}
    wait_until(connection, servers, is_gone)
    assert sorted(requests(clouds, "compute")) == ["GET /v2.1/servers", *[LIST] * BY_NAME]
    servers = {server.id: {"id": server.id, "name": "web", "status": "BUILD"}}
    wait_until(connection, servers, is_gone, by_name=1)
    assert sorted(requests(clouds, "compute")) == [*["GET /v2.1/servers"] * 2, *[LIST] * (BY_NAME + 1)]


@pytest.mark.parametrize("ahead", [-7200.0, 7200.0])
def test_the_clock_of_the_cloud_counts(
    clouds: FakeOpenStack, region: Region, connection: Connection, wrong_date: Callable[[float], None], ahead: float
) -> None:
    """A machine whose date is wrong sees what has changed."""
    wrong_date(ahead)
    server = add_server(region)
    act(connection, server.id, "os-stop")
    clouds.counters.reset()
    servers = {server.id: {"id": server.id, "name": "web", "status": "ACTIVE", "OS-EXT-STS:task_state": "x"}}
    wait_until(connection, servers, is_settled)
    assert servers[server.id]["status"] == "SHUTOFF"
    assert len(requests(clouds, "compute")) < BY_NAME


def test_a_cloud_that_fails_meanwhile(region: Region, connection: Connection) -> None:
    region.fault("GET", "/servers/detail", Answer(500), times=7)
    servers = building(region, "web")
    wait_until(connection, servers, is_settled)
    assert [item["status"] for item in servers.values()] == ["ACTIVE"]


def test_the_deadline(region: Region, connection: Connection) -> None:
    region.nova.builds.looks = -1
    connection.deadline = Deadline(10.0, "wait_timeout")
    servers = building(region, "web")
    with pytest.raises(DeadlineError, match="wait_timeout"):
        wait_until(connection, servers, is_settled)
    assert [item["flavor"]["original_name"] for item in servers.values()] == ["m1"]  # as it was seen last
