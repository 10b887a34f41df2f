#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: volume_snapshot
short_description: Create, change and delete snapshots of volumes in several clouds
version_added: 1.0.0
description:
  - Brings a snapshot of a volume to a state in every selected Location, in parallel.
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
  volume:
    description:
      - The name of the volume. Required to take a snapshot; it cannot be changed. A snapshot of the name of another volume is another one.
    type: raw
  is_forced:
    description:
      - Whether a snapshot may be taken of a volume that a server has.
    type: bool
  metadata:
    description:
      - Metadata. Keys that are not named are left alone.
    type: dict
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
  - module: oaktree.multicloud.volume_snapshot_info
  - module: oaktree.multicloud.volume
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Take a snapshot of a volume in every region
  oaktree.multicloud.volume_snapshot:
    locations: [alpha, beta]
    name: data-monday
    volume: data

- name: Take a snapshot of a volume that a server has
  oaktree.multicloud.volume_snapshot:
    locations: [alpha]
    name: data-tuesday
    volume: data
    is_forced: true

- name: Delete a snapshot everywhere
  oaktree.multicloud.volume_snapshot:
    locations: '*'
    name: data-monday
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
    volume_snapshot:
      description: The record, as M(oaktree.multicloud.volume_snapshot_info) returns it; null if there is none, or in check mode if it would be created.
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
    "block_storage.snapshot",
    "volume_snapshot",
    {
        "volume": reference("volume_id"),
        "is_forced": Option("bool"),
        "metadata": Option("dict"),
        "description": Option(),
    },
    waits=True,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
