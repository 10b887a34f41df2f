# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting servers: what becomes of the floating IPs made for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server import apply
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import floating_ip_mark
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import AUTO, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer, Region
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
    """Nova refuses to delete it; its address would have been gone for good."""
    done(clouds, floating_ip=AUTO)
    (server,) = region.nova.servers
    server.locked = True
    error = refused(clouds, wanted)
    assert (error.kind, error.residue) == ("conflict", [])
    assert error.message.startswith(f"server 'web': Instance {server.id} is locked")
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


def test_a_floating_ip_that_cannot_be_removed(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made_for(region, project, add_server(region).id)
    region.fault("DELETE", "/floatingips/", Answer(403))
    error = refused(clouds, ABSENT)
    (residue,) = error.residue
    assert residue.startswith("the floating IP 203.0.113.1 of server 'web' could not be removed: ")
    assert error.message == f"server 'web' was deleted; {residue}"
    assert [server.then for server in region.nova.servers] in ([], ["DELETED"])


@pytest.mark.parametrize(("fault", "left"), [(LoseAnswer(), 0), (Answer(500), 1)], ids=["done", "not done"])
def test_a_deletion_that_is_never_answered(
    clouds: FakeOpenStack, region: Region, project: str, fault: LoseAnswer | Answer, left: int
) -> None:
    """Whether the server goes is looked up: it would have left the floating IP, or lost it."""
    made_for(region, project, add_server(region).id)
    region.fault("DELETE", "/servers/", fault)
    (result,) = results(clouds, ABSENT, timeout=5.0)
    assert result.error
    assert (result.error.residue, things(region)["floating_ips"]) == ([], left)


def test_whether_it_goes_cannot_be_looked_up(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made_for(region, project, add_server(region).id)
    region.fault("DELETE", "/servers/", Answer(500))
    region.fault("GET", "/servers/[0-9a-f-]{36}$", Answer(403))
    error = refused(clouds, ABSENT)
    (residue,) = error.residue
    assert residue.startswith("whether server 'web' is deleted, and its floating IP has to be removed, is not known: ")
    assert things(region)["floating_ips"] == 1


def test_a_server_that_a_list_by_name_lacks_keeps_its_floating_ip(
    clouds: FakeOpenStack, region: Region, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was given another name between the survey and the lock; the same goes for one whose cell is down."""
    server = add_server(region)
    made_for(region, project, server.id)
    planned_again = apply._ServerWork._planned_again

    def renamed(self: Any, names: Any) -> Any:
        server.name = "renamed"
        return planned_again(self, names)

    monkeypatch.setattr(apply._ServerWork, "_planned_again", renamed)
    assert [change.action for change in changes(clouds, ABSENT)] == ["unchanged"]
    assert things(region)["floating_ips"] == 1


def test_what_a_killed_task_has_left(clouds: FakeOpenStack, region: Region, project: str) -> None:
    """The server goes between the survey and the lock."""
    made_for(region, project, add_server(region, task_state="deleting", then="DELETED").id)
    assert [change.action for change in changes(clouds, ABSENT)] == ["unchanged"]
    assert things(region) == NOTHING
