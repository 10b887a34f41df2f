#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: server_group
short_description: Create and delete server groups in several clouds
version_added: 1.0.0
description:
  - Brings a server group to a state in every selected Location, in parallel.
  - Nothing of a server group can be changed.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  policy:
    description:
      - Whether all servers of the group run on one hypervisor (V(affinity)), or each on another (V(anti-affinity)). With the V(soft-affinity)
        and V(soft-anti-affinity) policies, that is a preference. Required to create a group.
    type: str
    choices: [affinity, anti-affinity, soft-affinity, soft-anti-affinity]
  rules:
    description:
      - Rules for the policy, such as C(max_server_per_host).
    type: dict
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.server_group_info
  - module: oaktree.multicloud.server
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Keep servers apart in every region of a cloud
  oaktree.multicloud.server_group:
    locations: [alpha]
    name: web
    policy: anti-affinity

- name: Make it a preference
  oaktree.multicloud.server_group:
    locations: [alpha]
    name: web
    policy: soft-anti-affinity
    replace: true

- name: Delete the group everywhere
  oaktree.multicloud.server_group:
    locations: '*'
    name: web
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
    server_group:
      description: The record, as M(oaktree.multicloud.server_group_info) returns it; null if there is none, or in check mode if it would be created.
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
    run_door,
)

_POLICIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")
DOOR = Door(
    "compute.server_group",
    "server_group",
    {
        "policy": Option(choices=_POLICIES),
        "rules": Option("dict"),
    },
)


def main() -> None:
    run_door(DOOR)


if __name__ == "__main__":
    main()
