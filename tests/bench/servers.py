# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to have all servers of all regions: as the result of a task or of many at once, and as an inventory.

A way that is `warm` is one whose caches a run before has filled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.bench.peers import Peer
from tests.bench.ways import BIN, EMPTY_TASK, Command, Way, client, playbook, result, task

SERVER_INFO = "oaktree.multicloud.server_info"
PEER_INFO = "openstack.cloud.server_info"
LIMIT = "plain asyncio (the limit)"
EMPTY_INVENTORY = "empty inventory"
NAMES = {"query": "[].name"}

Places = list[tuple[str, str]]
"""Clouds with their regions."""


def facts(directory: Path, peer: Peer | None, places: Places) -> list[Way]:
    """Return ways to list all servers; playbooks go into the directory, `places` are all there are."""
    whole, names = _registered(directory / "facts.json", {}), _registered(directory / "names.json", NAMES)
    ways = [
        Way(EMPTY_TASK, _empty(directory / "empty.json"), None),
        *_cold_and_warm(Way(SERVER_INFO, whole, counted, EMPTY_TASK, LIMIT)),
        # Next to no result: what the same work costs without carrying every server through Ansible.
        *_cold_and_warm(Way(f"{SERVER_INFO}, names only", names, counted, EMPTY_TASK, LIMIT)),
        Way(f"{SERVER_INFO} ad hoc, all printed", task(SERVER_INFO, {}), _printed, EMPTY_TASK, LIMIT),
        Way("openstacksdk, a thread per region", client("sdk"), int, limit=LIMIT),
        Way(LIMIT, client("plain"), int, limit=LIMIT),
    ]
    if peer:
        command = _peer_loop(directory / "peer.json", peer, places)
        ways.append(Way(f"{PEER_INFO} in a loop", command, counted, EMPTY_TASK, LIMIT, env=peer.env, rounds=1))
    return ways


def locations(directory: Path, number: int) -> list[Way]:
    """Return ways to list the servers of so many Locations, which are all that there are."""
    here, one = _places(number), _places(1)
    limit, command = f"{LIMIT}, {here}", _registered(directory / "facts.json", {})
    ways = [
        *_cold_and_warm(
            Way(f"{SERVER_INFO}, {here}", command, counted, EMPTY_TASK, limit, one=f"{SERVER_INFO}, {one}")
        ),
        Way(limit, client("plain"), int, limit=limit, one=f"{LIMIT}, {one}"),
    ]
    return ways if number > 1 else [Way(EMPTY_TASK, _empty(directory / "empty.json"), None), *ways]


def forks(directory: Path, peer: Peer | None, places: Places, number: int) -> list[Way]:
    """Return ways to list all servers so often at once, without anything known from before."""
    empty = f"{EMPTY_TASK}, {number} hosts"
    hosts, alone = directory / "hosts.json", directory / "alone.json"
    ways = [
        Way(empty, _empty(directory / "empty.json", number), None),
        Way(f"{SERVER_INFO}, {number} hosts", _registered(hosts, NAMES, number), counted, empty),
        Way(f"{SERVER_INFO}, {number} playbooks", client("crowd", str(number), *_registered(alone, NAMES)), counted),
    ]
    if peer:
        command = _peer_loop(directory / "peer.json", peer, places, number)
        ways.append(Way(f"{PEER_INFO} in a loop, {number} hosts", command, counted, empty, env=peer.env))
    return ways


def inventory(directory: Path, peer: Peer | None) -> list[Way]:
    """Return ways to have all servers as an inventory; source files go into the directory."""
    source = directory / "oaktree.yml"
    source.write_text("plugin: oaktree.multicloud.servers\n")
    listed = Way("oaktree.multicloud.servers", list_inventory(str(source)), hosts_of, EMPTY_INVENTORY, LIMIT)
    ways = [
        Way(EMPTY_INVENTORY, list_inventory("localhost,"), None),
        *_cold_and_warm(listed),
        Way(LIMIT, client("plain"), int, limit=LIMIT),
    ]
    if peer:
        other = directory / "openstack.yml"
        # Its own defaults but for one: servers without a floating IP are hosts, too, as they are ours.
        other.write_text("plugin: openstack.cloud.openstack\nshow_all: true\nfail_on_errors: true\n")
        command = list_inventory(str(other), peer.programs)
        name = "openstack.cloud.openstack"
        ways.append(Way(name, command, hosts_of, EMPTY_INVENTORY, LIMIT, env=peer.env, rounds=1))
    return ways


def _cold_and_warm(way: Way) -> list[Way]:
    """Return a way twice: with empty caches, and after a run of its own."""
    cold, warm = (
        replace(way, name=f"{way.name}, {state}", one=way.one and f"{way.one}, {state}") for state in ("cold", "warm")
    )
    return [cold, replace(warm, before=[way.command])]


def _places(number: int) -> str:
    return f"{number} Location{'s' if number > 1 else ''}"


def _empty(path: Path, hosts: int = 1) -> Command:
    return playbook(path, [{"ansible.builtin.ping": {}}, shown("0")], hosts=hosts)


def _registered(path: Path, arguments: Mapping[str, str], hosts: int = 1) -> Command:
    """Return the command of a task whose result a playbook keeps, as tasks are used."""
    work = {SERVER_INFO: arguments, "register": "found"}
    return playbook(path, [work, shown("found.servers | length")], hosts=hosts)


def _peer_loop(path: Path, peer: Peer, places: Places, hosts: int = 1) -> Command:
    arguments = {"cloud": "{{ item[0] }}", "region_name": "{{ item[1] }}"}
    loop = {PEER_INFO: arguments, "loop": places, "register": "found", "no_log": True}
    number = shown("found.results | map(attribute='servers') | map('length') | sum")
    return playbook(path, [loop, number], peer.programs, hosts)


def shown(expression: str) -> dict[str, object]:
    """Return the task that says a number for `counted`."""
    return {"ansible.builtin.debug": {"msg": f"count={{{{ {expression} }}}}"}}


def list_inventory(source: str, programs: Path = BIN) -> Command:
    """Return the command that prints an inventory with all variables."""
    return [str(programs / "ansible-inventory"), "-i", source, "--list"]


def counted(output: str) -> int:
    """Return the sum of what playbooks say they got."""
    return sum(int(number) for number in re.findall(r"count=(\d+)", output))


def _printed(output: str) -> int:
    return len(result(output)["servers"])


def hosts_of(output: str) -> int:
    """Return the number of hosts of a printed inventory."""
    begin = output.index("{\n")  # warnings may come before it, and may have braces
    return len(json.loads(output[begin:])["_meta"]["hostvars"])
