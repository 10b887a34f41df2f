# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done: requests, doubles, undoing, locks, waiting, and what is left when it fails."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.apply import (
    ResourceStep,
    apply_step,
    ensure_resource,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.plan import Found, ResourcePlan, make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.survey import survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import Wanted, check_wanted
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target
from tests.support.fake_openstack import Action, Answer, BreakAnswer, DistortAnswer, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.faults import edit_answer
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import connect, entries

pytestmark = pytest.mark.usefixtures("fast_clock")

JSON = {"Content-Type": "application/json"}


def results(clouds: FakeOpenStack, wanted: Wanted, user: str = "demo", *, check: bool = False) -> list[Result[Change]]:
    check_wanted(wanted)
    target = Target(clouds_config={"clouds": entries(clouds, user)}, timeout=clock.turned(20.0))
    return ensure_resource(target, wanted, check_mode=check)


def done(clouds: FakeOpenStack, of: str, /, user: str = "demo", *, check: bool = False, **options: Any) -> Change:
    (result,) = results(clouds, Wanted(kind_of(of), **options), user, check=check)
    if result.error:
        raise result.error
    assert result.value
    return result.value


def refused(clouds: FakeOpenStack, of: str, /, user: str = "demo", **options: Any) -> OaktreeError:
    (result,) = results(clouds, Wanted(kind_of(of), **options), user)
    assert result.error
    return result.error


def requests(clouds: FakeOpenStack, service: str) -> list[str]:
    counted = clouds.counters.as_dict()["requests"]
    return [
        f"{key['method']} {key['path']}" for key in counted if key["service"] == service for _n in range(key["count"])
    ]


# Requests


