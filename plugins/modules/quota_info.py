#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: quota_info
short_description: List the quotas of all your clouds, and what is left of them
version_added: 1.0.0
description:
  - Lists the quotas of a project in every selected Location in parallel, one record for each, with its limit, what is used, and
    what is free, sorted by Location, service, then name.
  - Sends one request for each service of each Location, and one for the name of a project. A service that a Location does not
    have contributes nothing.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  project:
    description:
      - The name of the project, or C({id=ID}). By default the project of the Location. Most clouds show others to
        administrators only.
    type: raw
  services:
    description:
      - The services to ask, of V(block_storage), V(compute) and V(network).
    type: list
    elements: str
    default: [block_storage, compute, network]
  fields:
    description:
      - The keys of the records to keep, in addition to C(location), which every record keeps. If omitted, all keys are
        kept.
      - Unknown keys are rejected with a list of the valid ones.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over the merged list. Its result, which must be a list, is returned instead.
    type: str
seealso:
  - module: oaktree.multicloud.quota
  - module: oaktree.multicloud.location_info
requirements:
  - jmespath (for O(query))
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List all quotas and what is left of them
  oaktree.multicloud.quota_info:
  register: quotas

- name: List what is nearly used up anywhere
  oaktree.multicloud.quota_info:
    query: '[?limit && used >= `1` && free < `3`].{what: name, free: free, where: location.name}'
  register: scarce

- name: List how many cores are left in each Location
  oaktree.multicloud.quota_info:
    services: [compute]
    query: "[?name == 'cores'].{where: location.name, limit: limit, free: free}"
  register: cores
"""

RETURN = r"""
quotas:
  description:
    - The quotas of all Locations, sorted by Location, service, then name. With O(query), the result of the expression.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    service: {description: "The service, as in O(services).", type: str, sample: compute}
    name: {description: "What is limited, by openstacksdk's name where it has one.", type: str, sample: cores}
    limit: {description: The limit; null if there is none., type: int, sample: 64}
    used: {description: How much is used., type: int, sample: 20}
    reserved: {description: How much is reserved for what is being made., type: int, sample: 0}
    free: {description: How much is left; null if there is no limit., type: int, sample: 44}
    project_id: {description: The ID of the project., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.quotas import (
    FIELDS,
    TYPES,
    list_quotas,
    project_of,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_fields,
    fail,
    make_module,
    run_info,
    target_spec,
)

SERVICES = sorted(TYPES)
SPEC = ArgumentSpec(
    options={
        "project": {"type": "raw"},
        "services": {"type": "list", "elements": "str", "default": SERVICES},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    },
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    try:
        check_fields(params["services"], SERVICES, "services")
        project = project_of(params)
    except InputError as error:
        fail(module, error)
    run_info(
        module,
        "quotas",
        lambda connection: list_quotas(connection, project, params["services"], params["fields"]),
        FIELDS,
        offers=True,
    )


if __name__ == "__main__":
    main()
