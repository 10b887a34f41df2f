#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: location_info
short_description: List your Locations and probe what each of them offers
version_added: 0.1.0
description:
  - Lists the Locations of your configuration. Without O(probe), no request is sent to any cloud.
  - With O(probe=true), probes every selected Location in parallel for your identity, its services and its upload capabilities. This costs
    a token and about ten small requests for each Location.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
options:
  probe:
    description:
      - Whether to probe the Locations. A Location that does not answer, or rejects the credentials, fails.
    type: bool
    default: false
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.rest_info
"""

EXAMPLES = r"""
- name: List the configured Locations
  oaktree.multicloud.location_info:
  register: configured

- name: Probe every Location, even if some do not answer
  oaktree.multicloud.location_info:
    probe: true
    on_failure: warn
  register: probed

- name: Show the Locations that support web-download
  ansible.builtin.debug:
    msg: "{{ able | map(attribute='location.name') }}"
  vars:
    answering: "{{ probed.locations | selectattr('answers') }}"
    able: "{{ answering | selectattr('image_upload.import_methods', 'contains', 'web-download') }}"

- name: Check the credentials of two clouds before a change
  oaktree.multicloud.location_info:
    probe: true
    locations: [alpha, beta/east]
    timeout: 10
"""

RETURN = r"""
locations:
  description:
    - The selected Locations, sorted. Values that only the cloud knows are null for Locations that were not probed or did not answer.
    - A cloud that cannot be configured is listed without a region.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description:
        - Cloud, region and project, and the C(name) that selects exactly this Location.
        - Without O(probe), the project is the one that the configuration names.
      type: dict
      sample:
        name: alpha/north/demo
        cloud: alpha
        region: north
        zone: null
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
    answers:
      description: Whether the Location accepted the credentials; null if it was not probed.
      type: bool
      sample: true
    user:
      description: The user that the credentials belong to.
      type: dict
      sample: {id: 0d6f, name: demo, domain_id: default, domain_name: Default}
    roles: {description: The roles of that user in the project., type: list, elements: str, sample: [member, reader]}
    token_expires_at: {description: When the token expires (UTC)., type: str, sample: "2026-11-21T11:00:00Z"}
    service_types:
      description: The types of services with an endpoint in the region, as the catalog spells them.
      type: list
      elements: str
      sample: [compute, identity, image, network, object-store]
    image_upload:
      description: The upload capabilities of the Location.
      type: dict
      contains:
        image_versions: {description: Versions of the image API., type: list, elements: str, sample: ["2.15", "2.17"]}
        import_methods:
          description: Import methods of Glance; empty if images can only be uploaded by PUT.
          type: list
          elements: str
          sample: [glance-direct, web-download]
        stores:
          description: Stores that accept images; empty if there is only one.
          type: list
          elements: dict
          contains:
            id: {description: ID., type: str, sample: fast}
            default: {description: Whether it is Glance's default store., type: bool, sample: true}
            description: {description: Description., type: str, sample: the fast store}
        tasks: {description: Whether the user may use Glance's tasks API., type: bool, sample: false}
        object_store:
          description: The object store and its limits; null if there is none.
          type: dict
          contains:
            url: {description: URL of the account., type: str, sample: "https://swift.example.org/v1/AUTH_5bd0"}
            max_file_size: {description: Maximum size of an object without segments (bytes)., type: int, sample: 5368709122}
            slo: {description: Whether it supports static large objects., type: bool, sample: true}
            slo_max_segments: {description: Maximum number of segments of a large object., type: int, sample: 1000}
            slo_min_segment_size: {description: Minimum size of a segment (bytes)., type: int, sample: 1}
            tempurl_digests:
              description: Digest algorithms for signed URLs; empty if they are not supported.
              type: list
              elements: str
              sample: [sha256]
        quota:
          description: Glance's limits for the project and their usage, by name; empty if it sets none.
          type: dict
          sample: {image_size_total: {limit: 10240, usage: 512}, image_count_total: {limit: 100, usage: 3}}
        vendor:
          description: Image settings of the cloud's vendor profile or of its entry in C(clouds.yaml).
          type: dict
          contains:
            image_format: {description: Disk format that the cloud requires., type: str, sample: qcow2}
            image_api_use_tasks: {description: Whether images are uploaded by tasks., type: bool, sample: false}
            image_api_version: {description: Major version of the image API., type: str, sample: "2"}
        missing:
          description: Why a key above is empty, by key.
          type: dict
          sample: {tasks: "Forbidden (HTTP 403): You are not authorized to complete tasks_api_access action."}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 9}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.locations import (
    configured,
    location_record,
    probed,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    finish,
    make_module,
    target_spec,
)

SPEC = ArgumentSpec(options={"probe": {"type": "bool", "default": False}})


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    target = Target.from_options(module.params)
    try:
        results = probed(target) if module.params["probe"] else configured(target)
    except OaktreeError as error:
        fail(module, error)
    finish(module, results, {"locations": [location_record(result) for result in results]})


if __name__ == "__main__":
    main()
