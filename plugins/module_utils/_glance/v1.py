# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version 1 of the image API: metadata are headers, and a body is image data.

It presents images as version 2 does, and accepts the same changes, so that callers need not distinguish. Version 1 has
no tags, no hidden and no deactivated images, no import, and the MD5 as the only digest.

Source: Glance's ``glance/api/v1`` and ``glance/common/utils.py`` as of Ocata, the last release that had them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from .._cloud.answers import answer_to, json_object, parsing
from .._cloud.capabilities import ImageCapabilities
from .._cloud.service import segment, service_at
from .._core.errors import RefusedError, ServerError
from .image_json import checked_image
from .v2 import KEPT_FOR, Glance, kept_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requests import Response

    from .._cloud.service import Service

_META, _PROPERTY = "x-image-meta-", "x-image-meta-property-"

_FILTERS = frozenset(
    {"name", "status", "container_format", "disk_format", "size_min", "size_max", "min_ram", "min_disk", "protected"}
)
"""Query parameters that version 1 shares with version 2; it ignores all others."""

_NUMBERS = ("size", "min_disk", "min_ram")
_ABSENT: Mapping[str, Any] = {"tags": [], "os_hidden": False, "os_hash_algo": None, "os_hash_value": None}
"""Fields that only version 2 has, with the values that version 1 implies."""

_TEXTS = ("id", "name", "status", "owner", "checksum", "disk_format", "container_format")
_SHOWN = frozenset({*_ABSENT, *_TEXTS, *_NUMBERS, "created_at", "updated_at", "protected", "visibility"})
"""Fields that are not custom properties."""

_PURGE = "x-glance-registry-purge-props"
"""Whether a change removes the properties that it does not name."""

_SETTABLE = frozenset({"id", "name", "disk_format", "container_format", "min_disk", "min_ram", "protected"})

_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~]+")
"""Names of properties that are preserved: headers lose their case, and dashes become underscores."""

_HEADER_VALUE = re.compile(r"\S|\S.*\S")
"""Values that are preserved."""


class GlanceV1(Glance):
    """Requests of a version 1 image service; all raise `OaktreeError`."""

    VERSION: ClassVar[str] = "1"
    SHARED: ClassVar[str] = "private"

    @property
    def _service(self) -> Service:
        return service_at(self.connection, "image", self.VERSION)

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image as version 2 presents it, or None if there is none with this ID."""
        return _find(self._service, image_id) if image_id else None

    def poll(self, image_id: str, since: float) -> dict[str, Any] | None:  # noqa: ARG002 - its lists do not filter so
        """See `get`."""
        return self.get(image_id)

    def all(self, name: str | None, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """See `Glance.all`; raises RefusedError for filters that version 1 does not have."""
        unknown = sorted(filters.keys() - _FILTERS)
        if unknown:
            raise RefusedError(
                f"the image API is v1, which does not filter by {', '.join(unknown)}",
                hint=f"Filter by {', '.join(sorted(_FILTERS))}, or by a query over the result.",
            )
        return _list(self._service, {**filters, **({} if name is None else {"name": name})})

    def named(self, names: Sequence[str], owner: str | None, *, hidden: bool) -> list[dict[str, Any]]:
        """The images of this owner (without one: all visible) with one of the names; one request for each name."""
        if hidden:
            return []
        found = [image for name in names for image in _list(self._service, {"name": name})]
        return [image for image in found if image["name"] in names and owner in (None, image["owner"])]

    def hides(self, _images: Sequence[Mapping[str, Any]]) -> bool:
        """False; no request."""
        return False

    def capabilities(self) -> ImageCapabilities:
        """No import method and no store; no request."""
        return ImageCapabilities((), ())

    def data(self, image_id: str, headers: Mapping[str, str], stall_timeout: float) -> Response:
        return self._data(f"/images/{segment(image_id)}", headers, stall_timeout)

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        response = self._service.request("POST", "/images", retry=False, headers=_headers(fields))
        return _from_answer(response)

    def start_import(self, image_id: str, method: dict[str, str], stores: dict[str, Any]) -> None:  # noqa: ARG002 - the same for any store
        raise RefusedError(f"the image {image_id} cannot be imported by {method['name']}: the image API is v1")

    def import_task(self, image_id: str) -> tuple[str, str]:  # noqa: ARG002 - the same for any image
        return "", ""

    def patch(self, image_id: str, operations: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Apply the operations of a JSON patch in one request.

        Two requests if a property is removed: then all others are sent with their present values.
        """
        changes = {_field(operation["path"]): operation.get("value") for operation in operations}
        removed = {key for key, value in changes.items() if value is None}
        if removed:
            now = self.get(image_id) or {}
            stay = {key: value for key, value in now.items() if key not in _SHOWN}
            changes = {key: value for key, value in {**stay, **changes}.items() if key not in removed}
        headers = {**_headers(changes), _PURGE: str(bool(removed)).lower()}
        return _from_answer(self._service.request("PUT", f"/images/{segment(image_id)}", headers=headers))

    def share(self, image_id: str, project: str) -> str:
        self._service.request("PUT", f"/images/{segment(image_id)}/members/{segment(project)}")
        return "accepted"

    def kept_for(self, name: str, owner: str | None, *, hidden: bool) -> list[dict[str, Any]]:
        if hidden:
            return []
        found = _list(self._service, {f"property-{KEPT_FOR}": name})
        return [image for image in found if kept_name(image) == name and owner in (None, image["owner"])]

    def act(self, image_id: str, action: str) -> None:
        raise RefusedError(f"cannot {action} the image {image_id}: the image API is v1, which does not support it")


