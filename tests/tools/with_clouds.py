# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command while the local clouds are up; clouds that were not up before are taken down after it.

Arguments: [--with SERVICE,...] COMMAND. The clouds run these services beside those that they always run.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from types import FrameType


def _clouds(*arguments: str) -> int:
    """Run `python -m tests.support.local_clouds ARGUMENTS` and return its exit code."""
    return subprocess.run([sys.executable, "-m", "tests.support.local_clouds", *arguments], check=False).returncode


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the clouds are taken down on the way out."""
    sys.exit(128 + signal.SIGTERM)


def main(arguments: list[str]) -> int:
    """Return the exit code of the command, or that of starting or stopping the clouds if these fail."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--with", dest="extra", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    up = ("up", "--with", options.extra) if options.extra else ("up",)
    if _clouds("status") == 0:
        # What runs is left alone, and services that are added stay as well.
        added = _clouds(*up) if options.extra else 0
        return added or subprocess.run(options.command, check=False).returncode
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _clouds(*up) or subprocess.run(options.command, check=False).returncode
    finally:
        down = _clouds("down")
    return code or down


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
