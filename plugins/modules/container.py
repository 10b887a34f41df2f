#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: container
short_description: Create, change and delete containers in the object stores of several clouds
version_added: 1.0.0
description:
  - Brings a container of the object store (Swift, or Ceph's object gateway with Swift's API) to a state in every selected Location, in
    parallel.
  - Only what the task names is compared and changed. Where nothing is to be done, it sends one request to each Location.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.objects
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the container.
    type: str
    required: true
  state:
    description:
      - V(present) creates the container where it is missing, and changes what differs.
      - V(absent) deletes it. A Location where it has objects fails with the kind C(conflict), unless O(delete_with_content=true). Where
        there is no object store, nothing is to be done.
    type: str
    choices: [present, absent]
    default: present
  metadata:
    description:
      - Metadata of the container, such as C(quota-bytes) or C(web-index). Other metadata is left alone; a null value removes one. Names
        are lower case, with hyphens instead of underscores.
    type: dict
    default: {}
  read_acl:
    description:
      - All rules of who may read the objects, as Swift writes them. V(.r:*) lets everybody read, and V(.rlistings) list them, too. With
        an empty list, only the project may.
      - If omitted, existing rules are left alone.
    type: list
    elements: str
  write_acl:
    description:
      - All rules of who may write objects, such as V(PROJECT_ID:USER_ID); otherwise as O(read_acl).
    type: list
    elements: str
  storage_policy:
    description:
      - The storage policy of a new container. That of an existing one cannot be changed; another one fails with the kind C(conflict).
    type: str
  delete_with_content:
    description:
      - Whether O(state=absent) deletes all objects of the container with it. Segments of large objects are deleted in other containers,
        too, if the store shows in its listings which objects have some, as Swift does.
    type: bool
    default: false
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.container_info
  - module: oaktree.multicloud.object
"""

EXAMPLES = r"""
- name: Create a private container with a quota of 10 GiB in every region of two clouds
  oaktree.multicloud.container:
    name: backups
    metadata: {quota-bytes: 10737418240}
    locations: [alpha, beta]

- name: Create one whose objects everybody may read and list
  oaktree.multicloud.container:
    name: site
    read_acl: [".r:*", ".rlistings"]
    locations: [alpha/north]

- name: Make it private again
  oaktree.multicloud.container:
    name: site
    read_acl: []
    locations: [alpha/north]

- name: Delete it with all its objects
  oaktree.multicloud.container:
    name: site
    state: absent
    delete_with_content: true
    locations: [alpha/north]
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, in each Location that did not fail, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    action: {description: "One of created, updated, unchanged, deleted.", type: str, sample: created}
    container:
      description:
        - The container, as M(oaktree.multicloud.container_info) returns it for its name; null if there is none. In check mode, the
          container as it is.
      type: dict
      sample: {name: backups, object_count: 0, bytes_used: 0, metadata: {quota-bytes: "10737418240"}, read_ACL: null}
    notes:
      description: What could not be compared.
      type: list
      elements: str
      sample: []
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
    error: {description: What happened., type: str, sample: "the container backups is not empty: it has 3 objects"}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: conflict
    hint: {description: What you can do about it., type: str, sample: Set delete_with_content to delete them with it.}
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import check_container
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.containers import (
    WantedContainer,
    ensure_container_absent,
    ensure_container_present,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.headers import (
    as_acl,
    as_metadata,
    check_line,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    run_state,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "metadata": {"type": "dict", "default": {}},
        "read_acl": {"type": "list", "elements": "str"},
        "write_acl": {"type": "list", "elements": "str"},
        "storage_policy": {"type": "str"},
        "delete_with_content": {"type": "bool", "default": False},
    },
)

_ACLS = {"read_acl": "read_ACL", "write_acl": "write_ACL"}


def as_wanted(params: Mapping[str, Any]) -> WantedContainer:
    """The options as they are applied. Raises InputError."""
    check_container("name", params["name"])
    if params["state"] == "absent":
        for option in ("metadata", *_ACLS, "storage_policy"):
            if params[option] not in (None, {}):
                raise InputError(f"{option}: is for state present, not absent")
    elif params["delete_with_content"]:
        raise InputError("delete_with_content: is for state absent, not present")
    acls = {
        name: as_acl(check_line(option, rule) for rule in params[option])
        for option, name in _ACLS.items()
        if params[option] is not None
    }
    policy = params["storage_policy"]
    return WantedContainer(
        params["name"], as_metadata(params["metadata"]), acls, policy and check_line("storage_policy", policy.strip())
    )


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    params = module.params
    target = Target.from_options(params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        wanted = as_wanted(params)
        if params["state"] == "present":
            return ensure_container_present(target, wanted, params["timeout"], check_mode=check_mode)
        return ensure_container_absent(
            target, wanted.name, params["timeout"], with_content=params["delete_with_content"], check_mode=check_mode
        )

    run_state(module, f"container {params['name']!r}", act)


if __name__ == "__main__":
    main()
