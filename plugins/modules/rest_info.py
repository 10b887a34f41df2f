#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rest_info
short_description: Find the REST endpoint of a service at each Location
version_added: 0.1.0
description:
  - Tells URL, API versions and headers of one service at every selected Location, for tasks that speak to its REST API themselves, for
    example with C(ansible.builtin.uri).
  - A Location that does not have the service has failed, with kind C(refused).
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
options:
  service_type:
    description:
      - The service type, such as V(compute), V(image), V(network) or V(object-store). Aliases work, V(volumev3) means V(block-storage).
    type: str
    required: true
  interface:
    description:
      - Which of the service's endpoints. Without it, what C(clouds.yaml) says, else the public one.
    type: str
    choices: [public, internal, admin]
  versions:
    description:
      - Whether to ask the service which API versions it has, at the cost of a request or two.
      - Without it RV(endpoints[].versions) is empty and what comes from it is null.
    type: bool
    default: true
  with_token:
    description:
      - Whether RV(endpoints[].headers) holds the token too.
      - The token is a secret that stands for the user until it expires. Set C(no_log=true) on this task and on all that use its result.
      - Without it, the result holds no secret.
    type: bool
    default: false
requirements:
  - os-service-types (comes with openstacksdk)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - plugin: oaktree.multicloud.rest_info
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show where Nova is everywhere, and which microversions it speaks
  oaktree.multicloud.rest_info:
    service_type: compute
  register: nova

- name: Find the internal object store of one region, without asking it anything
  oaktree.multicloud.rest_info:
    service_type: object-store
    interface: internal
    versions: false
    locations: [alpha/north]
  register: swift

- name: Get what it takes to call Nova
  oaktree.multicloud.rest_info:
    service_type: compute
    with_token: true
    locations: [alpha]
  register: nova
  no_log: true

- name: List the flavors of each Location
  ansible.builtin.uri:
    url: "{{ item.url }}/flavors"
    headers: "{{ item.headers }}"
  loop: "{{ nova.endpoints }}"
  loop_control:
    label: "{{ item.location.region }}"
  register: flavors
  no_log: true
"""

RETURN = r"""
endpoints:
  description: The endpoint of the service at each Location, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: "Cloud, region and project.", type: dict, sample: {cloud: alpha, region: north, zone: null}}
    service_type: {description: The official service type., type: str, sample: compute}
    catalog_type: {description: The service type as the catalog spells it., type: str, sample: compute}
    service_name: {description: The service's name in the catalog., type: str, sample: nova}
    region: {description: The region of the endpoint., type: str, sample: north}
    interface: {description: The interface of the endpoint., type: str, sample: public}
    url:
      description:
        - The URL that paths of the API are appended to, without a slash at its end. It names the major version where the service has
          one in its URLs.
      type: str
      sample: "https://compute.north.example.org/v2.1"
    api_version: {description: The newest API version at that URL., type: str, sample: "2.1"}
    min_microversion: {description: The oldest microversion; null for a service without., type: str, sample: "2.1"}
    max_microversion: {description: The newest microversion; null for a service without., type: str, sample: "2.100"}
    versions:
      description: All API versions that the service announces, oldest first.
      type: list
      elements: dict
      contains:
        version: {description: The version., type: str, sample: "2.1"}
        url: {description: Its URL as the service announces it., type: str, sample: "https://compute.north.example.org/v2.1/"}
        status: {description: "C(CURRENT), C(SUPPORTED), C(DEPRECATED) or C(EXPERIMENTAL).", type: str, sample: CURRENT}
        min_microversion: {description: Its oldest microversion., type: str, sample: "2.1"}
        max_microversion: {description: Its newest microversion., type: str, sample: "2.100"}
    headers:
      description: The headers to send. With O(with_token=true) the token is among them.
      type: dict
      sample: {Accept: application/json}
locations:
  description: How the work went at each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: alpha, region: north, zone: null}}
    count: {description: Number of endpoints that it contributed., type: int, sample: 1}
    seconds: {description: Time that it took., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: not finished within timeout (60 s)}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise timeout."}
"""

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import RestQuery, rest_record
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    run_info,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "service_type": {"type": "str", "required": True},
        "interface": {"type": "str", "choices": ["public", "internal", "admin"]},
        "versions": {"type": "bool", "default": True},
        "with_token": {"type": "bool", "default": False},
    },
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    query = RestQuery(params["service_type"], params["interface"], params["versions"], params["with_token"])
    run_info(module, "endpoints", lambda connection: [rest_record(connection, query)])


if __name__ == "__main__":
    main()
