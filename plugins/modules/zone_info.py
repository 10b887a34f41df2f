#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: zone_info
short_description: List the DNS zones of all your clouds
version_added: 1.0.0
description:
  - Lists the DNS zones of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.zone
  - module: oaktree.multicloud.recordset_info
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the zones of all clouds
  oaktree.multicloud.zone_info:
  register: found

- name: List where a zone is
  oaktree.multicloud.zone_info:
    name: example.org.
    fields: [serial, status]
  register: example

- name: List the zones of all projects of a cloud
  oaktree.multicloud.zone_info:
    locations: [alpha-admin]
    all_projects: true
    query: '[].{name: name, project: project_id}'
  register: zones
"""

RETURN = r"""
zones:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action: {description: Properties current action in progress on the resource., type: str, sample: NONE}
    attributes:
      description:
        - Attributes Key:Value pairs of information about this zone, and the pool the user would like to place the zone in. This information
          can be used by the scheduler to place zones on the correct pool.
      type: dict
      sample: {}
    created_at: {description: Timestamp when the zone was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    email: {description: The administrator email of this zone., type: str, sample: admin@example.org}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_shared: {description: Whether the zone is shared with other projects., type: bool, sample: false}
    masters: {description: The master list for slaver server to fetch DNS., type: list, elements: str, sample: [192.0.2.53]}
    name: {description: The name., type: str, sample: example.org.}
    pool_id: {description: 'The pool which manages the zone, assigned by system.', type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    serial:
      description:
        - Serial number in the SOA record set in the zone, which identifies the change on the primary DNS server.
      type: int
      sample: 1
    status:
      description:
        - Zone status Valid values include `PENDING_CREATE`, `ACTIVE`, `PENDING_DELETE`, `ERROR`.
      type: str
      sample: ACTIVE
    ttl: {description: 'SOA TTL time, unit is seconds, default 300, TTL range 300-2147483647.', type: int, sample: 3600}
    type: {description: 'Zone type, Valid values include `PRIMARY`, `SECONDARY`.', type: str, sample: PRIMARY}
    updated_at: {description: Timestamp when the zone was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
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

DOOR = ListDoor("dns.zone", "zones")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
