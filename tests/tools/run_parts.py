# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run targets of the Makefile one after the other and say how long each took and how it ended.

Arguments are TARGET:SECONDS. A target that takes longer is ended, with everything that it started; the others run all
the same. The exit code is 1 if any part did not pass.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

GRACE = 60  # seconds between asking a part to end and killing it: enough to take the clouds down


@dataclass(frozen=True)
class Outcome:
    """How one part ended: `result` is `passed`, or says what went wrong."""

    target: str
    seconds: float
    result: str


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process and all that belongs to it to end, and kill what does not."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(target: str, limit: float) -> Outcome:
    """Run one target, for `limit` seconds at most."""
    print(f"\n===== make {target}", flush=True)
    start = time.monotonic()
    # In a group of its own, so that all of it can be ended; without input, so that nothing can wait for an answer.
    process = subprocess.Popen(
        ["make", "--no-print-directory", target], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = process.wait(limit)
        result = "passed" if code == 0 else f"failed ({code})"
    except subprocess.TimeoutExpired:
        _end(process)
        result = f"ended after {limit:.0f} s"
    except BaseException:
        _end(process)
        raise
    return Outcome(target, time.monotonic() - start, result)


def _table(outcomes: list[Outcome]) -> str:
    """Lay the outcomes out, with their sum."""
    total = sum(outcome.seconds for outcome in outcomes)
    lines = [f"{outcome.target:<14}{outcome.seconds:>7.0f} s  {outcome.result}" for outcome in outcomes]
    return "\n".join([*lines, f"{'total':<14}{total:>7.0f} s"])


def main(parts: list[str]) -> int:
    """Run all parts and print the table."""
    outcomes = []
    for part in parts:
        target, limit = part.split(":")
        outcomes.append(run(target, float(limit)))
    print(f"\n{_table(outcomes)}", flush=True)
    return 0 if all(outcome.result == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
