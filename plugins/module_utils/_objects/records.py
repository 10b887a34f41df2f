# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of objects and containers, by openstacksdk's attribute names: from listings, and from headers."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._facts.records import location_of
from .headers import CONTAINER_META, OBJECT_META, expiry_of, from_wire, iso, metadata_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.location import Location

_LISTED = {"name", "bytes", "hash", "content_type", "last_modified", "subdir", "slo_etag", "symlink_path"}
_LISTED_CONTAINER = {"name", "count", "bytes"}

_OBJECT = (
    "content_disposition",
    "content_encoding",
    "content_length",
    "content_type",
    "delete_at",
    "etag",
    "is_static_large_object",
    "last_modified_at",
    "metadata",
    "object_manifest",
)
_CONTAINER = (
    "bytes_used",
    "history_location",
    "metadata",
    "object_count",
    "read_ACL",
    "storage_policy",
    "sync_to",
    "versions_location",
    "write_ACL",
)

OBJECT_FIELDS = frozenset({"id", "name", "container", "location", "properties", *_OBJECT})
"""Every key of an object's record."""
CONTAINER_FIELDS = frozenset({"id", "name", "location", "properties", *_CONTAINER})
"""Every key of a container's record."""


def listed_object(container: str, item: Mapping[str, Any], location: Location) -> dict[str, Any]:
    """An object by its item in a listing, which shows no metadata; or what several names have in common.

    Raises an error for an item of another shape, for `parsing`.
    """
    name = item.get("name", item.get("subdir"))
    if not isinstance(name, str):
        raise TypeError("an object has no name")
    record = _named(name, location, _OBJECT) | {"container": container}
    record["properties"] = {key: value for key, value in item.items() if key not in _LISTED}
    if "name" in item:
        record["content_length"] = int(item["bytes"])
        record["content_type"] = str(item.get("content_type") or "") or None
        record["etag"] = str(item.get("slo_etag") or item["hash"]).strip('"')
        record["is_static_large_object"] = "slo_etag" in item
        record["last_modified_at"] = _listed_moment(str(item["last_modified"]))
    return record


def shown_object(container: str, name: str, headers: Mapping[str, str], location: Location) -> dict[str, Any]:
    """An object by the answer to HEAD. Raises ServerError if it cannot be parsed."""
    record = _named(name, location, _OBJECT) | {"container": container, "properties": {}}
    with parsing(f"the answer to HEAD of {container}/{name}"):
        record["content_length"] = int(headers["Content-Length"])
        record["etag"] = headers["Etag"].strip('"')
        record["last_modified_at"] = iso(parsedate_to_datetime(headers["Last-Modified"]).timestamp())
        record["is_static_large_object"] = headers.get("X-Static-Large-Object", "").lower() == "true"
    expires = expiry_of(headers)
    record["delete_at"] = None if expires is None else iso(expires)
    record["metadata"] = metadata_of(OBJECT_META, headers)
    for key in ("content_type", "content_encoding", "content_disposition"):
        record[key] = _header(headers, key.replace("_", "-"))
    record["object_manifest"] = _header(headers, "X-Object-Manifest")
    return record


def listed_container(item: Mapping[str, Any], location: Location) -> dict[str, Any]:
    """A container by its item in the account's listing, which shows neither metadata nor access rules."""
    record = _named(str(item["name"]), location, _CONTAINER)
    record["object_count"], record["bytes_used"] = int(item["count"]), int(item["bytes"])
    record["properties"] = {key: value for key, value in item.items() if key not in _LISTED_CONTAINER}
    return record


def shown_container(name: str, headers: Mapping[str, str], location: Location) -> dict[str, Any]:
    """A container by the answer to HEAD. Raises ServerError if it cannot be parsed."""
    record = _named(name, location, _CONTAINER) | {"properties": {}}
    with parsing(f"the answer to HEAD of the container {name}"):
        record["object_count"] = int(headers["X-Container-Object-Count"])
        record["bytes_used"] = int(headers["X-Container-Bytes-Used"])
    record["metadata"] = metadata_of(CONTAINER_META, headers)
    record["read_ACL"] = _header(headers, "X-Container-Read")
    record["write_ACL"] = _header(headers, "X-Container-Write")
    record["storage_policy"] = _header(headers, "X-Storage-Policy")
    record["sync_to"] = _header(headers, "X-Container-Sync-To")
    record["versions_location"] = _header(headers, "X-Versions-Location")
    record["history_location"] = _header(headers, "X-History-Location")
    return record


def _named(name: str, location: Location, keys: tuple[str, ...]) -> dict[str, Any]:
    return {"id": name, "name": name, **dict.fromkeys(keys), "location": location_of(location, None, None)}


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return from_wire(headers.get(name) or "") or None


def _listed_moment(text: str) -> str:
    """Whole seconds as HEAD shows them, which are rounded up."""
    seconds, _dot, fraction = text.removesuffix("Z").partition(".")
    if not fraction.strip("0"):
        return f"{seconds}Z"
    return iso(datetime.fromisoformat(f"{seconds}+00:00").timestamp() + 1)
