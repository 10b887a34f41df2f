# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building servers: a request whose answer may be lost, the wait, and the removal of what does not become ready."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from .._cloud.cleanup import CLEANUP_TIMEOUT, removing
from .._cloud.service import segment, service_at
from .._cloud.translate import from_status, translate
from .._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    suppress_404,
)
from .._core.retry import Policy, with_retries
from .._core.text import MASK, one_line
from .deletion import await_deletion, not_deleted
from .floating_ips import give_existing, give_new, remove_made
from .mark import KEY, mark_of, new_mark
from .names import names_at
from .nova import (
    BUILD,
    ERROR,
    Item,
    act,
    check_cells,
    create,
    delete,
    fault_of,
    is_gone,
    is_leaving,
    is_settled,
    servers_named,
    stays,
)
from .plan import addresses_of, floating_of, groups_of, volumes_of
from .wanted import subject
from .watch import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._cloud.connection import Connection
    from .names import Blueprint
    from .wanted import Reference, WantedServer

    Attempt = Callable[[str, Callable[[], object]], None]

LOOKS = 4
"""How often a server is looked for whose creation was not answered, a second apart: Nova may still be at it."""
_UNANSWERED = ("server", "unanswered")
SHOWN_SOON = 15.0
"""Seconds within which Nova's lists show what was changed."""

_NOT_DONE = (AuthError, ConflictError, QuotaError, RefusedError)
"""Answers that say that no server was made."""
_NO_HOST = "No valid host"
"""How the fault of a server begins that reached no compute host."""
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{8,}")


class BuildError(ServerError):
    """A server that was to be built is in the status ERROR."""


@dataclass
class Launch:
    """A server that Nova has been asked to build: how far it has come."""

    name: str
    item: Item
    blueprint: Blueprint
    error: OaktreeError | None = None
    complete: bool = False
    removed: bool = False
    """Whether the server is gone for certain, whatever else could not be removed."""
    notes: list[str] = field(default_factory=list)


def launch(connection: Connection, name: str, plan: Blueprint) -> Launch:
    """Ask Nova to build a server, once.

    Where the answer is lost, the server is looked for by its name and mark: Nova may have begun. Raises `OaktreeError`
    where nothing is built; if that is not certain, its ``residue`` says so.
    """
    mark = new_mark()
    server = {**plan.server, "name": name, "metadata": {**plan.server.get("metadata", {}), KEY: mark}}
    payload: dict[str, Any] = {"server": server}
    if plan.hints:
        payload["os:scheduler_hints"] = dict(plan.hints)
    try:
        identity = create(connection, payload)
    except _NOT_DONE as error:
        mask(error, server.get("user_data"))
        raise
    except Exception as exc:  # noqa: BLE001 - whatever it is, Nova may have begun
        failure = translate(exc)
        mask(failure, server.get("user_data"))
        item = _lost(connection, name, mark, failure)
        if item is None:
            raise failure from failure.__cause__
        with removing(lambda: remove(connection, [Launch(name, item, plan)])):
            connection.deadline.remaining()
        return Launch(name, item, plan)
    return Launch(name, {"id": identity, "name": name, "status": BUILD, "metadata": server["metadata"]}, plan)


def _lost(connection: Connection, name: str, mark: str, error: OaktreeError) -> Item | None:
    """The server of a request that was not answered; None if none is found. If nobody knows, ``error`` has residue."""
    asked = unanswered(connection)
    asked[mark] = name
    try:
        with connection.grace(CLEANUP_TIMEOUT):
            for look in range(LOOKS):
                if look:
                    connection.deadline.sleep(1.0)
                for item in servers_named(connection, [name])[name]:
                    if mark_of(item) == mark:
                        del asked[mark]
                        return item
            check_cells(connection, [name])
    except OaktreeError as failure:
        error.add_residue(
            f"whether the cloud has created {subject(name)} ({KEY}: {mark}) is not known: {failure.message}"
        )
    return None


def unanswered(connection: Connection) -> dict[str, str]:
    """The names, by their marks, of servers whose creation was not answered, and that were not found."""
    asked: dict[str, str] = connection.memo.setdefault(_UNANSWERED, {})
    return asked


def mask(error: OaktreeError, user_data: str | None) -> None:
    """Replace the user data, as they were sent, in Nova's words: it repeats what it refuses, and may be cut short."""
    if user_data:
        error.message = _BASE64.sub(
            lambda found: MASK if found[0].rstrip("=") in user_data else found[0], error.message
        )


