#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: resource
short_description: Create, change and delete resources of any type in several clouds
version_added: 1.0.0
description:
  - Brings a resource of any type to a state in every selected Location, in parallel.
  - Only the attributes that the task names are compared and changed. The page Resources in the documentation of the collection says how,
    and lists the types.
  - Where nothing is to be done, it sends one request to each Location, one for each distinct reference, and one for each
    attribute that the service keeps apart from the resource.
  - What Keystone holds is changed once for each Keystone, user and project, and has no region.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  type:
    description:
      - The type of the resource, as C(service.type), in openstacksdk's words, such as V(network.subnet), V(compute.flavor),
        V(block_storage.volume), V(identity.project) or V(dns.recordset). The service may also be given by its official type or an
        alias of it.
      - V(identity.role_assignment) assigns the role C(role_id) to C(user_id) or C(group_id), in C(project_id) or C(domain_id).
      - V(identity.user_group) makes the user C(user_id) a member of the group C(group_id).
    type: str
    required: true
  state:
    description:
      - V(present) creates the resource where it is missing, and changes what differs.
      - V(absent) deletes it, a router with its routes and interfaces, and an aggregate that has hosts. What each project has one of,
        such as V(network.quota), is reset. Where the type is not offered, nothing is to be done.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name, which identifies the resource among those that the project owns. If several have it, the Location fails with the
        kind C(conflict), and lists their IDs.
      - Types without a name, such as V(network.security_group_rule), are identified by their content. The page Resources lists them.
    type: str
  id:
    description:
      - The ID, in place of O(name) or beside it; with both, the resource of this ID is renamed. A resource of an ID that does not exist is
        not created, unless users may choose IDs of the type, as of V(compute.flavor) and V(identity.region).
      - Of types of which each project has one, the ID is that of the project, or a reference to it as in C({name=demo}), and by default
        that of the Location's project.
    type: raw
  attributes:
    description:
      - The attributes, by openstacksdk's names, and the IDs that stand in the path of the type. C(properties) holds keys that only the
        service knows.
      - Wherever an ID stands, a reference C({name=NAME}) may stand in its place, at any depth. It is resolved at each Location.
      - Unknown attributes are rejected with similar ones, and secrets with a request to put them under O(secrets).
    type: dict
    default: {}
  secrets:
    description:
      - Attributes that are never shown, such as C(password). Clouds do not show them either, so that they are sent only when the
        resource is created, unless O(update_secrets=true).
    type: dict
    default: {}
  update_secrets:
    description:
      - Send O(secrets) to a resource that exists, too. That is reported as a change.
    type: bool
    default: false
  replace:
    description:
      - Delete the resource and create it anew where an attribute differs that cannot be changed, or where the resource is in an
        error state. It then has another ID, and loses all that the task does not name. If it cannot be created, it is gone.
      - Without it, such a Location fails with the kind C(conflict) and both values.
    type: bool
    default: false
  wait:
    description:
      - Wait until the resource is ready, or gone, if its type has such a state.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait, in addition to O(timeout).
    type: float
    default: 300
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the attributes that the task names and that differ. Secrets are masked.
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.resource_info
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same network in every region of two clouds
  oaktree.multicloud.resource:
    locations: [alpha, beta]
    type: network.network
    name: web
    attributes:
      description: managed by Ansible
      tags: [web]

- name: Give it a subnet
  oaktree.multicloud.resource:
    locations: [alpha, beta]
    type: network.subnet
    name: web
    attributes:
      network_id: {name: web}
      cidr: 10.9.0.0/24
      ip_version: 4
      dns_nameservers: [9.9.9.9]

- name: Connect it
  oaktree.multicloud.resource:
    locations: [alpha, beta]
    type: network.router
    name: web
    attributes:
      external_gateway_info: {network_id: {name: public}}
      interfaces: [{name: web}]

- name: Let the world in by SSH and HTTPS
  oaktree.multicloud.resource:
    locations: [alpha, beta]
    type: network.security_group
    name: web
    attributes:
      rules:
        - {direction: ingress, protocol: tcp, port_range_min: 22, port_range_max: 22}
        - {direction: ingress, protocol: tcp, port_range_min: 443, port_range_max: 443}

- name: Create a user
  oaktree.multicloud.resource:
    locations: [alpha-admin]
    type: identity.user
    name: eve
    attributes:
      default_project_id: {name: demo}
    secrets:
      password: "{{ vault_eve }}"

- name: Assign a role
  oaktree.multicloud.resource:
    locations: [alpha-admin]
    type: identity.role_assignment
    attributes:
      role_id: {name: member}
      user_id: {name: eve}
      project_id: {name: demo}

- name: Raise a quota
  oaktree.multicloud.resource:
    locations: [alpha-admin]
    type: network.quota
    id: {name: demo}
    attributes:
      networks: 20

- name: Delete a DNS record
  oaktree.multicloud.resource:
    locations: [alpha]
    type: dns.recordset
    name: www.example.org.
    attributes:
      zone_id: {name: example.org.}
      type: A
    state: absent
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, in each Location that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action:
      description: One of V(created), V(updated), V(replaced), V(deleted) and V(unchanged).
      type: str
      sample: created
    resource:
      description:
        - The record of the resource, as M(oaktree.multicloud.resource_info) returns it; null if there is none, or in check mode if
          it would be created.
        - The record of a key pair that was just created has its C(private_key), if Nova made one. No other secret is ever
          returned.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: web, status: ACTIVE}
    notes:
      description: What could not be compared, and what the cloud keeps otherwise than it was told.
      type: list
      elements: str
      sample: ["password: the cloud does not show it, so that it was not compared"]
failures:
  description: The Locations that failed.
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

from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    NAMED_SPEC,
    STATE_SPEC,
    WAIT_SPEC,
    run_resource,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import Wanted, check_wanted
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_positive,
    make_module,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SPEC = (
    STATE_SPEC.merge(NAMED_SPEC)
    .merge(WAIT_SPEC)
    .merge(
        ArgumentSpec(
            options={
                "type": {"type": "str", "required": True},
                "attributes": {"type": "dict", "default": {}},
                "secrets": {"type": "dict", "no_log": True, "default": {}},
                "update_secrets": {"type": "bool", "default": False, "no_log": False},
            },
        )
    )
)


def as_wanted(params: Mapping[str, Any]) -> Wanted:
    """The options as they are applied. Raises InputError."""
    check_positive(params, "wait_timeout")
    wanted = Wanted(
        kind=kind_of(params["type"]),
        **{name: params[name] for name in SPEC.options if name != "type"},
    )
    check_wanted(wanted)
    return wanted


def main() -> None:
    run_resource(make_module(target_spec(writes=True, timeout=300.0).merge(SPEC)), as_wanted, "resource")


if __name__ == "__main__":
    main()
