# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server records, and the inventory made of them."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import server_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.hosts import Inventory, Rules, make_inventory

NORTH = Location("alpha", "north", project=Project("p1", "demo"))
SOUTH = Location("alpha", "south", project=Project("p1", "demo"))
EAST = Location("beta", "east", project=Project("p2", "demo"))
ADDRESSES = {"private": [{"addr": "10.0.0.3", "version": 4, "OS-EXT-IPS:type": "fixed"}]}


def server(name: str | None, server_id: str, location: Location = NORTH, **fields: Any) -> dict[str, Any]:
    """The record of a server; `fields` are as Nova returns them."""
    return server_record({"name": name, "id": server_id, "addresses": ADDRESSES, **fields}, location)


def safe(name: str) -> str:
    return re.sub(r"\W", "_", name)


def inventory(
    *records: dict[str, Any],
    reserved: dict[str, str | None] | None = None,
    hostnames: tuple[str, ...] = ("name",),
    **rules: Any,
) -> Inventory:
    addresses = rules.pop("addresses", ("public_v4", "fixed_v4"))
    return make_inventory(records, Rules(hostnames, addresses, **rules), safe, reserved or {})


def names(found: Inventory) -> list[str]:
    return [host.name for host in found.hosts]
