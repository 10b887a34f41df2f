#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: role_assignment
short_description: Assign roles in several clouds
version_added: 1.0.0
description:
  - Assigns a role to a user or a group in a project or a domain, or takes it away, in every selected Location, in parallel.
  - What Keystone holds is changed once for each Keystone, user and project, and has no region.
  - Most clouds allow this to administrators only.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  role:
    description:
      - The name of the role.
    type: raw
    required: true
  user:
    description:
      - The name of the user who has the role. Mutually exclusive with O(group).
    type: raw
  group:
    description:
      - The name of the group that has the role. Mutually exclusive with O(user).
    type: raw
  project:
    description:
      - The name of the project in which the role counts. Mutually exclusive with O(domain).
    type: raw
  domain:
    description:
      - The name of the domain in which the role counts. Mutually exclusive with O(project).
    type: raw
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.role_assignment_info
  - module: oaktree.multicloud.user
  - module: oaktree.multicloud.project
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Let a user work in a project of two clouds
  oaktree.multicloud.role_assignment:
    locations: [alpha-admin, beta-admin]
    role: member
    user: eve
    project: demo

- name: Let a group read a domain
  oaktree.multicloud.role_assignment:
    locations: [alpha-admin]
    role: reader
    group: auditors
    domain: Default

- name: Take a role away
  oaktree.multicloud.role_assignment:
    locations: ['*-admin']
    role: member
    user: eve
    project: demo
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
    role_assignment:
      description: The record, as M(oaktree.multicloud.role_assignment_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {role_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
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
    reference,
    run_door,
)

DOOR = Door(
    "identity.role_assignment",
    "role_assignment",
    {
        "role": reference("role_id", required=True),
        "user": reference("user_id"),
        "group": reference("group_id"),
        "project": reference("project_id"),
        "domain": reference("domain_id"),
    },
    named=False,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
