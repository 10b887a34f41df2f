#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: subnet_info
short_description: List the subnets of all your clouds
version_added: 1.0.0
description:
  - Lists the subnets of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  network:
    description:
      - Return only subnets of the network with this name. Locations without such a network contribute nothing.
    type: raw
seealso:
  - module: oaktree.multicloud.subnet
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the subnets of all clouds
  oaktree.multicloud.subnet_info:
  register: found

- name: List the subnets of one network, wherever there is a network of this name
  oaktree.multicloud.subnet_info:
    network: private
    fields: [name, cidr]
  register: private

- name: List which addresses two clouds use
  oaktree.multicloud.subnet_info:
    locations: [alpha, beta]
    query: '[].{cidr: cidr, cloud: location.cloud}'
  register: addresses
"""

RETURN = r"""
subnets:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    allocation_pools:
      description:
        - List of allocation pools each of which has a start and an end address for this subnet.
      type: list
      elements: dict
      sample: [{start: 10.9.0.2, end: 10.9.0.254}]
    cidr: {description: The CIDR., type: str, sample: 10.9.0.0/24}
    created_at: {description: Timestamp when the subnet was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    dns_nameservers: {description: A list of DNS nameservers., type: list, elements: str, sample: [9.9.9.9]}
    dns_publish_fixed_ip: {description: Whether to publish DNS records for fixed IPs., type: bool, sample: true}
    gateway_ip: {description: The gateway IP address., type: str, sample: 10.9.0.1}
    host_routes: {description: A list of host routes., type: list, elements: dict, sample: [{destination: 10.20.0.0/16, nexthop: 10.9.0.9}]}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    ip_version: {description: 'The IP version, which is 4 or 6.', type: int, sample: 4}
    ipv6_address_mode:
      description:
        - The IPv6 address modes which are 'dhcpv6-stateful', 'dhcpv6-stateless' or 'slaac'.
      type: str
      sample: slaac
    ipv6_ra_mode:
      description:
        - The IPv6 router advertisements modes which can be 'slaac', 'dhcpv6-stateful', 'dhcpv6-stateless'.
      type: str
      sample: slaac
    is_dhcp_enabled: {description: Set to True if DHCP is enabled and False if DHCP is disabled., type: bool, sample: true}
    name: {description: The name., type: str, sample: web}
    network_id: {description: The ID of the attached network., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    prefix_length: {description: The prefix length to use for subnet allocation from a subnet pool., type: int, sample: 24}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    revision_number: {description: Revision number of the resource., type: int, sample: 1}
    segment_id:
      description:
        - The ID of the segment this subnet is associated with.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    service_types: {description: Service types for this subnet., type: list, elements: str, sample: ['network:dhcp']}
    subnet_pool_id: {description: The subnet pool ID from which to obtain a CIDR., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    updated_at: {description: Timestamp when the subnet was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
    use_default_subnet_pool: {description: Whether to use the default subnet pool to obtain a CIDR., type: bool, sample: true}
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
    reference,
    run_list_door,
)

DOOR = ListDoor("network.subnet", "subnets", {"network": reference("network_id")})


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
