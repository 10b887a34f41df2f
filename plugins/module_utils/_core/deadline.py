# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that bound work, and the word to stop it."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from .errors import DeadlineError

if TYPE_CHECKING:
    from collections.abc import Callable


class Cancellation:
    """The word to stop, for all clocks of one run. It is given once, and nobody takes it back."""

    def __init__(self) -> None:
        self._given = threading.Event()
        self._lock = threading.Lock()
        self._actions: set[Callable[[], None]] = set()
        self._clean_by = math.inf

    def set(self, grace: float = math.inf) -> None:
        """Give the word; ``grace`` is how many seconds may be spent on cleaning up."""
        with self._lock:
            self._clean_by = time.monotonic() + grace
            self._given.set()
        for action in self._actions:
            action()

    def is_set(self) -> bool:
        return self._given.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long for the word; returns whether it was given."""
        return self._given.wait(seconds)

    def on_cancel(self, action: Callable[[], None]) -> None:
        """Have ``action`` called with the word, once however often this is said; at once after the word was given."""
        with self._lock:
            if not self._given.is_set():
                self._actions.add(action)
                return
        action()

    @property
    def grace(self) -> float:
        """Seconds that are left for cleaning up; infinite before the word is given."""
        return max(0.0, self._clean_by - time.monotonic())


CLEANING_UP = Cancellation()
"""That of clocks for work which goes on when all other is told to stop. It is never given."""


class Deadline:
    """A moment that work may not go beyond, and a cancellation that all clocks of one run share.

    Work asks `remaining` before it waits for anything. A request in flight ends by its own timeout, which is never
    longer than what remains, or is broken off by the cancellation.
    """

    def __init__(self, seconds: float, name: str = "timeout", cancelled: Cancellation | None = None) -> None:
        """``seconds`` from now on; ``name`` is the option that set them, for the message when they are over."""
        self.seconds = seconds
        self.name = name
        self.cancelled = cancelled or Cancellation()
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than zero. Raises DeadlineError when none are, or when the run was cancelled."""
        self.check_cancelled()
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.expired()
        return left

    def check_cancelled(self) -> None:
        """Raise DeadlineError when the run was cancelled."""
        if self.cancelled.is_set():
            raise DeadlineError("interrupted", hint="The task was interrupted; run it again.")

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
