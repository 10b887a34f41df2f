#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: project
short_description: Create, change and delete projects in several clouds
version_added: 1.0.0
description:
  - Brings a project to a state in every selected Location, in parallel.
  - What Keystone holds is changed once for each Keystone, user and project, and has no region.
  - Most clouds allow this to administrators only.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  domain:
    description:
      - The name of the domain. It cannot be changed.
      - If omitted, the project is looked for in all domains that the credentials see, and a new one is created in the domain that Keystone
        chooses.
    type: raw
  parent:
    description:
      - The name of the project above it. It cannot be changed.
    type: raw
  is_enabled:
    description:
      - Whether the project can be used.
    type: bool
  tags:
    description:
      - All tags of the project.
    type: list
    elements: str
  description:
    description:
      - A text for people.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.project_info
  - module: oaktree.multicloud.role_assignment
  - module: oaktree.multicloud.quota
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a project in two clouds
  oaktree.multicloud.project:
    locations: [alpha-admin, beta-admin]
    name: shop
    domain: Default
    description: the shop

- name: Disable it
  oaktree.multicloud.project:
    locations: [alpha-admin]
    name: shop
    is_enabled: false

- name: Delete it everywhere
  oaktree.multicloud.project:
    locations: ['*-admin']
    name: shop
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
    project:
      description: The record, as M(oaktree.multicloud.project_info) returns it; null if there is none, or in check mode if it would be created.
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
    "identity.project",
    "project",
    {
        "domain": reference("domain_id"),
        "parent": reference("parent_id", "identity.project"),
        "is_enabled": Option("bool"),
        "tags": Option("list", elements="str"),
        "description": Option(),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
