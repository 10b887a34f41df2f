#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: subnet
short_description: Create, change and delete subnets in several clouds
version_added: 1.0.0
description:
  - Brings a subnet to a state in every selected Location, in parallel.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  network:
    description:
      - The name of the network. Required to create a subnet; it cannot be changed. A subnet of the name in another network is another one.
    type: raw
  cidr:
    description:
      - The addresses of the subnet, such as V(10.9.0.0/24). They cannot be changed.
      - With O(subnet_pool), the part of it that a new subnet takes. Neutron refuses it together with O(prefix_length).
    type: str
  ip_version:
    description:
      - The version of IP, V(4) or V(6). It cannot be changed.
      - Neutron requires it of a new subnet.
    type: int
  subnet_pool:
    description:
      - The name of a subnet pool, from which the addresses of a new subnet are taken.
    type: raw
  prefix_length:
    description:
      - How large a part of O(subnet_pool) a new subnet takes. Clouds do not show it, so that it is not compared.
    type: int
  gateway_ip:
    description:
      - The address of the gateway. If omitted, Neutron takes the first one of the subnet; an empty text means that there is none.
    type: str
  is_dhcp_enabled:
    description:
      - Whether DHCP serves the subnet.
    type: bool
  dns_nameservers:
    description:
      - The addresses of name servers, in order.
    type: list
    elements: str
  allocation_pools:
    description:
      - The ranges from which ports are given their addresses.
    type: list
    elements: dict
    suboptions:
      start:
        description: The first address.
        type: str
        required: true
      end:
        description: The last address.
        type: str
        required: true
  host_routes:
    description:
      - Routes that hosts learn by DHCP.
    type: list
    elements: dict
    suboptions:
      destination:
        description: Addresses, such as V(10.20.0.0/16).
        type: str
        required: true
      nexthop:
        description: The address of the router to them.
        type: str
        required: true
  ipv6_address_mode:
    description:
      - How hosts get their IPv6 addresses. It cannot be changed.
    type: str
    choices: [dhcpv6-stateful, dhcpv6-stateless, slaac]
  ipv6_ra_mode:
    description:
      - How the router advertises the subnet. It cannot be changed.
    type: str
    choices: [dhcpv6-stateful, dhcpv6-stateless, slaac]
  description:
    description:
      - A text for people.
    type: str
  tags:
    description:
      - All tags of the subnet.
    type: list
    elements: str
  project:
    description:
      - The name of the project that owns the subnet. Most clouds allow this to administrators only. The default is the project of the
        Location.
    type: raw
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.subnet_info
  - module: oaktree.multicloud.network
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same subnet in every region of two clouds
  oaktree.multicloud.subnet:
    locations: [alpha, beta]
    name: web
    network: web
    cidr: 10.9.0.0/24
    ip_version: 4
    dns_nameservers: [9.9.9.9, 1.1.1.1]

- name: Create a subnet without a gateway, whose first addresses are assigned by hand
  oaktree.multicloud.subnet:
    locations: [alpha]
    name: storage
    network: storage
    cidr: 10.10.0.0/24
    ip_version: 4
    gateway_ip: ''
    allocation_pools:
      - {start: 10.10.0.100, end: 10.10.0.200}

- name: Delete a subnet everywhere
  oaktree.multicloud.subnet:
    locations: '*'
    name: web
    state: absent
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, in each Location that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action:
      description: One of V(created), V(updated), V(replaced), V(deleted) and V(unchanged).
      type: str
      sample: created
    subnet:
      description: The record, as M(oaktree.multicloud.subnet_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: web}
    notes:
      description: What could not be compared, and what the cloud keeps otherwise than it was told.
      type: list
      elements: str
      sample: ["tags: the cloud has [a], although it was told [A]"]
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: not finished within timeout (60 s)}
    kind:
      description: >-
        One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input,
        internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers."}
"""

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    Door,
    Option,
    reference,
    run_door,
)

_MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")
_RANGE = {"start": Option(required=True), "end": Option(required=True)}
_ROUTE = {"destination": Option(required=True), "nexthop": Option(required=True)}
DOOR = Door(
    "network.subnet",
    "subnet",
    {
        "network": reference("network_id"),
        "cidr": Option(),
        "ip_version": Option("int"),
        "subnet_pool": reference("subnet_pool_id"),
        "prefix_length": Option("int"),
        "gateway_ip": Option(nullable=True),
        "is_dhcp_enabled": Option("bool"),
        "dns_nameservers": Option("list", elements="str"),
        "allocation_pools": Option("list", elements="dict", options=_RANGE),
        "host_routes": Option("list", elements="dict", options=_ROUTE),
        "ipv6_address_mode": Option(choices=_MODES),
        "ipv6_ra_mode": Option(choices=_MODES),
        "description": Option(),
        "tags": Option("list", elements="str"),
        "project": reference("project_id"),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
