# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of security groups: what makes two of them one, in the many ways in which they are written. Pure.

Source: the defaults and conversions of Neutron's ``extensions/securitygroup.py`` and ``db/securitygroups_db.py``.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ATTRIBUTES: Mapping[str, str] = {
    "direction": "direction",
    "ether_type": "ethertype",
    "protocol": "protocol",
    "port_range_min": "port_range_min",
    "port_range_max": "port_range_max",
    "remote_ip_prefix": "remote_ip_prefix",
    "remote_group_id": "remote_group_id",
    "remote_address_group_id": "remote_address_group_id",
    "description": "description",
}
"""What may be said of a rule, and what Neutron calls it."""

RULE_KINDS = frozenset({"network.security_group_rule", "network.default_security_group_rule"})

_PROTOCOLS: Mapping[str, str | None] = {
    "1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp", "any": None, "-1": None, "0": None,
    "": None,
}  # fmt: skip
_LESS_COMMON: Mapping[str, str] = {
    "2": "igmp", "4": "ipip", "8": "egp", "33": "dccp", "41": "ipv6-encap", "43": "ipv6-route", "44": "ipv6-frag",
    "46": "rsvp", "47": "gre", "50": "esp", "51": "ah", "59": "ipv6-nonxt", "60": "ipv6-opts", "89": "ospf",
    "112": "vrrp", "113": "pgm", "132": "sctp", "136": "udplite",
}  # fmt: skip
"""Protocols that Neutron shows as they were written; older ones know some by their numbers only."""
_NO_PORT = (None, "", -1, "-1")
PORTS = ("port_range_min", "port_range_max")
_ALL_PORTS = [1, 65535]
"""Neutron makes no range of this one."""
_EVERYWHERE = ("0.0.0.0/0", "::/0")

Rule = tuple[Any, ...]

NORMAL_KEYS = tuple(ATTRIBUTES)[:-1]
"""What a `normal_rule` consists of, in its order: all but the description."""


def normal_rule(data: Mapping[str, Any]) -> Rule:
    """What makes a rule this rule, by openstacksdk's names or by Neutron's, with what Neutron fills in.

    Raises ValueError for a prefix that is none, or a port that is no number.
    """
    said = {ATTRIBUTES.get(name, name): value for name, value in data.items()}
    prefix = said.get("remote_ip_prefix") or None
    network = ipaddress.ip_network(str(prefix), strict=False) if prefix else None
    ethertype = str(said.get("ethertype") or (f"IPv{network.version}" if network else "IPv4"))
    ethertype = {"ipv4": "IPv4", "ipv6": "IPv6"}.get(ethertype.lower(), ethertype)
    protocol = str(said.get("protocol") if said.get("protocol") is not None else "").lower()
    protocol_name = _PROTOCOLS.get(protocol, _LESS_COMMON.get(protocol, protocol))
    if protocol_name == "icmp" and ethertype == "IPv6":
        protocol_name = "ipv6-icmp"
    ports = [None if said.get(name) in _NO_PORT else int(said[name]) for name in PORTS]
    if ports == _ALL_PORTS:
        ports = [None, None]
    return (
        str(said.get("direction") or "ingress").lower(),
        ethertype,
        protocol_name,
        *ports,
        None if network is None or str(network) in _EVERYWHERE else str(network),
        said.get("remote_group_id") or None,
        said.get("remote_address_group_id") or None,
    )


def body_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as Neutron takes it: what is named, with values that it does not have to guess."""
    direction, ethertype, protocol, least, most, _network, _group, _addresses = normal_rule(data)
    named = {ATTRIBUTES.get(name, name): value for name, value in data.items() if value is not None}
    written = str(named.get("protocol"))
    known = {
        "direction": direction,
        "ethertype": ethertype,
        "protocol": written if written in _LESS_COMMON else protocol,
    }
    ports = dict(zip(PORTS, (least, most), strict=True))
    return {key: value for key, value in {**named, **known, **ports}.items() if value is not None}


def changes(
    have: Iterable[Mapping[str, Any]], want: Iterable[Mapping[str, Any]], exact: Iterable[str] = ()
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The rules to add, and those to remove.

    A direction of which no rule is wanted is left alone, unless it is one of ``exact``: every group is made with rules
    that let everything out.
    """
    wanted = {normal_rule(rule): rule for rule in want}
    there = [(normal_rule(rule), rule) for rule in have]  # older clouds may have two of one meaning
    directions = {*exact, *(rule[0] for rule in wanted)}
    known = {rule for rule, _data in there}
    return (
        [data for rule, data in wanted.items() if rule not in known],
        [data for rule, data in there if rule not in wanted and rule[0] in directions],
    )
