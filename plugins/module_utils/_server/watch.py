# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for servers: one list in a second, at most, for all of a Location, whatever their number.

Processes that wait at the same Location share the list of what has changed lately.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.deadline import clock
from .._core.errors import DeadlineError
from .._core.retry import TRANSIENT
from .nova import DELETED, Item, servers_changed, servers_named, silent_servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._cloud.connection import Connection

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two looks."""
FRESH = 1.0
"""The maximum age, in seconds, of an answer that another process received."""
BY_NAME = 10
"""Looks from one list by names to the next; what is shown as changed depends on a clock."""


def wait_until(
    connection: Connection, servers: dict[str, Item], is_done: Callable[[Item], bool], *, by_name: int = BY_NAME
) -> None:
    """Wait until ``is_done`` is true of all servers; ``servers``, by ID, is updated with what Nova shows of them.

    What is waited for has been requested before. A server that is gone has the status DELETED. Raises DeadlineError
    when the deadline expires, or the run is cancelled. Every ``by_name`` looks the servers are listed by name: Nova
    never shows as changed what was deleted before it reached a compute host.
    """
    looked, since = clock.time(), clock.uptime()
    pause, looks = FIRST_PAUSE, 0
    while pending := {identity: item for identity, item in servers.items() if not is_done(item)}:
        connection.deadline.sleep(pause)
        pause = min(pause * 1.25, LONGEST_PAUSE)
        looks += 1
        now, fresh = clock.time(), clock.uptime()
        try:
            if looks % by_name:
                servers.update(
                    (item["id"], item)
                    for item in servers_changed(connection, looked, max(since, fresh - FRESH))
                    if item["id"] in pending
                )
            else:
                servers.update(_by_name(connection, pending))
        except (DeadlineError, *TRANSIENT):
            connection.deadline.remaining()  # the work goes on whether it is seen or not
            continue
        looked, since = now, fresh


def _by_name(connection: Connection, pending: dict[str, Item]) -> dict[str, Item]:
    names = sorted({item["name"] for item in pending.values()})
    found = {item["id"]: item for several in servers_named(connection, names).values() for item in several}
    silent = silent_servers(connection) if pending.keys() - found.keys() else frozenset()
    return {
        identity: found.get(identity, {**item, "status": DELETED})
        for identity, item in pending.items()
        if identity not in silent
    }
