# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing servers that are there: their attributes, one by one, and their states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._cloud.service import segment, service_at
from .._core.errors import DeadlineError, OaktreeError, ServerError
from .._core.retry import TRANSIENT
from .._core.text import one_line
from .boot import SHOWN_SOON, give_floating_ip, mask, set_groups
from .names import encoded, names_at
from .nova import ACTIVE, ERROR, TASK, Item, act, fault_of, is_gone, is_settled, remove, servers_named, tell
from .plan import SHELVED_OFFLOADED, VERIFY_RESIZE, make_plan
from .wanted import AUTO, subject
from .watch import FIRST_PAUSE, LONGEST_PAUSE, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection
    from .plan import ServerPlan
    from .survey import ServersFound
    from .wanted import WantedServer

Failed = Callable[[str, OaktreeError], None]
"""What is told of the name of a server that fails, and why."""

_REQUESTED = "requested"
_NO_LONGER_FINISHED = 400
"""What Nova answers if the resize is already being confirmed, as for a task that was killed."""
_ATTACHING = ("reserved", "attaching", "in-use")
"""The statuses of a volume that may still be attached; one that several servers may have is in use before."""
_GOALS: Mapping[str, tuple[str, ...]] = {
    "started": (ACTIVE,),
    "stopped": ("SHUTOFF",),
    "shelved": (SHELVED_OFFLOADED, "SHELVED"),
    "rebooted": (ACTIVE,),
    "rebuilt": (ACTIVE, "SHUTOFF"),
}


def edit(connection: Connection, wanted: WantedServer, plan: ServerPlan, notes: list[str]) -> None:
    """Change what differs, but for the flavor: see `resize`.

    Each edit is complete in itself: if this run is interrupted, the next one finds it done.
    """
    item = plan.item or {}
    path = f"/servers/{segment(item['id'])}"
    write: Mapping[str, Callable[[Any], object]] = {
        "metadata": lambda want: _set_metadata(connection, path, want),
        "tags": lambda want: tell(connection, "PUT", f"{path}/tags", {"tags": want}),
        "description": lambda want: tell(connection, "PUT", path, {"server": {"description": want}}),
        "security_groups": lambda want: set_groups(connection, item, want),
        "networks": lambda want: _attach_networks(connection, wanted, path, want),
        "volumes": lambda want: _attach_volumes(connection, path, want),
        "floating_ip": lambda _want: _give_floating_ip(connection, wanted, item, notes),
    }
    for option, want in plan.edits.items():
        if option in write:
            write[option](want)


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
            remove(connection, f"{path}/metadata/{segment(key)}")


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


def await_volumes(connection: Connection, wanted: WantedServer, plans: Sequence[ServerPlan], failed: Failed) -> None:
    """Wait until the volumes are attached that were to be; ``failed`` is told of the servers that lack one.

    Nova shows them from the beginning, and forgets those that it could not attach. A server that is on no host is given
    them when it is started. One request for each volume and look.
    """
    pending = [
        (plan.item, volume)
        for plan in plans
        if plan.item and plan.item["status"] != SHELVED_OFFLOADED
        for volume in plan.edits.get("volumes", ())
    ]
    pause = FIRST_PAUSE
    try:
        with connection.within(wanted.wait_timeout, "wait_timeout"):
            while pending := [each for each in pending if _attaches(connection, *each, failed)]:
                connection.deadline.sleep(pause)
                pause = min(pause * 1.25, LONGEST_PAUSE)
    except DeadlineError as error:
        connection.deadline.check_cancelled()
        for item, volume in pending:
            said = f"{error.message}: the volume {volume} is not attached to {subject(item['name'])} yet"
            failed(item["name"], DeadlineError(said, hint=error.hint))


def _attaches(connection: Connection, item: Item, volume: str, failed: Failed) -> bool:
    """Whether the volume has still to be attached to the server."""
    try:
        body = service_at(connection, "block-storage").json("GET", f"/volumes/{segment(volume)}")
    except (DeadlineError, *TRANSIENT):
        connection.deadline.remaining()  # the work goes on whether it is seen or not
        return True
    except OaktreeError as error:
        failed(item["name"], error)
        return False
    with parsing("a volume"):
        status = body["volume"]["status"]
        has = {attachment.get("server_id") for attachment in body["volume"].get("attachments") or ()}
    if item["id"] in has:
        return False
    if status in _ATTACHING:
        return True
    what = f"the volume {volume} could not be attached to {subject(item['name'])}"
    failed(item["name"], ServerError(f"{what}: it is {status}"))
    return False


def confirm(
    connection: Connection, wanted: WantedServer, plans: Sequence[ServerPlan], failed: Failed, request_timeout: float
) -> None:
    """Confirm earlier resizes, as Nova demands before it takes tags, interfaces or another resize.

    ``failed`` is told of those that fail. ``request_timeout`` are the seconds for the requests of each step.
    """
    earlier = [plan.item for plan in plans if plan.item and plan.item["status"] == VERIFY_RESIZE]
    _confirm(connection, wanted, earlier, failed, request_timeout)


