# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of plugins -> plain Python types that are validated as those of modules are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import did_you_mean
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import TARGET_NUMBERS, check_positive
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.options import convert


def plain(value: Any) -> Any:
    """The value as exact dict, list and str; other values as they are.

    Ansible tags the values of options, and renders and decrypts the values in containers only when they are accessed.
    Libraries fail on the tags and bypass the access.
    """
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return value


def check_names(given: Collection[str], known: Collection[str], counterparts: Mapping[str, str]) -> None:
    """Raise InputError for a key of a source that is no option; ``counterparts`` are those of another plugin's options.

    Ansible ignores such keys: a source that is to select one cloud would select all.
    """
    for name in sorted(set(given) - set(known)):
        better = counterparts.get(name)
        meant = "" if better else did_you_mean([name], known)
        hint = f"Use {better}." if better else f"Options are {', '.join(sorted(known))}."
        raise InputError(f"{name}: the plugin has no such option{meant}", hint=hint)


def converted(given: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The given options as modules take them, lists that are text included, before Ansible checks their types.

    Templates stay as they are: an option of type dict, or a list of such. Raises InputError.
    """
    values = dict(given)
    for name in values.keys() & definitions.keys():
        definition = definitions[name]
        if definition.get("type") != "dict" and definition.get("elements") != "dict":
            values[name] = plain(values[name])
    convert(values, definitions)
    return values


def checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a plugin as plain types. Raises InputError for values that a module would reject."""
    values: dict[str, Any] = plain(options)
    if values["clouds_yaml"] and values["clouds_config"]:
        raise InputError("clouds_yaml, clouds_config: only one may be given", hint="Omit one of them.")
    check_positive(values, *TARGET_NUMBERS)
    return values
