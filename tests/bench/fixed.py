# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs that has nothing to list: as the first of a play, and each one after it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.bench.report import Row
from tests.bench.ways import Way, environment, playbook
from tests.support.payload import Payload

FURTHER = 8
"""Tasks after the first one."""
PING = "ansible.builtin.ping"
TASKS: Mapping[str, Mapping[str, Any]] = {
    PING: {},
    "oaktree.multicloud.server_info": {},
    "oaktree.multicloud.image_info": {},
    "oaktree.multicloud.resource_info": {"type": "compute.keypair"},
    "oaktree.multicloud.rest_info": {"service_type": "compute"},
    "oaktree.multicloud.location_info": {},
    "oaktree.multicloud.server": {"name": "none", "state": "absent", "locations": ["*"]},
    "oaktree.multicloud.image": {"name": "none", "state": "absent", "locations": ["*"]},
}
_HEADINGS = ("task", "kB sent", "first: CPU s", "beyond ping", "each further: CPU s", "beyond ping", "x ping")


def ways(directory: Path) -> list[Way]:
    """Return a way for each task once, and for the same task several times in a play; playbooks go there."""
    return [way for name in TASKS for way in (_plays(directory, name, 1), _plays(directory, name, 1 + FURTHER))]


def _plays(directory: Path, name: str, number: int) -> Way:
    tasks = [{name: dict(TASKS[name])}] * number
    return Way(_title(name, number), playbook(directory / f"{name}-{number}.json", tasks), None)


def _title(name: str, number: int) -> str:
    return f"{name}, {number} in a play"


def sizes(directory: Path, clouds_yaml: Path) -> dict[str, float]:
    """Return the kB of the program that Ansible sends for each task."""
    found = {}
    with patch.dict(os.environ, environment(directory, clouds_yaml)):
        for name, arguments in TASKS.items():
            found[name] = Payload.of(name, arguments, directory / name).program.stat().st_size / 1000
    return found


def fixed_table(rows: Sequence[Row], sent: Mapping[str, float]) -> str:
    """Return the Markdown table of rows of `ways`."""
    cpu = {row.way.name: row.median("cpu") for row in rows}
    first = {name: cpu[_title(name, 1)] for name in TASKS}
    further = {name: (cpu[_title(name, 1 + FURTHER)] - first[name]) / FURTHER for name in TASKS}
    lines = [_line(_HEADINGS), _line(["---"] + ["---:"] * (len(_HEADINGS) - 1))]
    for name in TASKS:
        beyond = further[name] - further[PING]
        figures = [f"{first[name]:.2f}", f"{first[name] - first[PING]:.2f}", f"{further[name]:.2f}", f"{beyond:.2f}"]
        ours = [*figures, f"{beyond / further[PING]:.2f}"] if name != PING else [figures[0], "", figures[2], "", ""]
        lines.append(_line([name, f"{sent[name]:.0f}", *ours]))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
