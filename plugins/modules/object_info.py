#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: object_info
short_description: List the objects of a container in all your clouds
version_added: 1.0.0
description:
  - Lists the objects of a container in the object store of every selected Location in parallel and merges them into one list, sorted by
    Location, then name.
  - Sends one request for each page of each Location. Locations without the container, or without an object store, contribute nothing.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.objects
options:
  container:
    description:
      - Name of the container.
    type: str
    required: true
  name:
    description:
      - Return only the object with exactly this name, with its metadata and the other keys that listings do not have.
      - Mutually exclusive with O(prefix) and O(delimiter).
    type: str
  prefix:
    description:
      - Return only objects whose names begin with it.
    type: str
  delimiter:
    description:
      - All objects that have it in the rest of their names, after O(prefix), are returned as one record, whose name ends with it and
        whose other keys are null. With V(/), that is a folder.
    type: str
  segments:
    description:
      - Whether to return the segments of large objects, too, that uploads by this collection keep in the container of the object.
    type: bool
    default: false
  fields:
    description:
      - The keys of RV(objects) to keep, in addition to C(location), which every record keeps. If omitted, all keys are kept; with an empty
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
  - module: oaktree.multicloud.object
  - module: oaktree.multicloud.container_info
"""

EXAMPLES = r"""
- name: List the backups in all clouds
  oaktree.multicloud.object_info:
    container: backups
    prefix: db/
  register: backups

- name: List the folders of a container
  oaktree.multicloud.object_info:
    container: backups
    delimiter: /
    fields: [name]
    locations: [alpha]

- name: Compare the metadata of one object everywhere
  oaktree.multicloud.object_info:
    container: backups
    name: db/2026-11-26.dump
    query: "[*].{where: location.name, sha256: metadata.\"x-sdk-sha256\"}"
"""

RETURN = r"""
objects:
  description:
    - The objects of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names. Every key that O(fields) keeps is always present. Those that listings do not have are null
      unless O(name) is given.
  returned: always
  type: list
  elements: dict
  sample:
    - name: db/2026-11-26.dump
      container: backups
      content_length: 4096
      location: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
  contains:
    container: {description: Name of the container., type: str, sample: backups}
    content_disposition: {description: Header Content-Disposition; with O(name) only., type: str, sample: attachment}
    content_encoding: {description: Header Content-Encoding; with O(name) only., type: str, sample: gzip}
    content_length: {description: Size in bytes., type: int, sample: 4096}
    content_type: {description: Media type., type: str, sample: application/octet-stream}
    delete_at: {description: When the store deletes it (UTC); with O(name) only., type: str, sample: "2026-12-26T10:00:00Z"}
    etag:
      description: MD5 of the content; of a large object, that of the MD5s of its segments.
      type: str
      sample: 9b1d0b0ddc6d3a3c9f6e5b7a9a1d2c3e
    id: {description: The name., type: str, sample: db/2026-11-26.dump}
    is_static_large_object: {description: Whether a manifest makes it of segments., type: bool, sample: false}
    last_modified_at: {description: Time of the last change (UTC)., type: str, sample: "2026-11-26T10:00:06Z"}
    location:
      description: Cloud, region, zone and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    metadata: {description: Metadata; with O(name) only., type: dict, sample: {host: db1}}
    name: {description: Name., type: str, sample: db/2026-11-26.dump}
    object_manifest:
      description: Container and prefix of the segments of a dynamic large object; with O(name) only.
      type: str
      sample: backups_segments/db/
    properties: {description: Further keys that the store returned., type: dict, sample: {}}
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
    count: {description: Number of objects that the Location contributed., type: int, sample: 12}
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
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import (
    check_container,
    check_object,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.listing import ObjectQuery, list_objects
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.records import OBJECT_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    make_module,
    run_info,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "container": {"type": "str", "required": True},
        "name": {"type": "str"},
        "prefix": {"type": "str"},
        "delimiter": {"type": "str"},
        "segments": {"type": "bool", "default": False},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    },
    mutually_exclusive=[["name", "prefix"], ["name", "delimiter"]],
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    try:
        check_container("container", params["container"])
        if params["name"] is not None:
            check_object("name", params["name"])
    except OaktreeError as error:
        fail(module, error)
    query = ObjectQuery(
        container=params["container"],
        name=params["name"],
        prefix=params["prefix"] or "",
        delimiter=params["delimiter"] or "",
        segments=params["segments"],
        fields=params["fields"],
    )
    run_info(module, "objects", lambda connection: list_objects(connection, query), OBJECT_FIELDS, offers=True)


if __name__ == "__main__":
    main()
