#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: zone
short_description: Create, change and delete DNS zones in several clouds
version_added: 1.0.0
description:
  - Brings a DNS zone to a state in every selected Location, in parallel.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._doors.wait
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  email:
    description:
      - The e-mail address of the person in charge. Required to create a primary zone.
    type: str
  ttl:
    description:
      - How long resolvers may remember what is in the zone, in seconds.
    type: int
  type:
    description:
      - Whether the zone is kept here, or copied from O(masters). It cannot be changed.
    type: str
    choices: [PRIMARY, SECONDARY]
  masters:
    description:
      - The addresses of the servers that a secondary zone is copied from.
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
  - module: oaktree.multicloud.zone_info
  - module: oaktree.multicloud.recordset
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a zone in two clouds
  oaktree.multicloud.zone:
    locations: [alpha, beta]
    name: example.org.
    email: admin@example.org
    ttl: 3600

- name: Create a secondary zone, copied from a name server
  oaktree.multicloud.zone:
    locations: [alpha]
    name: example.net.
    type: SECONDARY
    masters: [192.0.2.53]

- name: Delete a zone with all that is in it
  oaktree.multicloud.zone:
    locations: '*'
    name: example.org.
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
    zone:
      description: The record, as M(oaktree.multicloud.zone_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: example.org.}
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
    run_door,
)

DOOR = Door(
    "dns.zone",
    "zone",
    {
        "email": Option(),
        "ttl": Option("int"),
        "type": Option(choices=("PRIMARY", "SECONDARY")),
        "masters": Option("list", elements="str"),
        "description": Option(),
    },
    waits=True,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
