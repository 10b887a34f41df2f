#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rest_info
short_description: Find the REST endpoint of a service in each Location
version_added: 1.0.0
description:
  - Returns the URL, API versions and headers of one service in every selected Location, for tools that call its REST API
    themselves. To send a request from a task, use M(oaktree.multicloud.rest), which needs no token.
  - A Location without the service fails with kind C(refused).
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.rest
options:
  service_type:
    description:
      - The service type, such as V(compute), V(image), V(network) or V(object-store). Aliases are accepted; V(volumev3) means
        V(block-storage).
    type: str
    required: true
  interface:
    description:
      - Which of the service's endpoints to use. If omitted, the one that C(clouds.yaml) names, or else the public one.
    type: str
    choices: [public, internal, admin]
  versions:
    description:
      - Whether to ask the service for its API versions, which costs one or two requests.
      - Where the service fails, so does the Location; if C(clouds.yaml) names the URL, RV(endpoints[].versions) is empty instead.
      - If V(false), RV(endpoints[].versions) is empty and the values derived from it are null.
    type: bool
    default: true
  with_token:
    description:
      - Whether RV(endpoints[].headers) includes the token.
      - The token is a secret that authenticates the user until it expires. Set C(no_log=true) on this task and on all that use its result.
      - If V(false), the result contains no secret.
    type: bool
    default: false
requirements:
  - os-service-types (comes with openstacksdk)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.rest
  - plugin: oaktree.multicloud.rest_info
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Find Nova and its microversions in every Location
  oaktree.multicloud.rest_info:
    service_type: compute
  register: nova

- name: Find the internal endpoint of the object store in one region, without a request to it
  oaktree.multicloud.rest_info:
    service_type: object-store
    interface: internal
    versions: false
    locations: [alpha/north]
  register: swift

- name: Get URL and token to call Nova
  oaktree.multicloud.rest_info:
    service_type: compute
    with_token: true
    locations: [alpha]
  register: nova
  no_log: true

- name: List the flavors in each Location
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
  description: The endpoint of the service in each Location, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: Cloud, region and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
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
    min_microversion: {description: The oldest microversion; null for a service without microversions., type: str, sample: "2.1"}
    max_microversion: {description: The newest microversion; null for a service without microversions., type: str, sample: "2.100"}
    versions:
      description: All API versions that the service reports, oldest first.
      type: list
      elements: dict
      contains:
        version: {description: The version., type: str, sample: "2.1"}
        url: {description: Its URL as the service reports it., type: str, sample: "https://compute.north.example.org/v2.1/"}
        status: {description: "C(CURRENT), C(SUPPORTED), C(DEPRECATED) or C(EXPERIMENTAL).", type: str, sample: CURRENT}
        min_microversion: {description: Its oldest microversion., type: str, sample: "2.1"}
        max_microversion: {description: Its newest microversion., type: str, sample: "2.100"}
    headers:
      description: The headers to send. With O(with_token=true), they include the token.
      type: dict
      sample: {Accept: application/json}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    count: {description: Number of endpoints that the Location contributed., type: int, sample: 1}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}
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
