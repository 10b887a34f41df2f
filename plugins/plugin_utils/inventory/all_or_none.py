# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source that adds all of its hosts to the inventory, or nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible.inventory.data import InventoryData


@contextmanager
def all_or_none(inventory: InventoryData, hosts: Sequence[str]) -> Iterator[None]:
    """Undo what was added to these hosts if it cannot be completed.

    Hosts without their groups would match patterns that exclude groups.
    """
    groups = set(inventory.groups)
    before = {name: (dict(known.vars), list(known.groups)) for name in hosts if (known := inventory.hosts.get(name))}
    try:
        yield
    except BaseException:
        for name in hosts:
            added = inventory.hosts.get(name)
            if added and name in before:
                added.vars, memberships = before[name]
                for group in set(added.groups) - set(memberships):
                    group.remove_host(added)
                added.groups = memberships  # some are gone with the groups below them
            elif added:
                inventory.remove_host(added)
        for name in set(inventory.groups) - groups:
            inventory.remove_group(inventory.groups[name])
        for group in inventory.groups.values():
            group.child_groups = [child for child in group.child_groups if child.name in groups]
        raise
