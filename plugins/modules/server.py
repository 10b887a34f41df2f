#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: server
short_description: Manage servers in several clouds
version_added: 1.0.0
description:
  - Creates, changes and deletes servers in every selected Location, in parallel. Also starts, stops, reboots, rebuilds and shelves them.
  - A server is identified by its name among those of the project. If several have it, the Location fails with the kind C(conflict), and
    lists their IDs.
  - Only what the task names is compared. What differs and can be changed is changed. Anything else is a C(conflict), also in check mode,
    unless O(replace=true).
  - A server that does not become ready, because it fails, or O(wait_timeout) expires, or the task is interrupted, is removed with all that
    was made for it. What a killed task has left is finished or replaced by the next run. For that, the metadata of each server that the
    module creates has the key C(oaktree.boot).
  - Where nothing is to be done, it sends one request to each Location, which lists the servers of that name, and one for each O(image),
    O(server_group), volume and port that the task names. Flavors, networks and security groups are compared by name without a request,
    and cost one each if they are given by ID.
  - To create a server, it looks up each name, lists the servers of the name once more, and creates the server. While it waits,
    it lists the servers of each Location once a second at most, whatever their number. Tasks of one machine share these lists.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.servers
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows what the task names and differs. O(user_data) is masked.
  idempotent:
    support: partial
    details:
      - O(state=rebooted), and O(state=rebuilt) with O(force), always change the server.
