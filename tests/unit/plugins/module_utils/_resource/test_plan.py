# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided about one resource, by what was found. No cloud is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.plan import (
    NOT_OFFERED,
    Found,
    ResourcePlan,
    bad_state,
    make_plan,
    unkept,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.references import MissingError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import Wanted

SUBNET = {
    "id": "s", "name": "web", "network_id": "n", "cidr": "10.9.0.0/24", "ip_version": 4, "enable_dhcp": True,
    "dns_nameservers": ["9.9.9.9", "1.1.1.1"], "gateway_ip": "10.9.0.1", "description": "", "vendor:x": 1,
}  # fmt: skip


def planned(
    of: str,
    attributes: dict[str, Any],
    item: dict[str, Any] | None,
    found: dict[str, Any] | None = None,
    **options: Any,
) -> ResourcePlan:
    """What is decided where all values are resolved already."""
    options = {"name": "web", **options}
    wanted = Wanted(kind_of(of), attributes=attributes, **options)
    return make_plan(wanted, Found(wanted.values, item, **(found or {})))


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"cidr": "10.9.0.7/24", "ip_version": "4", "is_dhcp_enabled": "yes"},
        {"dns_nameservers": ["9.9.9.9", "1.1.1.1"], "description": None},
        {"properties": {"vendor:x": "1"}},
    ],
)
def test_unchanged(attributes: dict[str, Any]) -> None:
    assert planned("network.subnet", attributes, SUBNET) == ResourcePlan("unchanged")


@pytest.mark.parametrize(
    ("attributes", "item"),
    [
        ({"protocol": "6"}, {"protocol": "tcp"}),
        ({"protocol": "any"}, {"protocol": None}),
        ({"protocol": "TCP", "ether_type": "ipv6"}, {"protocol": "tcp", "ethertype": "IPv6"}),
        ({"protocol": "icmp", "port_range_min": -1}, {"protocol": "ipv6-icmp", "ethertype": "IPv6"}),
        ({"remote_ip_prefix": "0.0.0.0/0"}, {"remote_ip_prefix": None}),
        ({"remote_ip_prefix": "10.0.0.1"}, {"remote_ip_prefix": "10.0.0.1/32"}),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}, {"protocol": "tcp"}),
    ],
)
def test_a_rule_however_it_is_written(attributes: dict[str, Any], item: dict[str, Any]) -> None:
    ports = {"port_range_min": None, "port_range_max": None}
    shown = {"id": "r", **ports, "direction": "ingress", "ethertype": "IPv4", **item}
    assert planned("network.security_group_rule", attributes, shown, name=None) == ResourcePlan("unchanged")
    with pytest.raises(ConflictError, match="direction is 'ingress', not 'egress'"):
        planned("network.security_group_rule", {**attributes, "direction": "egress"}, shown, name=None, id="r")
    with pytest.raises(ConflictError, match="port_range_max is None, not 7"):
        planned("network.security_group_rule", {**attributes, "port_range_max": 7}, shown, name=None, id="r")


@pytest.mark.parametrize(
    ("name", "attributes", "item"),
    [
        ("compute.flavor", {"swap": 0}, {"swap": ""}),
        ("compute.flavor", {"swap": None}, {"swap": ""}),
        ("block_storage.volume", {"is_multiattach": "yes"}, {"multiattach": "true"}),
    ],
)
def test_texts_of_numbers_and_booleans(name: str, attributes: dict[str, Any], item: dict[str, Any]) -> None:
    assert planned(name, attributes, {"name": "web", "status": "available", **item}).action == "unchanged"


