# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which plugin a file is a source of."""

from __future__ import annotations

import re
from pathlib import Path

_PLUGIN = re.compile(r"^plugin:\s*['\"]?([\w.]+)", re.MULTILINE)
_MOST_READ = 1 << 16
YAML = (".yml", ".yaml")
"""How the names of sources end that Ansible reads as YAML."""


def plugin_named_in(path: str) -> str | None:
    """The plugin that a YAML file names in the usual way; None where nothing is found, as in a vaulted one."""
    if not path.endswith(YAML):
        return None
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        found = _PLUGIN.search(file.read(_MOST_READ))
    return found[1] if found else None
