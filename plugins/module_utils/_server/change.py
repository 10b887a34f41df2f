# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing servers that are there: their attributes, one by one, and their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.service import segment
from .._core.errors import DeadlineError, OaktreeError, ServerError
from .._core.text import one_line
from .boot import give_floating_ip, mask
from .names import encoded, names_at
from .nova import ACTIVE, ERROR, TASK, Item, act, fault_of, is_gone, is_settled, servers_named, tell
from .plan import VERIFY_RESIZE, groups_of, make_plan
from .survey import ServersFound
from .wanted import AUTO, subject
from .watch import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._cloud.connection import Connection
    from .plan import ServerPlan
    from .wanted import WantedServer

SHOWN_SOON = 15.0
"""Seconds within which a list shows what was changed."""

_REQUESTED = "requested"
_GOALS: Mapping[str, tuple[str, ...]] = {
    "started": (ACTIVE,),
    "stopped": ("SHUTOFF",),
    "shelved": ("SHELVED_OFFLOADED", "SHELVED"),
    "rebooted": (ACTIVE,),
    "rebuilt": (ACTIVE, "SHUTOFF"),
}


def edit(
    connection: Connection, wanted: WantedServer, found: ServersFound, plan: ServerPlan
) -> tuple[Item, tuple[str, ...]]:
    """Change what differs; returns the server as it is then, and what the cloud shows otherwise, as notes.

    Each edit is one that the next run finds done if this one does not come to the end.
    """
    item, notes = plan.item or {}, list[str]()
    path = f"/servers/{segment(item['id'])}"
    write: Mapping[str, Callable[[Any], None]] = {
        "metadata": lambda want: _set_metadata(connection, path, want),
        "tags": lambda want: _tell(connection, "PUT", f"{path}/tags", {"tags": want}),
        "description": lambda want: _tell(connection, "PUT", path, {"server": {"description": want}}),
        "security_groups": lambda want: _set_groups(connection, item, want),
        "networks": lambda want: _attach_networks(connection, wanted, path, want),
        "volumes": lambda want: _attach_volumes(connection, path, want),
        "floating_ip": lambda _want: _give_floating_ip(connection, wanted, item, notes),
        "flavor": lambda _want: _resize(connection, wanted, item),
        "confirm": lambda _want: _confirm(connection, wanted, item),
    }
    for option, want in plan.edits.items():
        write[option](want)
    return _settled_item(connection, wanted, found, plan, notes)


def _tell(connection: Connection, method: str, path: str, json: Any) -> None:
    tell(connection, method, path, json)


