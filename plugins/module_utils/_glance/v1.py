# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image service where it speaks version 1: metadata are headers, and a body is image data.

Shows images as version 2 does, and takes the same changes, so that nobody else has to know. Version 1 has no tags, no
hidden and no deactivated images, no import, and of an image's digests only the MD5.

Source: Glance's ``glance/api/v1`` and ``glance/common/utils.py`` as of Ocata, the last release that had them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from .._cloud.answers import answer_to, json_object, parsing
from .._cloud.capabilities import ImageCapabilities
from .._cloud.service import segment, service_at
from .._core.errors import RefusedError, ServerError
from .v2 import KEPT_FOR, Glance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requests import Response

    from .._cloud.service import Service

_META, _PROPERTY = "x-image-meta-", "x-image-meta-property-"

PAGE = "1000"
"""Images asked for at once; how many there are in a page is the cloud's decision."""

_FILTERS = frozenset(
    {"name", "status", "container_format", "disk_format", "size_min", "size_max", "min_ram", "min_disk", "protected"}
)
"""Query parameters of version 2 that version 1 has too; others it ignores."""

_NUMBERS = ("size", "min_disk", "min_ram")
_ABSENT: Mapping[str, Any] = {"tags": [], "os_hidden": False, "os_hash_algo": None, "os_hash_value": None}
"""What version 2 has besides, as version 1 would show it."""

_TEXTS = ("id", "name", "status", "owner", "checksum", "disk_format", "container_format")
_SHOWN = frozenset({*_ABSENT, *_TEXTS, *_NUMBERS, "created_at", "updated_at", "protected", "visibility"})
"""Fields that are no custom properties."""

_PURGE = "x-glance-registry-purge-props"
"""Whether properties that a change does not name go."""

_SETTABLE = frozenset({"id", "name", "disk_format", "container_format", "min_disk", "min_ram", "protected"})

_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~]+")
"""Names of properties that come back as they were: headers lose their case, and a dash becomes an underscore."""

_HEADER_VALUE = re.compile(r"\S|\S.*\S")
"""Values that come back as they were."""


class GlanceV1(Glance):
    """Requests of a version 1 image service; all raise `OaktreeError`."""

    VERSION: ClassVar[str] = "1"
    SHARED: ClassVar[str] = "private"
    HIDES: ClassVar[bool] = False

    @property
    def _service(self) -> Service:
        return service_at(self.connection, "image", self.VERSION)

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image as version 2 would show it, or None when there is none of this id."""
        return _find(self._service, image_id) if image_id else None

    def poll(self, image_id: str, since: float) -> dict[str, Any] | None:  # noqa: ARG002 - its lists do not filter so
        """As `get`."""
        return self.get(image_id)

    def all(self, name: str | None, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """As version 2; raises RefusedError for filters that version 1 does not have."""
        unknown = sorted(filters.keys() - _FILTERS)
        if unknown:
            raise RefusedError(
                f"the image API is v1, which does not filter by {', '.join(unknown)}",
                hint=f"Filter by {', '.join(sorted(_FILTERS))}, or by a query over the result.",
            )
        return _listed(self._service, {**filters, **({} if name is None else {"name": name})})

    def named(self, names: Sequence[str], owner: str | None, *, hidden: bool) -> list[dict[str, Any]]:
        """The images of this owner (any visible one without) that bear one of the names; a request for each name."""
        if hidden:
            return []
        found = [image for name in names for image in _listed(self._service, {"name": name})]
        return [image for image in found if image["name"] in names and owner in (None, image["owner"])]

    def capabilities(self) -> ImageCapabilities:
        """Nothing to choose from; no request."""
        return ImageCapabilities((), ())

    def data(self, image_id: str, headers: Mapping[str, str], stall_timeout: float) -> Response:
        return self._data(f"/images/{segment(image_id)}", headers, stall_timeout)

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        response = self._service.request("POST", "/images", retry=False, headers=_headers(fields))
        return _from_answer(response)

    def start_import(self, image_id: str, method: dict[str, str], stores: dict[str, Any]) -> None:
        raise RefusedError(f"the image {image_id} cannot be imported by {method['name']} {stores or ''}: not with v1")

    def import_task(self, image_id: str) -> tuple[str, str]:  # noqa: ARG002 - the same for any image
        return "", ""

    def patch(self, image_id: str, operations: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Apply the operations of a JSON patch in one request.

        Where a property is to go, all that stay are sent, as they are now: two requests.
        """
        changes = {_field(operation["path"]): operation.get("value") for operation in operations}
        removed = {key for key, value in changes.items() if value is None}
        if removed:
            now = self.get(image_id) or {}
            stay = {key: value for key, value in now.items() if key not in _SHOWN}
            changes = {key: value for key, value in {**stay, **changes}.items() if key not in removed}
        headers = {**_headers(changes), _PURGE: str(bool(removed)).lower()}
        return _from_answer(self._service.request("PUT", f"/images/{segment(image_id)}", headers=headers))

    def share(self, image_id: str, project: str) -> None:
        self._service.request("PUT", f"/images/{segment(image_id)}/members/{segment(project)}")

    def kept_for(self, name: str, owner: str | None) -> list[dict[str, Any]]:
        found = _listed(self._service, {f"property-{KEPT_FOR}": name})
        kept = [image for image in found if image.get(KEPT_FOR) == name and owner in (None, image["owner"])]
        return sorted(kept, key=lambda image: (image["created_at"], image["id"]))

    def act(self, image_id: str, action: str) -> None:
        raise RefusedError(f"cannot {action} the image {image_id}: the image API is v1, which does not have that")


