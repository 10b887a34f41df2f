# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command while the local clouds are up; clouds that were not up before are taken down after it."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType


def _clouds(action: str) -> int:
    """Run `python -m tests.support.local_clouds ACTION` and return its exit code."""
    return subprocess.run([sys.executable, "-m", "tests.support.local_clouds", action], check=False).returncode


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the clouds are taken down on the way out."""
    sys.exit(128 + signal.SIGTERM)


def main(command: list[str]) -> int:
    """Return the exit code of the command, or that of starting or stopping the clouds if these fail."""
    if _clouds("status") == 0:
        return subprocess.run(command, check=False).returncode
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _clouds("up") or subprocess.run(command, check=False).returncode
    finally:
        down = _clouds("down")
    return code or down


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
