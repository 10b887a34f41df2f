#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: Create, change and delete networks in several clouds
version_added: 1.0.0
description:
  - Brings a network to a state in every selected Location, in parallel.
  - A network that is deleted takes its subnets with it; one that has ports of servers or routers is not deleted.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._doors.wait
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
      - Whether the network forwards packets.
    type: bool
  is_shared:
    description:
      - Whether all projects may use the network. Most clouds allow this to administrators only.
    type: bool
  is_router_external:
    description:
      - Whether routers and floating IPs may be connected to the network as the outside world. Most clouds allow this to administrators only.
    type: bool
  is_default:
    description:
      - Whether it is the external network that is used where none is named.
    type: bool
  is_port_security_enabled:
    description:
      - Whether security groups and the protection against spoofed addresses apply to new ports of the network.
    type: bool
  is_vlan_transparent:
    description:
      - Whether servers may send tagged frames. It cannot be changed.
    type: bool
  mtu:
    description:
      - The size of the largest packet, in bytes.
    type: int
  provider_network_type:
    description:
      - How the network is implemented, such as V(flat), V(vlan) or V(vxlan). It cannot be changed. Most clouds allow this to administrators only.
    type: str
  provider_physical_network:
    description:
      - The physical network that implements it. It cannot be changed.
    type: str
  provider_segmentation_id:
    description:
      - The ID of the segment on the physical network, such as that of the VLAN.
    type: int
  qos_policy:
    description:
      - The name of the QoS policy. An empty text removes it.
    type: raw
  dns_domain:
    description:
      - The DNS domain in which the ports of the network get their names.
    type: str
  availability_zone_hints:
    description:
      - The availability zones in which the network is to be served. They cannot be changed.
    type: list
    elements: str
  tags:
    description:
      - All tags of the network.
    type: list
    elements: str
  project:
    description:
      - The name of the project that owns the network. Most clouds allow this to administrators only. The default is the project of the
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
  - module: oaktree.multicloud.network_info
  - module: oaktree.multicloud.subnet
  - module: oaktree.multicloud.router
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same network in every region of two clouds
  oaktree.multicloud.network:
    locations: [alpha, beta]
    name: web
    description: managed by Ansible
    tags: [web]

- name: Create a network with small packets and unfiltered ports
  oaktree.multicloud.network:
    locations: [alpha]
    name: storage
    mtu: 1400
    is_port_security_enabled: false

- name: Create a network that all projects may use
  oaktree.multicloud.network:
    locations: [alpha-admin]
    name: common
    is_shared: true
    project: demo

- name: Delete a network, with its subnets, everywhere
  oaktree.multicloud.network:
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
    network:
      description: The record, as M(oaktree.multicloud.network_info) returns it; null if there is none, or in check mode if it would be created.
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

DOOR = Door(
    "network.network",
    "network",
    {
        "description": Option(),
        "is_admin_state_up": Option("bool"),
        "is_shared": Option("bool"),
        "is_router_external": Option("bool"),
        "is_default": Option("bool"),
        "is_port_security_enabled": Option("bool"),
        "is_vlan_transparent": Option("bool"),
        "mtu": Option("int"),
        "provider_network_type": Option(),
        "provider_physical_network": Option(),
        "provider_segmentation_id": Option("int"),
        "qos_policy": reference("qos_policy_id", nullable=True),
        "dns_domain": Option(),
        "availability_zone_hints": Option("list", elements="str"),
        "tags": Option("list", elements="str"),
        "project": reference("project_id"),
    },
    waits=True,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
