#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: volume_snapshot_info
short_description: List the snapshots of volumes of all your clouds
version_added: 1.0.0
description:
  - Lists the snapshots of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  volume:
    description:
      - Return only snapshots of the volume with this name. Locations without such a volume contribute nothing.
    type: raw
seealso:
  - module: oaktree.multicloud.volume_snapshot
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the snapshots of all clouds
  oaktree.multicloud.volume_snapshot_info:
  register: found

- name: List the snapshots of one volume
  oaktree.multicloud.volume_snapshot_info:
    volume: data
    fields: [name, created_at]
  register: of_data

- name: List the oldest snapshot of all clouds
  oaktree.multicloud.volume_snapshot_info:
    query: 'sort_by(@, &created_at)[:1]'
  register: oldest
"""

RETURN = r"""
volume_snapshots:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    consumes_quota:
      description:
        - Whether this resource consumes quota or not. Resources that not counted for quota usage are usually temporary internal resources
          created to perform an operation. This is included from microversion 3.65.
      type: bool
      sample: true
    created_at: {description: The timestamp of this snapshot creation., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    group_snapshot_id:
      description:
        - The ID of the group snapshot. This is included from microversion 3.14.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_forced:
      description:
        - Indicate whether to create snapshot, even if the volume is attached. Default is False.
      type: bool
      sample: true
    metadata: {description: The metadata., type: dict, sample: {role: web}}
    name: {description: The name., type: str, sample: web}
    progress: {description: The percentage of completeness the snapshot is currently at., type: str, sample: 100%}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    size: {description: 'The size of the volume, in gibibytes (GiB).', type: int, sample: 1}
    status:
      description:
        - The current status of this snapshot. Potential values are creating, available, deleting, error, and error_deleting.
      type: str
      sample: available
    updated_at: {description: The date and time when the resource was updated., type: str, sample: '2026-03-14T09:26:53Z'}
    user_id:
      description:
        - The UUID of the user. This is included from microversion 3.41.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    volume_id: {description: The ID of the volume this snapshot was taken of., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
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
    "block_storage.snapshot",
    "volume_snapshots",
    {
        "volume": reference("volume_id"),
    },
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
