# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting servers, and the floating IPs that were made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.errors import DeadlineError, OaktreeError, ServerError
from .._core.text import one_line
from .floating_ips import remove
from .nova import BUILD, Item, delete, fault_of, is_gone, stays
from .wanted import subject
from .watch import BY_NAME, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection

    Made = Mapping[str, Sequence[dict[str, Any]]]


def begin_deletion(connection: Connection, items: Mapping[str, Item], made: Made) -> dict[str, OaktreeError]:
    """Delete the floating IPs made for servers, given by name, and have Nova delete these; returns the errors, by name.

    The floating IPs go first: a killed task leaves none that the next one would not find, and Neutron does not let Nova
    delete a port whose floating IP is being deleted at the same time. A server stays where that fails. Raises
    DeadlineError where the run is interrupted.
    """
    errors: dict[str, OaktreeError] = {}
    for name, item in items.items():
        lost: list[dict[str, Any]] = []
        try:
            for floating in made[item["id"]]:
                remove(connection, floating)
                lost.append(floating)
            delete(connection, item["id"])
        except OaktreeError as error:
            try:
                connection.deadline.check_cancelled()
            except DeadlineError as interrupted:
                interrupted.add_residue(f"{subject(name)} may still be there{without(lost)}" if lost else "")
                raise
            error.message += without(lost)
            errors[name] = error
    return errors


def without(lost: Sequence[Mapping[str, Any]]) -> str:
    """The end of a message about a server that stays, although its floating IPs have been deleted."""
    addresses = ", ".join(str(floating.get("floating_ip_address")) for floating in lost)
    return f"; its floating IP {addresses} has been deleted" if addresses else ""


def await_deletion(connection: Connection, servers: dict[str, Item], *, by_name: int = BY_NAME) -> None:
    """Wait until Nova has deleted servers that it was to delete, or has given that up (`stays`); see `wait_until`.

    Where it seems to have given up, it is asked once more: a build that fails meanwhile looks the same, and what kept
    Nova from it may have passed.
    """
    servers.update({identity: {**item, "status": BUILD} for identity, item in servers.items()})  # as if just asked

    def has_ended(item: Item) -> bool:
        return is_gone(item) or stays(item)

    wait_until(connection, servers, has_ended, by_name=by_name)
    for identity in [identity for identity, item in servers.items() if stays(item)]:
        try:
            delete(connection, identity)
        except OaktreeError:
            connection.deadline.remaining()
        else:
            servers[identity] = {**servers[identity], "status": BUILD}
    wait_until(connection, servers, has_ended, by_name=by_name)


def not_deleted(item: Item, lost: str = "") -> ServerError:
    """Why a server stays that Nova was to delete; ``lost`` is what `without` says."""
    said = one_line(fault_of(item)).rstrip(". ") or "it does not say why"
    return ServerError(f"Nova could not delete {subject(item['name'])}: {said}{lost}")
