# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a benchmark, as JSON and as a Markdown table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.measure import Cost
from tests.bench.ways import Way

TIMES = ("wall s", "overhead s", "x limit", "CPU s", "peak MiB")
LOCATIONS = (*TIMES[:3], "x one", *TIMES[3:], "requests", "tokens", "in flight")
FORKS = ("wall s", "overhead s", "CPU s", "peak MiB", "requests", "tokens", "in flight")
SITES = ("wall s", "overhead s", "x one", "CPU s", "CPU x one", "peak MiB", "requests", "tokens", "in flight")
STALE = ("wall s", "s more", "CPU s", "peak MiB", "requests", "tokens")
SERVERS = (*TIMES, "requests", "lists", "tokens", "in flight")
UPLOADS = (
    "wall s",
    "overhead s",
    "x limit",
    "best x limit",
    "CPU s",
    "peak MiB",
    "read MiB",
    "sent MiB",
    "requests",
    "tokens",
)
REAL_UPLOADS = (*TIMES, "read MiB")


@dataclass(frozen=True)
class Traffic:
    """What the clouds counted during one run; `requests` are all of them, `sent_mib` the bodies of requests."""

    requests: int
    lists: int
    tokens: int
    in_flight: int
    sent_mib: float


def traffic(counted: Mapping[str, Any]) -> Traffic:
    """Sort the counters of the clouds."""
    lists = sum(
        entry["count"] for entry in counted["requests"] if entry["path"].endswith(("/servers/detail", "/servers"))
    )
    everything = sum(entry["count"] for entry in counted["requests"])
    sent = counted["bytes_received"] / (1 << 20)
    return Traffic(everything, lists, counted["tokens"], counted["max_in_flight"], sent)


@dataclass(frozen=True)
class Row:
    """The runs of one way; without traffic where the clouds do not count."""

    way: Way
    costs: Sequence[Cost]
    traffics: Sequence[Traffic]

    @property
    def wall(self) -> float:
        """Median of the wall time, in seconds."""
        return self.median("wall")

    def median(self, figure: str) -> float:
        """Return the median of a figure of the costs."""
        return median([float(getattr(cost, figure)) for cost in self.costs])

    @property
    def best(self) -> float:
        """Least of the wall times, in seconds."""
        return min(cost.wall for cost in self.costs)

    def most(self, figure: str) -> float:
        """Return the largest of a figure of the traffic."""
        return max([float(getattr(seen, figure)) for seen in self.traffics], default=0.0)

    def cells(self, rows: Mapping[str, Row]) -> dict[str, str]:
        """Return what stands under every heading; `rows` are all of the table, by their ways' names."""
        way, wall = self.way, self.wall
        own = wall - rows[way.nothing].wall if way.nothing else wall
        own_best = self.best - rows[way.nothing].best if way.nothing else self.best
        return {
            "wall s": f"{wall:.2f}",
            "overhead s": f"{own:.2f}" if way.nothing else "",
            "x limit": f"{own / rows[way.limit].wall:.2f}" if way.limit else "",
            "best x limit": f"{own_best / rows[way.limit].best:.2f}" if way.limit else "",
            "x one": f"{wall / rows[way.one].wall:.2f}" if way.one else "",
            "s more": f"{wall - rows[way.one].wall:.2f}" if way.one else "",
            "CPU s": f"{self.median('cpu'):.2f}",
            "CPU x one": f"{self.median('cpu') / rows[way.one].median('cpu'):.2f}" if way.one else "",
            "peak MiB": f"{self.median('peak_mib'):.0f}",
            "read MiB": f"{self.median('read_mib'):.0f}",
            "sent MiB": f"{self.most('sent_mib'):.0f}",
            "requests": f"{self.most('requests'):.0f}",
            "lists": f"{self.most('lists'):.0f}",
            "tokens": f"{self.most('tokens'):.0f}",
            "in flight": f"{self.most('in_flight'):.0f}",
        }


def machine() -> str:
    """Name what the figures are measured on."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in ("ansible-core", "openstacksdk", "aiohttp"))
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def table(rows: Sequence[Row], columns: Iterable[str]) -> str:
    """Return a Markdown table: medians of times, CPU, memory and reads, and the largest of what the clouds counted."""
    by_name = {row.way.name: row for row in rows}
    headings = ["way", *columns]
    lines = [_line(headings), _line(["---"] + ["---:"] * (len(headings) - 1))]
    for row in rows:
        cells = row.cells(by_name)
        lines.append(_line([row.way.name, *(cells[column] for column in headings[1:])]))
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return every run of every way as plain JSON types."""
    return [
        {"way": row.way.name, "costs": [asdict(cost) for cost in row.costs], "traffic": list(map(asdict, row.traffics))}
        for row in rows
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
