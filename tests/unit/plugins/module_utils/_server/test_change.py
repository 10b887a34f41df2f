# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing servers: the requests, what the cloud shows otherwise, and what fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import Nic, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.neutron import network
from tests.support.server_clouds import WEB, add_server, changes, done, refused, requests, results

pytestmark = pytest.mark.usefixtures("fast_clock")

SERVER = "/v2.1/servers/{server_id}"


@pytest.fixture
def volume(region: Region, project: str) -> dict[str, Any]:
    """One that is free."""
    return region.cinder.add("volumes", project, name="data", size=1, status="available")


def test_only_what_differs_is_sent(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, metadata={"a": "1"}, tags=["x"])
    done(clouds, WantedServer("web", metadata={"a": "1"}, tags=("y",)))
    assert requests(clouds) == [*["GET /v2.1/servers/detail"] * 3, f"PUT {SERVER}/tags"]


def test_metadata_whose_deletion_is_not_answered_is_deleted(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region, metadata={"a": "1", "b": "2"})
    region.fault("DELETE", "/metadata/a", LoseAnswer(), times=1)
    assert done(clouds, WantedServer("web", metadata={"a": None})).action == "updated"
    assert server.metadata == {"b": "2"}


def test_groups_are_added_before_others_are_taken_away(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region)
    region.fault("POST", "/action", Answer(500), first=2)
    error = refused(clouds, WantedServer("web", security_groups=({"name": "ssh"},)))
    assert (error.kind, server.groups) == ("server", ["default", "ssh"])
    assert error.message.startswith("server 'web': ")


