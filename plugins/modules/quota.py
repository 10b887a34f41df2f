#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: quota
short_description: Change the quotas of a project in several clouds
version_added: 1.0.0
description:
  - Brings the quotas of a project to what is wanted in every selected Location, in parallel, those of the compute, network and
    block storage services.
  - All services of a Location are asked before any of them is changed. Most clouds allow changes to administrators only.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  state:
    description:
      - V(present) changes the quotas that the task names. Others are left alone.
      - V(absent) resets the quotas of the named services, or of all of them, to the default of the cloud. Nothing is done where
        there is no such project.
    type: str
    choices: [present, absent]
    default: present
  project:
    description:
      - The name of the project, or C({id=ID}). By default the project of the Location.
    type: raw
  compute:
    description:
      - Quotas of the compute service, by openstacksdk's names, such as C(cores), C(ram) in MiB, C(instances), C(key_pairs),
        C(server_groups) and others. V(-1) means no limit.
    type: dict
  network:
    description:
      - Quotas of the network service, by openstacksdk's names, such as C(networks), C(subnets), C(ports), C(routers),
        C(floating_ips), C(security_groups), C(security_group_rules) and others. V(-1) means no limit.
    type: dict
  block_storage:
    description:
      - Quotas of the block storage service, by openstacksdk's names, such as C(volumes), C(gigabytes), C(snapshots), C(backups) and
        others. V(-1) means no limit.
    type: dict
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.quota_info
  - module: oaktree.multicloud.project
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Give a project more room in two clouds
  oaktree.multicloud.quota:
    locations: [alpha-admin, beta-admin]
    project: demo
    compute: {cores: 64, ram: 262144, instances: 30}
    block_storage: {gigabytes: 2000}

- name: Remove the limits on networks and ports
  oaktree.multicloud.quota:
    locations: [alpha-admin]
    project: demo
    network: {networks: -1, ports: -1}

- name: Reset the quotas of one service
  oaktree.multicloud.quota:
    locations: [alpha-admin]
    project: demo
    compute: {}
    state: absent

- name: Reset them all
  oaktree.multicloud.quota:
    locations: [alpha-admin]
    project: demo
    state: absent
"""

RETURN = r"""
results:
  description: >-
    What was done, or in check mode would be done, in each Location that did not fail; in one that did, what was changed
    before.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action: {description: One of V(updated) and V(unchanged)., type: str, sample: updated}
    quota:
      description: The quotas of each service that the task names, by openstacksdk's names. Null where they are reset.
      type: dict
      sample: {compute: {cores: 64, instances: 30}}
    notes: {description: What the cloud keeps otherwise than it was told., type: list, elements: str, sample: []}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.quotas import (
    TYPES,
    ensure_quotas,
    wanted_quotas,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    run_state,
    target_spec,
)

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "project": {"type": "raw"},
        **{service: {"type": "dict"} for service in TYPES},
    },
)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    target = Target.from_options(module.params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        return ensure_quotas(target, wanted_quotas(module.params), check_mode=check_mode)

    run_state(module, "quotas", act)


if __name__ == "__main__":
    main()