def resize(
    connection: Connection, wanted: WantedServer, plans: Sequence[ServerPlan], failed: Failed, request_timeout: float
) -> None:
    """Resize the servers whose flavor differs, all at once, and confirm that; see `confirm`."""
    differing = [plan.item for plan in plans if plan.item and "flavor" in plan.edits]
    with connection.within(request_timeout, "timeout"):
        flavor = names_at(connection).flavor(wanted) if differing else None
        begun = [item for item in differing if _began(connection, item, failed, "resize", {"flavorRef": flavor})]
    resized: list[Item] = []
    for item in _awaited(connection, wanted, begun, failed):
        if item["status"] == VERIFY_RESIZE:
            resized.append(item)
        else:
            failed(item["name"], _fault(f"{subject(item['name'])} could not be resized", item))
    _confirm(connection, wanted, resized, failed, request_timeout)


def _confirm(
    connection: Connection, wanted: WantedServer, items: Sequence[Item], failed: Failed, request_timeout: float
) -> None:
    """Confirm that servers have been resized.

    Nova sets no task state for it: until the host has done it, a server is shown as if nobody had asked.
    """
    with connection.within(request_timeout, "timeout"):
        begun = [item for item in items if _began(connection, item, failed, "confirmResize")]
    for item in _awaited(connection, wanted, begun, failed, _is_confirmed):
        if item["status"] == ERROR or is_gone(item):
            failed(item["name"], _fault(f"the resize of {subject(item['name'])} could not be confirmed", item))


def _is_confirmed(item: Item) -> bool:
    return is_settled(item) and item["status"] != VERIFY_RESIZE


def _fault(text: str, item: Item) -> ServerError:
    """The error that says so, and why, where Nova does."""
    said = one_line(fault_of(item))
    return ServerError(f"{text}{f': {said}' if said else ''}")


def _began(connection: Connection, item: Item, failed: Failed, action: str, value: Any = None) -> bool:
    try:
        act(connection, item["id"], action, value)
    except OaktreeError as error:
        if action == "confirmResize" and error.status == _NO_LONGER_FINISHED:
            return True
        error.message = f"{subject(item['name'])}: {error.message}"
        failed(item["name"], error)
        return False
    return True


def _awaited(
    connection: Connection,
    wanted: WantedServer,
    items: Sequence[Item],
    failed: Failed,
    is_done: Callable[[Item], bool] = is_settled,
) -> list[Item]:
    """The servers for which what was asked for has been done."""
    servers = {item["id"]: {**item, TASK: _REQUESTED} for item in items}
    late: DeadlineError | None = None
    try:
        with connection.within(wanted.wait_timeout, "wait_timeout"):
            wait_until(connection, servers, is_done)
    except DeadlineError as error:
        connection.deadline.check_cancelled()
        late = error
    for item in servers.values():
        if late and not is_done(item):
            said = f"{late.message}: {subject(item['name'])} is still {item.get(TASK) or item['status']}"
            failed(item["name"], DeadlineError(said, hint=late.hint))
    return [item for item in servers.values() if is_done(item)]


def edited(
    connection: Connection, wanted: WantedServer, found: ServersFound, plans: Sequence[ServerPlan]
) -> dict[str, tuple[Item, tuple[str, ...]]]:
    """The servers, by name, once the cloud shows what was changed; what it does not show soon is a note."""
    if not plans:
        return {}
    by_id = {plan.item["id"]: plan for plan in plans if plan.item}
    listed = servers_named(connection, [plan.name for plan in plans])
    shown = {item["id"]: item for several in listed.values() for item in several}
    servers = {identity: shown.get(identity, plan.item or {}) for identity, plan in by_id.items()}
    attached = {
        nic["port"]: identity
        for identity, plan in by_id.items()
        for nic in plan.edits.get("networks", ())
        if "port" in nic
    }
    values = {**found.values, "ports": {**found.values.get("ports", {}), **attached}}

    def differing(item: Item) -> dict[str, Any]:
        """What was to be changed, and is not."""
        plan = by_id[item["id"]]
        try:
            again = make_plan(wanted, replace(found, servers={plan.name: (item,)}, values=values), plan.name)
        except OaktreeError:
            return {}
        return {option: want for option, want in again.edits.items() if option in plan.edits}

    try:
        with connection.within(SHOWN_SOON, "the time"):
            wait_until(connection, servers, lambda item: is_gone(item) or (is_settled(item) and not differing(item)))
    except DeadlineError:
        connection.deadline.check_cancelled()
    return {
        by_id[identity].name: (
            item,
            tuple(
                f"{option}: the cloud does not show {want!r} yet"
                for option, want in differing(item).items()
                if option != "floating_ip"
            ),
        )
        for identity, item in servers.items()
    }


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
    connection: Connection, wanted: WantedServer, plans: Sequence[ServerPlan], failed: Failed
) -> dict[str, Item]:
    """Wait until the servers are in their state; returns them by name. ``failed`` is told of those that are not."""
    items = _awaited(connection, wanted, [plan.item for plan in plans if plan.item], failed)
    for item in items:
        if item["status"] not in _GOALS[wanted.state]:
            said = one_line(fault_of(item)) if item["status"] == ERROR else ""
            reason = f"{subject(item['name'])} is {item['status']}, not {wanted.state}{f': {said}' if said else ''}"
            failed(item["name"], ServerError(reason))
    return {item["name"]: item for item in items}
