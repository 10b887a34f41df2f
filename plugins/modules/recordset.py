#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: recordset
short_description: Create, change and delete DNS records in several clouds
version_added: 1.0.0
description:
  - Brings a record set of a DNS zone to a state in every selected Location, in parallel.
  - Its name and its type identify it within its zone.
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
  zone:
    description:
      - The name of the zone, with a dot at its end.
    type: raw
    required: true
  type:
    description:
      - The type, such as V(A), V(AAAA), V(CNAME), V(MX) or V(TXT).
    type: str
    required: true
  records:
    description:
      - All values. Required to create a record set.
    type: list
    elements: str
  ttl:
    description:
      - How long resolvers may remember them, in seconds. By default that of the zone.
    type: int
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
  - module: oaktree.multicloud.recordset_info
  - module: oaktree.multicloud.zone
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same address record in two clouds
  oaktree.multicloud.recordset:
    locations: [alpha, beta]
    zone: example.org.
    name: www.example.org.
    type: A
    records: [192.0.2.80]

- name: Create a record of two mail servers
  oaktree.multicloud.recordset:
    locations: [alpha]
    zone: example.org.
    name: example.org.
    type: MX
    records: [10 mail1.example.org., 20 mail2.example.org.]
    ttl: 3600

- name: Delete an address
  oaktree.multicloud.recordset:
    locations: '*'
    zone: example.org.
    name: www.example.org.
    type: A
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
    recordset:
      description: The record, as M(oaktree.multicloud.recordset_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: www.example.org.}
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
    "dns.recordset",
    "recordset",
    {
        "zone": reference("zone_id", required=True),
        "type": Option(required=True),
        "records": Option("list", elements="str"),
        "ttl": Option("int"),
        "description": Option(),
    },
    waits=True,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
