# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command so many times at once: `crowd.py NUMBER COMMAND...`. Prints what all of them print."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def main(number: int, command: Sequence[str]) -> int:
    """Return how many of the commands failed."""
    started = [subprocess.Popen(command) for _number in range(number)]
    return sum([process.wait() != 0 for process in started])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
