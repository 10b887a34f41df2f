#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: container_info
short_description: List the containers of the object stores of all your clouds
version_added: 1.0.0
description:
  - Lists the containers of the object store of every selected Location in parallel and merges them into one list, sorted by Location,
    then name.
  - Sends one request for each page of each Location. Locations without an object store contribute nothing.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.objects
options:
  name:
    description:
      - Return only the container with exactly this name, with O(details).
      - Mutually exclusive with O(prefix).
    type: str
  prefix:
    description:
      - Return only containers whose names begin with it.
    type: str
  details:
    description:
      - Whether to return metadata, access rules and storage policies, too, which takes one more request for each container.
    type: bool
    default: false
  fields:
    description:
      - The keys of RV(containers) to keep, in addition to C(location), which every record keeps. If omitted, all keys are kept; with an empty
        list, only the location.
      - O(query) sees only the keys that are kept; the order of the list does not depend on them.
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
  - module: oaktree.multicloud.container
  - module: oaktree.multicloud.object_info
"""

EXAMPLES = r"""
- name: List the containers of all clouds
  oaktree.multicloud.container_info:
  register: everywhere

- name: Find containers that everybody may read
  oaktree.multicloud.container_info:
    details: true
    query: "[?contains(read_ACL || '', '.r:')].{name: name, where: location.name}"

- name: Look at one container of two clouds
  oaktree.multicloud.container_info:
    name: backups
    locations: [alpha, beta]
"""

RETURN = r"""
containers:
  description:
    - The containers of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names. Every key that O(fields) keeps is always present. Keys that listings do not have are null
      unless O(name) or O(details) is given. Keys that sign URLs are never returned.
  returned: always
  type: list
  elements: dict
  sample:
    - name: backups
      object_count: 3
      bytes_used: 12288
      location: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
  contains:
    bytes_used: {description: Size of all objects in bytes., type: int, sample: 12288}
    history_location: {description: Container for old versions of all objects; details., type: str, sample: archive}
    id: {description: The name., type: str, sample: backups}
    location:
      description: Cloud, region, zone and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    metadata: {description: Metadata; details., type: dict, sample: {quota-bytes: "10737418240"}}
    name: {description: Name., type: str, sample: backups}
    object_count: {description: Number of objects., type: int, sample: 3}
    properties: {description: Further keys that the store returned., type: dict, sample: {last_modified: "2026-11-26T10:00:06.000000"}}
    read_ACL: {description: Rules of who may read the objects; details., type: str, sample: ".r:*,.rlistings"}
    storage_policy: {description: Storage policy; details., type: str, sample: gold}
    sync_to: {description: Container to which the objects are copied; details., type: str, sample: null}
    versions_location: {description: Container for old versions of replaced objects; details., type: str, sample: null}
    write_ACL: {description: Rules of who may write objects; details., type: str, sample: null}
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
    offered:
      description: Whether the Location has an object store; null if the Location failed.
      type: bool
      sample: true
    count: {description: Number of containers that the Location contributed., type: int, sample: 12}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import check_container
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.listing import ContainerQuery, list_containers
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.records import CONTAINER_FIELDS
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
        "prefix": {"type": "str"},
        "details": {"type": "bool", "default": False},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    },
    mutually_exclusive=[["name", "prefix"]],
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    try:
        if params["name"] is not None:
            check_container("name", params["name"])
    except OaktreeError as error:
        fail(module, error)
    query = ContainerQuery(
        name=params["name"], prefix=params["prefix"] or "", details=params["details"], fields=params["fields"]
    )
    run_info(module, "containers", lambda connection: list_containers(connection, query), CONTAINER_FIELDS, offers=True)


if __name__ == "__main__":
    main()
