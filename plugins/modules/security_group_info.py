#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: security_group_info
short_description: List the security groups of all your clouds
version_added: 1.0.0
description:
  - Lists the security groups of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.security_group
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the security groups of all clouds
  oaktree.multicloud.security_group_info:
  register: found

- name: List the rules of one group
  oaktree.multicloud.security_group_info:
    name: default
    fields: [security_group_rules]
  register: rules

- name: List the groups that let everybody in by SSH
  oaktree.multicloud.security_group_info:
    query: >-
      [?security_group_rules[?direction == 'ingress' && port_range_min == `22` && remote_ip_prefix == '0.0.0.0/0']].name
  register: open
"""

RETURN = r"""
security_groups:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    created_at: {description: Timestamp when the security group was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_shared: {description: Indicates whether this Security Group is shared across all projects., type: bool, sample: false}
    name: {description: The name., type: str, sample: web}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    revision_number: {description: Revision number of the resource., type: int, sample: 1}
    security_group_rules:
      description:
        - A list of openstack.network.v2.security_group_rule.SecurityGroupRule objects.
      type: list
      elements: dict
      sample: [{id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, direction: ingress, ethertype: IPv4, protocol: tcp, port_range_min: 22}]
    stateful: {description: Whether the security group is stateful or not., type: bool, sample: true}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    updated_at: {description: Timestamp when the security group was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
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

DOOR = ListDoor("network.security_group", "security_groups")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
