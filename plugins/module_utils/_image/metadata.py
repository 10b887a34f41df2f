# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for an image's name and metadata that several modules share: doc fragment ``_image_metadata``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.errors import InputError
from .._glance.v2 import BOOKKEEPING, GLANCE_FIELDS, GLANCE_RESERVED, LONGEST_NAME
from .upload_marker import upload_name

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS: dict[str, dict[str, Any]] = {
    "container_format": {
        "type": "str",
        "choices": ["aki", "ami", "ari", "bare", "compressed", "docker", "ova", "ovf"],
    },
    "properties": {"type": "dict", "default": {}},
    "tags": {"type": "list", "elements": "str"},
    "min_disk": {"type": "int"},
    "min_ram": {"type": "int"},
    "visibility": {"type": "str", "choices": ["community", "private", "public", "shared"]},
    "hidden": {"type": "bool"},
    "protected": {"type": "bool"},
}
"""Their argument spec."""

AS_THEY_ARE = ("container_format", "min_disk", "min_ram", "visibility", "hidden", "protected")
"""Options that are passed through unchanged."""


def check_not_negative(params: Mapping[str, Any], *options: str) -> None:
    """Raise InputError for an option below zero; None passes."""
    for option in options:
        if (params[option] or 0) < 0:
            raise InputError(f"{option}: must not be negative, it is {params[option]}")


def check_name(name: str, option: str = "name") -> None:
    """Raise InputError unless the name fits, also with the suffix that it has during the upload."""
    longest = LONGEST_NAME - len(upload_name(""))
    if not 0 < len(name) <= longest:
        raise InputError(f"{option}: must have 1 to {longest} characters, not {len(name)}")


def check_properties(properties: Mapping[str, Any]) -> None:
    """Raise InputError for keys that are not custom properties, and for values that are not scalars."""
    for key, value in properties.items():
        if key in GLANCE_FIELDS or key.startswith(GLANCE_RESERVED) or key in BOOKKEEPING:
            raise InputError(f"properties: {key} is not a custom property", hint="Omit it, or use the option for it.")
        if isinstance(value, (dict, list)):
            raise InputError(
                f"properties: {key} is a {type(value).__name__}", hint="Give a string: Glance has no other type."
            )


def as_texts(properties: Mapping[str, Any]) -> dict[str, str | None]:
    """Custom properties as Glance stores them: strings; None for one to remove."""

    def text(value: Any) -> str | None:
        if isinstance(value, bool):
            return str(value).lower()
        return None if value is None else str(value)

    return {key: text(value) for key, value in properties.items()}


def unique(values: list[str] | None) -> tuple[str, ...] | None:
    """Without duplicates, in order; None for None."""
    return None if values is None else tuple(dict.fromkeys(values))
