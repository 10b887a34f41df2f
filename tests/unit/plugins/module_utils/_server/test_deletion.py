# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting servers: what becomes of the floating IPs made for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY, floating_ip_mark
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import AUTO, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.server_clouds import NOTHING, WEB, add_server, changes, done, refused, requests, results, things

pytestmark = pytest.mark.usefixtures("fast_clock")

ABSENT = WantedServer("web", state="absent")


def made_for(region: Region, project: str, *server_ids: str) -> list[dict[str, Any]]:
    """Floating IPs that were made for servers."""
    return [
        region.neutron.add(
            "floatingips",
            project,
            floating_ip_address=f"203.0.113.{number}",
            description=floating_ip_mark(server_id),
        )
        for number, server_id in enumerate(server_ids, 1)
    ]


@pytest.mark.parametrize("wanted", [ABSENT, replace(WEB, replace=True, key_name="ops")], ids=["absent", "replaced"])
def test_a_locked_server_keeps_its_floating_ip(clouds: FakeOpenStack, region: Region, wanted: WantedServer) -> None:
    """Nova would refuse to delete it; its address would have been gone for good."""
    done(clouds, floating_ip=AUTO)
    (server,) = region.nova.servers
    server.locked = True
    for check in (True, False):
        error = refused(clouds, wanted, check=check)
        assert (error.kind, error.message) == ("conflict", "server 'web' is locked, and is not deleted")
    assert things(region) == {"servers": 1, "ports": 1, "volumes": 0, "floating_ips": 1}
    server.locked = False
    assert done(clouds, wanted).action in ("deleted", "replaced")
    assert things(region)["floating_ips"] == 0


def test_one_of_several_that_stays(clouds: FakeOpenStack, region: Region, project: str) -> None:
    servers = [add_server(region, f"w-{number}", locked=number == 2) for number in (1, 2, 3)]
    made_for(region, project, *(server.id for server in servers))
    (result,) = results(clouds, replace(ABSENT, name="w", count=3))
    assert result.value
    assert [change.output["name"] for change in result.value.each] == ["w-1", "w-3"]
    assert [server.name for server in region.nova.servers] == ["w-2"]
    (kept,) = region.neutron.items["floatingips"].values()
    assert kept["description"] == floating_ip_mark(servers[1].id)


def test_nothing_is_deleted_while_the_floating_ips_are_not_known(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    made_for(region, project, add_server(region).id)
    region.fault("GET", "/floatingips", Answer(403))
    refused(clouds, ABSENT)
    assert "DELETE /v2.1/servers/{server_id}" not in requests(clouds)


def test_a_server_whose_floating_ip_cannot_be_removed_stays(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    made_for(region, project, add_server(region).id)
    region.fault("DELETE", "/floatingips/", Answer(403))
    assert refused(clouds, ABSENT).kind == "refused"
    assert things(region) == {**NOTHING, "servers": 1, "floating_ips": 1}


def test_a_deletion_that_is_refused_says_what_is_gone(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made_for(region, project, add_server(region).id)
    region.fault("DELETE", "/servers/", Answer(403))
    assert refused(clouds, ABSENT).message.endswith("; its floating IP 203.0.113.1 has been deleted")
    assert things(region) == {**NOTHING, "servers": 1}


def test_nova_gives_a_deletion_up(clouds: FakeOpenStack, region: Region) -> None:
    """As it does where Neutron does not let it delete a port. Nobody waits until wait_timeout."""
    done(clouds, floating_ip=AUTO)
    region.nova.builds.stays = lambda _server: "Neutron is gone."
    error = refused(clouds, replace(ABSENT, wait_timeout=1e6))
    said = "Nova could not delete server 'web': Neutron is gone; its floating IP 203.0.113.0 has been deleted"
    assert (error.kind, error.message) == ("server", said)
    assert requests(clouds).count("DELETE /v2.1/servers/{server_id}") == 2
    region.nova.builds.stays = lambda _server: None
    assert [change.action for change in changes(clouds, ABSENT)] == ["deleted"]


def test_a_build_that_fails_while_it_is_to_be_deleted(clouds: FakeOpenStack, region: Region) -> None:
    """Nova deletes it when the build has ended, and shows ERROR without a task until then."""
    faults = ["No valid host was found. "]
    server = add_server(region)
    region.nova.builds.stays = lambda _server: faults.pop() if faults else None
    assert [change.action for change in changes(clouds, ABSENT)] == ["deleted"]
    assert server not in region.nova.servers


def test_those_that_stay_of_what_has_failed_are_named(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.fails = lambda _server: NO_HOST
    region.nova.builds.stays = lambda server: "Neutron is gone." if server.name == "web-2" else None
    (result,) = results(clouds, replace(WEB, count=2, wait_timeout=1e6))
    (server,) = region.nova.servers
    assert result.error
    reason = "could not be removed: Nova could not delete server 'web-2': Neutron is gone"
    assert result.error.residue == [f"server 'web-2' ({server.id}) {reason}"]


@pytest.mark.parametrize("wanted", [ABSENT, replace(ABSENT, wait=False), replace(WEB, floating_ip=AUTO)])
def test_a_server_that_somebody_else_is_deleting(clouds: FakeOpenStack, region: Region, wanted: WantedServer) -> None:
    """Its floating IP is deleted when it is gone, not at the same time."""
    done(clouds, floating_ip=AUTO)
    (server,) = region.nova.servers
    (floating,) = region.neutron.items["floatingips"]
    server.task_state, server.then, server.reached_by = "deleting", "DELETED", {floating}
    region.nova.builds.looks = 3
    assert done(clouds, wanted).action in ("deleted", "created")
    assert server not in region.nova.servers
    assert floating not in region.neutron.items["floatingips"]


def test_a_locked_leftover_is_refused_in_check_mode_too(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, status="ERROR", metadata={KEY: "ab"}, launched=False, locked=True)
    for check in (True, False):
        assert refused(clouds, check=check).message == "server 'web' is locked, and is not deleted"


@pytest.mark.parametrize("wait", [True, False])
def test_a_server_with_a_floating_ip_is_deleted(clouds: FakeOpenStack, region: Region, *, wait: bool) -> None:
    """Neutron does not let Nova delete a port while its floating IP is being deleted: that goes before."""
    done(clouds, floating_ip=AUTO)
    region.nova.builds.looks = 2
    assert done(clouds, replace(ABSENT, wait=wait)).action == "deleted"
    for _look in range(3):
        region.nova.builds.look()
    assert things(region) == NOTHING
