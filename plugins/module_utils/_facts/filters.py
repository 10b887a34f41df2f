# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters as users write them, in YAML -> query parameters as services read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def as_parameters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters of these filters. Raises InputError for a mapping, of which only the keys would be sent."""
    return {name: as_parameter(name, value) for name, value in filters.items()}


def as_parameter(name: str, value: Any) -> Any:
    """The value of a filter as a query has it: Glance takes ``true`` for a truth value, and not Python's ``True``.

    Raises as `as_parameters`.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return [as_parameter(name, item) for item in value]
    if isinstance(value, dict):
        raise InputError(
            f"filters: {name} is a mapping, which no query can hold",
            hint="Give text, a number, a boolean or a list of them. Else use query, or groups of an inventory.",
        )
    return value
