# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in place of IDs: what they refer to, and what happens where there is none or several of a name."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import references
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.references import (
    MissingError,
    Resolver,
    check_references,
    external_network,
    is_reference,
    target_of,
    with_own_id,
)
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import ask_one, connect


@pytest.mark.parametrize(
    ("name", "attribute", "target"),
    [
        ("network.subnet", "network_id", "network.network"),
        ("network.port", "security_group_ids", "network.security_group"),
        ("network.floating_ip", "floating_network_id", "network.network"),
        ("network.router", "interfaces", "network.subnet"),
        ("compute.flavor", "access", "identity.project"),
        ("load_balancer.load_balancer", "vip_subnet_id", "network.subnet"),
        ("load_balancer.listener", "default_pool_id", "load_balancer.pool"),
        ("block_storage.volume", "image_id", "image.image"),
        ("block_storage.snapshot", "volume_id", "block_storage.volume"),
        ("dns.recordset", "zone_id", "dns.zone"),
        ("identity.user", "default_project_id", "identity.project"),
        ("network.rbac_policy", "target_project_id", "identity.project"),
        ("identity.role_assignment", "group_id", "identity.group"),
        ("block_storage.volume", "group_id", "block_storage.group"),
        ("load_balancer.load_balancer", "flavor_id", "load_balancer.flavor"),
        ("network.router", "flavor_id", "network.flavor"),
        ("shared_file_system.share", "snapshot_id", "shared_file_system.share_snapshot"),
        ("baremetal.port", "node_id", "baremetal.node"),
        ("identity.project", "parent_id", "identity.project"),
        ("network.port", "device_id", None),
        ("network.port", "name", None),
        ("network.network", "interfaces", None),
    ],
)
def test_what_an_attribute_refers_to(name: str, attribute: str, target: str | None) -> None:
    assert target_of(kind_of(name), attribute) == target


def test_all_that_is_referred_to_exists() -> None:
    targets = {f"{service}.{name}" for service, words in references._SERVICES.items() for name in words.values()}
    assert targets | set(references._PARTS.values()) <= set(kinds())


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("network_id", {"name": "web"}, True),
        ("network_id", {"name": "web", "project_id": "p"}, True),
        ("device_id", {"name": "web", "type": "compute.server"}, True),
        ("network_id", "web", False),
        ("network_id", {"id": "web"}, False),
        ("network_id", {"name": "web", "colour": "blue"}, False),
        ("device_id", {"name": "web"}, False),
        ("binding_profile", {"name": "web", "type": "flat"}, False),
        ("binding_profile", {"name": "web"}, False),
    ],
)
def test_what_is_a_reference(attribute: str, value: Any, *, expected: bool) -> None:
    assert is_reference(kind_of("network.port"), attribute, value) is expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"device_id": {"name": "web"}}, "attributes: what device_id refers to is not known"),
        ({"fixed_ips": [{"subnet_id": {"name": "a", "type": "network.subnett"}}]}, "did you mean network.subnet"),
    ],
)
def test_references_to_what_is_not_known(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        check_references(kind_of("network.port"), "attributes", values)
    assert said in raised.value.message


def test_references_at_any_depth_each_distinct_one_once(clouds: FakeOpenStack, region: Region, project: str) -> None:
    web = network(region.neutron, project, "web", "10.0.0.0/24")
    (subnet,) = region.neutron.items["subnets"].values()
    resolver = Resolver(connect(clouds), kind_of("network.port"))
    given = {
        "network_id": {"name": "web"},
        "fixed_ips": [{"subnet_id": {"name": "web"}, "ip_address": "10.0.0.9"}, {"subnet_id": {"name": "web"}}],
        "device_id": {"name": "web", "type": "network.network"},
        "name": "web",
    }
    assert resolver.all(given) == {
        "network_id": web["id"],
        "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": "10.0.0.9"}, {"subnet_id": subnet["id"]}],
        "device_id": web["id"],
        "name": "web",
    }
    resolver.value("network_id", {"name": "web"})
    assert clouds.counters.requests(path="/v2.0/networks") == 2  # for the two spellings of one reference
    assert clouds.counters.requests(path="/v2.0/subnets") == 1


def test_ones_own_before_what_others_share(clouds: FakeOpenStack, region: Region, project: str, other: str) -> None:
    network(region.neutron, other, "web", shared=True)
    resolver = Resolver(connect(clouds), kind_of("network.port"))
    shared = resolver.value("network_id", {"name": "web"})
    assert region.neutron.items["networks"][shared]["project_id"] == other
    own = network(region.neutron, project, "web")
    assert Resolver(connect(clouds), kind_of("network.port")).value("network_id", {"name": "web"}) == own["id"]


def test_several_of_a_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    ids = [network(region.neutron, project, "web")["id"] for _number in range(2)]
    resolver = Resolver(connect(clouds), kind_of("network.port"))
    with pytest.raises(ConflictError, match=r"2 of type network\.network are named 'web'") as raised:
        resolver.value("network_id", {"name": "web"})
    assert all(identity in raised.value.message for identity in ids)
    assert "project_id" in raised.value.hint


def test_a_reference_that_is_narrowed(clouds: FakeOpenStack, region: Region, project: str, other: str) -> None:
    network(region.neutron, project, "web")
    theirs = network(region.neutron, other, "web", shared=True)
    resolver = Resolver(connect(clouds), kind_of("network.port"))
    assert resolver.value("network_id", {"name": "web", "project_id": other}) == theirs["id"]


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("network.port", "network_id", {"name": "none"}),
        ("network.port", "network_id", {"name": "WEB"}),
        ("dns.recordset", "zone_id", {"name": "example.org."}),
        ("compute.server", "volume_id", {"name": "none", "type": "block_storage.volume"}),
    ],
)
def test_nothing_of_the_name_is_there(
    clouds: FakeOpenStack, region: Region, project: str, name: str, attribute: str, value: dict[str, str]
) -> None:
    """Names are exact; nor is there anything of a service that the Location does not have."""
    network(region.neutron, project, "web")
    with pytest.raises(MissingError, match=f"named '{value['name']}' here"):
        Resolver(connect(clouds), kind_of(name)).value(attribute, value)


def test_without_an_external_network_no_option_helps(clouds: FakeOpenStack) -> None:
    with pytest.raises(MissingError, match="there is no external network here") as raised:
        external_network(connect(clouds), "network")
    assert raised.value.hint == "Have the operator add one."


def test_a_part_may_refer_to_the_resource_itself(clouds: FakeOpenStack, region: Region, project: str) -> None:
    theirs = region.neutron.add("security-groups", project, name="db")
    group = kind_of("network.security_group")
    resolver = Resolver(connect(clouds), group, "web")
    rules = resolver.value("rules", [{"remote_group_id": {"name": "web"}}, {"remote_group_id": {"name": "db"}}])
    assert with_own_id(rules, "own") == [{"remote_group_id": "own"}, {"remote_group_id": theirs["id"]}]
    with pytest.raises(MissingError):
        Resolver(connect(clouds), group).value("rules", [{"remote_group_id": {"name": "web"}}])
    with pytest.raises(MissingError):
        Resolver(connect(clouds), kind_of("network.port"), "web").value("security_group_ids", [{"name": "web"}])


def test_the_option_id_may_name_a_project(clouds: FakeOpenStack, project: str) -> None:
    admin = clouds["cloud1"].entry("admin")
    kind = kind_of("compute.quota_set")
    found = ask_one({"cloud1": admin}, lambda c: Resolver(c, kind).identity({"name": "demo"}))
    assert found.value == project
    assert Resolver(connect(clouds), kind).identity("x") == "x"
