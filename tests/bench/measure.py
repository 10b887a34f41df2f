# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of a command costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time; CPU seconds and MiB read of the command and its children; peak MiB of the largest of them.

    Reads are those of files and pipes, from the page cache too; Python's own modules are among them.
    """

    wall: float
    cpu: float
    peak_mib: float
    read_mib: float


class RunFailedError(RuntimeError):
    """A measured command failed: its figures would mean nothing."""


def measure(command: Sequence[str], env: Mapping[str, str], output: Path) -> Cost:
    """Run a command with its output in a file; raises RunFailedError with the end of what it said."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(output)]
    report = subprocess.run([*launcher, *command], env=env, check=True, stdout=subprocess.PIPE)
    result = json.loads(report.stdout)
    if result["exit"] != 0:
        raise RunFailedError(f"{' '.join(command)}: exit {result['exit']}\n{output.read_text()[-2000:]}")
    return Cost(**result["cost"])
