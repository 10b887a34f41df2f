#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: project_info
short_description: List the projects of all your clouds
version_added: 1.0.0
description:
  - Lists the projects of every selected Location in parallel and merges them into one list, sorted by Location, then name.
  - What Keystone holds is listed once for each Keystone, user and project, and has no region.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  domain:
    description:
      - Return only projects of the domain with this name.
    type: raw
seealso:
  - module: oaktree.multicloud.project
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the projects of all clouds
  oaktree.multicloud.project_info:
    locations: ['*-admin']
  register: found

- name: List what ID a project has in each cloud
  oaktree.multicloud.project_info:
    locations: ['*-admin']
    name: demo
    fields: [id]
  register: ids

- name: List the projects that are disabled
  oaktree.multicloud.project_info:
    locations: ['*-admin']
    filters: {is_enabled: false}
  register: closed
"""

RETURN = r"""
projects:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    domain_id:
      description:
        - References the domain ID which owns the project; if a domain ID is not specified by the client, the Identity service
          implementation will default it to the domain ID to which the client's token is scoped.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_domain:
      description:
        - Indicates whether the project also acts as a domain. If set to True, the project acts as both a project and a domain. Default is
          False. New in version 3.6.
      type: bool
      sample: true
    is_enabled:
      description:
        - Setting this attribute to False prevents users from authorizing against this project. Additionally, all pre-existing tokens
          authorized for the project are immediately invalidated. Re-enabling a project does not re-enable pre-existing tokens.
      type: bool
      sample: true
    name: {description: The name., type: str, sample: web}
    options: {description: The resource options for the project. Available resource options are immutable., type: dict, sample: {}}
    parent_id:
      description:
        - The ID of the parent of the project. New in version 3.4.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
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

DOOR = ListDoor(
    "identity.project",
    "projects",
    {
        "domain": reference("domain_id"),
    },
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
