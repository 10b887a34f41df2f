# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has of the servers that are wanted, and what is to be compared.

One list of servers. A reference is looked up only where a server does not show the name itself, as it does its
flavor's, its networks' and its security groups'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._resource.references import MissingError
from .names import Blueprint, blueprint, names_at
from .nova import Item, check_cells, servers_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection
    from .wanted import WantedServer


@dataclass(frozen=True)
class ServersFound:
    """The servers of each name, what the names that the user gives mean here, and how a new server is built.

    ``values`` has, by option: the ID of ``image``, the name of ``flavor``, the names of ``networks`` and
    ``security_groups``, the devices of ``ports`` by their IDs, the IDs of ``volumes``, and of the servers of
    ``server_group``. Each is there if it is to be compared.
    """

    servers: Mapping[str, tuple[Item, ...]]
    values: Mapping[str, Any] = field(default_factory=dict)
    blueprint: Blueprint | None = None
    missing: MissingError | None = None
    """Why there is no blueprint, where a server is to be created: a reference names nothing."""


def survey(connection: Connection, wanted: WantedServer) -> ServersFound:
    """What the Location has. Raises what `Names` do where a server is there that cannot be compared without it."""
    servers = find(connection, wanted)
    check_cells(connection, [name for name, several in servers.items() if not several])
    if wanted.state == "absent":
        return ServersFound(servers)
    values = values_at(connection, wanted) if any(servers.values()) else {}
    if wanted.state != "present" or all(servers.values()):
        return ServersFound(servers, values)
    try:
        return ServersFound(servers, values, blueprint(connection, wanted))
    except MissingError as error:
        return ServersFound(servers, values, missing=error)


def find(connection: Connection, wanted: WantedServer) -> dict[str, tuple[Item, ...]]:
    """The project's servers of each name that is wanted: one request for each page."""
    stem = None if wanted.count is None else wanted.name
    return {name: tuple(items) for name, items in servers_named(connection, wanted.names, stem).items()}


def values_at(connection: Connection, wanted: WantedServer) -> dict[str, Any]:
    """What is compared of servers that are there; see `ServersFound`."""
    names = names_at(connection)
    values: dict[str, Any] = {}
    if wanted.image is not None and wanted.state in ("present", "rebuilt"):
        values["image"] = names.image(wanted.image)
    if wanted.state != "present":
        return values
    if wanted.flavor is not None:
        values["flavor"] = names.name("compute.flavor", wanted.flavor)
    if wanted.networks is not None:
        networks = [nic.network for nic in wanted.networks if nic.network is not None]
        values["networks"] = tuple(names.name("network.network", network) for network in networks)
        ports = [nic.port for nic in wanted.networks if nic.port is not None]
        values["ports"] = {
            identity: names.device_of(identity) for identity in (names.id("network.port", port) for port in ports)
        }
    if wanted.security_groups is not None:
        groups = wanted.security_groups
        values["security_groups"] = tuple(names.name("network.security_group", group) for group in groups)
    if wanted.server_group is not None:
        values["server_group"] = tuple(names.group(wanted.server_group).get("members") or ())
    if wanted.volumes is not None:
        values["volumes"] = tuple(names.id("block_storage.volume", volume) for volume in wanted.volumes)
    return values
