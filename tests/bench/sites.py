# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to work on many sites: in one task or in shards, and as an inventory where one of them does not answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.bench.servers import counted, hosts_of, list_inventory, shown
from tests.bench.ways import EMPTY_TASK, Way, playbook

IMAGE = "oaktree.multicloud.image"
SHARD = 100
"""About so many Locations are a shard."""
NOBODY = "http://127.0.0.1:1"
"""Where every connection is refused."""
CONFIG = "OS_CLIENT_CONFIG_FILE"
INVENTORY = "oaktree.multicloud.servers, on_failure: stale"


def empty(directory: Path) -> list[Way]:
    """Return the way that does nothing."""
    return [Way(EMPTY_TASK, playbook(directory / "empty.json", [{"ansible.builtin.ping": {}}]), None)]


def tasks(directory: Path, places: Sequence[tuple[str, str]], one: int) -> list[Way]:
    """Return ways to list servers, to publish an image and to create a resource in the places, new each time.

    `one` is the number of places of the ways that these are compared with.
    """
    locations = [f"{cloud}/{region}" for cloud, region in places]
    return [
        Way(
            _title(module, len(places)),
            playbook(directory / f"{module}-{len(places)}.json", _work(module, {**arguments, "locations": locations})),
            counted,
            EMPTY_TASK,
            one=_title(module, one),
        )
        for module, arguments in _doings(directory).items()
    ]


def shards(directory: Path, places: int, forks: int) -> list[Way]:
    """Return a way to publish an image in all places, as many shards at once as there are forks."""
    source = directory / "locations.yml"
    source.write_text(f"plugin: oaktree.multicloud.locations\nsize: {SHARD}\n")
    arguments = {**_doings(directory)[IMAGE], "locations": "{{ locations }}"}
    command = playbook(directory / "shards.json", _work(IMAGE, arguments))
    command[command.index("-i") + 1] = str(source)
    command[command.index("--forks") + 1] = str(forks)
    return [Way(f"{_title(IMAGE, places)} in shards, {forks} forks", command, counted, one=_title(IMAGE, places))]


def _doings(directory: Path) -> Mapping[str, dict[str, Any]]:
    image, name = directory / "image.raw", f"bench-{secrets.token_hex(4)}"
    image.write_bytes(bytes(64 << 10))
    group = {"type": "compute.server_group", "name": name, "attributes": {"policy": "anti-affinity"}}
    return {
        "oaktree.multicloud.server_info": {},
        IMAGE: {"name": name, "path": str(image), "relay": "never"},
        "oaktree.multicloud.resource": group,
    }


def _title(module: str, places: int) -> str:
    return f"{module}, {places} Locations"


def _work(module: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = "servers" if module.endswith("_info") else "results"
    return [{module: dict(arguments), "register": "done"}, shown(f"done.{found} | length")]


def stale(directory: Path, clouds_yaml: Path) -> list[Way]:
    """Return ways to have all hosts: from regions that all answer, and where one of them refuses connections.

    What is remembered is that of a run before. A Location that has failed is not asked again for two minutes: that is
    the third run.
    """
    source, broken = directory / "stale.oaktree.yml", directory / "broken.yaml"
    source.write_text("plugin: oaktree.multicloud.servers\non_failure: stale\n")
    config = yaml.safe_load(clouds_yaml.read_text())
    first, *others = config["clouds"]["cloud1"]["regions"]
    refusing = {"name": first, "values": {"compute_endpoint_override": NOBODY}}
    config["clouds"]["cloud1"]["regions"] = [refusing, *others]
    broken.write_text(yaml.safe_dump(config))
    command = list_inventory(str(source))
    healthy = Way(f"{INVENTORY}, all regions answer", command, hosts_of, before=[command])
    again = ["env", f"{CONFIG}={broken}", *command]
    refused = replace(healthy, name=f"{INVENTORY}, one region refuses", command=again, one=healthy.name)
    third = replace(refused, name=f"{INVENTORY}, one region has refused before", before=[command, again])
    return [healthy, refused, third]
