# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and images -> the servers whose image is not the present one of its name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import kept_name

_Record: TypeAlias = Mapping[str, Any]
_Region: TypeAlias = tuple[Any, Any]

VOLUME = "it boots from a volume"
NO_IMAGES = "no images of this Location are given"
GONE = "its image is not among those given: it is deleted, hidden, or no longer shared"
NO_DIGEST = "the two images have no digest in common"


def outdated(servers: Any, images: Any) -> list[dict[str, Any]]:
    """A row for each server that does not run the newest active image of its image's name, owner and region.

    ``servers`` and ``images`` are lists of records, or results of server_info and image_info. Another image with the
    same bytes is not newer. A row is ``{location, server, id, image, status, running, current, reason}``; the status is
    one of ``outdated``, ``missing`` and ``unknown``; what is not known is null, and so is the reason of ``outdated``.
    The order is that of the servers. Raises InputError for anything else.
    """
    regions: dict[_Region, dict[str, _Record]] = {}
    for image in _records("images", images):
        regions.setdefault(_region(image), {})[str(image.get("id"))] = image
    newest = _newest(image for found in regions.values() for image in found.values())
    rows = (_row(server, regions.get(_region(server)), newest) for server in _records("servers", servers))
    return [row for row in rows if row]


def _records(name: str, value: Any) -> Sequence[_Record]:
    records = value.get(name) if isinstance(value, Mapping) else value
    hint = f"Give it a list of {name} with their location and id, or the result of {name.removesuffix('s')}_info."
    if not isinstance(records, list):
        raise InputError(f"outdated: the {name} are not a list", hint=hint)
    for record in records:
        if not isinstance(record, Mapping) or not isinstance(record.get("location"), Mapping) or not record.get("id"):
            raise InputError(f"outdated: one of the {name} has no location or no id", hint=hint)
    return records


def _region(record: _Record) -> _Region:
    return record["location"].get("cloud"), record["location"].get("region")


def _family(image: _Record) -> tuple[Any, ...]:
    """What images have in common of which one takes the place of the other."""
    return (*_region(image), image.get("owner_id"), _kept_for(image) or image.get("name"))


def _kept_for(image: _Record) -> str | None:
    """The name of the image that has taken the place of this one, if its record has the properties that tell."""
    properties = image.get("properties")
    return kept_name({**properties, "id": image.get("id")}) if isinstance(properties, Mapping) else None


def _newest(images: Iterable[_Record]) -> dict[tuple[Any, ...], _Record]:
    active = (image for image in images if (image.get("status") or "active") == "active" and not _kept_for(image))
    # The later one wins.
    return {_family(image): image for image in sorted(active, key=lambda image: str(image.get("created_at") or ""))}


def _row(
    server: _Record, images: Mapping[str, _Record] | None, newest: Mapping[tuple[Any, ...], _Record]
) -> dict[str, Any] | None:
    def row(
        status: str, reason: str | None, image: _Record | None = None, now: _Record | None = None
    ) -> dict[str, Any]:
        return {
            "location": server["location"],
            "server": server.get("name"),
            "id": server["id"],
            "image": image.get("name") if image else None,
            "status": status,
            "running": _digest(image),
            "current": _digest(now),
            "reason": reason,
        }

    image_id = (server.get("image") or {}).get("id")
    if not image_id:
        return row("unknown", VOLUME)
    if images is None:
        return row("unknown", NO_IMAGES)
    image = images.get(str(image_id))
    if image is None:
        return row("missing", GONE)
    now = newest.get(_family(image), image)
    same = True if now["id"] == image["id"] else _same(image, now)
    if same is None:
        return row("unknown", NO_DIGEST, image, now)
    return None if same else row("outdated", None, image, now)


def _same(one: _Record, other: _Record) -> bool | None:
    """Whether two images have the same bytes; None if no digest tells."""
    for value, algorithm in (("hash_value", "hash_algo"), ("checksum", "")):
        if one.get(value) and other.get(value) and one.get(algorithm) == other.get(algorithm):
            return bool(one[value] == other[value])
    return None


def _digest(image: _Record | None) -> str | None:
    if not image:
        return None
    if image.get("hash_value"):
        return f"{image.get('hash_algo')}:{image['hash_value']}"
    return f"md5:{image['checksum']}" if image.get("checksum") else None
