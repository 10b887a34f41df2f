# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as users write them -> the values that modules and plugins work with; the one place that converts them.

Surveys, extra variables and the environment know text only. A list may be text with commas or line breaks, or JSON; a
Location may be text or the mapping that a record holds; the clouds may be a mapping, or text in YAML or JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from .._core.errors import InputError
from .._core.location import encoded, pattern_of

SELECTIONS = ("location", "locations", "reference")
"""The options of type raw that select Locations, of whichever module or plugin, and within whichever other option."""

_CLOUDS_HINT = "Give it the form of clouds.yaml: {clouds: {NAME: {auth: {...}, region_name: ...}}}."
_BREAKS = re.compile(r"[,\n]")


def convert(values: dict[str, Any], spec: Mapping[str, Mapping[str, Any]], within: str = "") -> None:
    """Convert the values of an argument spec in place; ``within`` names the option that they belong to.

    Raises InputError, which names the option, for a value that cannot be used and a missing selection.
    """
    for name, option in spec.items():
        value, label = values.get(name), f"{within}{name}"
        if value is None:
            if name in SELECTIONS and option.get("required"):
                raise InputError(f"{label}: nothing is selected", hint="Name Locations, or write '*' for all of them.")
        elif name in SELECTIONS and option.get("type") == "raw":
            values[name] = as_patterns(label, value)
        elif name == "clouds_config":
            values[name] = as_clouds(value)
        elif option.get("type") == "list" and (option.get("elements") == "str" or _are_texts(option, value)):
            values[name] = as_texts(label, value)
        elif "options" in option:
            is_list = isinstance(value, list)
            for inner in value if is_list else [value]:
                convert(inner, option["options"], f"{label}[]." if is_list else f"{label}.")


def _are_texts(option: Mapping[str, Any], value: Any) -> bool:
    """Whether these are texts that might be mappings."""
    return option.get("elements") == "raw" and isinstance(value, list) and all(isinstance(item, str) for item in value)


def as_texts(option: str, value: Any) -> list[str]:
    """A list of texts. Raises InputError for elements that are no texts, and for text that only begins as JSON.

    ansible-core splits text at its commas before a module runs: a list without any comma may have been text.
    """
    if isinstance(value, list) and all(isinstance(item, str) and "," not in item for item in value):
        value = ",".join(value)
    items = _items(option, value) if isinstance(value, str) else value
    return [_text(option, item) for item in (items if isinstance(items, list) else [items])]


def as_patterns(option: str, value: Any) -> list[str]:
    """The patterns of a selection: one Location or a list of them, each as text or as a mapping. Raises InputError."""
    try:
        return _patterns(option, value)
    except RecursionError:  # Python 3.12 and newer parse JSON that is nested more deeply than code can follow
        raise InputError(f"{option}: its lists are nested too deeply", hint='Write a, b or ["a", "b"].') from None


def _patterns(option: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [pattern_of(option, value)]
    if isinstance(value, str):
        items = _items(option, value, mappings=True)
        return [pattern for item in items for pattern in _patterns_of_item(option, item)]
    if isinstance(value, (list, tuple)):
        return [pattern for item in value for pattern in _patterns(option, item)]
    return [_text(option, value)]


def _patterns_of_item(option: str, item: Any) -> list[str]:
    return [item] if isinstance(item, str) else _patterns(option, item)


def as_clouds(value: Any) -> dict[str, Any]:
    """The mapping of ``clouds_config``. Raises InputError, which shows nothing of it: it holds secrets."""
    found = _parsed(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise InputError(f"clouds_config: must be a mapping, not {type(found).__name__}", hint=_CLOUDS_HINT)
    return found


def _parsed(text: str) -> Any:
    from yaml import YAMLError, safe_load

    try:
        return safe_load(text)
    except (RecursionError, ValueError, YAMLError) as exc:
        where = getattr(exc, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise InputError(f"clouds_config: the text is not valid YAML{line}", hint=_CLOUDS_HINT) from None


def default_selection(options: Mapping[str, Any]) -> tuple[str, str]:
    """The pattern for what only reads, if no Location is selected, and what messages call its origin.

    It is the cloud that the environment names, or everything. ``clouds_config`` keeps the environment out.
    """
    cloud = None if options["clouds_config"] else os.environ.get("OS_CLOUD")
    return (encoded(cloud), "OS_CLOUD") if cloud else ("*", "locations")


def _items(option: str, text: str, *, mappings: bool = False) -> list[Any]:
    """The elements of a list that is written as text. A pattern may begin with a bracket, as in ``[ab]*``."""
    text = text.strip()
    if text.startswith("[") or (mappings and text.startswith("{")):
        try:
            data = json.loads(text)
        except (RecursionError, ValueError):
            if '"' in text or (text.endswith("]") and "," in text):
                raise InputError(
                    f"{option}: the text begins as JSON, but is not valid JSON",
                    hint='Write a, b or ["a", "b"].',
                ) from None
        else:
            return data if isinstance(data, list) else [data]
    return [item for part in _BREAKS.split(text) if (item := part.strip())]


def _text(option: str, item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, (int, float)) and not isinstance(item, bool):
        return str(item)
    raise InputError(f"{option}: {type(item).__name__} is not a text", hint='Write a, b or ["a", "b"].')
