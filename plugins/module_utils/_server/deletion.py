# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting servers, and the floating IPs that were made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._cloud.cleanup import CLEANUP_TIMEOUT, removing
from .._core.errors import OaktreeError, ServerError
from .._core.retry import PERHAPS_DONE
from .floating_ips import made_for, remove
from .nova import Item, delete, is_leaving
from .wanted import subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection


def begin_deletion(connection: Connection, items: Mapping[str, Item]) -> dict[str, OaktreeError]:
    """Have Nova delete servers, given by name, and delete the floating IPs made for them; returns the errors, by name.

    A server that stays, as a locked one does, keeps its floating IPs. One that goes although a floating IP of its own
    could not be removed has an error with residue. Raises DeadlineError where the run is interrupted.
    """
    made = made_for(connection, [item["id"] for item in items.values()])
    going: dict[str, Item] = {}
    errors: dict[str, OaktreeError] = {}

    def remove_theirs() -> dict[str, str]:
        perhaps = [name for name, error in errors.items() if isinstance(error, PERHAPS_DONE)]
        unsure = {name: items[name] for name in perhaps if made[items[name]["id"]]}
        complaints: dict[str, str] = {}
        with connection.grace(CLEANUP_TIMEOUT):
            try:
                gone = _gone(connection, unsure)
            except OaktreeError as failure:
                said = f"is deleted, and its floating IP has to be removed, is not known: {failure.message}"
                gone, complaints = {}, {name: f"whether {subject(name)} {said}" for name in unsure}
            for name, item in (*going.items(), *gone.items()):
                for floating in made[item["id"]]:
                    try:
                        remove(connection, floating)
                    except OaktreeError as failure:
                        what = f"the floating IP {floating.get('floating_ip_address')} of {subject(name)}"
                        complaints[name] = f"{what} could not be removed: {failure.message}"
        return complaints

    with removing(lambda: "; ".join(remove_theirs().values())):
        for name, item in items.items():
            try:
                delete(connection, item["id"])
            except OaktreeError as error:
                errors[name] = error
                connection.deadline.check_cancelled()
            else:
                going[name] = item
    for name, complaint in remove_theirs().items():
        errors.setdefault(name, ServerError(f"{subject(name)} was deleted")).add_residue(complaint)
    return errors


def _gone(connection: Connection, items: Mapping[str, Item]) -> dict[str, Item]:
    """Those of the servers, by name, that are gone or going, although the answer to their deletion was lost."""
    return {name: item for name, item in items.items() if is_leaving(connection, item["id"])}
