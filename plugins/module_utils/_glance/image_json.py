# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of the image service, checked where it enters: code that is given an image need not doubt its types.

Source: the schemas of Glance's API (``glance/api/v2/images.py``, ``glance/schema.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.answers import check_id, parsing
from .._core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = (
    *("name", "owner", "visibility", "disk_format", "container_format", "checksum", "os_hash_algo", "os_hash_value"),
    *("created_at", "updated_at", "stores"),
)
_NUMBERS = ("size", "virtual_size", "min_disk", "min_ram")
_FLAGS = ("protected", "os_hidden")
_ALWAYS = dict.fromkeys(("name", "owner", "size", "disk_format", "created_at"))
"""Fields that an image has once it is checked; None where the service does not show them."""

OURS = "owner_specified."
"""The prefix of properties that clients keep for themselves."""


def checked_image(image: Any) -> dict[str, Any]:
    """The image; raises ServerError unless its fields have the types that Glance's schema gives them."""
    with parsing("an image of the image service"):
        check_id(image["id"])
        _check(image, str, "status")
        _check(image, str | None, *_TEXTS, *(key for key in image if key.startswith(OURS)))
        _check(image, bool | None, *_FLAGS)
        for key in _NUMBERS:
            number = image.get(key)
            if not isinstance(number, int | None) or isinstance(number, bool) or (number or 0) < 0:
                raise TypeError(f"{key} is {number!r}")
        tags = image.get("tags") or []
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise TypeError(f"tags are {tags!r}")
        return {**_ALWAYS, **image}


def _check(image: Mapping[str, Any], types: Any, *keys: str) -> None:
    for key in keys:
        if not isinstance(image.get(key), types):
            raise TypeError(f"{key} is {image.get(key)!r}")


def size_of(image: Mapping[str, Any]) -> int:
    """The size of a complete image in bytes; raises ServerError if the cloud reports none."""
    size: int | None = image["size"]
    if size is None:
        raise ServerError(f"the cloud reports no size of the image {image['id']}")
    return size
