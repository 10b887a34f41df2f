# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an event in another thread or process, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 60.0, pause: float = 0.01) -> None:
    """Return when the condition is true; fail when it is not within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"what is waited for does not come within {seconds:g} s"
        time.sleep(pause)