def unfit(fields: Mapping[str, Any]) -> str | None:
    """Why version 1 cannot hold these fields and custom properties (None: unset); None when it can."""
    for key, value in fields.items():
        if value is None or value == _ABSENT.get(key) or key in _NUMBERS or key == "protected":
            continue
        if key == "visibility":
            if value not in ("public", "private"):
                return f"there is no visibility {value}; a private image can have members"
        elif key in _ABSENT:
            return f"it has no {'hidden images' if key == 'os_hidden' else key}"
        elif not _HEADER_NAME.fullmatch(key):
            return f"it would garble the name of the property {key!r}: lower case without dashes is kept"
        elif not _HEADER_VALUE.fullmatch(value):
            return f"it would garble the value of {key!r}: one line without spaces at its ends is kept"
    return None


def _headers(fields: Mapping[str, Any]) -> dict[str, str]:
    """The headers that set fields and custom properties; raises RefusedError for what they cannot carry."""
    reason = unfit(fields)
    if reason:
        raise RefusedError(f"the image API is v1: {reason}")
    headers: dict[str, str] = {}
    for key, value in fields.items():
        if key == "visibility":
            headers[f"{_META}is_public"] = str(value == "public")
        elif key in _SETTABLE:
            headers[f"{_META}{key}"] = _wire(value)
        elif key not in _ABSENT:
            headers[f"{_PROPERTY}{key}"] = _wire(value)
    return headers


def _wire(value: Any) -> str:
    """UTF-8, as Glance wants it, in the form that HTTP libraries send byte by byte."""
    return str(value).encode().decode("latin-1")


def _field(pointer: str) -> str:
    return pointer[1:].replace("~1", "/").replace("~0", "~")


def _from_answer(response: Response) -> dict[str, Any]:
    image = json_object(response).get("image")
    if not isinstance(image, dict):
        raise ServerError(f"{answer_to(response)} cannot be parsed: it has no image")
    return _from_json(image)


def _find(service: Service, image_id: str) -> dict[str, Any] | None:
    """The image, or None when there is none of this id."""
    try:
        headers = service.request("HEAD", f"/images/{segment(image_id)}").headers
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    shown = _from_headers(headers)
    return None if shown["status"] == "deleted" else shown


def _listed(service: Service, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The images that match, which version 1 does not promise of filters that it lacks. A request for each page."""
    params = {"limit": PAGE, **filters}
    while True:
        page = service.json("GET", "/images/detail", params=params).get("images")
        if not isinstance(page, list):
            raise ServerError("the answer to GET /images/detail cannot be parsed: it has no list 'images'")
        if not page:  # how long a full one is, is the cloud's decision
            return
        yield from map(_from_json, page)
        if params.get("marker") == page[-1]["id"]:
            raise ServerError("the pagination of GET /images/detail does not advance: the marker repeats")
        params["marker"] = page[-1]["id"]


def _from_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for header, raw in headers.items():
        key, value = header.lower(), raw.encode("latin-1", "replace").decode(errors="replace")
        if key.startswith(_PROPERTY):
            properties[key.removeprefix(_PROPERTY)] = value
        elif key.startswith(_META):
            fields[key.removeprefix(_META)] = value or None
    return _from_json({**fields, "properties": properties})


def _from_json(image: Mapping[str, Any]) -> dict[str, Any]:
    """An image of version 1, as JSON or of headers, as version 2 would show it."""
    with parsing("an image of the image service"):
        properties = {key: value for key, value in (image.get("properties") or {}).items() if value is not None}
        return {
            **properties,
            **_ABSENT,
            **{key: image.get(key) for key in _TEXTS},
            **{key: int(image.get(key) or 0) for key in _NUMBERS},
            **{key: f"{str(image[key]).partition('.')[0]}Z" for key in ("created_at", "updated_at")},
            "protected": _flag(image["protected"]),
            "visibility": "public" if _flag(image["is_public"]) else "private",
        }


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"
