# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to have all servers of all regions: as the result of a task, and as an inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.bench.peers import Peer
from tests.bench.ways import BIN, EMPTY_TASK, Way, client, playbook, result, task

SERVER_INFO = "oaktree.multicloud.server_info"
PEER_INFO = "openstack.cloud.server_info"
LIMIT = "plain asyncio (the limit)"
EMPTY_INVENTORY = "empty inventory"


def facts(directory: Path, peer: Peer | None, places: list[tuple[str, str]]) -> list[Way]:
    """Return ways to list all servers; playbooks go into the directory, `places` are all clouds with their regions."""
    ways = [
        Way(EMPTY_TASK, playbook(directory / "empty.json", [{"ansible.builtin.ping": {}}, _shown("0")]), None),
        _registered(directory / "facts.json", SERVER_INFO, {}),
        # Next to no result: what the same work costs without carrying every server through Ansible.
        _registered(directory / "names.json", f"{SERVER_INFO}, names only", {"query": "[].name"}),
        Way(f"{SERVER_INFO} ad hoc, all printed", task(SERVER_INFO, {}), _printed, EMPTY_TASK),
        Way("openstacksdk, a thread per region", client("sdk"), int),
        Way(LIMIT, client("plain"), int),
    ]
    if peer:
        ways.append(_peer_facts(directory / "peer.json", peer, places))
    return ways


def inventory(directory: Path, peer: Peer | None) -> list[Way]:
    """Return ways to have all servers as an inventory; source files go into the directory."""
    source = directory / "oaktree.yml"
    source.write_text("plugin: oaktree.multicloud.servers\n")
    ways = [
        Way(EMPTY_INVENTORY, _list_inventory("localhost,"), None),
        Way("oaktree.multicloud.servers", _list_inventory(str(source)), _hosts, EMPTY_INVENTORY),
        Way(LIMIT, client("plain"), int),
    ]
    if peer:
        other = directory / "openstack.yml"
        # Its own defaults but for one: servers without a floating IP are hosts, too, as they are ours.
        other.write_text("plugin: openstack.cloud.openstack\nshow_all: true\nfail_on_errors: true\n")
        command = _list_inventory(str(other), peer.programs)
        ways.append(Way("openstack.cloud.openstack", command, _hosts, EMPTY_INVENTORY, env=peer.env, rounds=1))
    return ways


def _registered(path: Path, name: str, arguments: Mapping[str, str]) -> Way:
    """Return the way of a task whose result a playbook keeps, as tasks are used."""
    work = {SERVER_INFO: arguments, "register": "found"}
    return Way(name, playbook(path, [work, _shown("found.servers | length")]), _counted, EMPTY_TASK)


def _peer_facts(path: Path, peer: Peer, places: list[tuple[str, str]]) -> Way:
    arguments = {"cloud": "{{ item[0] }}", "region_name": "{{ item[1] }}"}
    loop = {PEER_INFO: arguments, "loop": places, "register": "found", "no_log": True}
    shown = _shown("found.results | map(attribute='servers') | map('length') | sum")
    command = playbook(path, [loop, shown], peer.programs)
    return Way(f"{PEER_INFO} in a loop", command, _counted, EMPTY_TASK, env=peer.env, rounds=1)


def _shown(expression: str) -> dict[str, object]:
    return {"ansible.builtin.debug": {"msg": f"count={{{{ {expression} }}}}"}}


def _list_inventory(source: str, programs: Path = BIN) -> list[str]:
    return [str(programs / "ansible-inventory"), "-i", source, "--list"]


def _counted(output: str) -> int:
    found = re.search(r"count=(\d+)", output)
    return int(found[1]) if found else 0


def _printed(output: str) -> int:
    return len(result(output)["servers"])


def _hosts(output: str) -> int:
    return len(json.loads(output[output.index("{") :])["_meta"]["hostvars"])
