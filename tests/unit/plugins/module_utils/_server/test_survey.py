# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has: which requests tell it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.references import MissingError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.survey import survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import Nic, WantedServer
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.run_core import connect
from tests.support.server_clouds import WEB, add_server, requests

LIST = "GET /v2.1/servers/detail"


def test_what_is_to_be_deleted_costs_a_list(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region)
    found = survey(connect(clouds), replace(WEB, state="absent"))
    assert [item["id"] for item in found.servers["web"]] == [server.id]
    assert (found.values, found.blueprint, requests(clouds)) == ({}, None, [LIST])


def test_what_is_not_there_gets_a_blueprint(clouds: FakeOpenStack) -> None:
    found = survey(connect(clouds), WEB)
    assert (found.servers, found.values, found.missing) == ({"web": ()}, {}, None)
    assert found.blueprint


def test_what_is_missing_is_known(clouds: FakeOpenStack, region: Region) -> None:
    found = survey(connect(clouds), replace(WEB, flavor={"name": "no"}))
    assert isinstance(found.missing, MissingError)
    add_server(region)
    assert survey(connect(clouds), replace(WEB, flavor={"name": "no"})).values["flavor"] == "no"


def test_only_what_servers_do_not_show_is_looked_up(clouds: FakeOpenStack, region: Region, project: str) -> None:
    server = add_server(region)
    private = next(iter(region.neutron.items["networks"]))
    port = region.neutron.add("ports", project, name="front", network_id=private, device_id=server.id, fixed_ips=[])
    volume = region.cinder.add("volumes", project, name="data", size=1)
    group = region.nova.resources.add("os-server-groups", project, name="apart", policy="affinity")
    group["members"].append(server.id)
    wanted = replace(
        WEB,
        networks=(Nic(network={"name": "private"}), Nic(port={"name": "front"})),
        security_groups=({"name": "ssh"},),
        volumes=({"name": "data"},),
        server_group={"name": "apart"},
    )
    values = survey(connect(clouds), wanted).values
    assert values == {
        "image": next(iter(region.glance.images)),
        "flavor": "m1",
        "networks": ("private",),
        "ports": {port["id"]: server.id},
        "security_groups": ("ssh",),
        "server_group": (server.id,),
        "volumes": (volume["id"],),
    }
    asked = [request for request in requests(clouds) if request != LIST]
    assert sorted(asked) == [
        "GET /v2.0/ports", "GET /v2.0/ports/{id}", "GET /v2.1/os-server-groups", "GET /v2.1/os-server-groups",
        "GET /v2/images", "GET /v3/{project}/volumes/detail",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "asked"), [("started", [LIST]), ("rebooted", [LIST]), ("rebuilt", [LIST, "GET /v2/images"])]
)
def test_states_compare_nothing_else(clouds: FakeOpenStack, region: Region, state: str, asked: list[str]) -> None:
    add_server(region)
    survey(connect(clouds), replace(WEB, state=state))
    assert requests(clouds) == asked


def test_numbered_names_are_one_list(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, "w-2")
    found = survey(connect(clouds), WantedServer("w", count=3, state="absent"))
    assert {name: len(items) for name, items in found.servers.items()} == {"w-1": 0, "w-2": 1, "w-3": 0}
    assert sorted(requests(clouds)) == ["GET /v2.1/servers", LIST]
