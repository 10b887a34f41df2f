# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server records, and the inventory made of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import server_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.hosts import Inventory, Rules, make_inventory
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.names import Server

NORTH = Location("alpha", "north", project=Project("p1", "demo"))
SOUTH = Location("alpha", "south", project=Project("p1", "demo"))
EAST = Location("beta", "east", project=Project("p2", "demo"))
ADDRESSES = {"private": [{"addr": "10.0.0.3", "version": 4, "OS-EXT-IPS:type": "fixed"}]}


def server(name: str | None, server_id: str, location: Location = NORTH, **fields: Any) -> dict[str, Any]:
    """The record of a server; `fields` are as Nova returns them."""
    return server_record({"name": name, "id": server_id, "addresses": ADDRESSES, **fields}, location)


def safe(name: str) -> str:
    """The name as Ansible makes it safe for a group."""
    return re.sub(r"\W", "_", name)


def of_keystone(record: dict[str, Any], keystone: str | None = None) -> Server:
    """The server of a record; entries whose names begin alike, up to a hyphen, have one Keystone."""
    return Server(keystone or record["location"]["cloud"].split("-")[0], record)


def inventory(
    *servers: dict[str, Any] | Server,
    reserved: Collection[str] = (),
    others: Mapping[str, Server] | None = None,
    hostnames: tuple[str, ...] = ("name",),
    **rules: Any,
) -> Inventory:
    """The inventory of servers, or of their records."""
    addresses = rules.pop("addresses", ("public_v4", "fixed_v4"))
    made = [one if isinstance(one, Server) else of_keystone(one) for one in servers]
    taken = {name: one.identity for name, one in (others or {}).items()}
    return make_inventory(made, Rules(hostnames, addresses, **rules), safe, reserved, taken)


def names(found: Inventory) -> list[str]:
    """The names of its hosts, in their order."""
    return [host.name for host in found.hosts]
