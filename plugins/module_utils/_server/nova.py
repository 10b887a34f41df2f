# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Nova is asked about servers, and what it is told to do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from .._cloud.answers import check_id, json_object, parsing
from .._cloud.service import segment, service_at
from .._core.deadline import clock
from .._core.errors import ServerError, suppress_404
from .._core.text import counted
from .._facts.servers import literal_name
from .wanted import SHOWN, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from requests import Response

    from .._cloud.connection import Connection

Item = dict[str, Any]
"""A server as Nova shows it in a list with details."""

BUILD, ACTIVE, ERROR, DELETED, UNKNOWN = "BUILD", "ACTIVE", "ERROR", "DELETED", "UNKNOWN"
"""Some of the values of a server's status."""
TASK = "OS-EXT-STS:task_state"
DELETING = "deleting"
ZONE = "OS-EXT-AZ:availability_zone"
MARGIN = timedelta(seconds=60)
"""How much earlier than the last look the changes begin that are asked for: clocks differ, and some are saved late."""

_GONE = (DELETED, "SOFT_DELETED")
_CLOCK = ("server", "clock")


def servers_named(connection: Connection, names: Sequence[str], stem: str | None = None) -> dict[str, list[Item]]:
    """The project's servers of each name, from one request for each page, which no other process shares.

    ``stem`` is what all names begin with, before a hyphen and a number.
    """
    found: dict[str, list[Item]] = {name: [] for name in names}
    expression = _expression(names, stem)
    params = {"name": expression} if expression else {}
    nova = service_at(connection, "compute")
    for item in nova.negotiated(
        lambda version: _items(nova.pages("/servers/detail", "servers", params, microversion=version))
    ):
        if item["status"] not in _GONE and item["name"] in found:
            found[item["name"]].append(item)
    for several in found.values():
        several.sort(key=lambda item: str(item["id"]))
    return found


def _expression(names: Sequence[str], stem: str | None) -> str | None:
    """A regular expression for a database: Nova's, not Python's; None where it could not be relied upon."""
    if stem is not None:
        literal = literal_name(stem)
        return literal and f"^{literal}-[0-9]+$"
    literals = [literal for name in names if (literal := literal_name(name))]
    if not literals or len(literals) < len(names):
        return None
    return f"^({'|'.join(literals)})$" if len(literals) > 1 else f"^{literals[0]}$"


def servers_changed(connection: Connection, looked: float, since: float) -> list[Item]:
    """The project's servers that have changed since the last look, deleted ones too.

    ``looked`` (of `Clock.time`) is when that was. The answer may be that to another process's request, which was sent
    after ``since`` (of `Clock.uptime`). Whole minutes are asked for, so that processes ask for the same.
    """
    ahead = connection.memo.get(_CLOCK, timedelta())
    begin = (datetime.fromtimestamp(looked, UTC) + ahead - MARGIN).replace(second=0, microsecond=0)
    params = {"changes-since": begin.strftime("%Y-%m-%dT%H:%M:%SZ")}
    nova = service_at(connection, "compute")
    return nova.negotiated(
        lambda version: _items(
            nova.pages("/servers/detail", "servers", params, coalesced=True, since=since, microversion=version)
        )
    )


def silent_servers(connection: Connection) -> frozenset[str]:
    """The IDs of the project's servers in cells that Nova cannot reach, which lists by name lack: one request.

    Nova shows them by their IDs alone from microversion 2.69 on, at the end of the first page of a list of all, none
    where others fill that page, and none whose deletion it has accepted.
    """
    nova = service_at(connection, "compute")
    page = nova.negotiated(lambda version: next(nova.pages("/servers", "servers", {}, microversion=version), []))
    with parsing("a server of the list"):
        return frozenset(str(item["id"]) for item in page if item.get("status") == UNKNOWN and "name" not in item)


