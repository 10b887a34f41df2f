#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
short_description: List the Heat stacks of all your clouds
version_added: 1.0.0
description:
  - Lists the stacks of every selected Location in parallel and merges them into one list, sorted by Location, then name.
  - Stacks within stacks are not listed.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.stacks
options:
  details:
    description:
      - Whether to request the parameters, outputs and all other details of each stack, by one more request for it. Without, they are null,
        unless O(id) is given.
      - Heat shows the details of stacks of the Location's own project only.
    type: bool
    default: false
seealso:
  - module: oaktree.multicloud.stack
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the stacks of all clouds
  oaktree.multicloud.stack_info:
    fields: [name, status, tags]
  register: stacks

- name: Read the outputs of a stack, wherever there is one of this name
  oaktree.multicloud.stack_info:
    name: app
    details: true
    query: '[].{where: location.name, outputs: outputs[].{name: output_key, value: output_value}}'
  register: outputs

- name: List the stacks that have failed, even if some clouds are down
  oaktree.multicloud.stack_info:
    filters: {status: FAILED}
    on_failure: warn
  register: failed
"""

RETURN = r"""
stacks:
  description:
    - The stacks of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names, C(location), and C(properties) with the keys that openstacksdk does not know. Every key
      that O(fields) keeps is always present, and null if the cloud does not report it.
    - Heat masks hidden parameters. Outputs may hold secrets.
  returned: always
  type: list
  elements: dict
  sample:
    - id: 8f1b9b0c-6f5c-4d5e-9d6e-0a4c2c2f7d5a
      name: app
      status: CREATE_COMPLETE
      status_reason: Stack CREATE completed successfully
      parameters: {replicas: "2", database_password: "******"}
      outputs: [{output_key: address, output_value: 10.0.0.12, description: No description given}]
      tags: [web]
      properties: {}
      location:
        name: alpha/north/demo
        cloud: alpha
        region: north
        zone: null
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers resources of this type. V(false) where it does not have the service, or the service does not know
          the type; null where the Location failed.
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
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise timeout."}
"""

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import ListDoor
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    make_module,
    run_info,
    target_spec,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.listing import list_stacks

LISTING = ListDoor("orchestration.stack", "stacks")
SPEC = LISTING.spec.merge(ArgumentSpec(options={"details": {"type": "bool", "default": False}}))


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    try:
        listing = LISTING.listing(module.params)
    except OaktreeError as error:
        fail(module, error)
    details = module.params["details"]
    run_info(
        module,
        LISTING.plural,
        lambda connection: list_stacks(connection, listing, details=details),
        listing.kind.fields(),
        offers=True,
    )


if __name__ == "__main__":
    main()
