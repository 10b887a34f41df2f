# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a stand-in Glance: their schema, their JSON, changes to them, and who sees which."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.fake_openstack.service import Identity, Refusal

DISK_FORMATS = {"ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop", "gpt"}
CONTAINER_FORMATS = {"ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"}
VISIBILITIES = {"public", "private", "shared", "community"}
LINKS = {"direct_url", "self", "file", "schema", "stores"}
READ_ONLY = {"created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file"}
READ_ONLY |= {"schema", "id", "os_hash_algo", "os_hash_value"}
RESERVED = {"location", "deleted", "deleted_at"}
RESERVED_NAMESPACE = "os_glance"
WRITABLE: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: value is None or (isinstance(value, str) and len(value) <= 255),
    "disk_format": lambda value: value is None or value in DISK_FORMATS,
    "container_format": lambda value: value is None or value in CONTAINER_FORMATS,
    "visibility": lambda value: value in VISIBILITIES,
    "protected": lambda value: isinstance(value, bool),
    "os_hidden": lambda value: isinstance(value, bool),
    "min_disk": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "min_ram": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "owner": lambda value: value is None or (isinstance(value, str) and len(value) <= 255),
    "tags": lambda value: isinstance(value, list) and all(isinstance(tag, str) and len(tag) <= 255 for tag in value),
}
"""Attributes that a user may set, and what their schema allows. Others are properties: strings."""
DEFAULTS: dict[str, Any] = {
    "name": None,
    "disk_format": None,
    "container_format": None,
    "visibility": "shared",
    "protected": False,
    "os_hidden": False,
    "min_disk": 0,
    "min_ram": 0,
}


@dataclass
class Task:
    """What became of an import."""

    id: str
    image_id: str
    status: str = "pending"
    message: str = ""


