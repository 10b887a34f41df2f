#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: router
short_description: Create, change and delete routers in several clouds
version_added: 1.0.0
description:
  - Brings a router to a state in every selected Location, in parallel.
  - A router that is deleted loses its routes and interfaces first. One that floating IPs lead through is left as it is, and the Location fails with
    the kind C(conflict).
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  description:
    description:
      - A text for people.
    type: str
  is_admin_state_up:
    description:
      - Whether the router forwards packets.
    type: bool
  external_network:
    description:
      - The name of the external network that is the gateway to the outside world. An empty text removes the gateway.
    type: raw
  enable_snat:
    description:
      - Whether servers without a floating IP reach the outside world by the address of the router. Most clouds allow this to administrators only.
      - Requires O(external_network).
    type: bool
  external_fixed_ips:
    description:
      - The addresses of the router in O(external_network), which is required.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: The name of the subnet.
        type: raw
      ip_address:
        description: The address. If omitted, Neutron takes a free one.
        type: str
  interfaces:
    description:
      - All subnets that the router is connected to, by name. An empty list disconnects it from all.
      - In place of a name, a mapping C({subnet=NAME, ip_address=ADDRESS}) gives the router an address of its own in the subnet, instead of the
        address of the gateway of the subnet. Several routers in one subnet need that.
    type: list
    elements: raw
  routes:
    description:
      - All static routes of the router.
    type: list
    elements: dict
    suboptions:
      destination:
        description: Addresses, such as V(10.20.0.0/16).
        type: str
        required: true
      nexthop:
        description: The address of the router to them, in a subnet that this one is connected to.
        type: str
        required: true
  is_distributed:
    description:
      - Whether the work of the router is distributed over compute hosts. It cannot be changed. Most clouds allow this to administrators only.
    type: bool
  is_ha:
    description:
      - Whether several hosts stand by to do the work of the router. It cannot be changed. Most clouds allow this to administrators only.
    type: bool
  availability_zone_hints:
    description:
      - The availability zones in which the router is to be served. They cannot be changed.
    type: list
    elements: str
  tags:
    description:
      - All tags of the router.
    type: list
    elements: str
  project:
    description:
      - The name of the project that owns the router. Most clouds allow this to administrators only. The default is the project of the
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
  - module: oaktree.multicloud.router_info
  - module: oaktree.multicloud.subnet
  - module: oaktree.multicloud.floating_ip
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Connect a subnet to the outside world, in every region of two clouds
  oaktree.multicloud.router:
    locations: [alpha, beta]
    name: web
    external_network: public
    interfaces: [web]

- name: Connect the subnet to another one by a second router
  oaktree.multicloud.router:
    locations: [alpha]
    name: office
    interfaces:
      - {subnet: web, ip_address: 10.9.0.254}
      - office

- name: Disconnect a router from the outside world
  oaktree.multicloud.router:
    locations: [alpha]
    name: office
    external_network: ''

- name: Delete a router, with its interfaces, everywhere
  oaktree.multicloud.router:
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
    router:
      description: The record, as M(oaktree.multicloud.router_info) returns it; null if there is none, or in check mode if it would be created.
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
    references,
    run_door,
)

_ADDRESS = {"subnet": reference("subnet_id"), "ip_address": Option()}
_ROUTE = {"destination": Option(required=True), "nexthop": Option(required=True)}
DOOR = Door(
    "network.router",
    "router",
    {
        "description": Option(),
        "is_admin_state_up": Option("bool"),
        "external_network": reference("external_gateway_info.network_id", nullable=True),
        "enable_snat": Option("bool", "external_gateway_info.enable_snat"),
        "external_fixed_ips": Option(
            "list", "external_gateway_info.external_fixed_ips", elements="dict", options=_ADDRESS
        ),
        "interfaces": references("interfaces", described=_ADDRESS),
        "routes": Option("list", elements="dict", options=_ROUTE),
        "is_distributed": Option("bool"),
        "is_ha": Option("bool"),
        "availability_zone_hints": Option("list", elements="str"),
        "tags": Option("list", elements="str"),
        "project": reference("project_id"),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
