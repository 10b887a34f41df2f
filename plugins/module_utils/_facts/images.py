# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of one Location, read from Glance."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from .._cloud.service import segment, service_at
from .._core.errors import RefusedError
from .._glance.v1_images import FILTERS, find, listed
from .records import image_record, records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from .._cloud.connection import Connection

PAGE = "1000"
"""Asked for, not got: Glance gives 25 a page unless asked, and no more than its own maximum."""


@dataclass(frozen=True)
class ImageQuery:
    """Which images to list, and which ``fields`` of them. ``filters`` are query parameters of Glance's, sent as is."""

    name: str | None = None
    id: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    fields: Collection[str] | None = None


def list_images(connection: Connection, query: ImageQuery) -> list[dict[str, Any]]:
    """The records of the matching images, by name. Costs one request for each page, or one for a single id."""
    found = _all(connection, query) if query.id is None else filter(None, [get_image(connection, query.id)])
    return records(image_record, found, connection.location, name=query.name, fields=query.fields)


def get_image(connection: Connection, image_id: str) -> dict[str, Any] | None:
    """The image as Glance shows it, or None when there is none of this id."""
    if connection.region.settings.image_api == "1":
        return find(service_at(connection, "image", "1"), image_id) if image_id else None
    try:
        body = service_at(connection, "image").json("GET", f"/images/{segment(image_id)}")
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    return body if "id" in body else None  # an empty id is the path of the list


def _all(connection: Connection, query: ImageQuery) -> Iterator[dict[str, Any]]:
    if connection.region.settings.image_api == "1":
        return _all_of_v1(connection, query)
    params = {"limit": PAGE, "sort": "name:asc,id:asc", **query.filters}
    if query.name is not None:
        params["name"] = f"eq:{query.name}" if ":" in query.name else query.name  # else an operator of Glance's
    pages = service_at(connection, "image").pages("/images", "images", params, "next", shared=True)
    return chain.from_iterable(pages)


def _all_of_v1(connection: Connection, query: ImageQuery) -> Iterator[dict[str, Any]]:
    unknown = sorted(query.filters.keys() - FILTERS)
    if unknown:
        raise RefusedError(
            f"the image API is v1, which does not filter by {', '.join(unknown)}",
            hint=f"Filter by {', '.join(sorted(FILTERS))}, or by a query over the result.",
        )
    named = {} if query.name is None else {"name": query.name}
    return listed(service_at(connection, "image", "1"), {**query.filters, **named})
