# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that are one, in the many ways in which they are written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.rules import (
    ATTRIBUTES,
    RULE_KINDS,
    body_of,
    changes,
    normal_rule,
)

SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
SHOWN = {**SSH, "id": "1", "ethertype": "IPv4", "remote_ip_prefix": None, "remote_group_id": None, "description": ""}


@pytest.mark.parametrize(
    "rule",
    [
        SSH,
        SHOWN,
        {**SSH, "direction": "INGRESS"},
        {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
        {**SSH, "protocol": 6},
        {**SSH, "protocol": "6"},
        {**SSH, "protocol": "TCP"},
        {**SSH, "port_range_min": "22"},
        {**SSH, "ether_type": "IPv4"},
        {**SSH, "ether_type": "ipv4"},
        {**SSH, "remote_ip_prefix": "0.0.0.0/0"},
        {**SSH, "remote_ip_prefix": ""},
    ],
)
def test_one_rule(rule: dict[str, Any]) -> None:
    assert normal_rule(rule) == normal_rule(SHOWN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"protocol": "any"}, {}),
        ({"protocol": -1}, {}),
        ({"protocol": 0}, {}),
        ({"protocol": None, "port_range_min": -1, "port_range_max": "-1"}, {}),
        ({"remote_ip_prefix": "10.0.0.1"}, {"remote_ip_prefix": "10.0.0.1/32"}),
        ({"remote_ip_prefix": "10.0.0.7/24"}, {"remote_ip_prefix": "10.0.0.0/24"}),
        ({"remote_ip_prefix": "2001:DB8::/32"}, {"remote_ip_prefix": "2001:db8::/32", "ethertype": "IPv6"}),
        ({"protocol": "icmp", "ether_type": "IPv6"}, {"protocol": "ipv6-icmp", "ether_type": "IPv6"}),
        ({"protocol": "icmpv6", "ether_type": "IPv6"}, {"protocol": 58, "ether_type": "IPv6"}),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": "65535"}, {"protocol": "tcp"}),
        ({"protocol": "GRE"}, {"protocol": 47}),
        ({"protocol": "vrrp"}, {"protocol": "112"}),
        ({"protocol": "sctp", "port_range_min": 5}, {"protocol": 132, "port_range_min": 5}),
    ],
)
def test_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert normal_rule(one) == normal_rule(other)


@pytest.mark.parametrize(
    "more",
    [
        {"direction": "egress"},
        {"protocol": "udp"},
        {"port_range_max": 23},
        {"ether_type": "IPv6"},
        {"remote_ip_prefix": "10.0.0.0/24"},
        {"remote_group_id": "g"},
        {"remote_address_group_id": "g"},
    ],
)
def test_another(more: dict[str, Any]) -> None:
    assert normal_rule({**SSH, **more}) != normal_rule(SSH)


@pytest.mark.parametrize("rule", [{"remote_ip_prefix": "nowhere"}, {"port_range_min": "ssh"}])
def test_what_is_no_rule(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"nowhere|ssh"):
        normal_rule(rule)


def test_what_is_sent() -> None:
    assert body_of({**SSH, "protocol": 6, "port_range_min": "22"}) == {**SSH, "ethertype": "IPv4"}
    assert body_of({"direction": "egress", "protocol": "any", "port_range_min": -1, "port_range_max": -1}) == {
        "direction": "egress",
        "ethertype": "IPv4",
    }
    named = {"ether_type": "IPv6", "remote_ip_prefix": "::/0", "description": "x", "remote_group_id": None}
    assert body_of({**SSH, **named}) == {
        **SSH,
        "ethertype": "IPv6",
        "remote_ip_prefix": "::/0",
        "description": "x",
    }
    every_port = {"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}
    assert body_of(every_port) == {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}
    for written, sent in (("VRRP", "vrrp"), (112, "112")):  # as it is to be shown
        assert body_of({"protocol": written})["protocol"] == sent


UDP_IN = {"direction": "ingress", "protocol": "udp"}
UDP_OUT = {"direction": "egress", "protocol": "udp"}
EGRESS = [{"id": version, "direction": "egress", "ethertype": version} for version in ("IPv4", "IPv6")]


@pytest.mark.parametrize(
    ("have", "want", "add", "remove"),
    [
        (EGRESS, [], [], []),
        (EGRESS, [SSH], [SSH], []),
        ([*EGRESS, SHOWN], [SSH], [], []),
        ([*EGRESS, SHOWN], [SSH, {**SSH, "protocol": "6"}], [], []),
        ([*EGRESS, SHOWN], [{**SSH, "protocol": "udp"}], [{**SSH, "protocol": "udp"}], ["1"]),
        ([*EGRESS, SHOWN], [{"direction": "egress"}], [], ["IPv6"]),
        ([SHOWN, {**SHOWN, "id": "2", "protocol": "6"}], [UDP_IN], [UDP_IN], ["1", "2"]),
        (
            [*EGRESS, SHOWN],
            [SSH, UDP_OUT],
            [UDP_OUT],
            ["IPv4", "IPv6"],
        ),
    ],
)
def test_a_direction_of_which_no_rule_is_wanted_is_left_alone(
    have: list[dict[str, Any]], want: list[dict[str, Any]], add: list[dict[str, Any]], remove: list[str]
) -> None:
    added, removed = changes(have, want)
    assert [normal_rule(rule) for rule in added] == [normal_rule(rule) for rule in add]
    assert [rule["id"] for rule in removed] == remove


def test_types_whose_content_is_a_rule() -> None:
    for name in RULE_KINDS:
        keys = kind_of(name).keys
        assert {
            attribute: keys[attribute] for attribute in ATTRIBUTES if attribute in keys
        }.items() <= ATTRIBUTES.items()
        assert set(kind_of(name).identity) - {"security_group_id"} <= ATTRIBUTES.keys()
