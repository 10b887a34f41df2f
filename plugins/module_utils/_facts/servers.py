# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of one Location, from Nova."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from .._cloud.service import segment, service_at
from .._core.errors import ConflictError, RefusedError
from .._core.location import NO_PROJECT
from .records import records, server_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from .._cloud.connection import Connection
    from .._cloud.service import Service

_PLAIN_NAME = re.compile(r"[\w.-]+")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class ServerQuery:
    """Which servers to list, and which ``fields`` of them. ``filters`` are Nova's query parameters, sent unchanged."""

    name: str | None = None
    id: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    all_projects: bool = False
    details: bool = True
    fields: Collection[str] | None = None


def literal_name(name: str) -> str | None:
    """A name within the regular expression that Nova's filter ``name`` is; None if databases may read it otherwise."""
    return name.replace(".", "[.]") if _PLAIN_NAME.fullmatch(name) else None


def list_servers(connection: Connection, query: ServerQuery) -> list[dict[str, Any]]:
    """The records of the matching servers, by name. One request for each page, or one for a single ID."""
    nova, location = service_at(connection, "compute"), connection.location
    find = _all if query.id is None else _one
    everywhere = query.all_projects or "all_tenants" in query.filters
    if everywhere and not query.details and query.id is None:  # Nova says whose they are in details only
        location = replace(location, project=NO_PROJECT)

    def found(version: str | None) -> list[dict[str, Any]]:
        servers = find(nova, query, version)
        return records(server_record, servers, location, name=query.name, fields=query.fields)

    return nova.negotiated(found)


def find_server(connection: Connection, server: str) -> dict[str, Any]:
    """The record of the server of this ID or name: one request, two for an ID that no server has.

    Raises RefusedError if there is none, and ConflictError if several have the name.
    """
    found = list_servers(connection, ServerQuery(id=server)) if _ID.fullmatch(server) else []
    found = found or list_servers(connection, ServerQuery(name=server))
    if not found:
        raise RefusedError(f"there is no server {server!r} here", hint="List the existing servers with server_info.")
    if len(found) > 1:
        ids = ", ".join(sorted(str(one["id"]) for one in found))
        raise ConflictError(f"several servers have the name {server!r}", hint=f"Name one by ID: {ids}.")
    return found[0]


def _one(nova: Service, query: ServerQuery, version: str | None) -> Iterator[dict[str, Any]]:
    try:
        body = nova.json("GET", f"/servers/{segment(query.id)}", microversion=version)
    except RefusedError as error:
        if error.status == 404:
            return
        raise
    if "server" in body:  # an empty id, or "detail", is the path of a list
        yield body["server"]


def _all(nova: Service, query: ServerQuery, version: str | None) -> Iterator[dict[str, Any]]:
    """Page by page, in the largest pages that the cloud returns, which is Nova's default."""
    params = dict(query.filters)
    if query.all_projects:
        params["all_tenants"] = "1"
    if query.name is not None and (literal := literal_name(query.name)):
        params["name"] = f"^{literal}$"
    path = "/servers/detail" if query.details else "/servers"
    pages = nova.pages(path, "servers", params, coalesced=True, microversion=version)
    return chain.from_iterable(pages)
