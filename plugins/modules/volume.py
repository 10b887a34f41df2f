#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: volume
short_description: Create, change and delete volumes in several clouds
version_added: 1.0.0
description:
  - Brings a volume to a state in every selected Location, in parallel.
  - A volume can be made empty, or from an image, a snapshot or another volume. A larger O(size) extends it.
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
  size:
    description:
      - The size in GiB. Required for an empty volume. A larger one extends the volume, a smaller one is a conflict.
    type: int
  volume_type:
    description:
      - The name of the volume type. It cannot be changed.
    type: str
  image:
    description:
      - The name of the image that a new volume is made from. Clouds do not show it in that form, so that it is not
        compared.
    type: raw
  snapshot:
    description:
      - The name of the snapshot that a new volume is made from. It cannot be changed.
    type: raw
  source_volume:
    description:
      - The name of the volume that a new volume is a copy of. It cannot be changed.
    type: raw
  is_bootable:
    description:
      - Whether servers can boot from the volume.
    type: bool
  is_multiattach:
    description:
      - Whether several servers may have the volume at a time. It cannot be changed; clouds want a volume type for it.
    type: bool
  availability_zone:
    description:
      - The availability zone. It cannot be changed.
    type: str
  scheduler_hints:
    description:
      - What the scheduler is told about a new volume, such as C(same_host). Clouds do not show it, so that it is not
        compared.
    type: dict
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
  - module: oaktree.multicloud.volume_info
  - module: oaktree.multicloud.volume_snapshot
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a volume in every region of two clouds
  oaktree.multicloud.volume:
    locations: [alpha, beta]
    name: data
    size: 1

- name: Extend it
  oaktree.multicloud.volume:
    locations: [alpha, beta]
    name: data
    size: 2

- name: Make a volume of a snapshot
  oaktree.multicloud.volume:
    locations: [alpha]
    name: data-copy
    snapshot: data-monday

- name: Delete a volume everywhere
  oaktree.multicloud.volume:
    locations: '*'
    name: data
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
    volume:
      description: The record, as M(oaktree.multicloud.volume_info) returns it; null if there is none, or in check mode if it would be created.
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
    "block_storage.volume",
    "volume",
    {
        "size": Option("int"),
        "volume_type": Option(),
        "image": reference("image_id"),
        "snapshot": reference("snapshot_id"),
        "source_volume": reference("source_volume_id"),
        "is_bootable": Option("bool"),
        "is_multiattach": Option("bool"),
        "availability_zone": Option(),
        "scheduler_hints": Option("dict"),
        "metadata": Option("dict"),
        "description": Option(),
    },
    waits=True,
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
