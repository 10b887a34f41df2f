#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: router_info
short_description: List the routers of all your clouds
version_added: 1.0.0
description:
  - Lists the routers of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.router
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the routers of all clouds
  oaktree.multicloud.router_info:
  register: found

- name: List the routers without a gateway
  oaktree.multicloud.router_info:
    query: '[?external_gateway_info == null].{name: name, location: location.name}'
  register: closed

- name: List the static routes of one router
  oaktree.multicloud.router_info:
    locations: [alpha]
    name: web
    fields: [routes]
  register: routes
"""

RETURN = r"""
routers:
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
        - Availability zone hints to use when scheduling the router.
      type: list
      elements: str
      sample: []
    availability_zones: {description: Availability zones for the router., type: list, elements: str, sample: []}
    created_at: {description: Timestamp when the router was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    enable_ndp_proxy: {description: The ndp proxy state of the router., type: bool, sample: true}
    evpn_vni: {description: 'The EVPN VNI associated with the router, or None if EVPN is not configured.', type: int, sample: 1}
    external_gateway_info:
      description:
        - The network_id, for the external gateway.
      type: dict
      sample:
        network_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
        enable_snat: true
        external_fixed_ips:
        - subnet_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
          ip_address: 203.0.113.7
    flavor_id: {description: The ID of the flavor., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_admin_state_up: {description: 'The administrative state of the router, which is up True or down False.', type: bool, sample: true}
    is_distributed: {description: 'The distributed state of the router, which is distributed True or not False.', type: bool, sample: true}
    is_ha: {description: 'The highly-available state of the router, which is highly available True or not False.', type: bool, sample: true}
    name: {description: The name., type: str, sample: web}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    revision_number: {description: Revision number of the router., type: int, sample: 1}
    routes:
      description:
        - The extra routes configuration for the router.
      type: list
      elements: dict
      sample: [{destination: 10.20.0.0/16, nexthop: 10.9.0.254}]
    status: {description: The router status., type: str, sample: ACTIVE}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    updated_at: {description: Timestamp when the router was created., type: str, sample: '2026-03-14T09:26:53Z'}
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
    run_list_door,
)

DOOR = ListDoor("network.router", "routers")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
