#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: List the images of all your clouds
version_added: 1.0.0
description:
  - Lists the images that are visible in every selected Location, in parallel, and merges them into one list, sorted by Location, then
    name.
  - Sends one request for each page of each Location, and none for single images. Pages have the largest size that the cloud allows.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.images
options:
  name:
    description:
      - Return only images with exactly this name. Glance allows several images of the same name.
    type: str
  id:
    description:
      - Return only the image with this ID. Locations that do not have it contribute nothing.
      - Mutually exclusive with O(name) and O(filters).
    type: str
  filters:
    description:
      - Query parameters of Glance's image list, passed through to every Location, such as V(status), V(visibility), V(owner), V(tag),
        V(os_hidden), V(disk_format), V(size_min), or any custom property with its value.
      - The values are text, numbers, booleans, or lists of such. A boolean is sent as V(true) or V(false), as Glance spells it.
      - Where the configuration names version 1 of the image API, filters that this version does not have are rejected.
    type: dict
  fields:
    description:
      - The keys of RV(images) to keep, in addition to C(location), which every record keeps. If omitted, all keys are kept; with an empty
        list, only the location.
      - All other keys are dropped at once, which saves most of the time and memory when there are many images. O(query) sees only the keys
        that are kept; O(name) and the order of the list do not depend on them.
      - Unknown keys are rejected with a list of the valid ones.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over the merged list. Its result, which must be a list, is returned instead.
    type: str
requirements:
  - jmespath (for O(query))
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image
"""

EXAMPLES = r"""
- name: List all images of all clouds
  oaktree.multicloud.image_info:
  register: everywhere

- name: List the hash of an image in all regions of two clouds
  oaktree.multicloud.image_info:
    name: fedora-43
    locations: [alpha, beta]
    fields: [hash_algo, hash_value]
  register: hashes

- name: List the private images that are hidden, which other lists omit, even if some clouds are down
  oaktree.multicloud.image_info:
    filters:
      visibility: private
      os_hidden: true
    on_failure: warn
  register: hidden

- name: Find an image by ID in any cloud
  oaktree.multicloud.image_info:
    id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
  register: found
"""

RETURN = r"""
images:
  description:
    - The images of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names. Every key that O(fields) keeps is always present, and null if the cloud does not report
      it.
  returned: always
  type: list
  elements: dict
  sample:
    - name: fedora-43
      status: active
      location:
        name: alpha/north/demo
        cloud: alpha
        region: north
        zone: null
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
  contains:
    checksum: {description: MD5 of the data., type: str, sample: ee1eca47dc88f4879d8a229cc70a07c6}
    container_format: {description: Container format., type: str, sample: bare}
    created_at: {description: Time of creation (UTC)., type: str, sample: "2026-11-20T10:00:00Z"}
    disk_format: {description: Disk format., type: str, sample: qcow2}
    hash_algo: {description: "Algorithm of RV(images[].hash_value).", type: str, sample: sha512}
    hash_value: {description: "Hash of the data by RV(images[].hash_algo).", type: str, sample: 6b813aa46bb90b4da216a4d19376593f}
    id: {description: ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    is_hidden: {description: Whether lists omit the image unless hidden images are requested., type: bool, sample: false}
    is_protected: {description: Whether the image is protected from deletion., type: bool, sample: true}
    location:
      description: Cloud, region and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    min_disk: {description: Minimum disk size to boot the image (GiB)., type: int, sample: 4}
    min_ram: {description: Minimum RAM to boot the image (MiB)., type: int, sample: 512}
    name: {description: Name., type: str, sample: fedora-43}
    owner_id: {description: Project that owns the image., type: str, sample: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1}
    properties: {description: Custom properties and further keys that the cloud returned., type: dict, sample: {hw_disk_bus: virtio}}
    size: {description: Size of the data in bytes., type: int, sample: 528547840}
    status: {description: "Status, such as V(queued), V(saving), V(active) or V(deactivated).", type: str, sample: active}
    stores: {description: IDs of the stores that hold the data., type: list, elements: str, sample: [fast, slow]}
    tags: {description: Tags., type: list, elements: str, sample: [blue]}
    updated_at: {description: Time of the last update (UTC)., type: str, sample: "2026-11-20T10:00:06Z"}
    virtual_size: {description: Size of the disk in bytes., type: int, sample: 5368709120}
    visibility: {description: "V(private), V(shared), V(community) or V(public).", type: str, sample: private}
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
    count: {description: Number of images that the Location contributed., type: int, sample: 12}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.filters import as_parameters
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.images import ImageQuery, list_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import IMAGE_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    make_module,
    run_info,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "id": {"type": "str"},
        "filters": {"type": "dict"},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    },
    mutually_exclusive=[["id", "name"], ["id", "filters"]],
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    try:
        filters = as_parameters(params["filters"] or {})
    except InputError as error:
        fail(module, error)
    query = ImageQuery(params["name"], params["id"], filters, params["fields"])
    run_info(module, "images", lambda connection: list_images(connection, query), IMAGE_FIELDS)


if __name__ == "__main__":
    main()
