#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: port
short_description: Create, change and delete ports in several clouds
version_added: 1.0.0
description:
  - Brings a port to a state in every selected Location, in parallel.
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
      - The name of the network. Required to create a port; it cannot be changed. A port of the name in another network is another one.
    type: raw
  description:
    description:
      - A text for people.
    type: str
  fixed_ips:
    description:
      - All addresses of the port. If omitted, Neutron gives a new port one of each version; an empty list means none.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: The name of the subnet.
        type: raw
      ip_address:
        description: The address. If omitted, Neutron takes a free one of O(fixed_ips[].subnet).
        type: str
  security_groups:
    description:
      - The names of all security groups of the port. If omitted, a new port has the group V(default); an empty list means none.
    type: list
    elements: raw
  is_port_security_enabled:
    description:
      - Whether security groups and the protection against spoofed addresses apply to the port. Without, it can have no security groups.
    type: bool
  allowed_address_pairs:
    description:
      - All further addresses from which the port may send.
    type: list
    elements: dict
    suboptions:
      ip_address:
        description: An address or network.
        type: str
        required: true
      mac_address:
        description: The MAC address, by default that of the port.
        type: str
  is_admin_state_up:
    description:
      - Whether the port forwards packets.
    type: bool
  mac_address:
    description:
      - The MAC address.
      - Most clouds allow this to administrators only.
    type: str
  device_id:
    description:
      - The ID of what uses the port, such as a server. Nova and routers set it themselves.
    type: str
  device_owner:
    description:
      - What kind of thing uses the port, such as V(compute:nova).
    type: str
  binding_vnic_type:
    description:
      - The kind of the virtual network interface, such as V(normal), V(direct), V(macvtap) or V(baremetal).
    type: str
  binding_profile:
    description:
      - What the host has to know to connect the port. Most clouds allow this to administrators only.
    type: dict
  binding_host:
    description:
      - The host to which the port is bound. Most clouds allow this to administrators only.
    type: str
  extra_dhcp_opts:
    description:
      - All further options that DHCP gives the port.
    type: list
    elements: dict
    suboptions:
      opt_name:
        description: The name of the option, such as V(bootfile-name).
        type: str
        required: true
      opt_value:
        description: Its value.
        type: str
        required: true
      ip_version:
        description: The version of IP, V(4) or V(6).
        type: int
  dns_name:
    description:
      - The name of the port in DNS.
    type: str
  dns_domain:
    description:
      - The DNS domain of the port.
    type: str
  qos_policy:
    description:
      - The name of the QoS policy. An empty text removes it.
    type: raw
  tags:
    description:
      - All tags of the port.
    type: list
    elements: str
  project:
    description:
      - The name of the project that owns the port. Most clouds allow this to administrators only. The default is the project of the
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
  - module: oaktree.multicloud.port_info
  - module: oaktree.multicloud.network
  - module: oaktree.multicloud.security_group
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a port with a fixed address, for a server to come
  oaktree.multicloud.port:
    locations: [alpha]
    name: web-1
    network: web
    fixed_ips:
      - {subnet: web, ip_address: 10.9.0.10}
    security_groups: [default, web]

- name: Let a port send from an address that moves between servers
  oaktree.multicloud.port:
    locations: [alpha]
    name: web-1
    allowed_address_pairs:
      - {ip_address: 10.9.0.100}

- name: Create a port without filters in every region
  oaktree.multicloud.port:
    locations: [alpha, beta]
    name: firewall
    network: web
    security_groups: []
    is_port_security_enabled: false

- name: Delete a port
  oaktree.multicloud.port:
    locations: [alpha, beta]
    name: firewall
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
    port:
      description: The record, as M(oaktree.multicloud.port_info) returns it; null if there is none, or in check mode if it would be created.
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
_PAIR = {"ip_address": Option(required=True), "mac_address": Option()}
_DHCP = {"opt_name": Option(required=True), "opt_value": Option(required=True), "ip_version": Option("int")}
DOOR = Door(
    "network.port",
    "port",
    {
        "network": reference("network_id"),
        "description": Option(),
        "fixed_ips": Option("list", elements="dict", options=_ADDRESS),
        "security_groups": references("security_group_ids"),
        "is_port_security_enabled": Option("bool"),
        "allowed_address_pairs": Option("list", elements="dict", options=_PAIR),
        "is_admin_state_up": Option("bool"),
        "mac_address": Option(),
        "device_id": Option(),
        "device_owner": Option(),
        "binding_vnic_type": Option(),
        "binding_profile": Option("dict"),
        "binding_host": Option(attribute="binding_host_id"),
        "extra_dhcp_opts": Option("list", elements="dict", options=_DHCP),
        "dns_name": Option(),
        "dns_domain": Option(),
        "qos_policy": reference("qos_policy_id", nullable=True),
        "tags": Option("list", elements="str"),
        "project": reference("project_id"),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