def test_nothing_to_do_is_one_request(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web")
    change = done(clouds, "network.network", name="web", attributes={"is_admin_state_up": True})
    assert (change.action, change.output["resource"]["name"]) == ("unchanged", "web")
    assert requests(clouds, "network") == ["GET /v2.0/networks"]


def test_only_what_differs_is_sent(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web")
    change = done(clouds, "network.network", name="web", attributes={"mtu": "1400", "is_admin_state_up": "yes"})
    assert (change.action, change.before, change.after) == ("updated", {"mtu": 1450}, {"mtu": "1400"})
    assert change.output["resource"]["mtu"] == 1400
    assert requests(clouds, "network") == ["GET /v2.0/networks"] * 2 + ["PUT /v2.0/networks/{id}"]


def test_tags_and_the_like_are_no_part_of_the_body(clouds: FakeOpenStack) -> None:
    change = done(clouds, "network.network", name="web", attributes={"tags": ["x"]})
    assert change.output["resource"]["tags"] == ["x"]
    assert "PUT /v2.0/networks/{id}/tags" in requests(clouds, "network")


def test_a_part_that_differs_is_read_when_the_resource_is_looked_at(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    network(region.neutron, project, "web", "192.0.2.0/24")
    region.neutron.add("routers", project, name="web")
    change = done(clouds, "network.router", name="web", attributes={"interfaces": [{"name": "web"}]})
    assert change.action == "updated"
    sent = requests(clouds, "network")
    assert (sent.count("GET /v2.0/ports"), sent.count("PUT /v2.0/routers/{id}/add_router_interface")) == (2, 1)


def test_check_mode_writes_nothing(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = done(clouds, "network.network", name="web", attributes={"mtu": 1400}, check=True)
    assert (made.action, made.after, made.output["resource"]) == ("created", {"name": "web", "mtu": 1400}, None)
    network(region.neutron, project, "web")
    changed = done(clouds, "network.network", name="web", attributes={"mtu": 1400}, check=True)
    assert (changed.action, changed.output["resource"]["mtu"]) == ("updated", 1450)
    assert done(clouds, "network.network", name="web", state="absent", check=True).action == "deleted"
    assert {request.split()[0] for request in requests(clouds, "network")} == {"GET"}


def test_check_mode_of_a_play_that_begins_with_nothing(clouds: FakeOpenStack) -> None:
    attributes = {"network_id": {"name": "web"}, "cidr": "10.0.0.0/24", "ip_version": 4}
    options: dict[str, Any] = {"name": "web", "attributes": attributes}
    change = done(clouds, "network.subnet", check=True, **options)
    assert change.action == "created"
    assert "has to be created first" in change.notes[0]
    error = refused(clouds, "network.subnet", **options)
    assert (error.kind, error.message) == ("refused", "there is no network.network named 'web' here")
    nested = {"zone_id": {"name": "a."}, "type": "A", "records": ["192.0.2.1"]}
    assert done(clouds, "dns.recordset", check=True, name="w.a.", attributes=nested).action == "created"


def test_keys_that_only_the_service_knows(clouds: FakeOpenStack) -> None:
    change = done(clouds, "identity.project", "admin", name="a", attributes={"properties": {"colour": "blue"}})
    assert change.output["resource"]["properties"]["colour"] == "blue"
    again: dict[str, Any] = {"name": "a", "attributes": {"properties": {"colour": "blue"}}}
    assert done(clouds, "identity.project", "admin", **again).action == "unchanged"
    again["attributes"] = {"properties": {"colour": "red"}}
    assert done(clouds, "identity.project", "admin", **again).action == "updated"


def test_a_service_that_says_little_of_what_it_has_created_is_asked(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """Barbican answers with a URL."""
    made = network(region.neutron, project, "other", mtu=1400)
    body = json.dumps({"network": {"id": made["id"]}}).encode()
    region.fault("POST", "/networks", Answer(201, JSON, body))
    change = done(clouds, "network.network", name="web", attributes={"mtu": 1400})
    assert change.output["resource"]["mtu"] == 1400


# Doubles


def test_two_tasks_of_one_machine_make_one_thing(clouds: FakeOpenStack, region: Region) -> None:
    """Names are not unique: each would find nothing, and make it."""
    region.latency = 0.05
    wanted = Wanted(kind_of("network.network"), name="web")
    with ThreadPoolExecutor(5) as pool:
        runs = list(pool.map(lambda _number: results(clouds, wanted), range(5)))
    actions = sorted(run[0].value.action for run in runs if run[0].value)
    assert actions == ["created", "unchanged", "unchanged", "unchanged", "unchanged"]
    assert len(region.neutron.items["networks"]) == 1


def without(key: str) -> Action:
    """Show the lists of this name as empty."""

    def edited(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: [] if name == key else edited(value) for name, value in node.items()}
        return [edited(each) for each in node] if isinstance(node, list) else node

    return edit_answer(edited)


@pytest.mark.parametrize(
    ("of", "attributes", "path", "key"),
    [
        ("network.security_group", {"rules": [{"protocol": "tcp"}]}, "/security-groups", "security_group_rules"),
        ("network.router", {"interfaces": [{"name": "web"}]}, "/ports", "ports"),
        ("compute.aggregate", {"hosts": ["compute-0"]}, "/os-aggregates", "hosts"),
        (
            "compute.flavor",
            {"ram": 512, "vcpus": 1, "disk": 1, "is_public": False, "access": [{"name": "demo"}]},
            "/os-flavor-access",
            "flavor_access",
        ),
        (
            "block_storage.type",
            {"is_public": False, "access": [{"name": "demo"}]},
            "/os-volume-type-access",
            "volume_type_access",
        ),
    ],
)
def test_what_another_task_has_changed_since_the_survey_is_not_changed_again(
    clouds: FakeOpenStack, region: Region, of: str, attributes: dict[str, Any], path: str, key: str
) -> None:
    """Services refuse the same addition twice."""
    network(region.neutron, clouds["cloud1"].keystone.project_id("admin"), "web", "192.0.2.0/24")
    done(clouds, of, "admin", name="web", attributes=attributes)
    region.fault("GET", path, without(key), times=1)
    assert done(clouds, of, "admin", name="web", attributes=attributes).action == "unchanged"


def test_a_double_from_another_machine_is_a_conflict_that_names_both(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    made: list[str] = []

    def somebody_else(collection: Any, call: Any, item: Any) -> None:
        del collection, call
        if not made:
            made.extend([item["id"], network(region.neutron, project, "web")["id"]])

    region.neutron.after_create = somebody_else  # type: ignore[method-assign]
    error = refused(clouds, "network.network", name="web")
    assert error.kind == "conflict"
    assert "was created twice at the same time" in error.message
    assert len(made) == 2
    assert all(identity in error.message for identity in made)


@pytest.mark.parametrize("action", [LoseAnswer(), Answer(504, after="work"), BreakAnswer()])
def test_a_create_whose_answer_is_lost_is_not_repeated_but_completed(
    clouds: FakeOpenStack, region: Region, action: Action
) -> None:
    """What is made has no tags yet: they have a request of their own."""
    wanted: dict[str, Any] = {"name": "web", "attributes": {"tags": ["x"]}}
    region.fault("POST", "/networks", action, times=1)
    assert done(clouds, "network.network", **wanted).action == "created"
    assert [item["tags"] for item in region.neutron.items["networks"].values()] == [["x"]]
    assert done(clouds, "network.network", **wanted).action == "unchanged"


def test_a_create_that_was_not_done_is_an_error(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("POST", "/networks", Answer(504), times=1)
    assert refused(clouds, "network.network", name="web").kind == "server"
    assert region.neutron.items["networks"] == {}


def test_a_create_of_which_nothing_is_known_says_so(clouds: FakeOpenStack, region: Region) -> None:
    fault = region.fault("POST", "/networks", LoseAnswer(), times=1)
    region.fault("GET", "/networks", DistortAnswer(lambda answer: Answer(500) if fault.struck else answer))
    error = refused(clouds, "network.network", name="web")
    assert "whether the cloud has created network.network 'web' is not known" in " ".join(error.residue)


def test_a_secret_that_is_told_once_is_not_taken_for_told(clouds: FakeOpenStack, region: Region) -> None:
    """The next run would find a key pair whose private key nobody has."""
    region.fault("POST", "/os-keypairs", LoseAnswer(), times=1)
    error = refused(clouds, "compute.keypair", name="ops")
    assert (error.kind, error.residue) == ("unreachable", [])
    assert done(clouds, "compute.keypair", name="ops", check=True).action == "created"


def test_a_deletion_whose_answer_is_lost_is_one(clouds: FakeOpenStack, region: Region) -> None:
    rule: dict[str, Any] = {"direction": "ingress", "ether_type": "IPv4", "protocol": "tcp", "port_range_min": 22}
    group: dict[str, Any] = {"name": "web", "attributes": {"rules": [rule]}}
    done(clouds, "network.security_group", **group)
    region.fault("DELETE", "/security-group-rules", LoseAnswer(), times=1)
    rule["port_range_min"] = 21
    assert done(clouds, "network.security_group", **group).action == "updated"
    of: dict[str, Any] = {"role_id": {"name": "reader"}, "user_id": {"name": "demo"}, "project_id": {"name": "demo"}}
    done(clouds, "identity.role_assignment", "admin", attributes=of)
    clouds["cloud1"].fault("DELETE", "/roles/", LoseAnswer(), times=1)
    assert done(clouds, "identity.role_assignment", "admin", attributes=of, state="absent").action == "deleted"


# Undoing


def test_a_part_that_fails_undoes_the_create(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("PUT", "/tags", Answer(400, JSON, b'{"NeutronError": {"message": "no tags"}}'))
    error = refused(clouds, "network.network", name="web", attributes={"tags": ["x"]})
    assert "no tags" in error.message
    assert error.residue == []
    assert region.neutron.items["networks"] == {}


def test_what_keeps_a_resource_from_being_deleted_is_undone_first(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    for number in range(2):
        network(region.neutron, project, f"n{number}", f"10.0.{number}.0/24")
    region.fault("PUT", "/add_router_interface", Answer(400), first=2)
    interfaces = [{"name": "n0"}, {"name": "n1"}]
    assert refused(clouds, "network.router", name="web", attributes={"interfaces": interfaces}).kind == "refused"
    assert region.neutron.items["routers"] == {}
    assert region.neutron.items["ports"] == {}


def test_a_router_is_deleted_with_its_routes_and_interfaces(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    network(region.neutron, project, "web", "10.0.0.0/24")
    routes = [{"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}]
    router = {"routes": routes, "interfaces": [{"name": "web"}]}
    assert done(clouds, "network.router", name="web", attributes=router).action == "created"
    assert done(clouds, "network.router", name="web", attributes=router).action == "unchanged"
    assert done(clouds, "network.router", name="web", state="absent", check=True).action == "deleted"
    assert len(region.neutron.items["ports"]) == 1
    assert done(clouds, "network.router", name="web", state="absent").action == "deleted"
    assert (region.neutron.items["routers"], region.neutron.items["ports"]) == ({}, {})


def test_a_router_that_floating_ips_need_keeps_all_that_it_has(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    network(region.neutron, project, "web", "10.0.0.0/24")
    routes = [{"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}]
    router = {"routes": routes, "interfaces": [{"name": "web"}]}
    identity = done(clouds, "network.router", name="web", attributes=router).output["resource"]["id"]
    region.neutron.add("floatingips", project, router_id=identity, floating_ip_address="203.0.113.9")
    error = refused(clouds, "network.router", name="web", state="absent")
    assert (error.kind, "floating IPs lead through it: 203.0.113.9" in error.message) == ("conflict", True)
    assert done(clouds, "network.router", name="web", attributes=router).action == "unchanged"
    region.fault("GET", "/floatingips", Answer(404))  # as where there are no floating IPs
    assert done(clouds, "network.router", name="web", state="absent").action == "deleted"


def test_routes_go_before_the_interfaces_that_they_lead_through(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    network(region.neutron, project, "web", "10.0.0.0/24")
    router = {"routes": [{"destination": "10.9.0.0/16", "nexthop": "10.0.0.9"}], "interfaces": [{"name": "web"}]}
    done(clouds, "network.router", name="web", attributes=router)
    assert done(clouds, "network.router", name="web", attributes={"interfaces": [], "routes": []}).action == "updated"
    assert region.neutron.items["ports"] == {}


def test_an_interface_may_have_an_address_of_its_own(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web", "10.0.0.0/24")
    interface = {"subnet_id": {"name": "web"}, "ip_address": "10.0.0.8"}
    for attributes, action in (
        ({"interfaces": [{"name": "web"}]}, "created"),
        ({"interfaces": [interface]}, "updated"),
    ):
        assert done(clouds, "network.router", name="web", attributes=attributes).action == action
        assert done(clouds, "network.router", name="web", attributes=attributes).action == "unchanged"
    (port,) = region.neutron.items["ports"].values()
    assert port["fixed_ips"][0]["ip_address"] == "10.0.0.8"


def test_the_port_of_an_interface_that_was_not_answered_is_used(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """Its address could not be given to another port."""
    network(region.neutron, project, "web", "10.0.0.0/24")
    attributes = {"interfaces": [{"subnet_id": {"name": "web"}, "ip_address": "10.0.0.8"}]}
    done(clouds, "network.router", name="web")
    region.fault("POST", "/ports", LoseAnswer(), times=1)
    assert done(clouds, "network.router", name="web", attributes=attributes).action == "updated"
    (port,) = region.neutron.items["ports"].values()
    assert port["fixed_ips"][0]["ip_address"] == "10.0.0.8"
    port.update(device_id="", device_owner="")  # as a run leaves it that is killed before it connects the port
    assert done(clouds, "network.router", name="web", attributes=attributes).action == "updated"
    assert [port["device_owner"] for port in region.neutron.items["ports"].values()] == ["network:router_interface"]


def test_names_mean_what_the_project_has_that_the_resource_is_to_belong_to(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """An administrator's own group of the name would open the port to other servers."""
    admins = clouds["cloud1"].keystone.project_id("admin")
    for owner in (admins, project):
        network(region.neutron, owner, "web")
        region.neutron.add("security-groups", owner, name="web")
    public = network(region.neutron, admins, "public", **{"router:external": True})
    attributes = {
        "project_id": {"name": "demo"},
        "network_id": {"name": "web"},
        "security_group_ids": [{"name": "web"}],
    }
    done(clouds, "network.port", "admin", name="web", attributes=attributes)
    (port,) = region.neutron.items["ports"].values()
    assert region.neutron.items["networks"][port["network_id"]]["project_id"] == project
    (group,) = port["security_groups"]
    assert region.neutron.items["security-groups"][group]["project_id"] == project
    gateway = {"project_id": project, "external_gateway_info": {"network_id": {"name": "public"}}}
    done(clouds, "network.router", "admin", name="web", attributes=gateway)
    (router,) = region.neutron.items["routers"].values()
    assert router["external_gateway_info"]["network_id"] == public["id"]


def test_one_name_in_several_networks(clouds: FakeOpenStack, region: Region, project: str) -> None:
    """What belongs to another network is another subnet: it is neither taken for this one, nor deleted."""
    nets = [network(region.neutron, project, name) for name in ("web", "db")]
    for number, name in enumerate(("web", "db")):
        subnet = {"network_id": {"name": name}, "cidr": f"10.0.{number}.0/24", "ip_version": 4}
        assert done(clouds, "network.subnet", name="inner", attributes=subnet).action == "created"
        assert done(clouds, "network.subnet", name="inner", attributes=subnet).action == "unchanged"
    of_db = {"network_id": {"name": "db"}}
    port = {"fixed_ips": [{"subnet_id": {"name": "inner"}}], **of_db}
    assert done(clouds, "network.port", name="db", attributes=port).action == "created"
    assert done(clouds, "network.port", name="db", state="absent").action == "deleted"
    for action in ("deleted", "unchanged"):
        assert done(clouds, "network.subnet", name="inner", attributes=of_db, state="absent").action == action
    (left,) = region.neutron.items["subnets"].values()
    assert left["network_id"] == nets[0]["id"]
    assert done(clouds, "network.subnet", name="inner", state="absent").action == "deleted"


def test_a_security_group_may_let_itself_in(clouds: FakeOpenStack, region: Region) -> None:
    attributes = {"rules": [{"remote_group_id": {"name": "web"}}]}
    for check in (True, False):
        change = done(clouds, "network.security_group", name="web", attributes=attributes, check=check)
        assert (change.action, change.notes) == ("created", ())
    (group,) = region.neutron.items["security-groups"]
    assert group in {rule["remote_group_id"] for rule in region.neutron.items["security-group-rules"].values()}
    assert done(clouds, "network.security_group", name="web", attributes=attributes).action == "unchanged"


def test_rules_that_neutron_writes_otherwise_are_not_added_again(clouds: FakeOpenStack) -> None:
    ports = {"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}
    for rules in ([ports, {"protocol": "gre"}], [ports, {"protocol": 47}]):
        done(clouds, "network.security_group", name="web", attributes={"rules": rules})
        assert done(clouds, "network.security_group", name="web", attributes={"rules": rules}).action == "unchanged"


def test_what_cannot_be_undone_is_reported(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("PUT", "/tags", Answer(400))
    region.fault("DELETE", "/networks", Answer(409))
    error = refused(clouds, "network.network", name="web", attributes={"tags": ["x"]})
    (identity,) = region.neutron.items["networks"]
    assert f"network.network {identity} could not be removed" in error.message
    assert error.residue


def test_an_update_whose_part_fails_leaves_the_resource(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web")
    region.fault("PUT", "/tags", Answer(400))
    assert refused(clouds, "network.network", name="web", attributes={"tags": ["x"]}).kind == "refused"
    assert len(region.neutron.items["networks"]) == 1


# Waiting


def test_a_volume_is_ready_and_then_gone(clouds: FakeOpenStack, region: Region) -> None:
    change = done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    assert change.output["resource"]["status"] == "available"
    assert done(clouds, "block_storage.volume", name="db", state="absent").action == "deleted"
    assert region.cinder.items["volumes"] == {}


def test_without_waiting(clouds: FakeOpenStack, region: Region) -> None:
    change = done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    assert change.output["resource"]["status"] == "creating"
    assert change.notes == ()
    assert done(clouds, "block_storage.volume", name="db").output["resource"]["status"] == "available"
    assert done(clouds, "block_storage.volume", name="db", state="absent", wait=False).action == "deleted"
    assert len(region.cinder.items["volumes"]) == 1


VANISHING = [
    ("block_storage.volume", "db", {"size": 1}),
    ("dns.zone", "example.org.", {"email": "a@example.org"}),
    ("load_balancer.load_balancer", "web", {"vip_subnet_id": "s"}),
]


@pytest.mark.parametrize(("of", "name", "attributes"), VANISHING)
def test_what_is_being_deleted_is_not_there(
    clouds: FakeOpenStack, of: str, name: str, attributes: dict[str, Any]
) -> None:
    """It is awaited, and then created anew: services may refuse two of one name."""
    first = done(clouds, of, name=name, attributes=attributes).output["resource"]
    assert done(clouds, of, name=name, state="absent", wait=False).action == "deleted"
    assert done(clouds, of, name=name, attributes=attributes, check=True).action == "created"
    change = done(clouds, of, name=name, attributes=attributes)
    assert (change.action, change.before) == ("created", {})
    assert change.output["resource"]["id"] != first["id"]
    assert done(clouds, of, name=name, attributes=attributes).action == "unchanged"


@pytest.mark.parametrize(("of", "name", "attributes"), VANISHING)
def test_what_is_being_deleted_is_awaited_and_not_deleted_again(
    clouds: FakeOpenStack, region: Region, of: str, name: str, attributes: dict[str, Any]
) -> None:
    done(clouds, of, name=name, attributes=attributes)
    assert done(clouds, of, name=name, state="absent", wait=False).action == "deleted"
    assert done(clouds, of, name=name, state="absent", wait=False).action == "unchanged"
    assert done(clouds, of, name=name, state="absent").action == "unchanged"
    fakes = region.cinder.items["volumes"], region.designate.items["zones"], region.octavia.items["lbaas/loadbalancers"]
    assert not any(fakes)


def test_a_volume_is_created_beside_one_that_is_being_deleted(clouds: FakeOpenStack, region: Region) -> None:
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    region.cinder.looks = -1
    done(clouds, "block_storage.volume", name="db", state="absent", wait=False)
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False).action == "created"
    assert sorted(item["status"] for item in region.cinder.items["volumes"].values()) == ["creating", "deleting"]
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False).action == "unchanged"


@pytest.mark.parametrize("wait", [False, True])
def test_a_deletion_that_takes_a_while_and_whose_answer_is_lost(
    clouds: FakeOpenStack, region: Region, *, wait: bool
) -> None:
    """Cinder refuses the second request, that of a volume which is being deleted."""
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    region.fault("DELETE", "/volumes/", LoseAnswer(), times=1)
    assert done(clouds, "block_storage.volume", name="db", state="absent", wait=wait).action == "deleted"
    assert [item["status"] for item in region.cinder.items["volumes"].values()] == ([] if wait else ["deleting"])


def test_a_deletion_whose_refusal_cannot_be_looked_into(clouds: FakeOpenStack, region: Region) -> None:
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    region.fault("DELETE", "/volumes/", Answer(400))
    region.fault("GET", "/volumes/[0-9a-f]{8}", Answer(403))
    assert refused(clouds, "block_storage.volume", name="db", state="absent").status == 400


def test_a_load_balancer_whose_deletion_lost_its_answer_is_not_awaited_unasked(
    clouds: FakeOpenStack, region: Region
) -> None:
    """Octavia refuses what concerns it until it is gone."""
    done(clouds, "load_balancer.load_balancer", name="web", attributes={"vip_subnet_id": "s"})
    region.octavia.pause = 1000
    region.fault("DELETE", "/loadbalancers/", LoseAnswer(), times=1)
    assert done(clouds, "load_balancer.load_balancer", name="web", state="absent", wait=False).action == "deleted"
    assert len(region.octavia.items["lbaas/loadbalancers"]) == 1


def test_a_deletion_that_is_given_up(clouds: FakeOpenStack, region: Region) -> None:
    """Cinder shows a volume that is in use after all as before."""
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    done(clouds, "block_storage.volume", name="db", state="absent", wait=False)
    region.cinder.gives_up = True
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 1}).action == "unchanged"
    error = refused(clouds, "block_storage.volume", name="db", state="absent")
    assert (error.kind, error.message) == (
        "server",
        "the block_storage.volume was not deleted: its status is available",
    )


def test_all_that_are_being_deleted_are_awaited(clouds: FakeOpenStack, region: Region) -> None:
    for _volume in "ab":
        done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
        done(clouds, "block_storage.volume", name="db", state="absent", wait=False)
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    assert len(region.cinder.items["volumes"]) == 3
    assert done(clouds, "block_storage.volume", name="db", state="absent").action == "deleted"
    assert region.cinder.items["volumes"] == {}


def test_a_name_means_the_one_that_is_not_being_deleted(clouds: FakeOpenStack) -> None:
    balancer: dict[str, Any] = {"name": "web", "attributes": {"vip_subnet_id": "s"}, "wait": False}
    done(clouds, "load_balancer.load_balancer", **balancer)
    done(clouds, "load_balancer.load_balancer", name="web", state="absent", wait=False)
    made = done(clouds, "load_balancer.load_balancer", **balancer).output["resource"]
    listener = {"load_balancer_id": {"name": "web"}, "protocol": "HTTP", "protocol_port": "80"}
    change = done(clouds, "load_balancer.listener", name="http", attributes=listener)
    assert change.output["resource"]["load_balancer_id"] == made["id"]


def test_what_another_task_deletes_meanwhile_is_awaited_too(clouds: FakeOpenStack, region: Region) -> None:
    """Before it is created anew: services may refuse two of one name."""
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    attributes = {"size": 1, "availability_zone": "other"}
    wanted = Wanted(kind_of("block_storage.volume"), name="db", attributes=attributes, replace=True)
    connection = connect(clouds, timeout=1000.0)
    found = survey(connection, wanted)
    step = ResourceStep(wanted, found, make_plan(wanted, found), connection.location, 3000.0)
    assert step.plan.action == "replaced"
    done(clouds, "block_storage.volume", name="db", state="absent", wait=False)
    assert apply_step(connection, step).action == "created"
    assert [item["availability_zone"] for item in region.cinder.items["volumes"].values()] == ["other"]


def test_a_deletion_that_is_refused_is_a_failure(clouds: FakeOpenStack, region: Region) -> None:
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    region.fault("DELETE", "/volumes/", Answer(400))
    assert refused(clouds, "block_storage.volume", name="db", state="absent").status == 400


def test_a_volume_whose_deletion_does_not_end(clouds: FakeOpenStack, region: Region) -> None:
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    region.cinder.looks = -1
    done(clouds, "block_storage.volume", name="db", state="absent", wait=False)
    wanted: dict[str, Any] = {"name": "db", "attributes": {"size": 1}, "wait_timeout": clock.turned(0.5)}
    error = refused(clouds, "block_storage.volume", **wanted)
    assert (error.kind, "the block_storage.volume is still deleting" in error.message) == ("timeout", True)
    assert len(region.cinder.items["volumes"]) == 1


def test_what_never_becomes_ready(clouds: FakeOpenStack, region: Region) -> None:
    """It stays: perhaps it only takes longer."""
    region.designate.looks = -1
    error = refused(clouds, "dns.zone", name="a.", attributes={"email": "a@b"}, wait_timeout=clock.turned(0.5))
    assert error.kind == "timeout"
    assert "wait_timeout" in error.message
    assert "the dns.zone is still PENDING" in error.message
    assert len(region.designate.items["zones"]) == 1


def test_what_becomes_an_error_is_removed(clouds: FakeOpenStack, region: Region) -> None:
    region.cinder.outcome = "error"
    error = refused(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    assert (error.kind, "its status is error" in error.message) == ("server", True)
    (volume,) = region.cinder.items["volumes"].values()
    assert volume["status"] == "deleting"


def test_what_cannot_be_asked_for_its_state_stays(clouds: FakeOpenStack, region: Region) -> None:
    """It may well be ready: the service only fails to say so."""
    region.fault("GET", "/volumes/", Answer(500), first=4)  # after three lists
    error = refused(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    assert error.kind == "server"
    (volume,) = region.cinder.items["volumes"].values()
    assert volume["status"] != "deleting"


@pytest.mark.parametrize("looks", [1, 3])
def test_a_volume_is_extended_when_it_is_ready(clouds: FakeOpenStack, region: Region, looks: int) -> None:
    """Cinder refuses before."""
    region.cinder.looks = looks
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 2}, check=True).action == "updated"
    assert [item["status"] for item in region.cinder.items["volumes"].values()] == ["creating"]
    change = done(clouds, "block_storage.volume", name="db", attributes={"size": 2})
    assert (change.action, change.before, change.after) == ("updated", {"size": 1}, {"size": 2})
    assert change.output["resource"]["size"] == 2


def test_a_volume_that_is_being_extended_already(clouds: FakeOpenStack, region: Region) -> None:
    """As by a run that was killed: what it has begun is not done twice."""
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1})
    done(clouds, "block_storage.volume", name="db", attributes={"size": 2}, wait=False)
    (volume,) = region.cinder.items["volumes"].values()
    assert (volume["status"], volume["size"]) == ("extending", 1)
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 2}).action == "unchanged"
    done(clouds, "block_storage.volume", name="db", attributes={"size": 3}, wait=False)
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 4}).action == "updated"
    assert (volume["status"], volume["size"]) == ("available", 4)


def test_a_volume_that_is_not_ready_is_not_awaited_unasked(clouds: FakeOpenStack, region: Region) -> None:
    region.cinder.looks = -1
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    error = refused(clouds, "block_storage.volume", name="db", attributes={"size": 2}, wait=False)
    assert (error.status, "currently creating" in error.message) == (400, True)
    wanted: dict[str, Any] = {"name": "db", "attributes": {"size": 2}, "wait_timeout": clock.turned(0.5)}
    error = refused(clouds, "block_storage.volume", **wanted)
    assert (error.kind, "the block_storage.volume is still creating" in error.message) == ("timeout", True)


def test_a_volume_that_ends_in_an_error_before_it_is_extended(clouds: FakeOpenStack, region: Region) -> None:
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    region.cinder.outcome = "error"
    error = refused(clouds, "block_storage.volume", name="db", attributes={"size": 2})
    assert (error.kind, "is there, but its status is error" in error.message) == ("conflict", True)


def test_a_type_that_can_be_changed_before_it_is_ready_is_not_awaited(clouds: FakeOpenStack, region: Region) -> None:
    region.designate.looks = -1
    done(clouds, "dns.zone", name="a.", attributes={"email": "a@b"}, wait=False)
    wanted: dict[str, Any] = {"name": "a.", "attributes": {"email": "c@d"}, "wait_timeout": clock.turned(0.5)}
    assert refused(clouds, "dns.zone", **wanted).kind == "timeout"
    assert [zone["email"] for zone in region.designate.items["zones"].values()] == ["c@d"]


@pytest.mark.parametrize("looks", [0, 3], ids=["once it is looked at", "later"])
@pytest.mark.parametrize("outcome", ["available", "error"])
def test_a_volume_is_deleted_when_it_can_be(clouds: FakeOpenStack, region: Region, outcome: str, looks: int) -> None:
    """Cinder refuses while it is being created."""
    region.cinder.looks, region.cinder.outcome = looks, outcome
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    assert done(clouds, "block_storage.volume", name="db", state="absent").action == "deleted"
    assert region.cinder.items["volumes"] == {}


@pytest.mark.parametrize("refusal", [Answer(403), Answer(403, after="work")])
def test_a_deletion_that_is_refused_as_by_manila(clouds: FakeOpenStack, region: Region, refusal: Answer) -> None:
    """By 403, what is being created, and what is being deleted already."""
    done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, wait=False)
    (volume,) = region.cinder.items["volumes"].values()
    volume["status"] = "available" if refusal.after == "work" else "creating"
    fault = region.fault("DELETE", "/volumes/", refusal, times=1)
    assert done(clouds, "block_storage.volume", name="db", state="absent", wait=False).action == "deleted"
    assert (fault.struck, volume["status"]) == (1, "deleting")


def test_a_volume_that_is_not_ready_is_replaced(clouds: FakeOpenStack, region: Region) -> None:
    region.cinder.looks = 3
    done(clouds, "block_storage.volume", name="db", attributes={"size": 2}, wait=False)
    assert done(clouds, "block_storage.volume", name="db", attributes={"size": 1}, replace=True).action == "replaced"
    assert [item["size"] for item in region.cinder.items["volumes"].values()] == [1]


def test_a_volume_that_is_not_ready_is_removed_all_the_same(clouds: FakeOpenStack, region: Region) -> None:
    """What fails after its creation leaves none behind, although Cinder refuses its deletion at first."""
    region.cinder.looks = 3
    region.fault("GET", "/volumes/[0-9a-f]{8}", Answer(403), times=1)
    error = refused(clouds, "block_storage.volume", name="db", attributes={"size": 1, "is_bootable": True})
    assert (error.status, error.residue) == (403, [])
    assert [item["status"] for item in region.cinder.items["volumes"].values()] == ["deleting"]


def test_a_load_balancer_is_changed_when_it_can_be(clouds: FakeOpenStack, region: Region) -> None:
    """Every change makes the whole tree immutable for a while."""
    done(clouds, "load_balancer.load_balancer", name="web", attributes={"vip_subnet_id": "s"})
    listener = {"load_balancer_id": {"name": "web"}, "protocol": "HTTP", "protocol_port": "80"}
    change = done(clouds, "load_balancer.listener", name="http", attributes=listener)
    assert change.output["resource"]["provisioning_status"] == "ACTIVE"
    region.octavia.busy = 3
    assert done(clouds, "load_balancer.listener", name="http", attributes={"description": "x"}).action == "updated"
    region.octavia.busy = 3
    assert done(clouds, "load_balancer.listener", name="http", state="absent").action == "deleted"


def test_a_listener_of_another_load_balancer_is_a_conflict(clouds: FakeOpenStack, region: Region) -> None:
    """Octavia shows the load balancer in a list, under another key than a creation names it by."""
    body = b'{"id": "l", "name": "http", "provisioning_status": "ACTIVE", "loadbalancers": [{"id": "a"}]}'
    region.fault("GET", "/listeners", Answer(200, JSON, b'{"listeners": [%s]}' % body))
    same = done(clouds, "load_balancer.listener", name="http", attributes={"load_balancer_id": "a"})
    assert (same.action, same.notes, same.output["resource"]["load_balancer_id"]) == ("unchanged", (), "a")
    assert requests(clouds, "load-balancer") == ["GET /", "GET /v2/lbaas/listeners"]  # after the discovery
    other = {"load_balancer_id": "b"}  # a listener of the name there would be another one
    assert done(clouds, "load_balancer.listener", name="http", attributes=other, check=True).action == "created"
    region.clear_faults()
    region.fault("GET", "/listeners", Answer(200, JSON, b'{"listener": %s}' % body))
    error = refused(clouds, "load_balancer.listener", id="l", attributes=other)
    assert "load_balancer_id is 'a', not 'b'" in error.message


# What is returned, and what is not


def test_the_private_key_of_a_key_pair_that_was_just_made(clouds: FakeOpenStack) -> None:
    change = done(clouds, "compute.keypair", name="ops")
    assert change.output["resource"]["private_key"] == "-----BEGIN made-----"
    assert "private_key" not in done(clouds, "compute.keypair", name="ops").output["resource"]


def test_secrets_are_sent_and_never_shown(clouds: FakeOpenStack) -> None:
    options: dict[str, Any] = {"name": "eve", "secrets": {"password": "s3cret"}}
    users = clouds["cloud1"].keystone.resources.items["users"]
    change = done(clouds, "identity.user", "admin", **options)
    assert [user["password"] for user in users.values() if user["name"] == "eve"] == ["s3cret"]
    assert change.after == {"name": "eve", "password": MASK}
    assert "s3cret" not in json.dumps([change.before, change.after, change.output, change.notes])
    again = done(clouds, "identity.user", "admin", **options)
    assert (again.action, again.notes) == (
        "unchanged", ("password: the cloud does not show it, so that it was not compared",),
    )  # fmt: skip
    options["secrets"] = {"password": "n3w"}
    assert done(clouds, "identity.user", "admin", update_secrets=True, **options).action == "updated"
    assert [user["password"] for user in users.values() if user["name"] == "eve"] == ["n3w"]


def test_what_the_cloud_makes_of_a_value_is_a_note(clouds: FakeOpenStack, region: Region) -> None:
    def shout(collection: Any, call: Any, item: dict[str, Any]) -> None:
        del collection, call
        item["description"] = item["description"].upper()

    region.neutron.before_create = shout  # type: ignore[method-assign]
    change = done(clouds, "network.network", name="web", attributes={"description": "said"})
    assert change.notes == ("description: the cloud keeps 'SAID' for 'said'",)


def test_a_role_assignment(clouds: FakeOpenStack) -> None:
    """Requests without a body, and answers without one."""
    user, assigned = clouds["cloud1"].keystone.user_id("demo"), clouds["cloud1"].keystone.resources.assignments
    of = {"role_id": {"name": "reader"}, "user_id": {"name": "demo"}, "project_id": {"name": "demo2"}}
    change = done(clouds, "identity.role_assignment", "admin", attributes=of)
    assert (change.action, change.output["resource"]["user_id"]) == ("created", user)
    assert change.output["resource"]["location"]["region"] is None
    assert len(assigned) == 1
    assert done(clouds, "identity.role_assignment", "admin", attributes=of).action == "unchanged"
    assert done(clouds, "identity.role_assignment", "admin", attributes=of, state="absent").action == "deleted"
    assert assigned == set()
    assert done(clouds, "identity.role_assignment", "admin", attributes=of, state="absent").action == "unchanged"


def test_what_belongs_to_another_project(clouds: FakeOpenStack, region: Region, other: str) -> None:
    made = network(region.neutron, other, "web", shared=True)
    error = refused(clouds, "network.network", id=made["id"], attributes={"description": "x"})
    assert error.kind == "refused"
    assert f"It belongs to the project {other}." in error.hint


def test_what_is_in_use_is_a_conflict(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = network(region.neutron, project, "web")
    region.neutron.add("ports", project, network_id=made["id"])
    assert refused(clouds, "network.network", name="web", state="absent").kind == "conflict"


def test_what_is_gone_when_it_is_to_be_deleted(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web")
    region.fault("DELETE", "/networks", Answer(404, after="work"))
    assert done(clouds, "network.network", name="web", state="absent").action == "deleted"


# Replacing, renaming, IDs


def test_a_replaced_resource_is_another(clouds: FakeOpenStack, region: Region) -> None:
    size = {"ram": 512, "vcpus": 1, "disk": 1}
    first = done(clouds, "compute.flavor", "admin", name="m1", attributes=size).output["resource"]
    change = done(clouds, "compute.flavor", "admin", name="m1", attributes={**size, "ram": 1024}, replace=True)
    assert (change.action, change.before, change.after) == ("replaced", {"ram": 512}, {"ram": 1024})
    assert change.output["resource"]["id"] != first["id"]
    assert len(region.nova.resources.items["flavors"]) == 1


def test_what_is_deleted_and_cannot_be_created_anew(clouds: FakeOpenStack, region: Region) -> None:
    size = {"vcpus": 1, "disk": 1}
    done(clouds, "compute.flavor", "admin", name="small", attributes={**size, "ram": 512})
    region.fault("POST", "/flavors", Answer(403))
    options: dict[str, Any] = {"name": "small", "attributes": {**size, "ram": 513}, "replace": True}
    error = refused(clouds, "compute.flavor", "admin", **options)
    assert "'small' was deleted to be replaced, and not created again: " in error.message


def test_what_is_replaced_by_its_id_keeps_its_name(clouds: FakeOpenStack, region: Region) -> None:
    """Neutron and Nova refuse an ID that they did not choose."""
    attributes = {"network_id": {"name": "web"}, "cidr": "10.0.0.0/24", "ip_version": 4}
    done(clouds, "network.network", name="web")
    first = done(clouds, "network.subnet", name="web", attributes=attributes).output["resource"]
    attributes["cidr"] = "10.1.0.0/24"
    change = done(clouds, "network.subnet", id=first["id"], attributes=attributes, replace=True)
    assert (change.action, change.output["resource"]["name"]) == ("replaced", "web")
    assert change.output["resource"]["id"] != first["id"]
    assert len(region.neutron.items["subnets"]) == 1


@pytest.mark.parametrize("name", ["compute.quota_set", "network.quota"])
def test_the_quota_of_another_project_is_changed_and_not_ones_own(
    clouds: FakeOpenStack, region: Region, name: str, project: str
) -> None:
    """Whether its path has the project as a parent or as the ID."""
    attributes = {"cores": 7} if name.startswith("compute") else {"networks": 7}
    change = done(clouds, name, "admin", id={"name": "demo"}, attributes=attributes)
    assert change.action == "updated"
    changed = region.nova.resources.quotas if name.startswith("compute") else region.neutron.quotas
    assert list(changed) == [project]
    assert done(clouds, name, "admin", id=project, attributes=attributes).action == "unchanged"
    assert done(clouds, name, "admin", attributes=attributes, check=True).action == "updated"
    assert done(clouds, name, "admin", id={"name": "demo"}, state="absent").action == "deleted"
    assert changed == {}


def test_an_id_that_users_may_choose(clouds: FakeOpenStack) -> None:
    size = {"ram": 512, "vcpus": 1, "disk": 1}
    change = done(clouds, "compute.flavor", "admin", id="7", name="m1", attributes=size)
    assert (change.action, change.output["resource"]["id"]) == ("created", "7")
    assert done(clouds, "compute.flavor", "admin", id="7", attributes=size).action == "unchanged"
    assert refused(clouds, "network.network", id="7").kind == "refused"


def test_a_name_is_changed_by_the_id(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = network(region.neutron, project, "web")
    assert done(clouds, "network.network", id=made["id"], name="db").action == "updated"
    assert made["name"] == "db"


# Keystone


def test_what_keystone_holds_is_made_once_for_all_regions(fake_openstack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    clouds = fake_openstack(regions=3)
    (result,) = results(clouds, Wanted(kind_of("identity.project"), name="a"), "admin")
    assert result.value
    assert (result.value.action, result.location.region) == ("created", None)
    assert result.value.output["resource"]["location"]["region"] is None


def test_others_than_administrators(clouds: FakeOpenStack) -> None:
    assert refused(clouds, "identity.project", name="a").kind == "refused"


def test_the_time_that_a_step_may_take() -> None:
    """That of its requests, and that of what is awaited; twice both for a replacement."""
    wanted = Wanted(kind_of("dns.zone"), name="a.", wait_timeout=100.0)
    step = ResourceStep(wanted, Found({}, None), ResourcePlan("created"), Location("alpha"), 60.0)
    assert step.timeout == 160.0
    assert replace(step, plan=ResourcePlan("replaced")).timeout == 320.0
    assert replace(step, wanted=replace(wanted, wait=False)).timeout == 60.0


@pytest.mark.parametrize(
    ("status", "action", "times"),
    [
        ("creating", "updated", 2),
        ("creating", "replaced", 3),
        ("creating", "unchanged", 1),
        ("in-use", "updated", 1),
        ("error", "replaced", 2),
    ],
)
def test_the_time_of_a_volume_that_is_awaited_before_it_is_changed(status: str, action: str, times: int) -> None:
    wanted = Wanted(kind_of("block_storage.volume"), name="db", wait_timeout=100.0)
    step = ResourceStep(wanted, Found({}, {"status": status}), ResourcePlan(action), Location("alpha"), 60.0)
    assert step.timeout == times * 160.0