def check_cells(connection: Connection, missing: Sequence[str], known: Collection[str] | None = None) -> None:
    """Raise ServerError if servers of these names may be in a cell that Nova cannot reach; no request without names.

    ``known`` are their IDs, if these are known.
    """
    if not missing:
        return
    silent = silent_servers(connection)
    if known is not None:
        silent &= frozenset(known)
    if silent:
        names = listed([repr(name) for name in missing], SHOWN)
        raise ServerError(
            f"Nova cannot reach the cell of {counted(len(silent), 'server')}, and {names} may be among them",
            hint="Run the task again when the cloud's operator has repaired that.",
        )


def _items(pages: Iterable[list[Any]]) -> list[Item]:
    """The items of the pages; raises ServerError for what is no server."""
    with parsing("a server of the list"):
        return [_checked(item) for item in chain.from_iterable(pages)]


def _checked(data: Any) -> Item:
    item = dict(data.items())
    check_id(item["id"])
    item["name"] = item.get("name") or ""
    for key in ("name", "status"):
        if not isinstance(item.get(key), str):
            raise TypeError(f"its {key} is {item.get(key)!r}")
    for key, kind in (("metadata", dict), ("addresses", dict), ("flavor", dict), ("tags", list)):
        if not isinstance(item.get(key) or kind(), kind):
            raise TypeError(f"its {key} is {item.get(key)!r}")
    for ports in (item.get("addresses") or {}).values():
        if not all(isinstance(port, dict) for port in ports):
            raise TypeError("one of its addresses is none")
    return item


def tell(connection: Connection, method: str, path: str, json: Any = None) -> Response:
    """Send a request that changes something."""
    nova = service_at(connection, "compute")
    more: dict[str, Any] = {} if json is None else {"json": json}
    response = nova.negotiated(lambda version: nova.request(method, path, microversion=version, **more))
    _note_clock(connection, response)
    return response


def _note_clock(connection: Connection, response: Response) -> None:
    """Remember how far the cloud's clock is ahead of this machine's: changes are asked for by the cloud's."""
    try:
        there = parsedate_to_datetime(response.headers["Date"])
        connection.memo[_CLOCK] = there.astimezone(UTC) - clock.now()
    except (KeyError, TypeError, ValueError, OverflowError):
        return


def create(connection: Connection, payload: Any) -> str:
    """The ID of the server that Nova has begun to build."""
    body = json_object(tell(connection, "POST", "/servers", payload))
    with parsing("the answer to the creation of a server"):
        identity = body["server"]["id"]
        check_id(identity)
        return str(identity)


def act(connection: Connection, identity: str, action: str, value: Any = None) -> None:
    """Have an action done to a server; returns before it is done."""
    tell(connection, "POST", f"/servers/{segment(identity)}/action", {action: value})


def delete(connection: Connection, identity: str) -> None:
    """Have a server deleted, unless it is gone."""
    remove(connection, f"/servers/{segment(identity)}")


def remove(connection: Connection, path: str) -> None:
    """Have what a path leads to deleted, unless it is gone."""
    with suppress_404():
        tell(connection, "DELETE", path)


def fault_of(item: Item) -> str:
    """Why a server failed, in Nova's words; empty where it does not say."""
    fault = item.get("fault")
    message = fault.get("message") if isinstance(fault, dict) else None
    return message.strip() if isinstance(message, str) else ""


def is_settled(item: Item) -> bool:
    """Whether nothing is being done to a server, or nothing more can be."""
    return item["status"] in (ERROR, DELETED) or (item["status"] != BUILD and not item.get(TASK))


def is_leaving(item: Item) -> bool:
    """Whether a server is being deleted."""
    return bool(item.get(TASK) == DELETING)


def is_gone(item: Item) -> bool:
    """Whether a server has been deleted."""
    return item["status"] in _GONE


def stays(item: Item) -> bool:
    """Whether Nova seems to have given up deleting a server that it was to delete."""
    return item["status"] == ERROR and TASK in item and not item[TASK]