def finish(connection: Connection, wanted: WantedServer, launches: list[Launch]) -> None:
    """Wait until the servers are ready, and give them what Nova does not: security groups, floating IPs.

    Each has then ended, with an error or not. What is not complete is removed. Raises DeadlineError where the run is
    interrupted.
    """
    if not wanted.wait:
        for each in launches:
            each.complete = True
        return
    with removing(lambda: remove(connection, [each for each in launches if not each.complete])):
        _await(connection, wanted, launches)
        for each in launches:
            if each.error is None:
                _complete(connection, wanted, each)
        connection.deadline.check_cancelled()
    failed = [each for each in launches if each.error]
    left = remove(connection, failed)
    for each in failed:
        if each.error:
            each.error.add_residue(left)


def _await(connection: Connection, wanted: WantedServer, launches: list[Launch]) -> None:
    """Wait for all; sets the errors of those that fail, or are not ready in time.

    Where the run is interrupted, those that are ready, and need nothing more, are complete.
    """
    servers = {each.item["id"]: each.item for each in launches}
    late: DeadlineError | None = None
    try:
        wait_until(connection, servers, is_settled)
    except DeadlineError as error:
        late = error
    for each in launches:
        each.item = servers[each.item["id"]]
        each.error = failure_of(each.item, late)
        each.complete = each.error is None and wanted.floating_ip is None and _has_groups(wanted, each.item)
    connection.deadline.check_cancelled()


def failure_of(item: Item, late: DeadlineError | None = None) -> OaktreeError | None:
    """Why a server that was awaited is not ready; ``late`` is what has ended the wait."""
    what, status = subject(item["name"]), item["status"]
    if status == ERROR:
        return _build_error(what, fault_of(item))
    if is_gone(item):
        return ServerError(f"{what} disappeared while it was built")
    if is_settled(item):
        return None
    error = late or DeadlineError("not finished in time")
    return DeadlineError(f"{error.message}: {what} is still in the status {status}", hint=error.hint)


def _build_error(what: str, fault: str) -> OaktreeError:
    """By the fault that Nova reports: a quota, as of volumes, or the cloud's own."""
    said = one_line(fault) or "the cloud does not say why"
    text = f"{what} could not be built: {said.rstrip('. ')}"
    if isinstance(from_status(403, "", json.dumps({"message": said}), {}), QuotaError):
        return QuotaError(text)
    return BuildError(text)


def _complete(connection: Connection, wanted: WantedServer, each: Launch) -> None:
    try:
        if wanted.security_groups is not None and not _has_groups(wanted, each.item):
            each.item = _give_groups(connection, wanted.security_groups, each.item, each.notes)
        if wanted.floating_ip is not None:
            each.item = give_floating_ip(
                connection, wanted.floating_ip, each.blueprint.floating_network, each.item, each.notes
            )
        each.complete = True
    except OaktreeError as error:
        connection.deadline.check_cancelled()
        each.error = error


def give_floating_ip(
    connection: Connection, wanted: str | Reference, network: str | None, item: Item, notes: list[str]
) -> Item:
    """Give a server the floating IP of this address, or else a new one of the network with this ID.

    Returns the server as Nova then shows it; a note says so if that is still without the address.
    """
    if network is None:
        address = str(wanted)
        give_existing(connection, item["id"], address)
    else:
        address = give_new(connection, item["id"], network)
    note = f"floating_ip: Nova does not show {address} yet"
    return _once_shown(connection, item, lambda shown: address in floating_of(shown), note, notes)


def _has_groups(wanted: WantedServer, item: Item) -> bool:
    """Whether a server certainly has the wanted groups, as far as that is known without a request, or can have none."""
    named = wanted.security_groups
    if named is None or not addresses_of(item):
        return True
    return sorted({str(group.get("name")) for group in named}) == groups_of(item)


def _give_groups(connection: Connection, wanted: Sequence[Reference], item: Item, notes: list[str]) -> Item:
    """Give a new server the groups that Nova has not given it: existing ports keep theirs, and none means default.

    Returns the server as Nova then shows it.
    """
    names = names_at(connection)
    groups = sorted({names.name("network.security_group", group) for group in wanted})
    if groups_of(item) == groups:
        return item
    set_groups(connection, item, groups)
    note = f"security_groups: Nova does not show {groups} yet"
    return _once_shown(connection, item, lambda shown: groups_of(shown) == groups, note, notes)


def set_groups(connection: Connection, item: Item, want: Sequence[str]) -> None:
    """Give a server these groups: new ones first, so that it is never without a group in between."""
    have = groups_of(item)
    for group in want:
        if group not in have:
            act(connection, item["id"], "addSecurityGroup", {"name": group})
    for group in have:
        if group not in want:
            act(connection, item["id"], "removeSecurityGroup", {"name": group})


