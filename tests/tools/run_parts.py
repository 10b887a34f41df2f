# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run targets of the Makefile and say how long each took and how it ended.

Arguments are TARGET:SECONDS, or several of these with commas between them, which run at the same time; arguments run
one after the other. A target that takes longer is ended, with everything that it started; the others run all the same.
The lines that say what failed are shown once more at the end, for those who see no more than the end of a long log. The
exit code is 1 if any part did not pass.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

GRACE = 60  # seconds between asking a part to end and killing it: enough to take the clouds down
PAUSE = 0.1  # seconds between two looks at what runs

# How pytest, molecule, ansible-test, Ansible and make say what failed.
FAILURE = re.compile(
    rb"(FAILED(?! -)|ERROR|CRITICAL|\[ERROR\]):? |fatal: |failed: \[|make(\[\d+\])?: \*\*\* |.*\bfailed=[1-9]"
)
COLOR = re.compile(rb"\x1b\[[\d;]*m")
SHOWN = 600  # bytes of such a line
LINES = 40  # such lines of one part: the last ones


@dataclass(frozen=True)
class Outcome:
    """How one part ended: `result` is `passed`, or says what went wrong, and `failures` are the lines about it."""

    target: str
    seconds: float
    result: str
    failures: tuple[str, ...] = ()


class _Part:
    """A part that runs, whose output is shown while it runs if it is `live`, and otherwise when it has ended."""

    def __init__(self, target: str, limit: float, output: IO[bytes], *, live: bool) -> None:
        self.target = target
        self._limit = limit
        self._output = output
        self._live = live
        self._shown = 0
        if live:
            self._show_title()
        self._start = time.monotonic()
        # In a group of its own, so that all of it can be ended; without input, so that nothing can wait for an answer.
        self._process = subprocess.Popen(
            ["make", "--no-print-directory", target],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _show_title(self) -> None:
        print(f"\n===== make {self.target}", flush=True)

    def _show(self) -> None:
        """Show what has been written since the last time."""
        end = os.fstat(self._output.fileno()).st_size
        while piece := os.pread(self._output.fileno(), min(end - self._shown, 1 << 20), self._shown):
            sys.stdout.buffer.write(piece)
            self._shown += len(piece)
        sys.stdout.flush()

    def outcome(self) -> Outcome | None:
        """How it ended, which is to be asked until it has; None while it runs."""
        code = self._process.poll()
        if code is None:
            if time.monotonic() - self._start < self._limit:
                if self._live:
                    self._show()
                return None
            self.end()
        if not self._live:
            self._show_title()
        self._show()
        if code == 0:
            return Outcome(self.target, time.monotonic() - self._start, "passed")
        result = f"ended after {self._limit:.0f} s" if code is None else f"failed ({code})"
        return Outcome(self.target, time.monotonic() - self._start, result, self._failures())

    def _failures(self) -> tuple[str, ...]:
        """Find the lines that say what failed."""
        self._output.seek(0)
        plain = (COLOR.sub(b"", line) for line in self._output)
        lines = [line[:SHOWN].decode(errors="replace").rstrip() for line in plain if FAILURE.match(line)]
        return tuple(lines[-LINES:])

    def end(self) -> None:
        """Ask the part and all that belongs to it to end, and kill what does not."""
        if self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def run(limits: dict[str, float]) -> list[Outcome]:
    """Run targets at the same time, each for so many seconds at most."""
    with ExitStack() as stack:
        parts: list[_Part] = []
        outcomes: dict[str, Outcome] = {}
        try:
            for target, limit in limits.items():
                output = stack.enter_context(TemporaryFile("a+b"))
                parts.append(_Part(target, limit, output, live=len(limits) == 1))
            while len(outcomes) < len(parts):
                time.sleep(PAUSE)
                for part in parts:
                    outcome = None if part.target in outcomes else part.outcome()
                    if outcome:
                        outcomes[part.target] = outcome
        except BaseException:
            for part in parts:
                part.end()
            raise
    return [outcomes[target] for target in limits]


def _summary(outcomes: list[Outcome], total: float) -> str:
    """Lay out what failed, how each part ended, and the time of all."""
    lines = []
    for outcome in outcomes:
        if outcome.failures:
            lines += [f"===== make {outcome.target}: what failed", *outcome.failures, ""]
    lines += [f"{outcome.target:<14}{outcome.seconds:>7.0f} s  {outcome.result}" for outcome in outcomes]
    return "\n".join([*lines, f"{'total':<14}{total:>7.0f} s"])


def main(parts: list[str]) -> int:
    """Run all parts and print how they ended."""
    start = time.monotonic()
    outcomes = []
    for part in parts:
        limits = (target.split(":") for target in part.split(","))
        outcomes += run({target: float(limit) for target, limit in limits})
    print(f"\n{_summary(outcomes, time.monotonic() - start)}", flush=True)
    return 0 if all(outcome.result == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