def test_what_the_cloud_does_not_show_is_a_note(
    clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_server(region)
    monkeypatch.setattr(region.nova.builds, "_change_groups", lambda *_arguments: None)
    change = done(clouds, WantedServer("web", security_groups=({"name": "ssh"},)))
    assert change.notes == ("security_groups: the cloud does not show ['ssh'] yet",)


def test_a_resize_that_fails(clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    server = add_server(region)
    begin = region.nova.builds._begin

    def back(item: object, action: str, value: object) -> None:
        begin(item, action, value)  # type: ignore[arg-type]
        server.then = "ACTIVE"

    monkeypatch.setattr(region.nova.builds, "_begin", back)
    error = refused(clouds, WantedServer("web", flavor={"name": "m2"}, resize=True))
    assert (error.kind, error.message) == ("server", "server 'web' could not be resized")


def test_a_resize_has_ended_when_the_host_has_confirmed_it(clouds: FakeOpenStack, region: Region) -> None:
    """Until then, Nova shows a server whose resize awaits confirmation, and stops or resizes none."""
    add_server(region)
    region.nova.builds.looks = 3
    change = done(clouds, WantedServer("web", flavor={"name": "m2"}, resize=True))
    assert change.output["server"]["status"] == "ACTIVE"
    assert done(clouds, WantedServer("web", state="stopped")).action == "updated"


@pytest.mark.parametrize("then", [None, "ACTIVE"], ids=["awaits it", "is being confirmed"])
def test_an_earlier_resize_is_confirmed_before(clouds: FakeOpenStack, region: Region, then: str | None) -> None:
    """By this task, or by one that was killed then."""
    server = add_server(region, status="VERIFY_RESIZE", then=then)
    region.nova.builds.looks = 2
    change = done(clouds, WantedServer("web", flavor={"name": "m2"}, resize=True))
    assert (change.action, change.output["server"]["flavor"]["name"]) == ("updated", "m2")
    assert (server.status, server.then) == ("ACTIVE", None)


def test_an_earlier_resize_is_confirmed_before_any_other_change(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """Nova refused the tags in each run, and nobody came to confirm."""
    server = add_server(region, status="VERIFY_RESIZE")
    network(region.neutron, project, "second", "10.1.0.0/24")
    nics = (Nic(network={"name": "private"}), Nic(network={"name": "second"}))
    wanted = WantedServer("web", tags=("b",), networks=nics, flavor={"name": "m2"}, resize=True)
    assert done(clouds, wanted).action == "updated"
    assert (server.status, server.tags, sorted(server.addresses)) == ("ACTIVE", ["b"], ["private", "second"])


@pytest.mark.parametrize("resize", [False, True])
def test_a_volume_that_is_not_attached(
    clouds: FakeOpenStack, region: Region, volume: dict[str, Any], *, resize: bool
) -> None:
    """Nova shows it until it has failed; a resize meanwhile would have taken it away."""
    add_server(region)
    region.nova.builds.attaches = lambda _volume: False
    flavor = {"name": "m2"} if resize else None
    error = refused(clouds, WantedServer("web", volumes=({"name": "data"},), flavor=flavor, resize=resize))
    said = f"the volume {volume['id']} could not be attached to server 'web': it is available"
    assert (error.kind, error.message) == ("server", said)
    assert not [request for request in requests(clouds) if request.endswith("/action")]


def test_a_volume_is_awaited(clouds: FakeOpenStack, region: Region, volume: dict[str, Any]) -> None:
    add_server(region)
    region.cinder.looks = 3
    wanted = WantedServer("web", volumes=({"name": "data"},), flavor={"name": "m2"}, resize=True)
    assert done(clouds, wanted).action == "updated"
    assert volume["status"] == "in-use"


def test_a_volume_that_takes_too_long(clouds: FakeOpenStack, region: Region, volume: dict[str, Any]) -> None:
    add_server(region)
    region.cinder.looks = -1
    error = refused(clouds, WantedServer("web", volumes=({"name": "data"},), wait_timeout=10.0))
    said = f"not finished within wait_timeout (10 s): the volume {volume['id']} is not attached to server 'web' yet"
    assert (error.kind, error.message) == ("timeout", said)


@pytest.mark.parametrize(("status", "wait"), [("SHELVED_OFFLOADED", True), ("ACTIVE", False)])
def test_a_volume_that_is_not_awaited(
    clouds: FakeOpenStack, region: Region, volume: dict[str, Any], status: str, *, wait: bool
) -> None:
    add_server(region, status=status)
    assert done(clouds, WantedServer("web", volumes=({"name": "data"},), wait=wait)).action == "updated"
    assert volume["status"] == "reserved"


@pytest.mark.parametrize("flavor", ["m1", "m2"])
def test_a_resize_whose_confirmation_fails(clouds: FakeOpenStack, region: Region, flavor: str) -> None:
    server = add_server(region, status="VERIFY_RESIZE")
    region.nova.builds.fails = lambda _server: "no way to the old host"
    error = refused(clouds, WantedServer("web", flavor={"name": flavor}, resize=True))
    said = "the resize of server 'web' could not be confirmed: no way to the old host"
    assert (error.kind, error.message, server.status) == ("server", said, "ERROR")


def test_a_resize_that_is_not_confirmed_in_time(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, status="VERIFY_RESIZE")
    region.nova.builds.looks = -1
    error = refused(clouds, WantedServer("web", flavor={"name": "m1"}, resize=True, wait_timeout=10.0))
    assert error.message == "not finished within wait_timeout (10 s): server 'web' is still VERIFY_RESIZE"


def test_a_server_that_does_not_start(clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    server = add_server(region, status="SHUTOFF")
    done_ = region.nova.builds._done

    def fails(item: object) -> None:
        done_(item)  # type: ignore[arg-type]
        server.status, server.fault = "ERROR", "no disk"

    monkeypatch.setattr(region.nova.builds, "_done", fails)
    error = refused(clouds, WantedServer("web", state="started"))
    assert (error.kind, error.message) == ("server", "server 'web' is ERROR, not started: no disk")


def test_a_state_that_is_not_reached_in_time(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.looks = -1
    add_server(region, status="SHUTOFF")
    error = refused(clouds, WantedServer("web", state="started", wait_timeout=10.0))
    assert error.message == "not finished within wait_timeout (10 s): server 'web' is still os-starting"


def test_one_of_several_that_cannot_be_stopped(clouds: FakeOpenStack, region: Region) -> None:
    for number in (1, 2, 3):
        add_server(region, f"w-{number}", status="RESCUE" if number == 2 else "ACTIVE")
    (result,) = results(clouds, WantedServer("w", count=3, state="stopped"))
    assert result.error
    assert result.value
    assert "server 'w-2': Cannot 'os-stop'" in result.error.message
    assert [change.output["name"] for change in result.value.each] == ["w-1", "w-3"]


def test_states_of_several_are_awaited_together(clouds: FakeOpenStack, region: Region) -> None:
    for number in range(1, 6):
        add_server(region, f"w-{number}")
    changed = changes(clouds, WantedServer("w", count=5, state="stopped"))
    assert [change.output["server"]["status"] for change in changed] == ["SHUTOFF"] * 5
    assert requests(clouds).count("GET /v2.1/servers/detail") <= 4
    assert sum("{server_id}" in request for request in requests(clouds)) == 5


def test_the_user_data_of_a_rebuild_are_not_shown(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region)
    said = b'{"badRequest": {"code": 400, "message": "Value: c2VjcmV0IHRleHQ= is bad"}}'
    region.fault("POST", "/action", Answer(400, {"Content-Type": "application/json"}, said))
    error = refused(clouds, replace(WEB, state="rebuilt", user_data="secret text", force=True))
    assert f"Value: {MASK} is bad" in error.message


def test_several_are_resized_at_once_and_one_may_fail(clouds: FakeOpenStack, region: Region) -> None:
    for number in range(1, 6):
        add_server(region, f"w-{number}", status="PAUSED" if number == 3 else "ACTIVE")
    (result,) = results(clouds, WantedServer("w", count=5, flavor={"name": "m2"}, resize=True))
    assert result.error
    assert result.value
    assert "server 'w-3': Cannot 'resize'" in result.error.message
    changed = {change.output["name"]: change.output["server"]["flavor"]["name"] for change in result.value.each}
    assert changed == {"w-1": "m2", "w-2": "m2", "w-4": "m2", "w-5": "m2"}
    assert {server.status for server in region.nova.servers} == {"ACTIVE", "PAUSED"}
    assert requests(clouds).count("GET /v2.1/servers/detail") <= 8
