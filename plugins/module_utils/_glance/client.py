# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image service of a Location: the version that is spoken there, and the image that users mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._core.errors import ConflictError, InputError, RefusedError, ServerError
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
"""The words that Glance has for formats. They become part of file names and of commands."""


def glance_for(connection: Connection) -> Glance:
    """Version 1 where clouds.yaml or the vendor's profile asks for it with ``image_api_version``, else version 2."""
    return GlanceV1(connection) if connection.region.settings.image_api == "1" else Glance(connection)


def find_image(glance: Glance, image: str) -> dict[str, Any]:
    """The active image of this ID or name, hidden ones too: one request, two for a name that no list shows.

    Raises RefusedError for none, ConflictError for one that is not active, InputError for several of one name, and
    ServerError for one whose ID or format is not what Glance's can be.
    """
    by_id = glance.get(image) if _ID.fullmatch(image) else None
    found = [by_id] if by_id else glance.named([image], None, hidden=False) or glance.named([image], None, hidden=True)
    if not found:
        raise RefusedError(f"there is no image {image!r} here", hint="See what there is with image_info.")
    active = [one for one in found if one.get("status") == "active"]
    if not active:
        raise ConflictError(
            f"the image {image!r} is {found[0].get('status')}", hint="Only the data of active images can be had."
        )
    if len(active) > 1:
        ids = ", ".join(sorted(one["id"] for one in active))
        raise InputError(f"several images are called {image!r}", hint=f"Name one by ID: {ids}.")
    _check_declared(active[0])
    return active[0]


def _check_declared(image: Mapping[str, Any]) -> None:
    """Raise ServerError for an image with an ID or a format that are none."""
    if not _ID.fullmatch(str(image["id"])):
        raise ServerError(f"the cloud declares an image ID that is none: {image['id']!r}")
    for field, known in _FORMATS.items():
        if str(image.get(field)) not in known:
            raise ServerError(
                f"the cloud declares the unknown {field} {image.get(field)!r} for the image {image['id']}",
                hint=f"Known are {', '.join(sorted(known))}. If the image was made with another, upload it anew.",
            )
