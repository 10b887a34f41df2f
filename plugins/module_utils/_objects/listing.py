# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and containers of one Location, for those who list them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._cloud.capabilities import has_object_store
from .._core.scatter import Limits, scatter
from .._facts.records import records
from .._object_store.client import Swift
from .._object_store.large_object import SEGMENTS
from .records import listed_container, listed_object, shown_container, shown_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .._cloud.connection import Connection
    from .._core.deadline import Deadline

DETAILS = 8
"""Containers whose headers are asked for at once."""

_SEGMENT = re.compile(rf".+{re.escape(SEGMENTS)}[0-9a-f]{{32,64}}/[0-9]+/[0-9]{{8}}", re.DOTALL)


@dataclass(frozen=True)
class ObjectQuery:
    """Which objects of a container to list, and which ``fields`` of them; with a ``name`` that one, with its headers.

    ``delimiter`` is that of the store's listings. Segments that this collection's uploads have written are left out
    unless ``segments``.
    """

    container: str
    name: str | None = None
    prefix: str = ""
    delimiter: str = ""
    segments: bool = False
    fields: Collection[str] | None = None


@dataclass(frozen=True)
class ContainerQuery:
    """Which containers to list, and which ``fields`` of them; with ``details``, or a ``name``, with their headers."""

    name: str | None = None
    prefix: str = ""
    details: bool = False
    fields: Collection[str] | None = None


def list_objects(connection: Connection, query: ObjectQuery) -> list[dict[str, Any]] | None:
    """The records of the matching objects, by name. None without an object store.

    One request for each page, or one for a single name.
    """
    if not has_object_store(connection):
        return None
    swift = Swift(connection)
    if query.name is not None:
        headers = swift.object_headers(query.container, query.name)
        items: Iterable[Any] = [] if headers is None else [headers]
        return records(
            lambda item, location: shown_object(query.container, str(query.name), item, location),
            items,
            connection.location,
            fields=query.fields,
        )
    listed = swift.listed(query.container, query.prefix, query.delimiter)
    return records(
        lambda item, location: listed_object(query.container, item, location),
        (item for item in listed if query.segments or not is_segment(item)),
        connection.location,
        fields=query.fields,
    )


def is_segment(item: Mapping[str, Any]) -> bool:
    """Whether a listed object is a segment that this collection's uploads have written."""
    return bool(_SEGMENT.fullmatch(str(item.get("name", ""))))


def list_containers(connection: Connection, query: ContainerQuery) -> list[dict[str, Any]] | None:
    """The records of the matching containers, by name. None without an object store.

    One request for each page, and with details one for each container; one for a single name.
    """
    if not has_object_store(connection):
        return None
    swift = Swift(connection)
    if query.name is None and not query.details:
        return records(
            listed_container, swift.listed_containers(query.prefix), connection.location, fields=query.fields
        )
    names = [query.name] if query.name is not None else swift.containers(query.prefix)

    def ask(name: str, _deadline: Deadline) -> dict[str, Any]:
        return {"name": name, "headers": swift.container_headers(name)}

    outcomes = scatter(names, ask, Limits(DETAILS, connection.deadline.remaining()))
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    found = [outcome.value for outcome in outcomes if outcome.value and outcome.value["headers"] is not None]
    return records(
        lambda item, location: shown_container(item["name"], item["headers"], location),
        found,
        connection.location,
        fields=query.fields,
    )
