# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Nova is asked, and what is made of its answers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.nova import (
    act,
    create,
    delete,
    fault_of,
    is_gone,
    is_settled,
    servers_changed,
    servers_named,
)
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.faults import edit_answer
from tests.support.run_core import ask_one, connect
from tests.support.server_clouds import add_server, requests

JSON = {"Content-Type": "application/json"}


def test_servers_of_names(clouds: FakeOpenStack, region: Region) -> None:
    for name in ("web", "web-1", "web-2", "web-10", "web-1-old", "xweb-1", "WEB"):
        add_server(region, name)
    add_server(region, "web", status="SOFT_DELETED")
    connection = connect(clouds)
    assert [len(found) for found in servers_named(connection, ["web", "no"]).values()] == [1, 0]
    numbered = servers_named(connection, ["web-1", "web-2", "web-3"], "web")
    assert {name: [item["name"] for item in found] for name, found in numbered.items()} == {
        "web-1": ["web-1"],
        "web-2": ["web-2"],
        "web-3": [],
    }
    assert requests(clouds, "compute") == ["GET /v2.1/servers/detail"] * 2


def test_of_the_project_only(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, project_id="another")
    assert servers_named(connect(clouds), ["web"]) == {"web": []}


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7},
        {"id": "../x"},
        {"name": {"a": 1}},
        {"status": None},
        {"metadata": ["a"]},
        {"addresses": {"private": ["10.0.0.1"]}},
        {"addresses": []},
        {"flavor": "m1"},
        {"tags": "a"},
    ],
)
def test_what_is_no_server(clouds: FakeOpenStack, region: Region, change: dict[str, Any]) -> None:
    add_server(region)
    edit = edit_answer(lambda body: {"servers": [body["servers"][0] | change]})
    region.fault("GET", "/servers/detail", edit)
    for look in (
        lambda connection: servers_named(connection, ["web"]),
        lambda connection: servers_changed(connection, 0.0, 0.0),
    ):
        result = ask_one(clouds, look)
        if change != {"addresses": []}:
            assert result.error
            assert (result.error.kind, "cannot be parsed" in result.error.message) == ("server", True)


def test_an_answer_without_an_id(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("POST", "/servers$", Answer(202, JSON, b'{"server": {"id": "a/b"}}'))
    with pytest.raises(ServerError, match="the answer to the creation of a server cannot be parsed"):
        create(connect(clouds), {"server": {}})


def test_deleting_what_is_not_there(clouds: FakeOpenStack, region: Region) -> None:
    connection = connect(clouds)
    delete(connection, "00000000-0000-0000-0000-000000000000")
    server = add_server(region)
    act(connection, server.id, "os-stop")
    assert server.then == "SHUTOFF"


@pytest.mark.parametrize(
    ("item", "settled", "gone"),
    [
        ({"status": "BUILD"}, False, False),
        ({"status": "ACTIVE"}, True, False),
        ({"status": "ACTIVE", "OS-EXT-STS:task_state": "deleting"}, False, False),
        ({"status": "ERROR", "OS-EXT-STS:task_state": "deleting"}, True, False),
        ({"status": "DELETED"}, True, True),
        ({"status": "SOFT_DELETED"}, True, True),
    ],
)
def test_states(item: dict[str, Any], *, settled: bool, gone: bool) -> None:
    assert (is_settled(item), is_gone(item)) == (settled, gone)


@pytest.mark.parametrize(
    ("fault", "said"), [(None, ""), ({"message": " no host. "}, "no host."), ({"message": 7}, ""), ("x", "")]
)
def test_faults(fault: Any, said: str) -> None:
    assert fault_of({"fault": fault}) == said
