# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.inventory.data import InventoryData

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.all_or_none import all_or_none


def content(inventory: InventoryData) -> dict[str, Any]:
    """Hosts with their variables and groups, and groups with their children."""
    hosts = {name: (dict(host.vars), sorted(group.name for group in host.groups))
             for name, host in inventory.hosts.items()}  # fmt: skip
    return {"hosts": hosts, "groups": {name: [child.name for child in group.child_groups]
                                       for name, group in inventory.groups.items()}}  # fmt: skip


def test_what_cannot_be_completed_is_undone() -> None:
    inventory = InventoryData()
    inventory.add_group("old")
    inventory.add_host("known", group="old")
    inventory.set_variable("known", "x", 1)
    before = content(inventory)

    def add() -> None:
        inventory.add_group("new")
        inventory.add_child("old", "new")
        for name in ("known", "fresh"):
            inventory.add_host(name, group="new")
            inventory.set_variable(name, "x", 2)

    def fail() -> None:
        with all_or_none(inventory, ["known", "fresh", "late"]):
            add()
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fail()
    assert content(inventory) == before
    with all_or_none(inventory, ["known", "fresh"]):
        add()
    assert set(inventory.hosts) == {"known", "fresh"}
    assert inventory.hosts["known"].vars["x"] == 2
