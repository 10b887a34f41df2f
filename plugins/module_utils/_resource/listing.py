# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of the resources of any type that match, with references resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError, RefusedError
from .._facts.filters import as_parameter
from .._facts.records import records
from .find import Query, check_parents, is_offered, items, project_in_path, service_of, with_own_project
from .kinds import Kind, check_readable
from .records import resource_record
from .references import MissingError, Resolver, check_identity, check_references, is_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from .._cloud.connection import Connection


@dataclass(frozen=True)
class Listing:
    """Which resources to list, and which ``fields`` of them. IDs in the query may be references."""

    kind: Kind
    query: Query = field(default_factory=Query)
    fields: Collection[str] | None = None
    keep: Callable[[Mapping[str, Any]], bool] = lambda _item: True
    """Which of the service's items are meant, where no filter of its list says that."""


def check_listing(listing: Listing) -> None:
    """Raise InputError for what cannot be listed at any Location."""
    kind, query = listing.kind, listing.query
    check_readable(kind)
    if query.id == "":
        raise InputError("id: must not be empty", hint="Omit it to list all.")
    unknown = sorted(query.parents.keys() - set(kind.parents))
    if unknown:
        raise InputError(
            f"parents: the path of {kind.name} has no {', '.join(unknown)}",
            hint=f"It has {', '.join(kind.parents) or 'no parents: omit it'}.",
        )
    check_parents(kind, query.parents)
    if kind.single and query.id is not None and "project_id" in query.parents:
        raise InputError("id, parents: both name the project", hint="Give one of them.")
    if query.id is not None and kind.alone and not kind.single:
        raise InputError(f"id: there is only one {kind.name}", hint="Omit it.")
    if query.name is not None and kind.name_attribute is None:
        raise InputError(f"name: {kind.name} has no name", hint="Give id, or filters.")
    if query.id is None and not kind.single and not kind.alone and "l" not in kind.can:
        raise InputError(f"type: {kind.name} cannot be listed", hint="Give id.")
    check_identity(query.id)
    for option, values in (("parents", query.parents), ("filters", query.filters)):
        check_references(kind, option, values)
    for name, value in query.filters.items():
        if not any(is_reference(kind, name, one) for one in (value if isinstance(value, list) else [value])):
            as_parameter(name, value)


def list_resources(connection: Connection, listing: Listing) -> list[dict[str, Any]] | None:
    """The records that match, sorted by name; None where the Location does not offer such.

    One request for each page, which may be another process's, or one for a single ID, and one for each distinct
    reference. Where there is nothing of the name that a reference has, nothing matches.
    """
    kind = listing.kind
    if not is_offered(connection, kind):
        return None
    resolver = Resolver(connection, kind)
    try:
        identity, parents = project_in_path(
            kind, resolver.identity(listing.query.id), resolver.all(listing.query.parents)
        )
        query = replace(
            listing.query,
            id=identity,
            parents=with_own_project(connection, kind, parents),
            filters=resolver.all(listing.query.filters),
        )
    except MissingError:
        return []
    try:
        return service_of(connection, kind).negotiated(
            lambda version: _records(connection, listing, query, version), kind.microversion
        )
    except RefusedError as error:
        if error.status != 404:
            raise
        return [] if kind.parents else None  # what it belongs to does not exist, or the service does not know the type


def _records(connection: Connection, listing: Listing, query: Query, version: str | None) -> list[dict[str, Any]]:
    kind = listing.kind
    return records(
        lambda item, location: resource_record(kind, item, location, query.parents),
        filter(listing.keep, items(connection, kind, query, version, coalesced=True)),
        connection.location,
        key=kind.name_attribute or "name",
        name=query.name,
        fields=listing.fields,
    )