options:
  name:
    description:
      - The name of the server. With O(count), what the names begin with.
    type: str
    required: true
  count:
    description:
      - Number of servers at each Location, called C(NAME-1) to C(NAME-N). Each has a result of its own. Others, such as those that a
        larger number has made, are never deleted.
    type: int
  state:
    description:
      - V(present) creates the server where it is missing, and changes what differs. Whether it runs does not matter.
      - V(absent) deletes it, with what was made for it. Networks, ports and volumes that the task has only named are kept.
      - V(started) and V(stopped) start and stop a server that is there. A paused, suspended or shelved one is started, too. Nothing else
        is compared, as with the following ones.
      - V(rebooted) reboots it.
      - V(rebuilt) gives it O(image) and O(user_data), and deletes what is on its disk. A server that has the image is left alone, unless
        O(force). Clouds show user data to administrators only, so that only they have them compared.
      - V(shelved) shelves it.
    type: str
    choices: [present, absent, started, stopped, rebooted, rebuilt, shelved]
    default: present
  flavor:
    description:
      - The flavor, by name. For all options that name something with an ID, C({id=ID}) gives the ID, and C({name=NAME, project_id=ID})
        says which of several is meant.
      - Mutually exclusive with O(vcpus), O(ram) and O(disk).
    type: raw
  vcpus:
    description:
      - The least number of virtual CPUs. The flavor is the one with the least RAM, then the fewest virtual CPUs and the smallest disk, that
        has as much as O(vcpus), O(ram), O(disk) and the image ask for. A server that has more is left alone.
    type: int
  ram:
    description:
      - The least RAM in MiB. See O(vcpus).
    type: int
  disk:
    description:
      - The least size of the disk in GiB. See O(vcpus).
    type: int
  image:
    description:
      - The image, by name. Of several with that name, the only active one. If several are active, the Location fails with the kind
        C(conflict).
    type: raw
  networks:
    description:
      - The networks, by name, in the order of the server's interfaces.
      - An element may also be C({network=NAME, fixed_ip=ADDRESS}), or C({port=NAME}) for an existing port.
      - Networks that a server lacks are attached. Others that it has are not detached.
      - An empty list creates a server without any network. If omitted, Nova chooses the project's network, and refuses if there are
        several.
    type: list
    elements: raw
  security_groups:
    description:
      - All security groups, by name. If omitted, a new server has the group C(default).
    type: list
    elements: raw
  key_name:
    description:
      - The key pair, by name.
    type: str
  user_data:
    description:
      - User data for cloud-init, as text. They are never shown, and never compared with those of a server that exists, except for
        O(state=rebuilt).
    type: str
  config_drive:
    description:
      - Whether the server has a configuration drive.
    type: bool
  description:
    description:
      - A description.
    type: str
  metadata:
    description:
      - Metadata. Keys that the task does not name are left alone. Null removes a key.
    type: dict
    default: {}
  tags:
    description:
      - All tags of the server.
    type: list
    elements: str
  server_group:
    description:
      - The server group, by name.
    type: raw
  availability_zone:
    description:
      - The availability zone.
    type: str
  boot_volume:
    description:
      - Boot from a volume, which is made of O(image).
      - The image of such a server is not compared, because clouds do not show it.
    type: dict
    suboptions:
      size:
        description:
          - Size in GiB.
        type: int
        required: true
      type:
        description:
          - The volume type. If omitted, the default of the cloud.
        type: str
      delete_on_termination:
        description:
          - Whether the volume is deleted with the server.
        type: bool
        default: true
  volumes:
    description:
      - Existing volumes that the server is to have, by name. They are never deleted, and others that it has are not detached.
    type: list
    elements: raw
  floating_ip:
    description:
      - V(auto) gives the server a floating IP of the only external network, or of the default one, unless it has one. The name
        of an external network selects that network. Such a floating IP is deleted with the server.
      - An address gives it that floating IP of the project, which is kept when the server is deleted.
    type: raw
  resize:
    description:
      - Resize a server whose flavor differs, and confirm that. The server is down meanwhile. Without it, another flavor is a C(conflict).
    type: bool
    default: false
  replace:
    description:
      - Delete the server and create it anew where something differs that cannot be changed, or where it is in an error state. If it cannot
        be created, it is gone.
    type: bool
    default: false
  force:
    description:
      - With O(state=rebuilt), rebuild also a server that has the image.
    type: bool
    default: false
  reboot_type:
    description:
      - How to reboot with O(state=rebooted).
    type: str
    choices: [soft, hard]
    default: soft
  place:
    description:
      - Have one server, or with O(count) that many, in all selected Locations together instead of in each of them. A server that exists
        stays where it is. For one that is missing, a Location is chosen by the options below, among those that have the flavor, the image
        and the networks, and room by the limits of the project.
      - What a Location refuses, or fails to build, is removed there and placed in another one. The task fails if fewer servers exist in
        the end than it asks for, or one cannot be changed as it asks.
      - Needs O(state=present). The guide describes how it is done.
    type: dict
    suboptions:
      order:
        description:
          - V(listed) fills the Locations in the order in which O(locations) lists them. Those that one pattern selects are sorted by name.
          - V(room) prefers the Location that has the largest share left of its tightest limit. What is unlimited counts as free.
          - V(spread) prefers the Location that has the fewest of these servers.
        type: str
        choices: [listed, room, spread]
        default: listed
      per_location:
        description:
          - The maximum number of these servers in one Location. If omitted, there is no limit.
        type: int
      zones:
        description:
          - V(any) leaves the availability zone to the cloud.
          - V(spread) names the available one that has the fewest of these servers.
        type: str
        choices: [any, spread]
        default: any
      when_unknown:
        description:
          - What to do if a server is missing and a Location cannot be asked whether it has it.
          - V(fail) places nothing, and the task fails.
          - V(place) places it elsewhere. There may then be two.
        type: str
        choices: [fail, place]
        default: fail
  wait:
    description:
      - Wait until the server is ready, in its state, or gone. Without it, a server may still fail, and stays in the status C(ERROR) until
        the next run replaces it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait, in addition to O(timeout).
    type: float
    default: 300
seealso:
  - module: oaktree.multicloud.server_info
  - module: oaktree.multicloud.resource
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create a server in every region of two clouds
  oaktree.multicloud.server:
    locations: [alpha, beta]
    name: web
    flavor: m1.tiny
    image: cirros
    networks: [private]
    security_groups: [default]
    metadata:
      role: web

