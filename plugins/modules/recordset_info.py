#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: recordset_info
short_description: List the DNS records of all your clouds
version_added: 1.0.0
description:
  - Lists the record sets of a DNS zone of every selected Location in parallel and merges them into one list, sorted by
    Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  zone:
    description:
      - The name of the zone, with a dot at its end. Locations without such a zone contribute nothing.
    type: raw
    required: true
seealso:
  - module: oaktree.multicloud.recordset
  - module: oaktree.multicloud.zone_info
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the records of a zone
  oaktree.multicloud.recordset_info:
    zone: example.org.
  register: found

- name: List the addresses of a name
  oaktree.multicloud.recordset_info:
    zone: example.org.
    name: www.example.org.
    filters: {type: A}
    fields: [records, ttl]
  register: addresses

- name: List the mail servers
  oaktree.multicloud.recordset_info:
    zone: example.org.
    query: "[?type == 'MX'].{name: name, servers: records, cloud: location.cloud}"
  register: mail
"""

RETURN = r"""
recordsets:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action: {description: Properties current action in progress on the resource., type: str, sample: NONE}
    created_at: {description: Timestamp when the zone was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    name: {description: The name., type: str, sample: www.example.org.}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    records: {description: DNS record value list., type: list, elements: str, sample: [192.0.2.80]}
    status:
      description:
        - 'Recordset status Valid values include: `PENDING_CREATE`, `ACTIVE`,`PENDING_DELETE`, `ERROR`.'
      type: str
      sample: ACTIVE
    ttl: {description: 'Time to live, default 300, available value 300-2147483647 (seconds).', type: int, sample: 3600}
    type:
      description:
        - DNS type of the recordset Valid values include `A`, `AAAA`, `MX`, `CNAME`, `TXT`, `NS`, `SSHFP`, `SPF`, `SRV`, `PTR`.
      type: str
      sample: A
    updated_at: {description: Timestamp when the zone was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
    zone_id: {description: The id of the Zone which this recordset belongs to., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    zone_name: {description: The name of the Zone which this recordset belongs to., type: str, sample: example.org.}
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
    "dns.recordset",
    "recordsets",
    {
        "zone": reference("zone_id", required=True),
    },
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
