# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds in a process of their own, so that their work does not count as the client's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Clouds:
    """Running clouds: their clouds.yaml, and the address of their counters if they have any."""

    clouds_yaml: Path
    counters: str | None = None

    def reset(self) -> None:
        """Count from zero."""
        if self.counters:
            requests.delete(self.counters, timeout=10).raise_for_status()

    def counted(self) -> dict[str, Any] | None:
        """Return the counters."""
        if not self.counters:
            return None
        answer = requests.get(self.counters, timeout=10)
        answer.raise_for_status()
        counted: dict[str, Any] = answer.json()
        return counted


@dataclass(frozen=True)
class Size:
    """How many clouds, regions in each and servers in each of those; seconds of latency per request."""

    clouds: int
    regions: int
    servers: int = 0
    latency: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.clouds} clouds x {self.regions} regions x {self.servers} servers, "
            f"{self.latency * 1000:.0f} ms latency per request"
        )

    @property
    def total(self) -> int:
        """All servers."""
        return self.clouds * self.regions * self.servers

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every cloud with each of its regions, by the names that stand-in clouds have."""
        clouds, regions = range(1, self.clouds + 1), range(1, self.regions + 1)
        return [(f"cloud{cloud}", f"r{region}") for cloud in clouds for region in regions]


@contextmanager
def running(
    size: Size, directory: Path, program: str = "tests.support.fake_openstack", options: Sequence[str] = ()
) -> Iterator[Clouds]:
    """Run fake clouds of a size until the block ends; `program` takes the options of `fake_openstack`, and more."""
    path = directory / "clouds.yaml"
    common = vars(size) | {"clouds-yaml": path}
    command = [sys.executable, "-m", program, *(f"--{name}={value}" for name, value in common.items()), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the stand-in clouds have no output")
            yield Clouds(path, json.loads(process.stdout.readline())["counters"])
        finally:
            process.terminate()
