# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks make what their templates say, in their own region, and take it away."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from openstack.connection import Connection
from openstack.orchestration.v1.stack import Stack

from tests.support.local_clouds.layout import REGIONS
from tests.support.local_clouds.populate import network_name
from tests.support.wait import until

pytestmark = pytest.mark.clouds

LIMIT = 180

SERVER_WITH_VOLUME: dict[str, Any] = {
    "heat_template_version": "2018-08-31",
    "parameters": {"flavor": {"type": "string", "default": "m1.nano"}},
    "resources": {
        "word": {"type": "OS::Heat::RandomString", "properties": {"length": 12}},
        "volume": {"type": "OS::Cinder::Volume", "properties": {"size": 1, "image": "base"}},
        "server": {
            "type": "OS::Nova::Server",
            "properties": {
                "image": "base",
                "flavor": {"get_param": "flavor"},
                "networks": [{"network": network_name("demo")}],
                "metadata": {"word": {"get_attr": ["word", "value"]}},
            },
        },
        "attachment": {
            "type": "OS::Cinder::VolumeAttachment",
            "properties": {"instance_uuid": {"get_resource": "server"}, "volume_id": {"get_resource": "volume"}},
        },
    },
    "outputs": {
        "word": {"value": {"get_attr": ["word", "value"]}},
        "server": {"value": {"get_resource": "server"}},
        "address": {"value": {"get_attr": ["server", "first_address"]}},
        "volume": {"value": {"get_resource": "volume"}},
    },
}

SIGNALS: dict[str, Any] = {
    "heat_template_version": "2018-08-31",
    "resources": {
        "handle": {"type": "OS::Heat::WaitConditionHandle"},
        "condition": {
            "type": "OS::Heat::WaitCondition",
            "properties": {"handle": {"get_resource": "handle"}, "timeout": LIMIT},
        },
        "group": {
            "type": "OS::Heat::AutoScalingGroup",
            "properties": {"min_size": 1, "max_size": 3, "resource": {"type": "OS::Heat::RandomString"}},
        },
        "more": {
            "type": "OS::Heat::ScalingPolicy",
            "properties": {
                "adjustment_type": "change_in_capacity",
                "auto_scaling_group_id": {"get_resource": "group"},
                "scaling_adjustment": 1,
            },
        },
    },
    "outputs": {
        "token": {"value": {"get_attr": ["handle", "token"]}},
        "url": {"value": {"get_attr": ["handle", "endpoint"]}},
        "data": {"value": {"get_attr": ["condition", "data"]}},
        "size": {"value": {"get_attr": ["group", "current_size"]}},
    },
}

Create = Callable[[dict[str, Any]], Stack]


@pytest.fixture
def create(connection: Connection) -> Iterator[Create]:
    """Make a stack; it is deleted after the test."""
    with ExitStack() as stack:

        def make(template: dict[str, Any]) -> Stack:
            made = connection.orchestration.create_stack(name=f"probe-{secrets.token_hex(4)}", template=template)
            stack.callback(connection.orchestration.wait_for_delete, made, interval=0.3, wait=LIMIT)
            stack.callback(connection.orchestration.delete_stack, made)
            return made

        yield make


def reach(connection: Connection, stack: Stack, status: str) -> dict[str, Any]:
    """The outputs of a stack once it has a status."""

    def reached() -> bool:
        now = connection.orchestration.get_stack(stack.id)
        assert not now.status.endswith("_FAILED"), now.status_reason
        return bool(now.status == status)

    until(reached, seconds=LIMIT, pause=0.3)
    return outputs(connection, stack)


def outputs(connection: Connection, stack: Stack) -> dict[str, Any]:
    """The outputs of a stack by name; None is the value of one that is not known yet."""
    found = connection.orchestration.get_stack(stack.id).outputs or []
    return {output["output_key"]: output.get("output_value") for output in found}


def test_a_stack_from_creation_to_deletion(connection: Connection, create: Create) -> None:
    stack = create(SERVER_WITH_VOLUME)
    found = reach(connection, stack, "CREATE_COMPLETE")
    server = connection.compute.get_server(found["server"])
    assert len(found["word"]) == 12
    assert server.metadata == {"word": found["word"]}
    assert [address["addr"] for address in server.addresses[network_name("demo")]] == [found["address"]]
    [attachment] = connection.block_storage.get_volume(found["volume"]).attachments
    assert attachment["server_id"] == server.id

    connection.orchestration.delete_stack(stack)
    connection.orchestration.wait_for_delete(stack, interval=0.3, wait=LIMIT)
    assert connection.compute.find_server(found["server"]) is None
    assert connection.block_storage.find_volume(found["volume"]) is None


@pytest.mark.parametrize("region", [REGIONS[1]], ids=["south"], indirect=True)
def test_a_stack_gives_its_server_another_flavor(connection: Connection, create: Create) -> None:
    stack = create(SERVER_WITH_VOLUME)
    found = reach(connection, stack, "CREATE_COMPLETE")
    # Not the stack itself, of which only what differs would be sent.
    connection.orchestration.update_stack(stack.id, template=SERVER_WITH_VOLUME, parameters={"flavor": "m1.tiny"})
    assert reach(connection, stack, "UPDATE_COMPLETE") == found
    assert connection.compute.get_server(found["server"]).flavor.name == "m1.tiny"


def test_a_stack_listens_to_its_own_users_and_acts_for_its_owner(connection: Connection, create: Create) -> None:
    stack = create(SIGNALS)
    until(lambda: (found := outputs(connection, stack)).get("token") and found.get("url"), seconds=LIMIT, pause=0.3)
    found = outputs(connection, stack)
    signal = {"status": "SUCCESS", "id": "1", "data": "hello"}
    assert requests.post(found["url"], headers={"X-Auth-Token": found["token"]}, json=signal, timeout=LIMIT).ok
    found = reach(connection, stack, "CREATE_COMPLETE")
    assert (found["data"], found["size"]) == ('{"1": "hello"}', 1)

    where = f"/stacks/{stack.name}/{stack.id}/resources/more/signal"
    assert connection.orchestration.post(where, json={}).ok
    until(lambda: outputs(connection, stack)["size"] == 2, seconds=LIMIT, pause=0.3)
