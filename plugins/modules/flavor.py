#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: flavor
short_description: Create, change and delete flavors in several clouds
version_added: 1.0.0
description:
  - Brings a flavor to a state in every selected Location, in parallel.
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
  vcpus:
    description:
      - The number of virtual CPUs. Required to create a flavor; it cannot be changed.
    type: int
  ram:
    description:
      - The memory in MiB. Required to create a flavor; it cannot be changed.
    type: int
  disk:
    description:
      - The root disk in GiB. Required to create a flavor; it cannot be changed. V(0) means the size of the image.
    type: int
  ephemeral:
    description:
      - A second disk in GiB, which lives as long as the server. It cannot be changed.
    type: int
  swap:
    description:
      - The swap disk in MiB. It cannot be changed.
    type: int
  rxtx_factor:
    description:
      - A factor of the network's bandwidth, where the hypervisor knows it. It cannot be changed.
    type: float
  is_public:
    description:
      - Whether all projects may use the flavor. It cannot be changed.
    type: bool
  access:
    description:
      - The names of all projects that may use a flavor that is not public.
      - Reading the list costs one more request.
    type: list
    elements: raw
  extra_specs:
    description:
      - Extra specs. Those that are not named are left alone, and null removes one.
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
  - module: oaktree.multicloud.flavor_info
  - module: oaktree.multicloud.server
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same flavor in two clouds
  oaktree.multicloud.flavor:
    locations: [alpha-admin, beta-admin]
    name: m1.web
    vcpus: 2
    ram: 4096
    disk: 20
    extra_specs: {hw:cpu_policy: dedicated}

- name: Create a flavor that two projects may use
  oaktree.multicloud.flavor:
    locations: [alpha-admin]
    name: m1.private
    vcpus: 1
    ram: 512
    disk: 0
    is_public: false
    access: [demo, admin]

- name: Delete a flavor, where there is one
  oaktree.multicloud.flavor:
    locations: ['*-admin']
    name: m1.web
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
    flavor:
      description: The record, as M(oaktree.multicloud.flavor_info) returns it; null if there is none, or in check mode if it would be created.
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
    references,
    run_door,
)

DOOR = Door(
    "compute.flavor",
    "flavor",
    {
        "vcpus": Option("int"),
        "ram": Option("int"),
        "disk": Option("int"),
        "ephemeral": Option("int"),
        "swap": Option("int"),
        "rxtx_factor": Option("float"),
        "is_public": Option("bool"),
        "access": references("access"),
        "extra_specs": Option("dict"),
        "description": Option(),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
