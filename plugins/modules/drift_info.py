#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: drift_info
short_description: Find what differs between your clouds
version_added: 1.0.0
description:
  - Compares resources of any types between all selected Locations, by name, and returns a flat list of what differs where.
  - With O(reference), what that Location has is expected everywhere, and nothing else. Without it, a resource that any Location has is
    expected everywhere, as most Locations have it.
  - Images are compared by their content, converted ones by the recorded digest of the file that they were made of.
  - A Location that fails is reported as V(unknown), never as V(missing).
  - Sends the requests that list each type at each Location, and one list more for each type that the compared resources refer to. What
    Keystone holds is compared once for each Keystone.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.drift
options:
  types:
    description:
      - The types to compare, as C(service.type), in openstacksdk's words, such as V(compute.flavor), V(image.image),
        V(network.security_group) or V(identity.role).
      - Unknown types are rejected with similar ones. So are types that stand below another one, such as V(dns.recordset).
    type: list
    elements: str
    required: true
  names:
    description:
      - The names of the resources to compare. Each is expected to exist, as at least one of the O(types).
      - If empty, all that the projects own are compared, and those that belong to no project, such as flavors.
    type: list
    elements: str
    default: []
  attributes:
    description:
      - The attributes to compare, as a dictionary of types and lists of openstacksdk's attribute names. Of images, V(content) is what
        they contain, and V(properties) are those that users set.
      - By default all that users can set, without IDs, times, states, owners and what a cloud chooses by itself. IDs of what has a name
        are compared by that name.
      - Unknown attributes are rejected with similar ones.
    type: dict
    default: {}
  reference:
    description:
      - The Location that is right, as a pattern that selects exactly one, or as the C(location) of a record. It need not be among
        O(locations).
      - If omitted, what most Locations have is expected. Resources are counted as a whole; in a tie, the first Location decides.
    type: raw
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.resource_info
  - module: oaktree.multicloud.image_info
  - plugin: oaktree.multicloud.table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Compare all flavors of all clouds
  oaktree.multicloud.drift_info:
    types: [compute.flavor]
  register: flavors

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ flavors | oaktree.multicloud.table }}"

- name: Check that an image is the same everywhere as in one region
  oaktree.multicloud.drift_info:
    types: [image.image]
    names: [base]
    reference: alpha/north
    attributes:
      image.image: [content, min_disk, min_ram, properties]
  register: images
  failed_when: not images.consistent

- name: Compare networks and security groups, even if some clouds are down
  oaktree.multicloud.drift_info:
    types: [network.network, network.subnet, network.security_group]
    names: [web, default]
    on_failure: warn
  register: networks

- name: Check that nothing is missing anywhere
  ansible.builtin.assert:
    that:
      - networks.drift | selectattr('status', 'eq', 'missing') | length == 0
    fail_msg: "{{ networks.drift | oaktree.multicloud.table }}"

- name: Compare roles and projects, once for each Keystone
  oaktree.multicloud.drift_info:
    types: [identity.role, identity.project]
    locations: ['*-admin']
"""

RETURN = r"""
consistent:
  description: Whether everything is the same everywhere. V(true) only if there is no row of RV(drift), and no Location has failed.
  returned: always
  type: bool
  sample: false
drift:
  description:
    - What differs, sorted by type, name, Location and attribute.
  returned: always
  type: list
  elements: dict
  contains:
    type: {description: The type of the resource., type: str, sample: compute.flavor}
    name:
      description:
        - The name of the resource. Of types without names, such as V(network.security_group_rule), what identifies it.
        - Null where it does not apply (quotas), and where a Location has failed without O(names), of which nobody knows what it has.
      type: str
      sample: m1.small
    location: {description: The Location that differs., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    status:
      description:
        - V(missing), the Location does not have it.
        - V(extra), the Location has it, and the reference does not.
        - V(differs), the Location has it with another value of the attribute.
        - V(ambiguous), the Location has several of this name.
        - V(unknown), the Location or the reference has failed, or does not show what would decide it.
      type: str
      sample: differs
    attribute: {description: The attribute. Null where the whole resource is meant., type: str, sample: ram}
    expected:
      description: The value that the reference has. Of dictionaries and rules only what differs; of the content of images a digest.
      type: raw
      sample: 2048
    actual: {description: The value that the Location has., type: raw, sample: 1024}
    reference:
      description: The Location that O(ignore:expected) comes from. Null where nothing is expected.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    reason: {description: "More about it, such as the IDs of several of one name.", type: str, sample: "2 have this name: 4d8d, 70a5"}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    not_offered:
      description: The types that the Location does not offer. Null where it has failed altogether.
      type: list
      elements: str
      sample: []
    count: {description: Number of resources that were compared., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
failures:
  description: The Locations that failed, for one of the types or altogether.
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.report import find_drift
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import subjects
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    finish,
    make_module,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "types": {"type": "list", "elements": "str", "required": True},
        "names": {"type": "list", "elements": "str", "default": []},
        "attributes": {"type": "dict", "default": {}},
        "reference": {"type": "raw"},
    }
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    patterns = params["reference"]
    try:
        if patterns is not None and len(patterns) != 1:
            raise InputError("reference: must be one Location", hint="Write cloud/region, or omit it.")
        compared = subjects(params["types"], params["attributes"])
        report = find_drift(Target.from_options(params), compared, params["names"], patterns[0] if patterns else None)
    except OaktreeError as error:
        fail(module, error)
    finish(module, report.results, report.to_dict())


if __name__ == "__main__":
    main()
