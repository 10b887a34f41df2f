# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has of a resource: whose it is, several of a name, content in place of a name, requests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.plan import Found
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.survey import link_path, survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import Wanted
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import ask_one, entries


def surveyed(clouds: FakeOpenStack, of: str, /, user: str = "demo", **options: Any) -> Found:
    wanted = Wanted(kind_of(of), **options)
    result = ask_one(entries(clouds, user), lambda connection: survey(connection, wanted))
    if result.error:
        raise result.error
    assert result.value
    return result.value


def test_one_by_its_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = network(region.neutron, project, "web")
    network(region.neutron, project, "WEB")
    found = surveyed(clouds, "network.network", name="web", attributes={"description": "x"})
    assert (found.item or {})["id"] == made["id"]
    assert clouds.counters.requests(service="network") == 1


def test_the_projects_own_is_meant(clouds: FakeOpenStack, region: Region, project: str, other: str) -> None:
    """An administrator finds the networks of every project: those of others are left alone unless they are named."""
    theirs = network(region.neutron, other, "web", shared=True)
    assert surveyed(clouds, "network.network", user="admin", name="web").item is None
    assert surveyed(clouds, "network.network", name="web").item is None
    found = surveyed(clouds, "network.network", user="admin", name="web", attributes={"project_id": {"name": "demo2"}})
    assert (found.item or {})["id"] == theirs["id"]
    assert (surveyed(clouds, "network.network", user="admin", id=theirs["id"]).item or {})["id"] == theirs["id"]
    assert project != other


def test_several_of_a_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    ids = [network(region.neutron, project, "web")["id"] for _number in range(2)]
    with pytest.raises(ConflictError, match=r"there are 2 of network\.network 'web' here") as raised:
        surveyed(clouds, "network.network", name="web")
    assert all(identity in raised.value.message for identity in ids)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"direction": "ingress", "protocol": "6", "port_range_min": "22", "port_range_max": 22}, True),
        ({"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 23}, False),
        ({"direction": "egress", "protocol": "any"}, False),
    ],
)
def test_content_in_place_of_a_name(
    clouds: FakeOpenStack, region: Region, project: str, attributes: dict[str, Any], *, expected: bool
) -> None:
    group = region.neutron.add("security-groups", project, name="web")
    rule = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    region.neutron.add("security-group-rules", project, security_group_id=group["id"], **rule)
    wanted = {"security_group_id": {"name": "web"}, **attributes}
    found = surveyed(clouds, "network.security_group_rule", attributes=wanted)
    assert (found.item is not None) is expected
    assert clouds.counters.requests(service="network") == 2


def test_members_by_address_and_port(clouds: FakeOpenStack, region: Region, project: str) -> None:
    pool = region.octavia.add("lbaas/pools", project, name="web")
    for port in (80, 81):
        member = {"pool_id": pool["id"], "address": "10.0.0.1", "protocol_port": port}
        region.octavia.add("lbaas/pools/{pool_id}/members", project, **member)
    attributes = {"pool_id": {"name": "web"}, "address": "10.0.0.1", "protocol_port": "81", "weight": 5}
    found = surveyed(clouds, "load_balancer.member", attributes=attributes)
    assert (found.item or {})["protocol_port"] == 81


def test_a_recordset_by_name_and_type(clouds: FakeOpenStack, region: Region, project: str) -> None:
    zone = region.designate.add("zones", project, name="a.", status="ACTIVE")
    for kind in ("A", "TXT"):
        region.designate.add("zones/{zone_id}/recordsets", project, zone_id=zone["id"], name="w.a.", type=kind)
    found = surveyed(clouds, "dns.recordset", name="w.a.", attributes={"zone_id": zone["id"], "type": "TXT"})
    assert (found.item or {})["type"] == "TXT"


def test_references_and_parts_cost_a_request_each(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "public", "192.0.2.0/24", **{"router:external": True})
    region.neutron.add("routers", project, name="web")
    attributes = {
        "external_gateway_info": {"network_id": {"name": "public"}},
        "interfaces": [{"name": "public"}],
        "tags": ["x"],
    }
    found = surveyed(clouds, "network.router", name="web", attributes=attributes)
    assert found.parts == {"interfaces": [], "tags": []}
    assert found.values["external_gateway_info"] != attributes["external_gateway_info"]
    paths = ("/v2.0/networks", "/v2.0/subnets", "/v2.0/routers", "/v2.0/ports")
    assert [clouds.counters.requests(path=path) for path in paths] == [1, 1, 1, 1]
    assert clouds.counters.requests(service="network") == 4


