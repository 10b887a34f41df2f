#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
short_description: List the users of all your clouds
version_added: 1.0.0
description:
  - Lists the users of every selected Location in parallel and merges them into one list, sorted by Location, then name.
  - What Keystone holds is listed once for each Keystone, user and project, and has no region.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  domain:
    description:
      - Return only users of the domain with this name.
    type: raw
seealso:
  - module: oaktree.multicloud.user
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the users of all clouds
  oaktree.multicloud.user_info:
    locations: ['*-admin']
  register: found

- name: List where there is a user of this name
  oaktree.multicloud.user_info:
    locations: ['*-admin']
    name: eve
    fields: [id, is_enabled]
  register: eve

- name: List those who may not authenticate
  oaktree.multicloud.user_info:
    locations: ['*-admin']
    filters: {is_enabled: false}
    query: '[].{name: name, cloud: location.cloud}'
  register: disabled
"""

RETURN = r"""
users:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    default_project_id:
      description:
        - References the user's default project ID against which to authorize, if the API user does not explicitly specify one when creating
          a token. Setting this attribute does not grant any actual authorization on the project, and is merely provided for the user's
          convenience. Therefore, the referenced project does not need to exist within the user's domain.  *New in version 3.1* If the user
          does not have authorization to their default project, the default project will be ignored at token creation.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    description: {description: The text for people., type: str, sample: managed by Ansible}
    domain_id:
      description:
        - References the domain ID which owns the user; if a domain ID is not specified by the client, the Identity service implementation
          will default it to the domain ID to which the client's token is scoped.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    email: {description: The email of this user., type: str, sample: admin@example.org}
    federated:
      description:
        - List of federated identity mappings associated with the user. Each item contains idp_id and protocols (a list of objects with
          protocol_id and unique_id). *New in version 3.14*.
      type: list
      elements: dict
      sample: [{idp_id: example, protocols: []}]
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_enabled:
      description:
        - Setting this value to False prevents the user from authenticating or receiving authorization. Additionally, all pre-existing
          tokens held by the user are immediately invalidated. Re-enabling a user does not re-enable pre-existing tokens.
      type: bool
      sample: true
    name: {description: The name., type: str, sample: eve}
    options: {description: A dictionary of users extra options., type: dict, sample: {}}
    password_expires_at:
      description:
        - The date and time when the password expires. The time zone is UTC. A None value means the password never expires. This is a
          response object attribute, not valid for requests. *New in version 3.7*.
      type: str
      sample: '2026-03-14T09:26:53Z'
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
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
    "identity.user",
    "users",
    {
        "domain": reference("domain_id"),
    },
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
