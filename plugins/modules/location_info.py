#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: location_info
short_description: List your Locations and probe what each of them offers
version_added: 1.0.0
description:
  - Lists the Locations of your configuration. Without O(probe), no request is sent to any cloud.
  - With O(probe=true), asks every selected Location in parallel who you are there, which regions its cloud has, and what
    O(gather_subset) names. This costs a token for each cloud and project, and the requests that O(gather_subset) lists.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.overview
  - oaktree.multicloud._guides.scale
options:
  probe:
    description:
      - Whether to probe the Locations. A Location that does not answer, or rejects the credentials, fails.
    type: bool
    default: false
  gather_subset:
    description:
      - What to find out with O(probe=true), any of V(external_networks), V(image_upload), V(quotas) and V(services). Each is a key of
        RV(locations[]), and null where it is not named or where the Location does not have the service.
      - Identity, roles and service types come with the token, and cost no request.
      - V(image_upload) costs seven requests, six of them to the image service.
      - V(external_networks) costs one request for each page of networks.
      - V(quotas) costs one request to each of three services.
      - V(services) costs one or two requests for each service, whose answers are cached for an hour. A service without a version
        document, mostly the object store, costs up to four each time.
      - A service whose URL in the catalog has no version takes one more request, whose answer is cached as well.
    type: list
    elements: str
    default: [external_networks, image_upload, quotas, services]
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.quota_info
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

- name: Check the credentials of two clouds before a change, with no other request
  oaktree.multicloud.location_info:
    probe: true
    gather_subset: []
    locations: [alpha, beta/east]
    timeout: 10

- name: Find what is left of the quotas, and where floating IPs come from
  oaktree.multicloud.location_info:
    probe: true
    gather_subset: [quotas, external_networks]
  register: room

- name: Show how many more servers each Location takes; null means any number
  ansible.builtin.debug:
    msg: "{{ item.location.name }}: {{ item.quotas.compute.instances.free }}"
  loop: "{{ room.locations | selectattr('answers') | selectattr('quotas.compute') }}"
  loop_control:
    label: "{{ item.location.name }}"
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
    external_networks:
      description: The networks that floating IPs come from, sorted by name. Null if there is no network service.
      type: list
      elements: dict
      contains:
        id: {description: ID., type: str, sample: 783c91ab-f683-497c-ae8f-0ce59c39ce40}
        name: {description: Name., type: str, sample: public}
        description: {description: Description., type: str, sample: ""}
        is_default: {description: Whether it is the default external network., type: bool, sample: true}
        status: {description: Status., type: str, sample: ACTIVE}
        subnet_ids: {description: IDs of its subnets., type: list, elements: str, sample: [0e090a87-d0b2-42a9-801c-5e9cc6baa4a7]}
    quotas:
      description:
        - The quotas of the project, as in M(oaktree.multicloud.quota_info), by service and name. Null for a service that there is not.
      type: dict
      contains:
        block_storage:
          description: The quotas of volumes, snapshots and backups.
          type: dict
          sample: {gigabytes: {limit: 1000, used: 20, reserved: 0, free: 980}}
        compute:
          description: The quotas of servers. C(limit) and C(free) are null if there is no limit.
          type: dict
          sample: {cores: {limit: 64, used: 20, reserved: 0, free: 44}, instances: {limit: null, used: 5, reserved: 0, free: null}}
        network:
          description: The quotas of networks, ports, floating IPs and the like.
          type: dict
          sample: {floating_ips: {limit: 10, used: 2, reserved: 0, free: 8}}
    services:
      description: The services with an endpoint in the region, by official type, as M(oaktree.multicloud.rest_info) returns them.
      type: list
      elements: dict
      contains:
        service_type: {description: The official service type., type: str, sample: block-storage}
        catalog_type: {description: The service type as the catalog spells it., type: str, sample: volumev3}
        service_name: {description: The service's name in the catalog., type: str, sample: cinder}
        region: {description: The region of the endpoint., type: str, sample: north}
        interface: {description: The interface of the endpoint., type: str, sample: public}
        url: {description: The URL that paths of the API are appended to., type: str, sample: "https://volume.example.org/v3/5bd0"}
        api_version: {description: The newest API version at that URL., type: str, sample: "3.0"}
        min_microversion: {description: The oldest microversion; null if there are none., type: str, sample: "3.0"}
        max_microversion: {description: The newest microversion; null if there are none., type: str, sample: "3.71"}
        versions:
          description: All API versions that the service reports, oldest first.
          type: list
          elements: dict
          sample: [{version: "3.0", url: "https://volume.example.org/v3/", status: CURRENT, min_microversion: "3.0", max_microversion: "3.71"}]
    missing:
      description: Why something of the above is null or left out, by key. That a Location does not have a service is no reason.
      type: dict
      sample: {quotas.network: "Forbidden (HTTP 403): rule:get_quota is disallowed by policy"}
    image_upload:
      description: The upload capabilities of the Location. Null if there is no image service.
      type: dict
      contains:
        image_versions: {description: Versions of the image API., type: list, elements: str, sample: ["2.15", "2.17"]}
        disk_formats:
          description: The disk formats that the image service accepts, as its schema lists them.
          type: list
          elements: str
          sample: [raw, qcow2, iso]
        container_formats:
          description: The container formats that the image service accepts, as its schema lists them.
          type: list
          elements: str
          sample: [bare, ovf, docker]
        schemes:
          description:
            - The upload schemes of M(oaktree.multicloud.image) that the Location supports, in the order of preference. C(web_download)
              is for images that have a URL, or where there is an object store, and C(glance_download) for images that another region has.
          type: list
          elements: str
          sample: [glance_download, web_download, v2_put]
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
unconfigured_regions:
  description:
    - The regions that the catalogs of the probed clouds have and the configuration does not name, sorted. To use one, add it to
      C(regions) of the cloud's entry in C(clouds.yaml). Null without O(probe).
  returned: always
  type: list
  elements: dict
  contains:
    cloud: {description: The cloud., type: str, sample: alpha}
    region: {description: The region., type: str, sample: west}
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
from ansible_collections.oaktree.multicloud.plugins.module_utils._location.locations import (
    PARTS,
    configured,
    location_record,
    probed,
    unconfigured_regions,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_fields,
    fail,
    finish,
    make_module,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "probe": {"type": "bool", "default": False},
        "gather_subset": {"type": "list", "elements": "str", "default": list(PARTS)},
    },
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    probe, parts = module.params["probe"], module.params["gather_subset"]
    target = Target.from_options(module.params)
    try:
        check_fields(parts, PARTS, "gather_subset")
        results = probed(target, parts) if probe else configured(target)
        others = unconfigured_regions(target, results) if probe else None
    except OaktreeError as error:
        fail(module, error)
    records = [location_record(result) for result in results]
    finish(module, results, {"locations": records, "unconfigured_regions": others})


if __name__ == "__main__":
    main()
