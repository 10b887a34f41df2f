#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: security_group
short_description: Create, change and delete security groups in several clouds
version_added: 1.0.0
description:
  - Brings a security group to a state in every selected Location, in parallel.
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
  rules:
    description:
      - All rules of each direction that has one here. A direction without a rule here is left alone unless O(directions) has it, so that
        the default rules, which let everything out, stay.
      - Rules are compared by what they mean, however protocol, ports and addresses are written.
    type: list
    elements: dict
    suboptions:
      direction:
        description: The direction in which the packets go, seen from the server.
        type: str
        choices: [ingress, egress]
        default: ingress
      ether_type:
        description: The version of IP. The default is that of O(rules[].remote_ip_prefix), or V(IPv4).
        type: str
        choices: [IPv4, IPv6]
      protocol:
        description: The protocol, by name such as V(tcp), V(udp) or V(icmp), or by number. If omitted, any.
        type: str
      port_range_min:
        description: The first port, or the type of ICMP. If omitted, any.
        type: int
      port_range_max:
        description: The last port, or the code of ICMP. If omitted, any.
        type: int
      remote_ip_prefix:
        description: The addresses of the other side, such as V(10.0.0.0/8). If omitted, any.
        type: str
      remote_group:
        description: The name of the security group of the other side, which may be this one.
        type: raw
      remote_address_group:
        description: The name of the address group of the other side.
        type: raw
      description:
        description: A text for people, which a new rule is given. It is not compared.
        type: str
  directions:
    description:
      - The directions, of V(ingress) and V(egress), whose rules are all in O(rules), even if there are none. If omitted, the directions of
        which O(rules) has one.
    type: list
    elements: str
  stateful:
    description:
      - Whether answers are let through without a rule of their own. It can be changed only while no port uses the group.
    type: bool
  tags:
    description:
      - All tags of the security group.
    type: list
    elements: str
  project:
    description:
      - The name of the project that owns the security group. Most clouds allow this to administrators only. The default is the project of the
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
  - module: oaktree.multicloud.security_group_info
  - module: oaktree.multicloud.port
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Let SSH and HTTPS in, and all servers of the group talk to each other
  oaktree.multicloud.security_group:
    locations: [alpha, beta]
    name: web
    rules:
      - {protocol: tcp, port_range_min: 22, port_range_max: 22, remote_ip_prefix: 192.0.2.0/24}
      - {protocol: tcp, port_range_min: 443, port_range_max: 443}
      - {remote_group: web}

- name: Let servers of this group reach the database only
  oaktree.multicloud.security_group:
    locations: [alpha, beta]
    name: application
    rules:
      - {direction: egress, protocol: tcp, port_range_min: 5432, port_range_max: 5432, remote_ip_prefix: 10.9.0.0/24}

- name: Let nothing in and nothing out
  oaktree.multicloud.security_group:
    locations: [alpha]
    name: quarantine
    rules: []
    directions: [ingress, egress]

- name: Delete a security group everywhere
  oaktree.multicloud.security_group:
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
    security_group:
      description: The record, as M(oaktree.multicloud.security_group_info) returns it; null if there is none, or in check mode if it would be created.
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

_RULE = {
    "direction": Option(choices=("ingress", "egress"), default="ingress"),
    "ether_type": Option(choices=("IPv4", "IPv6")),
    "protocol": Option(),
    "port_range_min": Option("int"),
    "port_range_max": Option("int"),
    "remote_ip_prefix": Option(),
    "remote_group": reference("remote_group_id"),
    "remote_address_group": reference("remote_address_group_id"),
    "description": Option(),
}
DOOR = Door(
    "network.security_group",
    "security_group",
    {
        "description": Option(),
        "rules": Option("list", "rules.rules", elements="dict", options=_RULE),
        "directions": Option("list", "rules.directions", elements="str"),
        "stateful": Option("bool"),
        "tags": Option("list", elements="str"),
        "project": reference("project_id"),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
