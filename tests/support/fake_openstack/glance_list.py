# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stand-in Glance lists images: filters, order, pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from multidict import MultiMapping

from tests.support.fake_openstack.glance_images import VISIBILITIES, Image, visible
from tests.support.fake_openstack.service import Identity, Refusal

PAGE, MAX_PAGE = 25, 1000
SORT_KEYS = {"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}
OPERATED = {"name", "id", "status", "container_format", "disk_format"}
"""Filters whose value may begin with an operator and a colon."""
NO_FILTERS = {"limit", "marker", "sort", "sort_key", "sort_dir", "os_hidden", "visibility", "tag", "member_status"}


def page(images: Iterable[Image], query: MultiMapping[str], who: Identity) -> tuple[list[Image], dict[str, Any]]:
    """Return the images of the page that a query asks for, and the links that stand beside them."""
    limit = min(_limit(query.get("limit")), MAX_PAGE)
    key, descending = _order(query)
    _check_filters(query)
    found = [image for image in images if visible(image, who) and _wanted(image, query, who)]
    found.sort(key=lambda image: (_sort_value(image, key), image.id), reverse=descending)
    if "marker" in query:
        places = [place for place, image in enumerate(found) if image.id == query["marker"]]
        if not places:
            raise Refusal(400, f"No image found with ID {query['marker']}")
        found = found[places[0] + 1 :]
    kept = [(name, value) for name, value in query.items() if name != "marker"]
    links = {"first": "/v2/images" + (f"?{urlencode(kept)}" if kept else ""), "schema": "/v2/schemas/images"}
    if limit and len(found) >= limit:
        links["next"] = f"/v2/images?{urlencode([*kept, ('marker', found[limit - 1].id)])}"
    return found[:limit], links


def _check_filters(query: MultiMapping[str]) -> None:
    # Glance takes os_hidden in any case.
    for name, value in (("os_hidden", query.get("os_hidden", "true").lower()), ("protected", query.get("protected"))):
        if value not in (None, "true", "false"):
            raise Refusal(
                400, f"Invalid value '{query[name]}' for '{name}' filter. Valid values are 'true' or 'false'."
            )
    if query.get("visibility", "all") not in VISIBILITIES | {"all"}:
        raise Refusal(400, f"Invalid visibility value: {query['visibility']}")


def _wanted(image: Image, query: MultiMapping[str], who: Identity) -> bool:
    if image.fields["os_hidden"] != (query.get("os_hidden", "false").lower() == "true"):
        return False
    asked, visibility = query.get("visibility"), image.fields["visibility"]
    if asked is None and visibility == "community" and image.owner != who.project_id:
        return False
    if asked not in (None, "all", visibility):
        return False
    said = image.members.get(str(who.project_id)) if visibility == "shared" and image.owner != who.project_id else None
    if said is not None and query.get("member_status", "accepted") not in ("all", said):
        return False
    if not set(query.getall("tag", [])) <= set(image.tags):
        return False
    shown = image.as_json(multi_store=False)
    return all(_matches(shown, name, query[name]) for name in set(query) - NO_FILTERS)


def _matches(shown: Mapping[str, Any], name: str, asked: str) -> bool:
    if name == "size_min":
        return (shown["size"] or 0) >= int(asked)
    if name == "size_max":
        return (shown["size"] or 0) <= int(asked)
    value = shown.get(name)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    operator, colon, operand = asked.partition(":")
    if name in OPERATED and colon:
        if operator == "in":
            return text in ("".join(part) for part in re.findall(r'"([^"]*)"|([^,"]+)', operand))
        if operator != "eq":
            raise Refusal(400, f"Unable to filter by unknown operator '{operator}'.")
        asked = operand
    return value is not None and text == asked


def _limit(asked: str | None) -> int:
    if asked is None:
        return PAGE
    if not re.fullmatch(r"-?\d+", asked):
        raise Refusal(400, "limit param must be an integer")
    if int(asked) < 0:
        raise Refusal(400, "limit param must be positive")
    return int(asked)


def _order(query: MultiMapping[str]) -> tuple[str, bool]:
    """Return the first sort key, and whether the order is descending."""
    key, direction = query.get("sort_key", ""), query.get("sort_dir", "")
    if "sort" in query:
        key, _colon, direction = query["sort"].partition(",")[0].partition(":")
    key, direction = key or "created_at", direction or "desc"
    if key not in SORT_KEYS:
        raise Refusal(400, f"Invalid sort key: {key}.")
    if direction not in ("asc", "desc"):
        raise Refusal(400, f"Invalid sort direction: {direction}")
    return key, direction == "desc"


def _sort_value(image: Image, key: str) -> str:
    """Return what to sort by; the exact time of creation, which the JSON rounds, keeps the order of making."""
    if key == "created_at":
        return image.created.isoformat()
    value = image.as_json(multi_store=False)[key]
    return f"{value:020}" if isinstance(value, int) else str(value)