def test_what_a_list_leaves_out_is_fetched(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = network(region.neutron, project, "web")
    body = b'{"networks": [{"id": "%s", "name": "web"}]}' % made["id"].encode()
    region.fault("GET", "/networks[?]", Answer(200, {"Content-Type": "application/json"}, body))
    found = surveyed(clouds, "network.network", name="web", attributes={"mtu": 1400})
    assert (found.item or {})["mtu"] == 1450


def test_a_list_of_trusts_leaves_out_the_roles(clouds: FakeOpenStack) -> None:
    """They would have differed in every run."""
    keystone, json = clouds["cloud1"], {"Content-Type": "application/json"}
    trust = b'"id": "t", "trustor_user_id": "a", "trustee_user_id": "b", "project_id": "p"'
    keystone.fault("GET", "/OS-TRUST/trusts/t", Answer(200, json, b'{"trust": {%s, "roles": [{"name": "r"}]}}' % trust))
    keystone.fault("GET", "/OS-TRUST/trusts[?]", Answer(200, json, b'{"trusts": [{%s}]}' % trust))
    of = {"trustor_user_id": "a", "trustee_user_id": "b", "project_id": "p", "roles": [{"name": "r"}]}
    assert (surveyed(clouds, "identity.trust", name=None, attributes=of).item or {})["roles"] == [{"name": "r"}]


def test_a_reference_to_nothing(clouds: FakeOpenStack, region: Region, project: str) -> None:
    found = surveyed(clouds, "network.subnet", name="web", attributes={"network_id": {"name": "none"}})
    assert (found.item, found.missing is not None) == (None, True)
    there = network(region.neutron, project, "web", "10.0.0.0/24")
    found = surveyed(clouds, "network.subnet", name="web", attributes={"subnet_pool_id": {"name": "none"}})
    assert (found.item or {})["network_id"] == there["id"]
    assert found.missing is not None
    found = surveyed(clouds, "network.subnet", name="web", attributes={"network_id": {"name": "none"}})
    assert (found.item, found.missing is not None) == (None, True)  # this one belongs to another network
    lost = surveyed(clouds, "dns.recordset", name="a.", attributes={"zone_id": {"name": "none."}, "type": "A"})
    assert (lost.item, lost.missing is not None) == (None, True)


def test_only_what_tells_which_one_is_resolved_where_it_is_to_be_deleted(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """A task that had made it has attributes that may be gone before it."""
    made = network(region.neutron, project, "web", "10.0.0.0/24")
    attributes = {"subnet_pool_id": {"name": "none"}, "tags": ["x"], "cidr": "10.0.0.0/24"}
    found = surveyed(clouds, "network.subnet", name="web", attributes=attributes, state="absent")
    assert (found.item or {})["network_id"] == made["id"]
    assert found.missing is None
    assert clouds.counters.requests(service="network") == 1
    lost = {"zone_id": {"name": "none."}, "type": "A"}
    assert surveyed(clouds, "dns.recordset", name="w.", attributes=lost, state="absent").item is None


@pytest.mark.parametrize("name", ["domain_id", "default_project_id"])
def test_nothing_is_meant_by_what_tells_which_one_where_that_is_gone(clouds: FakeOpenStack, name: str) -> None:
    """A user of the same name in another domain is another user."""
    attributes = {name: {"name": "gone"}}
    found = surveyed(clouds, "identity.user", "admin", name="demo", attributes=attributes, state="absent")
    assert (found.item is None) is (name == "domain_id")
    assert surveyed(clouds, "identity.user", "admin", name="demo", attributes=attributes).missing


def test_what_another_project_is_said_to_own_is_not_ones_own(clouds: FakeOpenStack, region: Region) -> None:
    """Cinder lists the project's own volumes only, whatever project the task names."""
    own = clouds["cloud1"].keystone.project_id("demo")
    volume = {"id": "v", "name": "db", "project_id": own, "os-vol-tenant-attr:tenant_id": own}
    region.cinder.items["volumes"]["v"] = volume
    for project, there in (("demo", True), ("demo2", False)):
        attributes = {"project_id": clouds["cloud1"].keystone.project_id(project)}
        found = surveyed(clouds, "block_storage.volume", name="db", attributes=attributes, state="absent")
        assert (found.item is not None) is there


def test_what_is_not_offered_here(clouds: FakeOpenStack, region: Region) -> None:
    assert surveyed(clouds, "shared_file_system.share", name="a", state="absent").offered is False
    assert surveyed(clouds, "network.trunk", name="a", state="absent").offered is False
    gone = surveyed(clouds, "dns.recordset", name="a.", attributes={"zone_id": "none", "type": "A"}, state="absent")
    assert (gone.item, gone.offered) == (None, True)
    for name in ("shared_file_system.share", "network.trunk"):
        with pytest.raises(RefusedError):
            surveyed(clouds, name, name="a")
    region.fault("GET", "/networks", Answer(403))
    with pytest.raises(RefusedError):
        surveyed(clouds, "network.network", name="a", state="absent")


def test_a_quota_and_what_it_is_by_default(clouds: FakeOpenStack, project: str) -> None:
    for name, key in (("network.quota", "network"), ("compute.quota_set", "cores")):
        found = surveyed(clouds, name)
        assert (found.item or {})[key]
        assert found.defaults is None
        reset = surveyed(clouds, name, state="absent")
        assert (reset.defaults or {})[key] == (found.item or {})[key]
    other = surveyed(clouds, "network.quota", user="admin", id={"name": "demo"})
    assert other.id == project


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"role_id": "r", "user_id": "u", "project_id": "p"}, "/projects/p/users/u/roles/r"),
        ({"role_id": "r", "group_id": "g", "domain_id": "d"}, "/domains/d/groups/g/roles/r"),
        ({"role_id": "a/b", "user_id": "u", "project_id": "p", "domain_id": None}, "/projects/p/users/u/roles/a%2Fb"),
    ],
)
def test_the_path_of_a_relation(values: dict[str, Any], path: str) -> None:
    assert link_path(kind_of("identity.role_assignment"), values) == path


def test_a_relation_is_asked_for_by_its_path(clouds: FakeOpenStack) -> None:
    keystone = clouds["cloud1"].keystone
    ids = {item["name"]: item["id"] for item in keystone.resources.items["roles"].values()}
    attributes = {"role_id": ids["reader"], "user_id": keystone.user_id("demo"), "project_id": {"name": "demo2"}}
    assert surveyed(clouds, "identity.role_assignment", user="admin", attributes=attributes).item is None
    given = (keystone.project_id("demo2"), "users", keystone.user_id("demo"), ids["reader"])
    keystone.resources.assignments.add(("projects", *given))
    assert surveyed(clouds, "identity.role_assignment", user="admin", attributes=attributes).item
    with pytest.raises(RefusedError):
        surveyed(clouds, "identity.role_assignment", attributes={**attributes, "project_id": "x"})
