#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: keypair_info
short_description: List the key pairs of all your clouds
version_added: 1.0.0
description:
  - Lists the key pairs of every selected Location in parallel and merges them into one list, sorted by Location, then name. A
    key pair belongs to a user.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.keypair
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the key pairs of all clouds
  oaktree.multicloud.keypair_info:
  register: found

- name: See whether a key pair is the same everywhere
  oaktree.multicloud.keypair_info:
    name: deploy
    fields: [fingerprint]
  register: deploy

- name: List which clouds have which key
  oaktree.multicloud.keypair_info:
    query: '[].{name: name, key: fingerprint, where: location.name}'
  register: keys
"""

RETURN = r"""
keypairs:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    created_at: {description: The date and time when the resource was created., type: str, sample: '2026-03-14T09:26:53Z'}
    fingerprint:
      description:
        - The short fingerprint associated with the public_key for this keypair.
      type: str
      sample: SHA256:2mHl0mW3y1J4j1uV4W1dU2lq0fFz0d0T5Wm1o6Bz1sA
    id: {description: The ID., type: str, sample: deploy}
    is_deleted: {description: A boolean indicates whether this keypair is deleted or not., type: bool, sample: true}
    name: {description: The name., type: str, sample: deploy}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    public_key:
      description:
        - The SSH public key that is paired with the server.
      type: str
      sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoOZ4v1SrKJqcQ3xXKqHqGmGJ0jYp1dYJ5XQd1u5c8T
    type: {description: The type of the keypair., type: str, sample: ssh}
    user_id: {description: The user_id for a keypair., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
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

DOOR = ListDoor("compute.keypair", "keypairs")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