def _attach_volumes(connection: Connection, path: str, want: Sequence[str]) -> None:
    for volume in want:
        tell(connection, "POST", f"{path}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume}})


def _give_floating_ip(connection: Connection, wanted: WantedServer, item: Item, notes: list[str]) -> None:
    pool = wanted.floating_ip
    if pool is None:
        return
    existing = isinstance(pool, str) and pool != AUTO
    give_floating_ip(connection, pool, None if existing else names_at(connection).external_network(pool), item, notes)


def _set_metadata(connection: Connection, path: str, want: Mapping[str, str | None]) -> None:
    values = {key: value for key, value in want.items() if value is not None}
    if values:
        tell(connection, "POST", f"{path}/metadata", {"metadata": values})
    for key, value in want.items():
        if value is None:
            tell(connection, "DELETE", f"{path}/metadata/{segment(key)}")


def _set_groups(connection: Connection, item: Item, want: Sequence[str]) -> None:
    """New ones first, so that it is never open, nor closed, for want of one."""
    have = groups_of(item)
    for group in want:
        if group not in have:
            act(connection, item["id"], "addSecurityGroup", {"name": group})
    for group in have:
        if group not in want:
            act(connection, item["id"], "removeSecurityGroup", {"name": group})


def _attach_networks(
    connection: Connection, wanted: WantedServer, path: str, want: Sequence[Mapping[str, str]]
) -> None:
    names = names_at(connection)
    ids = {
        names.name("network.network", nic.network): names.id("network.network", nic.network)
        for nic in wanted.networks or ()
        if nic.network is not None
    }
    for each in want:
        attachment: dict[str, Any] = {"port_id": each["port"]} if "port" in each else {"net_id": ids[each["network"]]}
        if "fixed_ip" in each:
            attachment["fixed_ips"] = [{"ip_address": each["fixed_ip"]}]
        tell(connection, "POST", f"{path}/os-interface", {"interfaceAttachment": attachment})


def _resize(connection: Connection, wanted: WantedServer, item: Item) -> None:
    flavor = names_at(connection).flavor(wanted)
    act(connection, item["id"], "resize", {"flavorRef": flavor})
    resized = _awaited(connection, wanted, item)
    if resized["status"] != VERIFY_RESIZE:
        said = one_line(fault_of(resized))
        raise ServerError(f"{subject(item['name'])} could not be resized{f': {said}' if said else ''}")
    _confirm(connection, wanted, resized)


def _confirm(connection: Connection, wanted: WantedServer, item: Item) -> None:
    act(connection, item["id"], "confirmResize")
    _awaited(connection, wanted, item)


def _awaited(connection: Connection, wanted: WantedServer, item: Item) -> Item:
    """The server when what was asked for has been done."""
    servers = {item["id"]: {**item, TASK: _REQUESTED}}
    with connection.within(wanted.wait_timeout, "wait_timeout"):
        wait_until(connection, servers, is_settled)
    return servers[item["id"]]


def _settled_item(
    connection: Connection, wanted: WantedServer, found: ServersFound, plan: ServerPlan, notes: list[str]
) -> tuple[Item, tuple[str, ...]]:
    """The server once the cloud shows what was changed."""
    old = plan.item or {}
    shown = {item["id"]: item for item in servers_named(connection, [plan.name])[plan.name]}
    servers = {old["id"]: shown.get(old["id"], old)}

    def differing(item: Item) -> Mapping[str, Any]:
        if is_gone(item):
            return {}
        try:
            return make_plan(wanted, ServersFound({plan.name: (item,)}, found.values), plan.name).edits
        except OaktreeError:
            return {}

    def is_done(item: Item) -> bool:
        return is_settled(item) and not differing(item).keys() & plan.edits.keys()

    try:
        with connection.within(SHOWN_SOON, "the time"):
            wait_until(connection, servers, is_done)
    except DeadlineError:
        connection.deadline.check_cancelled()
    item = servers[old["id"]]
    notes += [
        f"{option}: the cloud does not show {want!r} yet"
        for option, want in differing(item).items()
        if option in plan.edits and option != "floating_ip"
    ]
    return item, (*plan.notes, *notes)


# States


def begin(connection: Connection, wanted: WantedServer, plan: ServerPlan) -> None:
    """Ask for the actions that bring a server to its state."""
    item = plan.item or {}
    for action in plan.actions:
        try:
            act(connection, item["id"], action, _argument(connection, wanted, action))
        except OaktreeError as error:
            mask(error, encoded(wanted.user_data))
            raise


def _argument(connection: Connection, wanted: WantedServer, action: str) -> Any:
    if action == "reboot":
        return {"type": wanted.reboot_type.upper()}
    if action == "rebuild" and wanted.image is not None:
        body: dict[str, Any] = {"imageRef": names_at(connection).image(wanted.image)}
        if wanted.user_data is not None:
            body["user_data"] = encoded(wanted.user_data)
        return body
    return None


def await_states(
    connection: Connection,
    wanted: WantedServer,
    plans: Sequence[ServerPlan],
    failed: Callable[[str, OaktreeError], None],
) -> dict[str, Item]:
    """Wait until the servers are in their state; returns them by name. ``failed`` is told of those that are not."""
    servers = {plan.item["id"]: {**plan.item, TASK: _REQUESTED} for plan in plans if plan.item}
    late: DeadlineError | None = None
    try:
        with connection.within(wanted.wait_timeout, "wait_timeout"):
            wait_until(connection, servers, is_settled)
    except DeadlineError as error:
        connection.deadline.check_cancelled()
        late = error
    for item in servers.values():
        reason = _not_reached(wanted, item, late)
        if reason:
            failed(item["name"], reason)
    return {item["name"]: item for item in servers.values()}


def _not_reached(wanted: WantedServer, item: Item, late: DeadlineError | None) -> OaktreeError | None:
    what, status = subject(item["name"]), item["status"]
    if late and not is_settled(item):
        return DeadlineError(f"{late.message}: {what} is still {item.get(TASK) or status}", hint=late.hint)
    if status in _GOALS[wanted.state]:
        return None
    said = one_line(fault_of(item)) if status == ERROR else ""
    return ServerError(f"{what} is {status}, not {wanted.state}{f': {said}' if said else ''}")
