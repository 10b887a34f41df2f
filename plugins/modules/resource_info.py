#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: resource_info
short_description: List resources of any type of all your clouds
version_added: 1.0.0
description:
  - Lists the resources of one type of every selected Location in parallel and merges them into one list, sorted by Location, then name.
  - Types are those of openstacksdk, for the services compute, image, identity, network, block storage, orchestration, DNS, load balancer,
    key manager, placement, bare metal and shared file system. The page Resources in the documentation of the collection lists them.
  - What Keystone holds is listed once for each Keystone, user and project, and has no region.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  type:
    description:
      - The type of the resources, as C(service.type), in openstacksdk's words, such as V(network.port), V(compute.flavor),
        V(block_storage.volume), V(identity.project), V(dns.zone) or V(load_balancer.listener). The service may also be given by its
        official type or an alias of it, as in V(volumev3.volume).
      - Unknown types are rejected with similar ones, and types that another module lists with the name of that module.
    type: str
    required: true
  id:
    description:
      - Return only the resource with this ID. Locations that do not have it contribute nothing.
      - Of types of which each project has one, such as V(network.quota), the ID is that of the project, or a reference to it as in
        C({name=demo}), and by default that of the Location's project.
      - Mutually exclusive with O(name) and O(filters).
    type: raw
  parents:
    description:
      - The IDs that stand in the path of the type, such as C(zone_id) for V(dns.recordset) or C(pool_id) for V(load_balancer.member),
        or references by name, as in C(zone_id={name=example.org.}). A C(project_id) is by default the project of the Location.
      - Locations that do not have what a reference names contribute nothing.
    type: dict
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.server_info
  - module: oaktree.multicloud.image_info
"""

EXAMPLES = r"""
- name: List the ports of one network, wherever there is a network of this name
  oaktree.multicloud.resource_info:
    type: network.port
    filters:
      network_id: {name: private}
    fields: [id, name, fixed_ips, device_id]
  register: ports

- name: List all flavors of two clouds with at least 8 GiB of RAM
  oaktree.multicloud.resource_info:
    type: compute.flavor
    locations: [alpha, beta]
    query: "[?ram >= `8192`].{name: name, ram: ram, cloud: location.cloud}"
  register: flavors

- name: List the records of a DNS zone
  oaktree.multicloud.resource_info:
    type: dns.recordset
    parents:
      zone_id: {name: example.org.}
  register: recordsets

- name: Find a volume of any project by name, even if some clouds are down
  oaktree.multicloud.resource_info:
    type: block_storage.volume
    name: db-01
    locations: ['*-admin']
    all_projects: true
    on_failure: warn
  register: found
"""

RETURN = r"""
resources:
  description:
    - The resources of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names for the type, the IDs in its path, C(location), and C(properties) with the keys that
      openstacksdk does not know. Every key that O(fields) keeps is always present, and null if the cloud does not report it.
      Secrets are never returned.
  returned: always
  type: list
  elements: dict
  sample:
    - id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
      name: web-01
      network_id: 70a599e0-31e7-49b7-b260-868f441e862b
      fixed_ips: [{subnet_id: 0b5d, ip_address: 10.0.0.3}]
      status: ACTIVE
      properties: {}
      location:
        name: alpha/north/demo
        cloud: alpha
        region: north
        zone: null
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers resources of this type. V(false) where it does not have the service, or the service does not know
          the type; null where the Location failed.
      type: bool
      sample: true
    count: {description: Number of resources that the Location contributed., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
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
    FIND_SPEC,
    LIST_SPEC,
    run_listing,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.find import Query
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.listing import Listing, check_listing
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SPEC = LIST_SPEC.merge(FIND_SPEC).merge(
    ArgumentSpec(options={"type": {"type": "str", "required": True}, "parents": {"type": "dict"}})
)


def as_listing(params: Mapping[str, Any]) -> Listing:
    """The options as they are applied. Raises InputError."""
    query = Query(
        name=params["name"],
        id=params["id"],
        parents=params["parents"] or {},
        filters=params["filters"] or {},
        all_projects=params["all_projects"],
    )
    listing = Listing(kind_of(params["type"]), query, params["fields"])
    check_listing(listing)
    return listing


def main() -> None:
    run_listing(make_module(target_spec(writes=False, timeout=60.0).merge(SPEC)), as_listing, "resources")


if __name__ == "__main__":
    main()
