# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as they can be compared between Locations: names in place of IDs, and what two of them have in common."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.values import (
    ImageContent,
    portable,
    portable_rules,
    same_value,
    shown_difference,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from tests.support.image_samples import OTHER, image

FLAVOR = kind_of("compute.flavor")
GROUP = kind_of("network.security_group")
PORT = kind_of("network.port")
ROUTER = kind_of("network.router")
SUBNET = kind_of("network.subnet")


def name_of(target: str, identity: Any) -> Any:
    return f"{target} {identity}"


@pytest.mark.parametrize(
    ("kind", "attribute", "value", "expected"),
    [
        (SUBNET, "network_id", "n1", "network.network n1"),
        (SUBNET, "network_id", None, None),
        (PORT, "security_group_ids", ["a"], ["network.security_group a"]),
        (PORT, "fixed_ips", [{"subnet_id": "s", "x": "1"}], [{"subnet_id": "network.subnet s", "x": "1"}]),
        (
            ROUTER,
            "external_gateway_info",
            {"network_id": "n", "enable_snat": True, "external_fixed_ips": [{"ip_address": "1"}]},
            {"network_id": "network.network n", "enable_snat": True},
        ),
        (
            kind_of("network.qos_policy"),
            "rules",
            [{"id": "r", "type": "dscp_marking", "dscp_mark": 8, "qos_policy_id": "q", "tenant_id": "t"}],
            [{"type": "dscp_marking", "dscp_mark": 8, "qos_policy_id": "network.qos_policy q"}],
        ),
        (FLAVOR, "extra_specs", {"id": "1", "x_id": "2", "made_at": "3"}, {"id": "1", "x_id": "2", "made_at": "3"}),
        (FLAVOR, "ram", 512, 512),
    ],
)  # fmt: skip
def test_ids_become_names_at_any_depth(kind: Any, attribute: str, value: Any, expected: Any) -> None:
    assert portable(kind, attribute, value, name_of) == expected


def test_rules_are_those_that_neutron_means() -> None:
    found = [
        {"id": "1", "direction": "ingress", "ethertype": "IPv4", "protocol": "6", "port_range_min": 22,
         "port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0", "security_group_id": "g", "revision_number": 3},
        {"id": "2", "direction": "egress", "ethertype": "IPv6", "protocol": None, "remote_group_id": "g"},
    ]  # fmt: skip
    assert portable_rules(GROUP, found, name_of) == [
        {"direction": "egress", "ether_type": "IPv6", "remote_group_id": "network.security_group g"},
        {"direction": "ingress", "ether_type": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
    ]
    assert portable_rules(GROUP, None, name_of) == []


@pytest.mark.parametrize(
    ("kind", "attribute", "one", "other", "same"),
    [
        (FLAVOR, "ram", 512, 512, True),
        (FLAVOR, "ram", 512, 1024, False),
        (FLAVOR, "swap", 0, "0", True),
        (FLAVOR, "description", None, "", True),
        (FLAVOR, "extra_specs", {"a": "1"}, {"a": "1", "b": "2"}, False),
        (FLAVOR, "extra_specs", {"a": "1", "b": "2"}, {"a": "1"}, False),
        (FLAVOR, "extra_specs", {}, {"b": "2"}, False),
        (FLAVOR, "extra_specs", {"a": "1"}, {"a": 1}, True),
        (SUBNET, "cidr", "10.0.0.0/24", "10.0.0.7/24", True),
        (SUBNET, "dns_nameservers", ["9.9.9.9", "1.1.1.1"], ["1.1.1.1", "9.9.9.9"], False),
        (SUBNET, "tags", ["a", "b"], ["b", "a"], True),
        (SUBNET, "host_routes", [{"destination": "a"}], [{"destination": "a", "nexthop": "b"}], False),
    ],
)
def test_values_are_compared_by_meaning_both_ways(kind: Any, attribute: str, one: Any, other: Any, same: bool) -> None:  # noqa: FBT001
    for want, have in ((one, other), (other, one)):
        assert same_value(kind, attribute, want, have) is same


def test_only_what_differs_is_shown() -> None:
    one, other = {"a": "1", "b": "2"}, {"a": "1", "c": "3"}
    assert shown_difference(FLAVOR, "extra_specs", one, other) == ({"b": "2", "c": None}, {"b": None, "c": "3"})
    ssh, web = {"protocol": "tcp", "port_range_min": 22}, {"protocol": "tcp", "port_range_min": 80}
    assert shown_difference(GROUP, "rules", [ssh, web], [web]) == ([ssh], [])
    assert shown_difference(FLAVOR, "ram", 1, 2) == (1, 2)


def test_contents_are_shown_by_a_digest_that_both_have() -> None:
    no_sha512: dict[str, Any] = {"os_hash_algo": None, "os_hash_value": None}
    one, other = ImageContent(image()), ImageContent(image(data=OTHER, **no_sha512))
    expected, actual = shown_difference(kind_of("image.image"), "content", one, other)
    assert (expected, actual) == (f"md5:{one.image['checksum']}", f"md5:{other.image['checksum']}")
    assert one.shown() == f"sha512:{one.image['os_hash_value']}"
    assert ImageContent(image(data=None)).shown(one) is None


def test_contents_without_a_common_digest_are_not_known_to_be_the_same() -> None:
    only_md5 = image(os_hash_algo=None, os_hash_value=None)
    only_sha512 = image(number=2, checksum=None)
    assert same_value(kind_of("image.image"), "content", ImageContent(only_md5), ImageContent(only_sha512)) is None
    assert same_value(kind_of("image.image"), "content", ImageContent(image()), ImageContent(image(number=2))) is True
