#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: server_group_info
short_description: List the server groups of all your clouds
version_added: 1.0.0
description:
  - Lists the server groups of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.server_group
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the server groups of all clouds
  oaktree.multicloud.server_group_info:
  register: found

- name: List how many servers each group of this name has
  oaktree.multicloud.server_group_info:
    name: web
    query: '[].{where: location.name, servers: length(member_ids)}'
  register: sizes

- name: List the groups of all projects of a cloud
  oaktree.multicloud.server_group_info:
    locations: [alpha-admin]
    all_projects: true
    fields: [name, policy, project_id]
  register: groups
"""

RETURN = r"""
server_groups:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    member_ids: {description: The list of members in the server group., type: str, sample: [4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1]}
    metadata:
      description:
        - The metadata associated with the server group. This is always empty and only used for preserving compatibility.
      type: dict
      sample: {role: web}
    name: {description: The name., type: str, sample: web}
    policies:
      description:
        - The list of policies supported by the server group (till 2.63).
      type: list
      elements: str
      sample: [anti-affinity]
    policy: {description: The policy field represents the name of the policy (from 2.64)., type: str, sample: anti-affinity}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    rules:
      description:
        - The rules field, which is a dict, can be applied to the policy. Currently, only the max_server_per_host rule is supported for the
          anti-affinity policy. The max_server_per_host rule allows specifying how many members of the anti-affinity group can reside on the
          same compute host. If not specified, only one member from the same anti-affinity group can reside on a given host.
      type: dict
      sample: {}
    user_id: {description: The user ID who owns the server group., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
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

DOOR = ListDoor("compute.server_group", "server_groups")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
