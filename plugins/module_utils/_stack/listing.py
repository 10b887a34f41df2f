# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the stacks that match, for stack_info."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._facts.records import with_fields
from .._resource.listing import Listing, list_resources
from .._resource.records import resource_record
from .heat import Heat

if TYPE_CHECKING:
    from .._cloud.connection import Connection


def list_stacks(connection: Connection, listing: Listing, *, details: bool) -> list[dict[str, Any]] | None:
    """The records that match, as `list_resources`; with ``details`` one more request for each stack.

    Heat lists stacks without parameters and outputs. It shows those of the Location's own project only.
    """
    if not details:
        return list_resources(connection, listing)
    found = list_resources(connection, replace(listing, fields=None))
    if found is None:
        return None
    heat = Heat(connection)
    if listing.query.id is None:
        found = [_detailed(connection, heat, listing, record) for record in found]
    return [with_fields(record, listing.fields) for record in found]


def _detailed(connection: Connection, heat: Heat, listing: Listing, record: dict[str, Any]) -> dict[str, Any]:
    item = heat.show({"id": record["id"], "stack_name": record["name"]})
    return record if item is None else resource_record(listing.kind, item, connection.location, {})
