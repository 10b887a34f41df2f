# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of one Location, from Glance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._glance.client import glance_for
from .records import image_record, records

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._cloud.connection import Connection


@dataclass(frozen=True)
class ImageQuery:
    """Which images to list, and which ``fields`` of them. ``filters`` are Glance's query parameters, sent unchanged."""

    name: str | None = None
    id: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    fields: Collection[str] | None = None


def list_images(connection: Connection, query: ImageQuery) -> list[dict[str, Any]]:
    """The records of the matching images, by name. One request for each page, or one for a single ID."""
    glance = glance_for(connection)
    found = glance.all(query.name, query.filters) if query.id is None else filter(None, [glance.get(query.id)])
    return records(image_record, found, connection.location, name=query.name, fields=query.fields)
