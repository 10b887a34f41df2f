# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as Glance v1 had them: metadata that travel in headers, and the changes that those ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from multidict import MultiMapping

from tests.support.fake_openstack.service import Identity, Refusal

DISK_FORMATS = {"ami", "ari", "aki", "vhd", "vmdk", "raw", "qcow2", "vdi", "iso"}
CONTAINER_FORMATS = {"ami", "ari", "aki", "bare", "ovf", "ova", "docker"}
FIELDS = {
    "id", "name", "status", "disk_format", "container_format", "size", "checksum", "is_public", "protected", "min_disk",
    "min_ram", "owner", "store", "location", "copy_from", "created_at", "updated_at", "deleted_at", "deleted",
    "virtual_size",
}  # fmt: skip
NUMBERS = {"size", "min_disk", "min_ram"}
FLAGS = {"is_public", "protected", "deleted"}
IMMUTABLE = {"id", "status"}
"""Fields that nobody changes."""
ACTIVE_IMMUTABLE = {"size", "checksum"}
"""Fields that stay once there is data."""
META, PROPERTY = "x-image-meta-", "x-image-meta-property-"
CHANGEABLE = {"name", "disk_format", "container_format", "is_public", "protected", "min_disk", "min_ram"}


@dataclass
class Image:
    """An image's record; the bytes lie with the service."""

    id: str
    owner: str | None
    name: str | None = None
    status: str = "queued"
    disk_format: str | None = None
    container_format: str | None = None
    size: int = 0
    checksum: str | None = None
    is_public: bool = False
    protected: bool = False
    min_disk: int = 0
    min_ram: int = 0
    properties: dict[str, str | None] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """Return the image as JSON answers show it."""
        times = {"created_at": self.created_at, "updated_at": self.updated_at}
        shown = {name: value for name, value in vars(self).items() if name not in {"members", *times}}
        shown |= {name: time.strftime("%Y-%m-%dT%H:%M:%S.000000") for name, time in times.items()}
        return shown | {"deleted": False, "deleted_at": None, "virtual_size": None}

    def as_headers(self) -> dict[str, str]:
        """Return the image as HEAD shows it: a property without a value is not shown at all."""
        shown = self.as_json()
        properties = shown.pop("properties")
        headers = {f"{META}{name}": "" if value is None else str(value) for name, value in shown.items()}
        return headers | {f"{PROPERTY}{name}": str(value) for name, value in properties.items() if value is not None}


@dataclass(frozen=True)
class Meta:
    """What the headers of a request say of an image."""

    fields: Mapping[str, Any]
    properties: Mapping[str, str | None]


def read_meta(headers: MultiMapping[str]) -> Meta:
    """Read the headers as Glance v1 did: a name loses its case, and its dashes become underscores."""
    fields: dict[str, Any] = {}
    properties: dict[str, str | None] = {}
    for header, value in headers.items():
        key = header.lower()
        if key.startswith(PROPERTY):
            properties[key.removeprefix(PROPERTY).replace("-", "_")] = value.strip() or None
        elif key.startswith(META):
            name = key.removeprefix(META).replace("-", "_")
            if name not in FIELDS:
                raise Refusal(400, f"Bad header: {header}")
            fields[name] = _value(name, value.strip())
    _check(fields)
    return Meta(fields, properties)


def _value(name: str, text: str) -> Any:
    if name in FLAGS:
        return text.lower() in ("1", "t", "true", "on", "y", "yes")
    if name not in NUMBERS:
        return text or None
    try:
        number = int(text)
    except ValueError:
        raise Refusal(400, f"Cannot convert image {name} '{text}' to an integer.") from None
    if number < 0:
        raise Refusal(400, f"Image {name} must be >= 0 ('{number}' specified).")
    return number


def _check(fields: Mapping[str, Any]) -> None:
    if fields.get("disk_format") not in DISK_FORMATS | {None}:
        raise Refusal(400, f"Invalid disk format '{fields['disk_format']}' for image.")
    if fields.get("container_format") not in CONTAINER_FORMATS | {None}:
        raise Refusal(400, f"Invalid container format '{fields['container_format']}' for image.")
    if len(fields.get("name") or "") > 255:
        raise Refusal(400, f"Image name too long: {len(fields['name'])}")


def check_policy(fields: Mapping[str, Any], who: Identity) -> None:
    """Refuse what only administrators may do."""
    if fields.get("is_public") and not who.is_admin:
        raise Refusal(403, "You are not authorized to complete publicize_image action.")


def change(image: Image, meta: Meta, *, purge: bool) -> None:
    """Change the record as the headers say; raises Refusal and changes nothing for a field that must stay."""
    fixed = IMMUTABLE | (ACTIVE_IMMUTABLE if image.status == "active" else set())
    for name in fixed & meta.fields.keys():
        if meta.fields[name] not in (None, getattr(image, name)):
            raise Refusal(403, f"Forbidden to modify '{name}' of {image.status} image.")
    for name in CHANGEABLE & meta.fields.keys():
        setattr(image, name, meta.fields[name])
    image.properties = dict(meta.properties) if purge else {**image.properties, **meta.properties}
    image.updated_at = datetime.now(UTC)


def visible(image: Image, who: Identity) -> bool:
    """Say whether somebody may read an image."""
    return who.is_admin or image.is_public or who.project_id in (image.owner, *image.members)
