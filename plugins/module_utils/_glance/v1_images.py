# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a Location whose image service speaks version 1, read as version 2 would show them.

Source: Glance's ``glance/api/v1`` as of Ocata, the last release that had it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.service import segment
from .._core.errors import RefusedError, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._cloud.service import Service

META, PROPERTY = "x-image-meta-", "x-image-meta-property-"

PAGE = "1000"
"""Images asked for at once; how many there are in a page is the cloud's decision."""

FILTERS = frozenset(
    {"name", "status", "container_format", "disk_format", "size_min", "size_max", "min_ram", "min_disk", "protected"}
)
"""Query parameters of version 2 that version 1 has too; others it ignores."""

NUMBERS = ("size", "min_disk", "min_ram")
ABSENT: Mapping[str, Any] = {"tags": [], "os_hidden": False, "os_hash_algo": None, "os_hash_value": None}
"""What version 2 has besides, as version 1 would show it."""

_TEXTS = ("id", "name", "status", "owner", "checksum", "disk_format", "container_format")
SHOWN = frozenset({*ABSENT, *_TEXTS, *NUMBERS, "created_at", "updated_at", "protected", "visibility"})
"""Fields that are no custom properties."""


def find(service: Service, image_id: str) -> dict[str, Any] | None:
    """The image, or None when there is none of this id."""
    try:
        headers = service.request("HEAD", f"/images/{segment(image_id)}").headers
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    shown = _from_headers(headers)
    return None if shown["status"] == "deleted" else shown


def listed(service: Service, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The images that match, which version 1 does not promise of filters that it lacks. A request for each page."""
    params = {"limit": PAGE, **filters}
    while True:
        page = service.json("GET", "/images/detail", params=params).get("images")
        if not isinstance(page, list):
            raise ServerError("the answer to GET /images/detail has no list 'images'")
        if not page:  # how long a full one is, is the cloud's decision
            return
        yield from map(from_json, page)
        if params.get("marker") == page[-1]["id"]:
            raise ServerError("the pages of GET /images/detail lead nowhere")
        params["marker"] = page[-1]["id"]


def _from_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for header, raw in headers.items():
        key, value = header.lower(), raw.encode("latin-1", "replace").decode(errors="replace")
        if key.startswith(PROPERTY):
            properties[key.removeprefix(PROPERTY)] = value
        elif key.startswith(META):
            fields[key.removeprefix(META)] = value or None
    return from_json({**fields, "properties": properties})


def from_json(image: Mapping[str, Any]) -> dict[str, Any]:
    """An image of version 1, as JSON or of headers, as version 2 would show it."""
    try:
        properties = {key: value for key, value in (image.get("properties") or {}).items() if value is not None}
        return {
            **properties,
            **ABSENT,
            **{key: image.get(key) for key in _TEXTS},
            **{key: int(image.get(key) or 0) for key in NUMBERS},
            **{key: f"{str(image[key]).partition('.')[0]}Z" for key in ("created_at", "updated_at")},
            "protected": _flag(image["protected"]),
            "visibility": "public" if _flag(image["is_public"]) else "private",
        }
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise ServerError(f"the image service's answer makes no sense: {type(exc).__name__}: {exc}") from exc


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"
