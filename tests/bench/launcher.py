# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command, its output in a file, and print what it cost as JSON: `launcher.py OUTPUT COMMAND...`.

A program of its own because Linux counts the memory of the process that starts another one as the other's peak:
this one has next to none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

MIB = 1 << 20


def main() -> None:
    """Run the command and print its figures."""
    output, *command = sys.argv[1:]
    with open(output, "w") as out:  # noqa: PTH123  (pathlib would cost memory)
        before, start = characters_read(), time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _pid, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    figures = {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "read_mib": (characters_read() - before) / MIB,
    }
    json.dump({"exit": process.returncode, "cost": figures}, sys.stdout)


def characters_read() -> int:
    """Return the bytes that this process and the children it has waited for got from read() and the like.

    What is received from sockets does not count.
    """
    with open("/proc/self/io") as file:  # noqa: PTH123  (pathlib would cost memory)
        return int(dict(line.split(":") for line in file)["rchar"])


if __name__ == "__main__":
    main()
