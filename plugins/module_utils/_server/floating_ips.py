# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating IPs of servers: made for one, marked by its ID, and deleted with it; or existing ones, only lent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .._cloud.answers import check_id, json_object, parsing
from .._cloud.service import segment, service_at
from .._core.errors import ConflictError, RefusedError, suppress_404
from .._core.retry import PERHAPS_DONE
from .._resource.desired import same
from .._resource.find import Query, list_items
from .._resource.kinds import kind_of
from .._resource.references import MissingError
from .mark import floating_ip_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .._cloud.connection import Connection

_PATH = "/floatingips"
Value = TypeVar("Value")


def give_new(connection: Connection, server_id: str, network_id: str) -> str:
    """Make a floating IP of an external network for a server, unless it has one; returns the address.

    Raises RefusedError if no port of the server can be reached from that network. One that was made is marked.
    """
    ports = _ports(connection, server_id)
    for floating in _listed(connection, {"description": floating_ip_mark(server_id)}):
        if floating.get("port_id"):
            return str(floating["floating_ip_address"])
        remove(connection, floating)  # its port is gone, or it was never given one
    wanted = {"floating_network_id": network_id, "description": floating_ip_mark(server_id)}
    return _at_one(ports, lambda port_id: _created(connection, {**wanted, "port_id": port_id}))


def _at_one(ports: Sequence[dict[str, Any]], give: Callable[[str], Value]) -> Value:
    """What ``give`` returns of the ID of the first port that Neutron does not refuse. Raises the last refusal."""
    refusal = RefusedError(
        "the server has no port with an IPv4 address, which a floating IP needs", hint="Give it a network."
    )
    for port in ports:
        try:
            return give(port["id"])
        except RefusedError as error:
            if error.status not in (400, 404):
                raise
            refusal = error  # no router leads from this port's subnet to that network
    raise refusal


def _created(connection: Connection, wanted: dict[str, Any]) -> str:
    """The address of a new floating IP; where the answer is lost, that of the one that was made nevertheless."""
    service = service_at(connection, "network")
    try:
        body = json_object(service.request("POST", _PATH, json={"floatingip": wanted}))
        with parsing("the answer to the creation of a floating IP"):
            return str(body["floatingip"]["floating_ip_address"])
    except PERHAPS_DONE:
        connection.deadline.remaining()
        for floating in _listed(connection, {"description": wanted["description"]}):
            if floating.get("port_id") == wanted["port_id"]:
                return str(floating["floating_ip_address"])
        raise


def check_existing(connection: Connection, address: str) -> dict[str, Any]:
    """The floating IP of the project with this address. Raises MissingError if there is none."""
    for floating in _listed(connection, {"floating_ip_address": address}):
        return floating
    raise MissingError(
        f"the project has no floating IP {address}", hint="Create it first, or use floating_ip: auto.", status=404
    )


def give_existing(connection: Connection, server_id: str, address: str) -> None:
    """Give a server a floating IP of the project that exists.

    Raises MissingError if there is none of this address, ConflictError if another server has it, and RefusedError if no
    port of the server can be reached from its network.
    """
    floating = check_existing(connection, address)
    ports = _ports(connection, server_id)
    has = floating.get("port_id")
    if has in [port["id"] for port in ports]:
        return
    if has:
        raise ConflictError(f"the floating IP {address} belongs to the port {has}", hint="Take it from there first.")
    path = f"{_PATH}/{segment(floating['id'])}"

    def give(port_id: str) -> None:
        service_at(connection, "network").request("PUT", path, json={"floatingip": {"port_id": port_id}})

    _at_one(ports, give)


def remove_made(connection: Connection, server_ids: Collection[str]) -> None:
    """Delete the floating IPs that were made for these servers: one list, and a request for each."""
    for several in made_for(connection, server_ids).values():
        for floating in several:
            remove(connection, floating)


def made_for(connection: Connection, server_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The floating IPs that were made for each of these servers, by its ID: one list."""
    made: dict[str, list[dict[str, Any]]] = {server_id: [] for server_id in server_ids}
    if not made or not service_at(connection, "network").is_announced():
        return made
    marks = {floating_ip_mark(server_id): server_id for server_id in server_ids}
    for floating in _listed(connection, {}):
        server_id = marks.get(str(floating.get("description")))
        if server_id is not None:
            made[server_id].append(floating)
    return made


def remove(connection: Connection, floating: dict[str, Any]) -> None:
    """Delete a floating IP, unless it is gone."""
    with suppress_404():
        service_at(connection, "network").request("DELETE", f"{_PATH}/{segment(floating['id'])}")


def _listed(connection: Connection, filters: dict[str, Any]) -> list[dict[str, Any]]:
    """The project's floating IPs that match: a service ignores filters that it does not know."""
    own = connection.location.project.id
    query = Query(filters={**filters, **({"project_id": own} if own else {})})
    found = list_items(connection, kind_of("network.floating_ip"), query)
    with parsing("a floating IP"):
        return [
            floating
            for floating in found
            if check_id(floating["id"]) and all(same(value, floating.get(key)) for key, value in filters.items())
        ]


def _ports(connection: Connection, server_id: str) -> list[dict[str, Any]]:
    """A server's ports that can have a floating IP, by their IDs."""
    found = list_items(connection, kind_of("network.port"), Query(filters={"device_id": server_id}))
    return sorted(
        (
            port
            for port in found
            if port.get("device_id") == server_id
            and any("." in str(fixed.get("ip_address")) for fixed in port.get("fixed_ips") or [])
        ),
        key=lambda port: str(port["id"]),
    )
