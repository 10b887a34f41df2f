#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: flavor_info
short_description: List the flavors of all your clouds
version_added: 1.0.0
description:
  - Lists the flavors of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.flavor
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the flavors of all clouds
  oaktree.multicloud.flavor_info:
  register: found

- name: List the memory of a flavor in each Location
  oaktree.multicloud.flavor_info:
    name: m1.web
    fields: [ram]
  register: sizes

- name: List the flavors with at least 8 GiB, smallest first
  oaktree.multicloud.flavor_info:
    query: 'sort_by([?ram >= `8192`], &ram)[].{name: name, ram: ram, cloud: location.cloud}'
  register: large
"""

RETURN = r"""
flavors:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    disk: {description: Size of the disk this flavor offers., type: int, sample: 1}
    ephemeral: {description: Size of the ephemeral data disk attached to this server., type: int, sample: 1}
    extra_specs:
      description:
        - A dictionary of the flavor's extra-specs key-and-value pairs.
      type: dict
      sample: {'hw:cpu_policy': dedicated}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_disabled: {description: 'True if this flavor is disabled, False if not.', type: bool, sample: true}
    is_public: {description: True if this is a publicly visible flavor. False if this is a private image., type: bool, sample: true}
    name: {description: The name., type: str, sample: web}
    original_name: {description: The name of this flavor when returned by server list/show., type: str, sample: m1.web}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    ram: {description: The amount of RAM (in MB) this flavor offers., type: int, sample: 4096}
    rxtx_factor: {description: The bandwidth scaling factor this flavor receives on the network., type: float, sample: 1.0}
    swap: {description: Size of the swap partitions., type: int, sample: 1}
    vcpus: {description: The number of virtual CPUs this flavor offers., type: int, sample: 1}
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

DOOR = ListDoor("compute.flavor", "flavors")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