- name: Create three servers at each Location, with at least 2 CPUs and 4 GiB of RAM, whatever the flavors are called
  oaktree.multicloud.server:
    locations: ["*"]
    name: worker
    count: 3
    vcpus: 2
    ram: 4096
    image: fedora-43
    networks: [private]
    key_name: ops
    user_data: "{{ lookup('ansible.builtin.file', 'cloud-init.yaml') }}"

- name: Boot from a volume of 20 GiB, with a floating IP
  oaktree.multicloud.server:
    locations: [alpha/north]
    name: db
    flavor: m1.small
    image: fedora-43
    networks:
      - network: private
        fixed_ip: 10.0.0.50
    boot_volume:
      size: 20
    volumes: [db-data]
    floating_ip: auto

- name: Create a server in the first Location that accepts it
  oaktree.multicloud.server:
    locations: [alpha, beta]
    name: ci
    flavor: m1.small
    image: fedora-43
    networks: [private]
    place: {}

- name: Create 30 servers where there is room, at most 20 at each Location, spread over its availability zones
  oaktree.multicloud.server:
    locations: ["*"]
    name: render
    count: 30
    flavor: m1.large
    image: fedora-43
    networks: [private]
    place:
      order: room
      per_location: 20
      zones: spread

- name: Make it larger
  oaktree.multicloud.server:
    locations: [alpha/north]
    name: db
    flavor: m1.medium
    resize: true

- name: Stop the workers
  oaktree.multicloud.server:
    locations: ["*"]
    name: worker
    count: 3
    state: stopped

- name: Install a new image on a server
  oaktree.multicloud.server:
    locations: [alpha, beta]
    name: web
    image: cirros-new
    state: rebuilt

- name: Delete the workers, even if a cloud is down
  oaktree.multicloud.server:
    locations: ["*"]
    name: worker
    count: 3
    state: absent
    on_failure: warn
"""

RETURN = r"""
results:
  description:
    - What was done, or in check mode would be done, with each server, sorted by Location, then name. Servers that failed are missing.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    name: {description: The name of the server., type: str, sample: web}
    action:
      description:
        - One of V(created), V(updated), V(replaced), V(deleted) and V(unchanged). A server that was started, stopped, rebooted, rebuilt or
          shelved is V(updated).
      type: str
      sample: created
    server:
      description:
        - The server as M(oaktree.multicloud.server_info) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {id: 0c7c4a5e-9f0e-4c8b-8f7e-6d2c2c1f3b11, name: web, status: ACTIVE, private_v4: 10.0.0.50}
    notes:
      description: What could not be compared, and what the cloud shows otherwise than it was told.
      type: list
      elements: str
      sample: ["user_data: the cloud does not show it, so that it was not compared"]
placement:
  description: What became of each Location, sorted by Location.
  returned: with O(place)
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/south/demo, cloud: alpha, region: south, zone: null}}
    status:
      description:
        - V(chosen) if it has one of the servers, V(passed_over) if it was not needed, V(refused) if it cannot have one, and V(unknown) if
          it could not be asked.
      type: str
      sample: refused
    servers: {description: The names of the servers that it has., type: list, elements: str, sample: []}
    kind: {description: The kind of the error for which it gets no more servers; null without one., type: str, sample: quota}
    reason:
      description: That error, or its tightest limit if it was asked for its room.
      type: str
      sample: "quota: cores 10 of 10 used"
