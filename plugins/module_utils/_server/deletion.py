# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting servers, and the floating IPs that were made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.errors import OaktreeError, ServerError
from .._core.text import one_line
from .floating_ips import made_for, remove
from .nova import Item, delete, fault_of
from .wanted import subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection


def begin_deletion(connection: Connection, items: Mapping[str, Item]) -> dict[str, OaktreeError]:
    """Delete the floating IPs made for servers, given by name, and have Nova delete these; returns the errors, by name.

    The floating IPs go first: a killed task leaves none that the next one would not find, and Neutron does not let Nova
    delete a port whose floating IP is being deleted at the same time. A server stays where that fails. Raises
    DeadlineError where the run is interrupted.
    """
    made = made_for(connection, [item["id"] for item in items.values()])
    errors: dict[str, OaktreeError] = {}
    for name, item in items.items():
        lost: list[str] = []
        try:
            for floating in made[item["id"]]:
                remove(connection, floating)
                lost.append(str(floating.get("floating_ip_address")))
            delete(connection, item["id"])
        except OaktreeError as error:
            connection.deadline.check_cancelled()
            if lost:
                error.message = f"{error.message}; its floating IP {', '.join(lost)} has been deleted"
            errors[name] = error
    return errors


def not_deleted(item: Item) -> ServerError:
    """Why a server stays that Nova was to delete."""
    said = one_line(fault_of(item)) or "it does not say why"
    return ServerError(f"Nova could not delete {subject(item['name'])}: {said}")
