#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: keypair
short_description: Create and delete the same key pair in several clouds
version_added: 1.0.0
description:
  - Brings a key pair of the user to a state in every selected Location, in parallel. It is the same everywhere.
  - Without O(public_key) and O(public_key_path), the public key is that of the file O(private_key_path) if it exists, else that
    of the Locations that have a key pair of this name, else that of a new pair.
  - A new pair is generated once for all Locations, by this module and not by the clouds. If the Locations have different public
    keys, they fail with the kind C(conflict).
  - A new pair is generated when every Location has answered or failed, which takes O(timeout) at the longest. A Location that
    has failed does not keep the others from getting one; if it has another of this name, the next run reports the conflict.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._doors.state
  - oaktree.multicloud._doors.named
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  public_key:
    description:
      - The public key. It cannot be changed. Comments of keys are not compared.
      - Mutually exclusive with O(public_key_path).
    type: str
  type:
    description:
      - What the key pair is for. A certificate must be given as O(public_key).
    type: str
    choices: [ssh, x509]
  public_key_path:
    description:
      - A file with the public key, on the machine that runs the task.
    type: path
  private_key_path:
    description:
      - Where to write the private key of a new pair, on the machine that runs the task. Only the owner of the file can read
        it.
      - If the file exists, the key pair is that of the private key in it, which must not need a passphrase. The file is
        never overwritten.
      - If omitted, the private key of a new pair is in RV(results), in the first one that is V(created), and nowhere else. A task
        that is interrupted before that deletes the new pair again.
    type: path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.keypair_info
  - module: oaktree.multicloud.server
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a key pair in two clouds, with its private key in a file
  oaktree.multicloud.keypair:
    locations: [alpha, beta]
    name: deploy
    private_key_path: /root/.ssh/deploy

- name: Publish a key that exists
  oaktree.multicloud.keypair:
    locations: '*'
    name: alice
    public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoOZ4v1SrKJqcQ3xXKqHqGmGJ0jYp1dYJ5XQd1u5c8T alice@example.org

- name: Copy the key pair to a cloud that was added later
  oaktree.multicloud.keypair:
    locations: [alpha, beta, gamma]
    name: deploy

- name: Delete it everywhere
  oaktree.multicloud.keypair:
    locations: '*'
    name: deploy
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
    keypair:
      description: The record, as M(oaktree.multicloud.keypair_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, name: deploy}
    notes:
      description: What could not be compared, and what the cloud keeps otherwise than it was told.
      type: list
      elements: str
      sample: ["tags: the cloud has [a], although it was told [A]"]
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

from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    Door,
    Option,
    run_resource,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.keypair import (
    ensure_keypair,
    public_key_at,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import Wanted

DOOR = Door("compute.keypair", "keypair", {"public_key": Option(), "type": Option(choices=("ssh", "x509"))})
FILES = ArgumentSpec(
    options={"public_key_path": {"type": "path"}, "private_key_path": {"type": "path", "no_log": False}},
    mutually_exclusive=[["public_key", "public_key_path"]],
)


def as_wanted(params: Mapping[str, Any]) -> Wanted:
    path = params["public_key_path"]
    return DOOR.wanted({**params, "public_key": public_key_at(path)} if path else params)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(DOOR.spec).merge(FILES))
    ensure = partial(ensure_keypair, private_key_path=module.params["private_key_path"])
    run_resource(module, as_wanted, "keypair", ensure)


if __name__ == "__main__":
    main()
