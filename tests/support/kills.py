# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When tests kill a process: KILLS says how many moments for each scheme, KILL_SEED which ones."""

from __future__ import annotations

import os
import random

COUNT = int(os.environ.get("KILLS", "2"))
SEED = os.environ.get("KILL_SEED", "oaktree")


def moments(label: str, begin: float, end: float) -> list[float]:
    """Random moments between two others, in order; the same ones for the same label."""
    chosen = random.Random(f"{SEED} {label}")  # noqa: S311 - reproducible, not secret
    return sorted(chosen.uniform(begin, end) for _number in range(COUNT))


_KILLED = """
import os, signal
from requests.adapters import HTTPAdapter
send, left = HTTPAdapter.send, [{number}]

def counted(*args, **kwargs):
    response = send(*args, **kwargs)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return response

HTTPAdapter.send = counted
"""


def killed_after(number: int) -> str:
    """The Python with which a process begins that is to be killed when it has the answer to so many requests."""
    return _KILLED.format(number=number)
