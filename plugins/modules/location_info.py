#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: location_info
short_description: List your Locations, and what each of them offers
version_added: 0.1.0
description:
  - Lists the Locations of your configuration. Without O(probe) no cloud is asked anything.
  - With O(probe=true) it asks every selected Location, in parallel, who you are there, which services it has and what it offers for
    image upload, at the cost of a token and about ten small requests each.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
options:
  probe:
    description:
      - Whether to ask the Locations. One that does not answer, or refuses the credentials, has failed.
    type: bool
    default: false
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.rest_info
"""

EXAMPLES = r"""
- name: List what is configured
  oaktree.multicloud.location_info:
  register: configured

- name: Ask every Location, and go on when some do not answer
  oaktree.multicloud.location_info:
    probe: true
    on_failure: warn
  register: probed

- name: Show the Locations that take images by web-download
  ansible.builtin.debug:
    msg: "{{ answering | selectattr('image_upload.import_methods', 'contains', 'web-download') }}"
  vars:
    answering: "{{ probed.locations | selectattr('answers') }}"

- name: Check the credentials of two clouds before a change
  oaktree.multicloud.location_info:
    probe: true
    locations: [alpha, beta/east]
    timeout: 10
"""

RETURN = r"""
locations:
  description:
    - The selected Locations, sorted. What only an answer can tell is null for those that were not asked or did not answer.
    - A cloud that cannot be configured stands here without a region.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: Cloud, region and project. Without O(probe) the project is what the configuration names.
      type: dict
      sample:
        cloud: alpha
        region: north
        zone: null
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
    answers:
      description: Whether it let us in; null when it was not asked.
      type: bool
      sample: true
    user:
      description: Who we are there.
      type: dict
      sample: {id: 0d6f, name: demo, domain_id: default, domain_name: Default}
    roles: {description: The roles of that user in the project., type: list, elements: str, sample: [member, reader]}
    token_expires_at: {description: When the token expires (UTC)., type: str, sample: "2026-11-21T11:00:00Z"}
    service_types:
      description: The types of services with an endpoint in the region, as the catalog spells them.
      type: list
      elements: str
      sample: [compute, fingerprint, image, network, object-store]
    image_upload:
      description: What the Location offers for image upload.
      type: dict
      contains:
        image_versions: {description: Versions of the image API., type: list, elements: str, sample: ["2.15", "2.17"]}
        import_methods:
          description: Import methods of Glance; none means that images can only be sent by PUT.
          type: list
          elements: str
          sample: [glance-direct, web-download]
        stores:
          description: Stores that take images; empty when there is only one.
          type: list
          elements: dict
          contains:
            id: {description: ID., type: str, sample: fast}
            default: {description: Whether Glance uses it unless told otherwise., type: bool, sample: true}
            description: {description: Description., type: str, sample: the fast store}
        tasks: {description: Whether Glance's tasks API is open to us., type: bool, sample: false}
        object_store:
          description: The object store and its limits; null without one.
          type: dict
          contains:
            url: {description: URL of the account., type: str, sample: "https://swift.example.org/v1/AUTH_5bd0"}
            max_file_size: {description: Largest object that is not made of segments (bytes)., type: int, sample: 5368709122}
            slo: {description: Whether it has static large objects., type: bool, sample: true}
            slo_max_segments: {description: Most segments of a large object., type: int, sample: 1000}
            slo_min_segment_size: {description: Smallest segment (bytes)., type: int, sample: 1}
            tempurl_digests: {description: Digests for signed URLs; empty without them., type: list, elements: str, sample: [sha256]}
        quota:
          description: Glance's limits for the project and how much of them is used, by name; empty where it sets none.
          type: dict
          sample: {image_size_total: {limit: 10240, usage: 512}, image_count_total: {limit: 100, usage: 3}}
        vendor:
          description: What the cloud's vendor profile, or its entry in C(clouds.yaml), says of images.
          type: dict
          contains:
            image_format: {description: Disk format that the cloud wants., type: str, sample: qcow2}
            image_api_use_tasks: {description: Whether images are uploaded by tasks., type: bool, sample: false}
            image_api_version: {description: Major version of the image API., type: str, sample: "2"}
        missing:
          description: Why a part of the above is empty, by its key.
          type: dict
          sample: {tasks: "Forbidden (HTTP 403): You are not authorized to complete tasks_api_access action."}
    seconds: {description: Time that it took., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 9}
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