failures:
  description: The Locations that failed. Nothing that the task created is left there, unless the error says so.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: "server 'web' could not be built: No valid host was found"}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: server
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise wait_timeout."}
"""

import base64
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    Beside,
    check_positive,
    make_module,
    run_state,
    target_spec,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.apply import ensure_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import (
    BootVolume,
    WantedServer,
    check_wanted,
    floating,
    nic,
    reference,
    references,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str", "required": True},
        "count": {"type": "int"},
        "state": {
            "type": "str",
            "choices": ["present", "absent", "started", "stopped", "rebooted", "rebuilt", "shelved"],
            "default": "present",
        },
        "flavor": {"type": "raw"},
        "vcpus": {"type": "int"},
        "ram": {"type": "int"},
        "disk": {"type": "int"},
        "image": {"type": "raw"},
        "networks": {"type": "list", "elements": "raw"},
        "security_groups": {"type": "list", "elements": "raw"},
        "key_name": {"type": "str", "no_log": False},
        "user_data": {"type": "str", "no_log": True},
        "config_drive": {"type": "bool"},
        "description": {"type": "str"},
        "metadata": {"type": "dict", "default": {}},
        "tags": {"type": "list", "elements": "str"},
        "server_group": {"type": "raw"},
        "availability_zone": {"type": "str"},
        "boot_volume": {
            "type": "dict",
            "options": {
                "size": {"type": "int", "required": True},
                "type": {"type": "str"},
                "delete_on_termination": {"type": "bool", "default": True},
            },
        },
        "volumes": {"type": "list", "elements": "raw"},
        "floating_ip": {"type": "raw"},
        "resize": {"type": "bool", "default": False},
        "replace": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "reboot_type": {"type": "str", "choices": ["soft", "hard"], "default": "soft"},
        "place": {
            "type": "dict",
            "options": {
                "order": {"type": "str", "choices": ["listed", "room", "spread"], "default": "listed"},
                "per_location": {"type": "int"},
                "zones": {"type": "str", "choices": ["any", "spread"], "default": "any"},
                "when_unknown": {"type": "str", "choices": ["fail", "place"], "default": "fail"},
            },
        },
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    mutually_exclusive=[["flavor", "vcpus"], ["flavor", "ram"], ["flavor", "disk"]],
)

_AS_THEY_ARE = (
    "name", "state", "count", "vcpus", "ram", "disk", "key_name", "user_data", "config_drive", "description",
    "availability_zone", "resize", "replace", "force", "reboot_type", "wait", "wait_timeout",
)  # fmt: skip


def as_wanted(params: Mapping[str, Any]) -> WantedServer:
    """The options as they are applied. Raises InputError."""
    check_positive(params, "wait_timeout")
    named: dict[str, Any] = {
        option: reference(option, params[option])
        for option in ("flavor", "image", "server_group")
        if params[option] is not None
    }
    named |= {option: references(option, params[option]) for option in ("security_groups", "volumes")}
    networks = params["networks"]
    wanted = WantedServer(
        networks=None if networks is None else tuple(nic(value) for value in networks),
        metadata={str(key): None if value is None else _as_text(value) for key, value in params["metadata"].items()},
        tags=None if params["tags"] is None else tuple(params["tags"]),
        boot_volume=BootVolume(**params["boot_volume"]) if params["boot_volume"] else None,
        floating_ip=None if params["floating_ip"] is None else floating(params["floating_ip"]),
        **named,
        **{option: params[option] for option in _AS_THEY_ARE},
    )
    check_wanted(wanted)
    return wanted


def _as_text(value: Any) -> str:
    """A value of the metadata, which Nova takes as text only, as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    params = module.params
    if params["user_data"]:
        module.hide([base64.b64encode(params["user_data"].encode()).decode()])  # as clouds show it
    target = Target.from_options(params)

    beside = Beside()

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        wanted = as_wanted(params)
        if params["place"] is None:
            return ensure_servers(target, wanted, check_mode=check_mode)
        # Not compiled where nothing is placed.
        from ansible_collections.oaktree.multicloud.plugins.module_utils._server.place import ensure_placed
        from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import PlaceOptions

        placed = ensure_placed(target, wanted, PlaceOptions(**params["place"]), check_mode=check_mode)
        beside.output["placement"], beside.lead = placed.placement, placed.lead
        return placed.results

    run_state(module, f"server {params['name']!r}", act, beside)


if __name__ == "__main__":
    main()