@pytest.mark.parametrize(
    ("attributes", "before", "after"),
    [
        ({"description": "x", "cidr": "10.9.0.0/24"}, {"description": ""}, {"description": "x"}),
        ({"is_dhcp_enabled": "no"}, {"is_dhcp_enabled": True}, {"is_dhcp_enabled": "no"}),
        (
            {"dns_nameservers": ["1.1.1.1", "9.9.9.9"]},
            {"dns_nameservers": ["9.9.9.9", "1.1.1.1"]},
            {"dns_nameservers": ["1.1.1.1", "9.9.9.9"]},
        ),
        ({"gateway_ip": None}, {"gateway_ip": "10.9.0.1"}, {"gateway_ip": None}),
        (
            {"properties": {"vendor:x": 2, "vendor:y": 3}},
            {"properties": {"vendor:x": 1, "vendor:y": None}},
            {"properties": {"vendor:x": 2, "vendor:y": 3}},
        ),
    ],
)
def test_updated_with_what_differs(attributes: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    plan = planned("network.subnet", attributes, SUBNET)
    assert (plan.action, plan.before, plan.after, plan.changes) == ("updated", before, after, after)


def test_created_with_all_that_is_named() -> None:
    plan = planned("network.subnet", {"cidr": "10.9.0.0/24"}, None)
    assert (plan.action, plan.before, plan.after) == ("created", {}, {"name": "web", "cidr": "10.9.0.0/24"})


def test_what_cannot_be_changed() -> None:
    with pytest.raises(ConflictError, match=r"cidr is '10\.9\.0\.0/24', not '10\.8\.0\.0/24', and cannot") as raised:
        planned("network.subnet", {"cidr": "10.8.0.0/24"}, SUBNET)
    assert "replace: true" in raised.value.hint
    plan = planned("network.subnet", {"cidr": "10.8.0.0/24", "description": "x"}, SUBNET, replace=True)
    assert plan.action == "replaced"
    assert plan.before == {"cidr": "10.9.0.0/24", "description": ""}
    assert plan.changes == {"name": "web", "cidr": "10.8.0.0/24", "description": "x"}


@pytest.mark.parametrize(
    ("name", "attributes", "item"),
    [
        ("compute.keypair", {"public_key": "b"}, {"name": "web", "public_key": "a"}),
        ("compute.server_group", {"policy": "b"}, {"id": "1", "name": "web", "policy": "a"}),
        ("compute.flavor", {"ram": 2}, {"id": "1", "name": "web", "ram": 1}),
        ("block_storage.volume", {"volume_type": "b"}, {"id": "1", "name": "web", "volume_type": "a"}),
        ("identity.project", {"domain_id": "b"}, {"id": "1", "name": "web", "domain_id": "a"}),
    ],
)
def test_types_that_change_little_or_nothing(name: str, attributes: dict[str, Any], item: dict[str, Any]) -> None:
    with pytest.raises(ConflictError):
        planned(name, attributes, item)


def test_a_name_is_changed_by_the_id() -> None:
    plan = planned("network.subnet", {}, SUBNET, {"id": "s"}, name="db", id="s")
    assert (plan.action, plan.before, plan.changes) == ("updated", {"name": "web"}, {"name": "db"})


def test_an_id_that_is_not_there() -> None:
    with pytest.raises(RefusedError, match=r"no network\.subnet with the ID s here"):
        planned("network.subnet", {}, None, {"id": "s"}, id="s")
    assert planned("compute.flavor", {"ram": 1}, None, {"id": "7"}, id="7").action == "created"
    assert planned("network.subnet", {}, None, {"id": "s"}, id="s", state="absent") == ResourcePlan("unchanged")


def test_what_the_cloud_does_not_show_is_a_note() -> None:
    plan = planned("network.network", {"is_vlan_qinq": True}, {"id": "n", "name": "web"})
    note = "the cloud does not show it, so that it was not compared"
    assert plan == ResourcePlan("unchanged", notes=(f"is_vlan_qinq: {note}",))
    plan = planned("identity.user", {}, {"id": "u", "name": "web"}, secrets={"password": "s3cret"})
    assert plan == ResourcePlan("unchanged", notes=(f"password: {note}",))


def test_keystone_leaves_out_what_nobody_has_set() -> None:
    plan = planned("identity.service", {"description": "x", "type": None}, {"id": "s", "name": "web"})
    assert (plan.action, plan.before, plan.changes) == ("updated", {"description": None}, {"description": "x"})


def test_secrets_are_sent_to_what_exists_only_if_asked_to() -> None:
    plan = planned("identity.user", {}, {"id": "u", "name": "web"}, secrets={"password": "s3"}, update_secrets=True)
    assert (plan.action, plan.after, plan.changes) == ("updated", {"password": MASK}, {"password": "s3"})
    assert "s3" not in str((plan.before, plan.after, plan.notes))


def test_parts_are_compared_with_what_there_is_of_them() -> None:
    found = {"parts": {"interfaces": [{"subnet_id": "s", "ip_address": "10.0.0.1"}]}}
    router = {"id": "r", "name": "web"}
    assert planned("network.router", {"interfaces": ["s"]}, router, found).action == "unchanged"
    plan = planned("network.router", {"interfaces": ["s", "t"]}, router, found)
    assert (plan.action, plan.before, plan.changes) == ("updated", {"interfaces": ["s"]}, {"interfaces": ["s", "t"]})


def test_a_diff_has_the_named_keys_of_a_part_that_is_merged() -> None:
    specs = {"extra_specs": {"hw:a": "1", "hw:b": "2"}}
    plan = planned("compute.flavor", {"extra_specs": {"hw:a": None}}, {"id": "f", "name": "web"}, {"parts": specs})
    assert (plan.before, plan.after) == ({"extra_specs": {"hw:a": "1"}}, {"extra_specs": {"hw:a": None}})


MISSING = MissingError("there is no network.network named 'n' here", status=404)


def test_a_reference_to_nothing() -> None:
    """So that a play that makes a network, then its subnet, can be checked."""
    plan = planned("network.subnet", {"network_id": {"name": "n"}}, None, {"missing": MISSING})
    assert (plan.action, plan.error) == ("created", MISSING)
    assert plan.notes == ("there is no network.network named 'n' here: it has to be created first",)
    with pytest.raises(MissingError):
        planned("network.subnet", {"network_id": {"name": "n"}}, SUBNET, {"missing": MISSING})
    assert planned("network.subnet", {}, None, {"missing": MISSING}, state="absent") == ResourcePlan("unchanged")


def test_absent() -> None:
    plan = planned("network.subnet", {}, SUBNET, state="absent")
    assert (plan.action, plan.before, plan.after) == ("deleted", {"id": "s", "name": "web"}, {})
    assert planned("network.subnet", {}, None, state="absent") == ResourcePlan("unchanged")
    gone = planned("network.subnet", {}, None, {"offered": False}, state="absent")
    assert gone == ResourcePlan("unchanged", notes=(NOT_OFFERED,))


def test_a_quota_is_reset() -> None:
    quota = {"network": 7, "port": 500}
    plan = planned("network.quota", {}, quota, {"defaults": {"network": 100, "port": 500}}, name=None, state="absent")
    assert (plan.action, plan.before["networks"], plan.after["networks"]) == ("deleted", 7, 100)
    same = planned("network.quota", {}, quota, {"defaults": quota}, name=None, state="absent")
    assert same == ResourcePlan("unchanged")
    unknown = planned("dns.quota", {}, {"zones": 1}, name=None, state="absent")
    assert unknown.action == "deleted"
    with pytest.raises(RefusedError):
        planned("network.quota", {"networks": 1}, None, name=None)


def test_a_relation() -> None:
    values = {"role_id": "r", "user_id": "u", "project_id": "p"}
    assert planned("identity.role_assignment", values, None, name=None).action == "created"
    assert planned("identity.role_assignment", values, values, name=None) == ResourcePlan("unchanged")
    plan = planned("identity.role_assignment", values, values, name=None, state="absent")
    assert (plan.action, plan.before) == ("deleted", values)


def test_addresses_that_neutron_adds_to_a_port() -> None:
    derived = {"subnet_id": "six", "ip_address": "fd00::f816:3eff:fefe:8fe"}
    port = {"id": "p", "name": "web", "mac_address": "fa:16:3e:fe:08:fe"}
    four = {"subnet_id": "four", "ip_address": "10.0.0.9"}
    for want in ([{"subnet_id": "four"}], [four, {"subnet_id": "six"}]):
        assert (
            planned("network.port", {"fixed_ips": want}, {**port, "fixed_ips": [derived, four]}).action == "unchanged"
        )
    assert planned("network.port", {"fixed_ips": []}, {**port, "fixed_ips": [derived]}).action == "unchanged"
    assert planned("network.port", {"fixed_ips": []}, {**port, "fixed_ips": [derived, four]}).action == "updated"


def test_prefixes_that_neutron_joins() -> None:
    pool = {"id": "p", "name": "web", "prefixes": ["10.0.0.0/16", "fd00::/48"]}
    for want in (["10.0.0.0/17", "fd00::/48", "10.0.128.0/17"], ["FD00::/48", "10.0.0.9/16"]):
        assert planned("network.subnet_pool", {"prefixes": want}, pool).action == "unchanged"
    for want in (["10.0.0.0/17", "fd00::/48"], ["10.0.0.0/16"], ["x"]):
        assert planned("network.subnet_pool", {"prefixes": want}, pool).action == "updated"


def test_what_is_there_but_broken() -> None:
    volume = {"id": "v", "name": "web", "status": "error", "size": 1}
    assert bad_state(kind_of("block_storage.volume"), volume) == "its status is error"
    assert bad_state(kind_of("block_storage.volume"), {**volume, "status": "creating"}) == ""
    assert bad_state(kind_of("block_storage.volume"), {**volume, "status": "error_restoring"})
    assert bad_state(kind_of("shared_file_system.share"), {"status": "manage_error"})
    assert bad_state(kind_of("shared_file_system.share"), {"status": "extending_error"}) == ""
    assert bad_state(kind_of("dns.zone"), {"status": "ERROR"})
    assert bad_state(kind_of("network.router"), {"status": "ERROR"}) == ""
    with pytest.raises(ConflictError, match="is there, but its status is error"):
        planned("block_storage.volume", {"volume_type": "ssd"}, volume)
    assert planned("block_storage.volume", {"volume_type": "ssd"}, volume, replace=True).action == "replaced"
    assert planned("block_storage.volume", {}, volume, state="absent").action == "deleted"


def test_the_project_under_its_older_name() -> None:
    old = {"id": "n", "name": "web", "tenant_id": "p"}
    assert planned("network.network", {"project_id": "p"}, old) == ResourcePlan("unchanged")
    with pytest.raises(ConflictError):
        planned("network.subnet", {"network_id": "x"}, SUBNET)


def test_two_names_of_one_key() -> None:
    """A key pair's ID is its name."""
    assert planned("compute.keypair", {}, {"name": "web", "public_key": "a"}) == ResourcePlan("unchanged")


def test_what_the_cloud_keeps_otherwise_is_a_note() -> None:
    wanted = Wanted(kind_of("network.subnet"))
    values = {"description": "a", "cidr": "10.9.0.7/24", "gateway_ip": "10.9.0.9", "tags": ["x"]}
    assert unkept(wanted, values, {**SUBNET, "description": "A", "tags": []}) == (
        "description: the cloud keeps 'A' for 'a'",
        "gateway_ip: the cloud keeps '10.9.0.1' for '10.9.0.9'",
    )
    assert unkept(Wanted(kind_of("identity.user")), {"password": "s3cret"}, {"password": None}) == ()
    node = Wanted(kind_of("baremetal.node"), secrets={"driver_info": {"ipmi_password": "s3cret"}})
    assert unkept(node, node.values, {"driver_info": {"ipmi_password": "******"}}) == ()
    rule = Wanted(kind_of("network.security_group_rule"))
    assert unkept(rule, {"protocol": "6"}, {"protocol": "tcp"}) == ()
