# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that bound work, and the word to stop it."""

from __future__ import annotations

import threading
import time

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import DeadlineError


class Deadline:
    """A moment that work may not go beyond, and a cancellation that all clocks of one run share.

    Work asks `remaining` before it waits for anything. Nothing is interrupted from outside: a request in flight
    ends by its own timeout, which is never longer than what remains.
    """

    def __init__(self, seconds: float, name: str = "timeout", cancelled: threading.Event | None = None) -> None:
        """``seconds`` from now on; ``name`` is the option that set them, for the message when they are over."""
        self.seconds = seconds
        self.name = name
        self.cancelled = cancelled or threading.Event()
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than zero. Raises DeadlineError when none are, or when the run was cancelled."""
        if self.cancelled.is_set():
            raise DeadlineError("interrupted", hint="The task was interrupted; run it again.")
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.expired()
        return left

    def expired(self) -> DeadlineError:
        return DeadlineError(
            f"not finished within {self.name} ({self.seconds:g} s)",
            hint=f"Check that the cloud answers, or raise {self.name}.",
        )

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until cancelled. Raises DeadlineError at once when the wait would outlast the clock."""
        if seconds >= self.remaining():
            raise self.expired()
        self.cancelled.wait(seconds)
        self.remaining()