def unfit(fields: Mapping[str, Any]) -> str | None:
    """Why version 1 cannot store these fields and custom properties (None: unset); None if it can."""
    for key, value in fields.items():
        if value is None or value == _ABSENT.get(key) or key in _NUMBERS or key == "protected":
            continue
        if key == "visibility":
            if value not in ("public", "private"):
                return f"there is no visibility {value}; a private image can have members"
        elif key in _ABSENT:
            return f"it has no {'hidden images' if key == 'os_hidden' else key}"
        elif not _HEADER_NAME.fullmatch(key):
            return f"it cannot preserve the name of the property {key!r}: use lower case without dashes"
        elif not _HEADER_VALUE.fullmatch(value):
            return f"it cannot preserve the value of {key!r}: use one line without leading or trailing spaces"
    return None


def _headers(fields: Mapping[str, Any]) -> dict[str, str]:
    """The headers that set fields and custom properties; raises RefusedError if version 1 cannot store them."""
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
    """UTF-8, which Glance expects, as a text that HTTP libraries send unchanged."""
    return str(value).encode().decode("latin-1")


def _field(pointer: str) -> str:
    return pointer[1:].replace("~1", "/").replace("~0", "~")


def _from_answer(response: Response) -> dict[str, Any]:
    image = json_object(response).get("image")
    if not isinstance(image, dict):
        raise ServerError(f"{answer_to(response)} cannot be parsed: it has no image")
    return _from_json(image)


def _find(service: Service, image_id: str) -> dict[str, Any] | None:
    """The image, or None if there is none with this ID."""
    try:
        headers = service.request("HEAD", f"/images/{segment(image_id)}").headers
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    shown = _from_headers(headers)
    return None if shown["status"] == "deleted" else shown


def _list(service: Service, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The images that match the filters that version 1 has; it ignores others. One request for each page.

    The last image of each page is the marker of the next one.
    """
    for page in service.pages("/images/detail", "images", filters, by="id"):
        yield from map(_from_json, page)


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
    """An image of version 1, from JSON or headers, as version 2 presents it."""
    with parsing("an image of the image service"):
        properties = {key: value for key, value in (image.get("properties") or {}).items() if value is not None}
        shown = {
            **properties,
            **{key: value for key, value in _ABSENT.items() if key != "os_hidden"},
            **{key: image.get(key) for key in _TEXTS},
            **{key: int(image.get(key) or 0) for key in _NUMBERS},
            **{key: f"{str(image[key]).partition('.')[0]}Z" for key in ("created_at", "updated_at")},
            "protected": _flag(image["protected"]),
            "visibility": "public" if _flag(image["is_public"]) else "private",
        }
    return checked_image(shown)


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"
