# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image service of a Location: the API version to use, and how users refer to an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._core.errors import ConflictError, InputError, RefusedError, ServerError
from .image_json import size_of
from .v1 import GlanceV1
from .v2 import Glance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection


_ID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")

_FORMATS = {
    "disk_format": {
        *("aki", "ami", "ari", "gpt", "iso", "luks", "ploop", "qcow2", "raw", "root-tar", "vdi", "vhd", "vhdx", "vmdk"),
    },
    "container_format": {"aki", "ami", "ari", "bare", "compressed", "docker", "ova", "ovf"},
}
"""The formats that Glance knows. They become part of file names and commands."""


def glance_for(connection: Connection) -> Glance:
    """Version 1 if clouds.yaml or the vendor's profile sets it as ``image_api_version``, else version 2."""
    return GlanceV1(connection) if connection.region.settings.image_api == "1" else Glance(connection)


def find_image(glance: Glance, image: str) -> dict[str, Any]:
    """The active image of this ID or name, even if it is hidden: one request, two if no visible image has the name.

    Raises RefusedError if there is none, ConflictError if it is not active, InputError if several have the name, and
    ServerError if its ID, its size or a format is not one that Glance allows.
    """
    by_id = glance.get(image) if _ID.fullmatch(image) else None
    found = [by_id] if by_id else glance.named([image], None, hidden=False) or glance.named([image], None, hidden=True)
    if not found:
        raise RefusedError(f"there is no image {image!r} here", hint="List the existing images with image_info.")
    active = [one for one in found if one.get("status") == "active"]
    if not active:
        raise ConflictError(
            f"the image {image!r} is {found[0].get('status')}", hint="Only active images can be downloaded."
        )
    if len(active) > 1:
        ids = ", ".join(sorted(one["id"] for one in active))
        raise InputError(f"several images have the name {image!r}", hint=f"Name one by ID: {ids}.")
    _check_declared(active[0])
    return active[0]


def check_has_data(image: Mapping[str, Any]) -> None:
    """Raise InputError for an active image without data, as Nova makes of a server that boots from a volume."""
    if image.get("size") != 0:
        return
    volumes = image.get("block_device_mapping") not in (None, "", "[]")
    raise InputError(
        f"the image {image['id']} has no data: it is a snapshot of volumes, which are in the block storage"
        if volumes
        else f"the image {image['id']} has no data",
        hint=(
            "Make a volume of the snapshot that its property block_device_mapping names, and an image of that volume "
            "(openstack volume create --snapshot, openstack image create --volume)."
            if volumes
            else "Name an image that has data."
        ),
    )


def _check_declared(image: Mapping[str, Any]) -> None:
    """Raise ServerError for an image with an invalid ID or format, or of unknown size."""
    size_of(image)
    if not _ID.fullmatch(str(image["id"])):
        raise ServerError(f"the cloud declares an invalid image ID: {image['id']!r}")
    for field, known in _FORMATS.items():
        if str(image.get(field)) not in known:
            raise ServerError(
                f"the cloud declares the unknown {field} {image.get(field)!r} for the image {image['id']}",
                hint=f"Known formats: {', '.join(sorted(known))}. If the image has another one, upload it again.",
            )
