#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: network_info
short_description: List the networks of all your clouds
version_added: 1.0.0
description:
  - Lists the networks of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  is_router_external:
    description:
      - Return only networks that lead outside, or only those that do not.
    type: bool
  is_shared:
    description:
      - Return only networks that all projects may use, or only those that they may not.
    type: bool
seealso:
  - module: oaktree.multicloud.network
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the networks of all clouds
  oaktree.multicloud.network_info:
  register: found

- name: List the networks that lead outside
  oaktree.multicloud.network_info:
    is_router_external: true
    fields: [id, name]
  register: external

- name: List the clouds in which there is a network of this name
  oaktree.multicloud.network_info:
    name: private
    query: '[].location.cloud'
  register: clouds
"""

RETURN = r"""
networks:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    availability_zone_hints:
      description:
        - Availability zone hints to use when scheduling the network.
      type: list
      elements: str
      sample: []
    availability_zones: {description: Availability zones for the network., type: list, elements: str, sample: []}
    created_at: {description: Timestamp when the network was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    dns_domain: {description: The DNS domain associated., type: str, sample: example.org.}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    ipv4_address_scope_id:
      description:
        - The ID of the IPv4 address scope for the network.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    ipv6_address_scope_id:
      description:
        - The ID of the IPv6 address scope for the network.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    is_admin_state_up: {description: 'The administrative state of the network, which is up True or down False.', type: bool, sample: true}
    is_default: {description: Whether or not this is the default external network., type: bool, sample: true}
    is_port_security_enabled:
      description:
        - 'The port security status, which is enabled True or disabled False.  *Default: False* Available for multiple provider extensions.'
      type: bool
      sample: true
    is_router_external: {description: 'Whether or not the router is external.  *Default: False*.', type: bool, sample: true}
    is_shared:
      description:
        - Indicates whether this network is shared across all projects. By default, only administrative users can change this value.
      type: bool
      sample: false
    is_vlan_qinq: {description: Indicates the VLAN QinQ mode of the network., type: bool, sample: true}
    is_vlan_transparent: {description: Indicates the VLAN transparency mode of the network., type: bool, sample: true}
    mtu: {description: Read-only. The maximum transmission unit (MTU) of the network resource., type: int, sample: 1}
    name: {description: The name., type: str, sample: web}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    provider_network_type:
      description:
        - The type of physical network that maps to this network resource. For example, flat, vlan, vxlan, or gre. Available for multiple
          provider extensions.
      type: str
      sample: vlan
    provider_physical_network:
      description:
        - The physical network where this network object is implemented. Available for multiple provider extensions.
      type: str
      sample: physnet1
    provider_segmentation_id:
      description:
        - An isolated segment ID on the physical network. The provider network type defines the segmentation model. Available for multiple
          provider extensions.
      type: int
      sample: 101
    pvlan: {description: Indicates if PVLAN is enabled for the network., type: bool, sample: true}
    qos_policy_id: {description: The ID of the QoS policy attached to the port., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    revision_number: {description: Revision number of the resource., type: int, sample: 1}
    segments:
      description:
        - A list of provider segment objects. Available for multiple provider extensions.
      type: list
      elements: dict
      sample: [{'provider:network_type': vlan, 'provider:physical_network': physnet1, 'provider:segmentation_id': 101}]
    status: {description: The network status., type: str, sample: ACTIVE}
    subnet_ids: {description: The associated subnet IDs., type: list, elements: str, sample: [4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1]}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    updated_at: {description: Timestamp when the network was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers such resources. V(false) where it does not have the service, or the service does
          not know the type; null where the Location failed.
      type: bool
      sample: true
    count: {description: Number of resources that the Location contributed., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
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
    ListDoor,
    Option,
    run_list_door,
)

DOOR = ListDoor("network.network", "networks", {"is_router_external": Option("bool"), "is_shared": Option("bool")})


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
