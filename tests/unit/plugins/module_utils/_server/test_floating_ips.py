# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating IPs: made for a server and deleted with it, or lent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import floating_ip_mark
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import AUTO, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.neutron import network
from tests.support.server_clouds import NOTHING, WEB, add_server, done, refused, requests, things

pytestmark = pytest.mark.usefixtures("fast_clock")

FLOATING = replace(WEB, floating_ip=AUTO)
ONLY = WantedServer("web", floating_ip=AUTO)


def test_made_with_the_server_and_deleted_with_it(clouds: FakeOpenStack, region: Region) -> None:
    made = done(clouds, FLOATING).output["server"]
    (floating,) = region.neutron.items["floatingips"].values()
    assert floating["description"] == floating_ip_mark(made["id"])
    assert made["public_v4"] == floating["floating_ip_address"]
    assert done(clouds, FLOATING).action == "unchanged"
    assert done(clouds, FLOATING, floating_ip={"name": "public"}).action == "unchanged"
    assert done(clouds, WantedServer("web", state="absent")).action == "deleted"
    assert things(region) == NOTHING


def test_given_to_a_server_that_is_there(clouds: FakeOpenStack) -> None:
    done(clouds)
    change = done(clouds, ONLY)
    assert (change.action, change.before, change.after) == ("updated", {"floating_ip": []}, {"floating_ip": "auto"})
    assert change.output["server"]["public_v4"]
    assert done(clouds, ONLY).action == "unchanged"


@pytest.mark.slow
def test_one_that_nova_does_not_show_yet_is_not_made_again(
    clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region.nova.builds, "_show_floating", lambda: None)
    for _run in range(2):
        change = done(clouds, FLOATING)
        assert any("Nova does not show" in note for note in change.notes)
    assert things(region)["floating_ips"] == 1


def test_an_address_of_the_project_is_lent(clouds: FakeOpenStack, region: Region, project: str) -> None:
    public = next(each for each in region.neutron.items["networks"].values() if each["name"] == "public")
    fixed = {"floating_network_id": public["id"], "floating_ip_address": "203.0.113.50"}
    floating = region.neutron.add("floatingips", project, **fixed)
    wanted = replace(WEB, floating_ip="203.0.113.50")
    assert done(clouds, wanted).output["server"]["public_v4"] == "203.0.113.50"
    assert done(clouds, wanted).action == "unchanged"
    error = refused(clouds, wanted, name="other")
    assert (error.kind, "belongs to the port" in error.message) == ("conflict", True)
    assert [server.name for server in region.nova.servers] == ["web"]
    done(clouds, WantedServer("web", state="absent"))
    assert (floating["port_id"], things(region)["floating_ips"]) == (None, 1)
    clouds.counters.reset()
    error = refused(clouds, wanted, floating_ip="203.0.113.51")
    assert error.message == "the project has no floating IP 203.0.113.51"
    assert "POST /v2.1/servers" not in requests(clouds)


@pytest.mark.parametrize("wanted", [AUTO, "203.0.113.50"])
def test_a_port_of_a_network_without_a_router_is_passed_over(
    clouds: FakeOpenStack, region: Region, project: str, wanted: str
) -> None:
    """Neutron answers 404: a new server was deleted, depending on the IDs of its ports."""
    networks = {each["name"]: each for each in region.neutron.items["networks"].values()}
    networks["storage"] = network(region.neutron, project, "storage", "10.5.0.0/24")
    subnets = {each["network_id"]: each["id"] for each in region.neutron.items["subnets"].values()}
    server = add_server(region, changed=datetime.now(UTC))
    for identity, name in (("0" * 32, "storage"), ("f" * 32, "private")):
        fixed = {"subnet_id": subnets[networks[name]["id"]], "ip_address": "10.9.0.9"}
        of_network = {"network_id": networks[name]["id"], "fixed_ips": [fixed]}
        region.neutron.add("ports", project, id=identity, device_id=server.id, **of_network)
    if wanted != AUTO:
        lent = {"floating_network_id": networks["public"]["id"], "floating_ip_address": wanted}
        region.neutron.add("floatingips", project, **lent)
    (router,) = region.neutron.items["routers"].values()
    gateway, router["external_gateway_info"] = router["external_gateway_info"], None
    error = refused(clouds, ONLY, floating_ip=wanted)
    assert (error.kind, "is not reachable from subnet" in error.message) == ("refused", True)
    router["external_gateway_info"] = gateway
    assert done(clouds, ONLY, floating_ip=wanted).action == "updated"
    assert [item["port_id"] for item in region.neutron.items["floatingips"].values()] == ["f" * 32]


def test_several_external_networks(clouds: FakeOpenStack, region: Region) -> None:
    admins = clouds["cloud1"].keystone.project_id("admin")
    other = network(region.neutron, admins, "other", **{"router:external": True})
    error = refused(clouds, FLOATING)
    assert (error.kind, things(region)) == ("conflict", NOTHING)
    assert error.message.endswith("there are several external networks here: other, public")
    (router,) = region.neutron.items["routers"].values()
    router["external_gateway_info"] = {"network_id": other["id"]}
    assert done(clouds, FLOATING, floating_ip={"name": "other"}).action == "created"
    done(clouds, FLOATING, state="absent")
    other["is_default"] = True
    assert done(clouds, FLOATING).action == "created"
    assert [item["floating_network_id"] for item in region.neutron.items["floatingips"].values()] == [other["id"]]


@pytest.mark.parametrize(("status", "kind"), [(404, "refused"), (409, "conflict"), (500, "server")])
def test_a_server_without_its_floating_ip_is_removed(
    clouds: FakeOpenStack, region: Region, status: int, kind: str
) -> None:
    region.fault("POST", "/floatingips", Answer(status))
    error = refused(clouds, FLOATING)
    assert (error.kind, error.residue, things(region)) == (kind, [], NOTHING)


def test_a_lost_answer(clouds: FakeOpenStack, region: Region) -> None:
    """What was made nevertheless is taken."""
    region.fault("POST", "/floatingips", LoseAnswer())
    change = done(clouds, FLOATING)
    assert change.output["server"]["public_v4"]
    assert requests(clouds, "network").count("POST /v2.0/floatingips") == 1
    assert things(region) == {"servers": 1, "ports": 1, "volumes": 0, "floating_ips": 1}


def test_those_of_others_are_kept(clouds: FakeOpenStack, region: Region, project: str) -> None:
    server = add_server(region)
    for description in ("", floating_ip_mark("another")):
        region.neutron.add("floatingips", project, floating_ip_address="203.0.113.9", description=description)
    region.neutron.add("floatingips", project, description=floating_ip_mark(server.id))
    done(clouds, WantedServer("web", state="absent"))
    assert things(region)["floating_ips"] == 2
    assert requests(clouds, "network") == ["DELETE /v2.0/floatingips/{id}", "GET /v2.0/floatingips"]
