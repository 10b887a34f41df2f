# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key under which Ansible's inventory cache stores server records."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import without_url_secrets

_CONFIG_DIRECTORIES = (".", "~/.config/openstack", "/etc/xdg/openstack", "/etc/openstack")
"""Where openstacksdk looks; repeated here because importing it takes longer than all other work of a cached run."""
_ENDINGS = (".yaml", ".yml", ".json")
_SECRET = re.compile(r"pass|secret|token", re.IGNORECASE)
"""Broader than the keys that results mask: to omit a harmless key costs nothing here."""


def options_digest(options: Mapping[str, Any], fields: Collection[str] | None) -> str:
    """A short text that differs if the records may differ: by the query, by their fields, or by the configured clouds.

    It becomes part of a file name, so that no secret is digested.
    """
    parts: list[Any] = [options["locations"], options["filters"], options["all_projects"], sorted(fields or ())]
    if options["clouds_config"]:
        parts.append(_without_secrets(options["clouds_config"]))
    else:
        environment = {name: value for name, value in os.environ.items() if name.startswith("OS_")}
        parts += [_without_secrets(environment), _config_files(options["clouds_yaml"])]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_secrets(inner) for key, inner in value.items() if not _SECRET.search(str(key))}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return without_url_secrets(value) if isinstance(value, str) else value


def _config_files(clouds_yaml: str | None) -> list[tuple[str, int, int]]:
    """Path, modification time and size of each file that may configure the clouds."""
    named = clouds_yaml or os.environ.get("OS_CLIENT_CONFIG_FILE")
    homes = [os.environ.get("XDG_CONFIG_HOME"), *os.environ.get("XDG_CONFIG_DIRS", "").split(":")]
    searched = [Path(each) for each in (*_CONFIG_DIRECTORIES, *(f"{home}/openstack" for home in homes if home))]
    directories = [Path(named).parent] if named else searched
    names = [(directory, name) for directory in directories for name in ("clouds", "secure")]
    names += [(directory, "clouds-public") for directory in searched]  # whatever file is named
    files = [_expanded(directory) / f"{name}{ending}" for directory, name in names for ending in _ENDINGS]
    files += [_expanded(each) for each in (named, os.environ.get("OS_CLIENT_SECURE_FILE")) if each]
    return [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()]


def _expanded(path: Path | str) -> Path:
    """As openstacksdk expands it: ``~`` stands for itself where there is no home directory."""
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111 - Path.expanduser raises an error
