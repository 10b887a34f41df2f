# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the values of an answer that makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def no_keys(value: Any) -> Any:
    """Return the same lists, of mappings without keys."""
    if isinstance(value, list):
        return [{} for _item in value]
    return {} if isinstance(value, dict) else value


def odd(value: Any) -> Any:
    """Return the same lists and mappings, with mappings in the place of all else."""
    if isinstance(value, dict):
        return {key: odd(inner) for key, inner in value.items()}
    return ([odd(inner) for inner in value] or [5]) if isinstance(value, list) else {"a": [value]}


def lists(value: Any) -> Any:
    """Return the same items, with a list in the place of each value."""
    if isinstance(value, list):
        return [lists(item) for item in value]
    return {key: [1] for key in value} if isinstance(value, dict) else value


DISTORTIONS: Mapping[str, Callable[[Any], Any]] = {
    "null items": lambda value: [None] if isinstance(value, list) else value,
    "no keys": no_keys,
    "texts": lambda value: ["x"] if isinstance(value, list) else "x",
    "odd values": odd,
    "lists": lists,
}
"""What becomes of each value of an answer."""