@dataclass
class Image:
    """An image's record; the bytes lie with the service."""

    id: str
    owner: str | None
    status: str = "queued"
    size: int | None = None
    checksum: str | None = None
    os_hash_value: str | None = None
    fields: dict[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    properties: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    stores: list[str] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    """What each project says that the image is shared with: pending, accepted or rejected."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self, *, multi_store: bool) -> dict[str, Any]:
        """Return the image as Glance shows it."""
        shown = dict(self.properties) | self.fields
        shown |= {
            "id": self.id,
            "owner": self.owner,
            "status": self.status,
            "size": self.size,
            "virtual_size": self.size if self.fields["disk_format"] == "raw" else None,
            "checksum": self.checksum,
            "os_hash_algo": "sha512" if self.os_hash_value else None,
            "os_hash_value": self.os_hash_value,
            "tags": sorted(self.tags),
            "created_at": self.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "updated_at": self.updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "self": f"/v2/images/{self.id}",
            "file": f"/v2/images/{self.id}/file",
            "schema": "/v2/schemas/image",
        }
        if multi_store and self.stores:
            shown["stores"] = ",".join(self.stores)
        return shown

    def touch(self) -> None:
        """Note that the record has changed."""
        self.updated = datetime.now(UTC)

    def set(self, name: str, value: Any) -> None:
        """Set an attribute or property that was found to be allowed."""
        if name == "tags":
            self.tags = list(dict.fromkeys(value))
        elif name == "owner":
            self.owner = value
        elif name in WRITABLE:
            self.fields[name] = value
        else:
            self.properties[name] = value


def new_image(body: Any, who: Identity) -> Image:
    """Return the image that the body of `POST /v2/images` asks for."""
    if not isinstance(body, dict):
        raise Refusal(400, "Request body must be a JSON object of type image")
    linked = LINKS & body.keys()
    if linked:
        raise Refusal(403, f"Attribute '{min(linked)}' is read-only.")
    image_id = body.get("id", str(uuid.uuid4()))
    if not isinstance(image_id, str) or not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", image_id
    ):
        raise Refusal(
            400, f"Provided object does not match schema 'image': {image_id!r} does not match '^([0-9a-fA-F])...'"
        )
    image = Image(id=image_id, owner=who.project_id)
    for name, value in body.items():
        if name == "id":
            continue
        check_value(name, value)
        check_writable(name)
        if name == "owner" and value != who.project_id and not who.is_admin:
            raise Refusal(403, f"You are not permitted to create images owned by '{value}'.")
        if name == "visibility" and value == "public" and not who.is_admin:
            raise Refusal(403, "You are not authorized to complete publicize_image action.")
        image.set(name, value)
    return image


def check_writable(name: str) -> None:
    """Refuse the names that no user may set."""
    if name in READ_ONLY:
        raise Refusal(403, f"Attribute '{name}' is read-only.")
    if name in RESERVED or name.startswith(RESERVED_NAMESPACE):
        raise Refusal(403, f"Attribute '{name}' is reserved.")


def check_value(name: str, value: Any) -> None:
    """Refuse a value that the schema does not allow."""
    allowed = WRITABLE.get(name, lambda value: isinstance(value, str))
    if name not in READ_ONLY and not allowed(value):
        raise Refusal(400, f"Provided object does not match schema 'image': {value!r} is not valid under {name!r}")


def change_image(image: Image, changes: Any, who: Identity) -> None:
    """Apply a JSON patch of the Glance dialect; raises Refusal and changes nothing if one operation is refused."""
    if not isinstance(changes, list):
        raise Refusal(400, "Request body must be a JSON array of operation objects.")
    operations = [_operation(change, image, who) for change in changes]
    known = set(image.properties)
    for verb, name, _value in operations:
        _check_exists(verb, name, known)
    for verb, name, value in operations:
        if verb == "remove":
            del image.properties[name]
        else:
            image.set(name, value)
    if operations:
        image.touch()


def _operation(change: Any, image: Image, who: Identity) -> tuple[str, str, Any]:
    """Return the verb, name and value of one operation."""
    if not isinstance(change, dict):
        raise Refusal(400, "Operations must be JSON objects.")
    verb, path = change.get("op"), change.get("path")
    if verb not in ("add", "remove", "replace"):
        raise Refusal(400, f"Invalid operation: `{verb}`. It must be one of the following: add, remove, replace.")
    if not isinstance(path, str):
        raise Refusal(400, "Unable to find 'path' in JSON Schema change")
    if not path.startswith("/"):
        raise Refusal(400, f'Pointer `{path}` does not start with "/".')
    if "/" in path[1:]:
        raise Refusal(400, f"Invalid JSON pointer for this resource: '{path}'")
    name = path[1:].replace("~1", "/").replace("~0", "~").strip()
    check_writable(name)
    if verb == "remove":
        return verb, name, None
    if "value" not in change:
        raise Refusal(400, f'Operation "{verb}" requires a member named "value".')
    value = change["value"]
    check_value(name, value)
    _check_policy(image, name, value, who)
    return str(verb), name, value


def _check_policy(image: Image, name: str, value: Any, who: Identity) -> None:
    if name == "owner" and not who.is_admin:
        raise Refusal(403, "Owner can't be updated by non admin.")
    if name == "visibility" and value == "public" and not who.is_admin:
        raise Refusal(403, "You are not authorized to complete publicize_image action.")
    if name in ("disk_format", "container_format") and image.status not in ("queued", "importing"):
        raise Refusal(403, f"Attribute {name} can be only replaced for a queued image.")


def _check_exists(verb: str, name: str, known: set[str]) -> None:
    """Follow which properties exist from operation to operation."""
    if verb == "remove" and name in WRITABLE:
        raise Refusal(403, f"Property {name} may not be removed.")
    if verb != "add" and name not in WRITABLE and name not in known:
        raise Refusal(409, f"Property {name} does not exist.")
    if verb == "remove":
        known.discard(name)
    else:
        known.add(name)


def visible(image: Image, who: Identity) -> bool:
    """Say whether somebody may read an image."""
    shared = image.fields["visibility"] == "shared" and who.project_id in image.members
    own = who.is_admin or image.owner == who.project_id
    return own or shared or image.fields["visibility"] in ("public", "community")
