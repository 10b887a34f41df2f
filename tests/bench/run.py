# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the ways of one benchmark: in turn, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.clouds import Clouds
from tests.bench.measure import Cost, RunFailedError, measure
from tests.bench.report import Row, Traffic, traffic
from tests.bench.ways import Command, Way, environment

Figures = tuple[Cost, Traffic | None]


@dataclass(frozen=True)
class Group:
    """Ways to get the same from the same clouds: `ways` makes those of one round, each is to get what is `expected`."""

    ways: Callable[[], Sequence[Way]]
    clouds: Clouds
    expected: int


def rows_of(groups: Sequence[Group], rounds: int) -> list[Row]:
    """Run all ways of all groups in turn, as often as there are rounds.

    Raises RunFailedError if one of them did not get what was expected: its figures would mean nothing.
    """
    runs: dict[str, list[Figures]] = {}
    compared: dict[str, Way] = {}
    for number in range(rounds):
        for group in groups:
            for way in group.ways():
                compared[way.name] = way
                if way.rounds is None or number < way.rounds:
                    runs.setdefault(way.name, []).append(run_once(way, group.clouds, group.expected))
    return [
        Row(way, [cost for cost, _seen in runs[name]], [seen for _cost, seen in runs[name] if seen])
        for name, way in compared.items()
    ]


def run_once(way: Way, clouds: Clouds, expected: int) -> Figures:
    """Run one way with caches of its own, which are empty but for what the commands before it put there."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as fresh:
        output = Path(fresh, "output")
        env = environment(Path(fresh), clouds.clouds_yaml) | dict(way.env)
        try:
            for command in way.before:
                _run(command, env)
            clouds.reset()
            cost, counted = measure(way.command, env, output), clouds.counted()
        finally:
            for command in way.after:
                _run(command, env)
        got = way.count(output.read_text()) if way.count else expected
        if got != expected:
            raise RunFailedError(f"{way.name} got {got} of {expected}:\n{output.read_text()[-2000:]}")
    return cost, traffic(counted) if counted else None


def _run(command: Command, env: dict[str, str]) -> None:
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunFailedError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
