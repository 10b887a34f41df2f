#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: role_assignment_info
short_description: List the role assignments of all your clouds
version_added: 1.0.0
description:
  - Lists the role assignments of every selected Location in parallel and merges them into one list, sorted by Location.
  - What Keystone holds is listed once for each Keystone, user and project, and has no region.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  role:
    description:
      - Return only assignments of the role with this name.
    type: raw
  user:
    description:
      - Return only assignments to the user with this name.
    type: raw
  group:
    description:
      - Return only assignments to the group with this name.
    type: raw
  project:
    description:
      - Return only assignments in the project with this name.
    type: raw
  domain:
    description:
      - Return only assignments in the domain with this name.
    type: raw
  include_names:
    description:
      - Whether records have the names of roles, users, groups and projects beside their IDs.
    type: bool
seealso:
  - module: oaktree.multicloud.role_assignment
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List who may do what in a project
  oaktree.multicloud.role_assignment_info:
    locations: ['*-admin']
    project: demo
    include_names: true
  register: found

- name: List what a user may do
  oaktree.multicloud.role_assignment_info:
    locations: ['*-admin']
    user: eve
    include_names: true
    query: '[].{role: role.name, project: scope.project.name, cloud: location.cloud}'
  register: eve

- name: List all administrators of a cloud
  oaktree.multicloud.role_assignment_info:
    locations: [alpha-admin]
    role: admin
  register: administrators
"""

RETURN = r"""
role_assignments:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    group: {description: The group (dictionary contains only id)., type: dict, sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    name: {description: The name., type: str, sample: web}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    role:
      description:
        - The role (dictionary contains only id).
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: member}
    scope:
      description:
        - The scope (either domain or project; dictionary contains only id).
      type: dict
      sample: {project: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: demo}}
    user: {description: The user (dictionary contains only id)., type: dict, sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: eve}}
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
    reference,
    run_list_door,
)

DOOR = ListDoor(
    "identity.role_assignment",
    "role_assignments",
    {
        "role": reference("role_id"),
        "user": reference("user_id"),
        "group": reference("group_id"),
        "project": reference("scope_project_id", "identity.project"),
        "domain": reference("scope_domain_id", "identity.domain"),
        "include_names": Option("bool"),
    },
    named=False,
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
