#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: floating_ip_info
short_description: List the floating IPs of all your clouds
version_added: 1.0.0
description:
  - Lists the floating IPs of every selected Location in parallel and merges them into one list, sorted by Location, then address.
  - The name of a floating IP is its address.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  network:
    description:
      - Return only floating IPs of the external network with this name.
    type: raw
  port:
    description:
      - Return only the floating IPs of the port with this name.
    type: raw
  router:
    description:
      - Return only floating IPs that go through the router with this name.
    type: raw
  status:
    description:
      - Return only floating IPs of this status.
    type: str
    choices: [ACTIVE, DOWN, ERROR]
  unattached:
    description:
      - Return only floating IPs that are attached to nothing and forward no port, or only the others.
    type: bool
seealso:
  - module: oaktree.multicloud.floating_ip
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the floating IPs of all clouds
  oaktree.multicloud.floating_ip_info:
  register: found

- name: List those that nobody uses
  oaktree.multicloud.floating_ip_info:
    unattached: true
    fields: [floating_ip_address, created_at]
  register: unused

- name: Find out whose address this is
  oaktree.multicloud.floating_ip_info:
    name: 203.0.113.9
    query: '[].{location: location.name, server: port_details.device_id}'
  register: owner
"""

RETURN = r"""
floating_ips:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    created_at: {description: Timestamp at which the floating IP was created., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    dns_domain: {description: The DNS domain., type: str, sample: example.org.}
    dns_name: {description: The DNS name., type: str, sample: web-1}
    fixed_ip_address:
      description:
        - The fixed IP address associated with the floating IP. If you intend to associate the floating IP with a fixed IP at creation time,
          then you must indicate the identifier of the internal port. If an internal port has multiple associated IP addresses, the service
          chooses the first IP unless you explicitly specify the parameter fixed_ip_address to select a specific IP.
      type: str
      sample: 10.9.0.10
    floating_ip_address: {description: The floating IP address., type: str, sample: 203.0.113.9}
    floating_network_id:
      description:
        - The ID of the network associated with the floating IP.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    name: {description: The name., type: str, sample: web}
    port_details:
      description:
        - Read-only. The details of the port that this floating IP associates with. Present if fip-port-details extension is loaded.
      type: dict
      sample:
        name: web-1
        network_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
        status: ACTIVE
        device_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    port_id: {description: The port ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    qos_policy_id:
      description:
        - The ID of the QoS policy attached to the floating IP.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    revision_number: {description: Revision number of the resource., type: int, sample: 1}
    router_id: {description: The ID of an associated router., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    status: {description: The floating IP status. Value is ACTIVE or DOWN., type: str, sample: ACTIVE}
    subnet_id: {description: The Subnet ID associated with the floating IP., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    updated_at: {description: Timestamp at which the floating IP was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers such resources. V(false) where it does not have the service, or the service does
          not know the type; null where the Location failed.
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
      description: >-
        One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input,
        internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers."}
"""

from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    ListDoor,
    Option,
    reference,
    run_listing,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.floating_ips import attached_or_not
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.listing import Listing

DOOR = ListDoor(
    "network.floating_ip",
    "floating_ips",
    {
        "network": reference("floating_network_id"),
        "port": reference("port_id"),
        "router": reference("router_id"),
        "status": Option(choices=("ACTIVE", "DOWN", "ERROR")),
    },
)
UNATTACHED = ArgumentSpec(options={"unattached": {"type": "bool"}})


def as_listing(params: Mapping[str, Any]) -> Listing:
    return attached_or_not(DOOR.listing(params), params["unattached"])


def main() -> None:
    spec = target_spec(writes=False, timeout=60.0).merge(DOOR.spec).merge(UNATTACHED)
    run_listing(make_module(spec), as_listing, DOOR.plural)


if __name__ == "__main__":
    main()