def _once_shown(
    connection: Connection, item: Item, is_shown: Callable[[Item], bool], note: str, notes: list[str]
) -> Item:
    """The server when Nova shows what was changed; if it does not do so soon, the note is added to ``notes``."""
    servers = {item["id"]: item}
    try:
        with connection.within(SHOWN_SOON, "the time"):
            wait_until(connection, servers, lambda shown: is_shown(shown) or is_gone(shown))
    except DeadlineError:
        connection.deadline.check_cancelled()
        notes.append(note)
    return servers[item["id"]]


def remove(connection: Connection, launches: list[Launch]) -> str:
    """Remove servers that are not to stay, with all that was made for them.

    Returns nothing, or what could not be removed and why. What cannot be removed keeps nothing else from it.
    """
    if not launches:
        return ""
    complaints: list[str] = []

    def attempt(what: str, removal: Callable[[], object]) -> None:
        try:
            removal()
        except OaktreeError as failure:
            complaints.append(f"{what} could not be removed: {failure.message}")

    with connection.grace(CLEANUP_TIMEOUT):
        _remove_all(connection, launches, attempt)
    return "; ".join(complaints)


def _remove_all(connection: Connection, launches: list[Launch], attempt: Attempt) -> None:
    names = {each.item["id"]: f"{subject(each.name)} ({each.item['id']})" for each in launches}
    lasting = [each for each in launches if each.blueprint.leaves_volume]
    shown: dict[str, Item] = {}
    attempt("the boot volumes", lambda: shown.update(_shown(connection, lasting)))
    # While others delete a server, its floating IP may not be deleted.
    leaving = [each.item for each in launches if is_leaving(each.item)]
    _await_all(connection, leaving, names, attempt)
    if any(each.blueprint.floating_network for each in launches):
        attempt("the floating IPs", lambda: remove_made(connection, list(names)))
    going: list[Item] = []

    def go(item: Item) -> None:
        delete(connection, item["id"])
        going.append(item)

    for each in launches:
        attempt(names[each.item["id"]], partial(go, shown.get(each.item["id"], each.item)))
    ended = _await_all(connection, going, names, attempt)
    for each in launches:
        each.removed = each.item["id"] in ended and is_gone(ended[each.item["id"]])
    for each in lasting:
        identity = each.item["id"]
        if identity in shown:
            _remove_volumes(connection, each, [shown[identity], ended.get(identity, shown[identity])], attempt)


def _await_all(
    connection: Connection, items: Sequence[Item], names: Mapping[str, str], attempt: Attempt
) -> dict[str, Item]:
    """Wait until Nova has deleted servers; ``attempt`` is told of each that stays. Returns the last look at each."""
    servers = {item["id"]: item for item in items}
    late: OaktreeError | None = None
    try:
        await_deletion(connection, servers, by_name=1)
    except OaktreeError as failure:
        late = failure

    def check(item: Item) -> None:
        if stays(item):
            raise not_deleted(item)
        if late and not is_gone(item):
            raise late

    for identity, item in servers.items():
        attempt(names[identity], partial(check, item))
    return servers


def _shown(connection: Connection, launches: Sequence[Launch]) -> dict[str, Item]:
    """The servers that Nova shows, by ID; no request without any."""
    if not launches:
        return {}
    found = servers_named(connection, [each.name for each in launches])
    ids = {each.item["id"] for each in launches}
    return {item["id"]: item for several in found.values() for item in several if item["id"] in ids}


def _remove_volumes(connection: Connection, launched: Launch, looks: Sequence[Item], attempt: Attempt) -> None:
    """Remove the volume that Nova has made for a server to boot from, and left, by what it has shown of the server.

    Nova shows no volume before the image is copied to it. None was made where no host, or a quota, was the fault.
    """
    volumes = {volume for item in looks for volume in volumes_of(item)} - launched.blueprint.volumes
    for volume in sorted(volumes):
        attempt(f"the volume {volume}", partial(_remove_volume, connection, volume))
    fault = fault_of(looks[0])
    if volumes or fault.startswith(_NO_HOST) or isinstance(_build_error("", fault), QuotaError):
        return

    def complain() -> None:
        raise ConflictError("Nova did not show it; if it was still being made, it stays, and has no name")

    attempt(f"the boot volume of {subject(launched.name)} ({launched.item['id']})", complain)


def _remove_volume(connection: Connection, volume: str) -> None:
    """It may take a moment until a volume of a server that is gone can be deleted."""
    cinder = service_at(connection, "block-storage")

    def remove_it() -> None:
        try:
            with suppress_404():
                cinder.request("DELETE", f"/volumes/{segment(volume)}")
        except RefusedError as error:
            if error.status != 400:
                raise
            raise ConflictError(error.message, hint=error.hint, status=error.status) from error

    with_retries(remove_it, Policy(attempts=math.inf, errors=(ConflictError,), longest=2.0), connection.deadline)
