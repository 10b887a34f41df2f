#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: floating_ip
short_description: Create, attach, keep and delete floating IPs in several clouds
version_added: 1.0.0
description:
  - Creates, attaches, detaches and deletes floating IPs in every selected Location, in parallel.
  - One of three ways selects them. O(server), O(port) and O(floating_ip_address) select one, that of the server or port, or that with the
    address. O(count) selects that many unattached ones of O(network). O(unattached), with O(state=absent), selects those that nothing uses.
  - Floating IPs of other projects are left alone.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  network:
    description:
      - The name of the external network. If omitted, the only one of the Location, or its default one.
      - Required with O(count). With O(server), O(port) and O(unattached), only floating IPs of this network are meant.
    type: raw
  floating_ip_address:
    description:
      - The address. One that the project does not have is created, which most clouds allow to administrators only.
      - With O(server) or O(port), this one is attached to it, and detached from anything else.
    type: str
  server:
    description:
      - The name of the server that has a floating IP. A server that has one already, in O(network) if that is given, is left as it is.
      - Mutually exclusive with O(port).
    type: raw
  port:
    description:
      - The name of the port that has a floating IP. An empty text detaches O(floating_ip_address), and keeps it.
    type: raw
  fixed_address:
    description:
      - The address of O(server) or O(port) that the floating IP leads to. Required where it has several.
    type: str
  reuse:
    description:
      - Attach an unattached floating IP of the project, if there is one, before one is created.
    type: bool
    default: false
  count:
    description:
      - How many unattached floating IPs there are in O(network). Missing ones are created. None is deleted.
    type: int
  unattached:
    description:
      - Delete floating IPs that are attached to nothing and forward no port. Each is looked at again before it is deleted.
    type: bool
    default: false
  older_than:
    description:
      - How long ago those of O(unattached) were created, at least, as a number with C(s), C(m), C(h) or C(d), such as V(1h). If omitted,
        also new ones are deleted, which other tasks may be about to use.
    type: str
  description:
    description:
      - A text for people. With O(count), only new ones are given it.
    type: str
  tags:
    description:
      - All tags of the floating IP. With O(count), only new ones are given them.
    type: list
    elements: str
notes:
  - Tasks of one machine that change floating IPs of the same project wait for each other.
  - If one of several floating IPs cannot be created or deleted, the Location fails, and the results have those before it.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.floating_ip_info
  - module: oaktree.multicloud.router
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Let a server be reached from outside, in every cloud
  oaktree.multicloud.floating_ip:
    locations: [alpha, beta]
    server: web-1
    network: public
  register: reached

- name: Keep ten unattached floating IPs
  oaktree.multicloud.floating_ip:
    locations: [alpha]
    network: public
    count: 10

- name: Attach one of them to a port
  oaktree.multicloud.floating_ip:
    locations: [alpha]
    port: web-2
    reuse: true

- name: Detach an address, and keep it
  oaktree.multicloud.floating_ip:
    locations: [alpha]
    floating_ip_address: 203.0.113.9
    port: ''

- name: Delete those that nobody uses and that are older than an hour, everywhere
  oaktree.multicloud.floating_ip:
    locations: '*'
    state: absent
    unattached: true
    older_than: 1h
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, with each floating IP that is meant, and where none is, one result with null.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action:
      description: One of V(created), V(updated), V(deleted) and V(unchanged).
      type: str
      sample: created
    floating_ip:
      description: The record, as M(oaktree.multicloud.floating_ip_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, floating_ip_address: 203.0.113.9}
    notes:
      description: Why nothing was done with it, and what the cloud keeps otherwise than it was told.
      type: list
      elements: str
      sample: ["it was attached meanwhile"]
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import STATE_SPEC, run_resource
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.floating_ips import (
    ensure_floating_ips,
    wanted_floating_ips,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    target_spec,
)

SPEC = STATE_SPEC.merge(
    ArgumentSpec(
        options={
            "network": {"type": "raw"},
            "floating_ip_address": {"type": "str"},
            "server": {"type": "raw"},
            "port": {"type": "raw"},
            "fixed_address": {"type": "str"},
            "reuse": {"type": "bool", "default": False},
            "count": {"type": "int"},
            "unattached": {"type": "bool", "default": False},
            "older_than": {"type": "str"},
            "description": {"type": "str"},
            "tags": {"type": "list", "elements": "str"},
        },
        mutually_exclusive=[["server", "port"]],
    )
)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    run_resource(module, wanted_floating_ips, "floating_ip", ensure_floating_ips)


if __name__ == "__main__":
    main()
