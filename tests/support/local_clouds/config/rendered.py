# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration comes to, and the ini format that all services read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Section = Mapping[str, object]


@dataclass(frozen=True)
class Rendered:
    """Files to write, by path, and directories that have to exist."""

    files: Mapping[Path, str]
    directories: tuple[Path, ...] = ()


def ini(sections: Mapping[str, Section]) -> str:
    """An ini file of these sections; a truth value is written as OpenStack writes it."""
    lines: list[str] = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        for key, value in options.items():
            lines.append(f"{key} = {str(value).lower() if isinstance(value, bool) else value}")
        lines.append("")
    return "\n".join(lines)
