# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock by which work waits, the deadlines that bound it, and the cancellation that ends it."""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import DeadlineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock:
    """The one clock of this process, which a test can turn faster so that pauses and timeouts cost it milliseconds.

    `monotonic`, `wait` and `sleep` are turned: only this process knows of their moments. `time`, `now` and `uptime`
    never go faster: files, clouds and other processes compare them with clocks of their own. Sockets, locks and queues
    have their own clock as well; where they get what is left of a deadline, that is turned back (`real`,
    `Deadline.timeout`). The date can be wrong, as that of any machine (`set_ahead`).
    """

    def __init__(self) -> None:
        self._rate = (1.0, 0.0)  # how fast, and how far ahead; together, as threads read them
        self._date_ahead = 0.0

    @property
    def speed(self) -> float:
        """Seconds of this clock for each real one."""
        return self._rate[0]

    def turn(self, speed: float) -> None:
        """Go this fast from now on. No moment is skipped, and none comes twice."""
        before, ahead = self._rate
        self._rate = (speed, ahead + (before - speed) * time.monotonic())

    def set_ahead(self, seconds: float) -> None:
        """Let `time` and `now` be so far ahead of the true date, or behind it where ``seconds`` is negative."""
        self._date_ahead = seconds

    def monotonic(self) -> float:
        """Seconds, for moments that are compared with others of this clock only."""
        speed, ahead = self._rate
        return ahead + speed * time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait so long for the event; returns whether it has come."""
        return event.wait(self.real(seconds))

    def sleep(self, seconds: float) -> None:
        time.sleep(self.real(seconds))

    def real(self, seconds: float) -> float:
        """What so many seconds of this clock take."""
        return seconds / self.speed

    def turned(self, seconds: float) -> float:
        """What this clock counts in so many real seconds."""
        return seconds * self.speed

    def time(self) -> float:
        """Real seconds since 1970 by this machine, for moments that files, clouds and other processes share."""
        return time.time() + self._date_ahead

    def now(self) -> datetime:
        """The date of `time`, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    @staticmethod
    def uptime() -> float:
        """Real seconds, monotonic since the machine's start: the same for all its processes."""
        return time.monotonic()


clock = Clock()
"""Nothing else in this collection waits, or asks what time it is: a test turns all of it at once."""


class Cancellation:
    """The cancellation of one run, which all its deadlines share. Once set it stays set."""

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._lock = threading.Lock()
        self._actions: set[Callable[[], None]] = set()
        self._clean_by = math.inf

    def set(self, grace: float = math.inf) -> None:
        """Cancel the run; ``grace`` is how many seconds cleanup may take."""
        with self._lock:
            self._clean_by = clock.monotonic() + grace
            self._is_set.set()
        for action in self._actions:
            action()

    def is_set(self) -> bool:
        return self._is_set.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait up to so many seconds until the run is cancelled; returns whether it is."""
        return clock.wait(self._is_set, seconds)

    def on_cancel(self, action: Callable[[], None]) -> None:
        """Call ``action`` when the run is cancelled, once however often it is registered; at once if it is already."""
        with self._lock:
            if not self._is_set.is_set():
                self._actions.add(action)
                return
        action()

    def of_one(self) -> Cancellation:
        """A cancellation of one item's work: it is set with this one, and can be set by itself."""
        own = Cancellation()
        self.on_cancel(lambda: own.set(self.grace))
        return own

    @property
    def grace(self) -> float:
        """Seconds left for cleanup; infinite unless the run is cancelled."""
        return max(0.0, self._clean_by - clock.monotonic())


CLEANING_UP = Cancellation()
"""The cancellation of the deadlines of cleanup, which goes on when all other work is cancelled. It is never set."""


LONGEST_UNCHARGED = 10.0
"""Seconds of a process that need not count for deadlines; beyond that all do, so that it comes to an end."""


class _Uncharged:
    """The time in which at least one thread was `uncharged`."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._state: tuple[float, float | None] = (0.0, None)  # seconds so far, and since when; as threads read them

    def seconds(self, now: float) -> float:
        """Seconds until ``now``, a moment of `Clock.monotonic`."""
        before, since = self._state
        return before if since is None else before + max(0.0, now - since)

    def enter(self) -> None:
        with self._lock:
            self._threads += 1
            if self._threads == 1:
                self._state = (self._state[0], clock.monotonic())

    def leave(self) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                self._state = (self.seconds(clock.monotonic()), None)


_uncharged = _Uncharged()
os.register_at_fork(after_in_child=_uncharged.restart)


@contextmanager
def uncharged() -> Iterator[None]:
    """A context in which the time does not count for any deadline of this process: for what is no cloud's work.

    What is done in it has to be bounded by itself.
    """
    _uncharged.enter()
    try:
        yield
    finally:
        _uncharged.leave()


def uncharged_seconds() -> float:
    """The time that did not count until now."""
    return _uncharged.seconds(clock.monotonic())


def counted() -> float:
    """Seconds of `Clock.monotonic` that count for deadlines, for moments that are compared with others of this."""
    now = clock.monotonic()
    return now - min(_uncharged.seconds(now), clock.turned(LONGEST_UNCHARGED))


class Deadline:
    """The moment at which work times out, and the cancellation of the run that it belongs to.

    Work calls `remaining` before it waits for anything. A request in flight ends by its own timeout, which is never
    longer than what remains, or is aborted by the cancellation.
    """

    def __init__(self, seconds: float, name: str = "timeout", cancelled: Cancellation | None = None) -> None:
        """``seconds`` from now; ``name`` is the option that set them, for the message when the deadline expires."""
        self.seconds = seconds
        self.name = name
        self.cancelled = cancelled or Cancellation()
        self._end = counted() + seconds

    def remaining(self) -> float:
        """Seconds left, more than zero. Raises DeadlineError if the deadline has expired or the run is cancelled."""
        self.check_cancelled()
        left = self._end - counted()
        if left <= 0:
            raise self.expired()
        return left

    def timeout(self, most: float = math.inf) -> float:
        """The real seconds that are left, at ``most`` so many, for a socket or a lock. Raises as `remaining`."""
        return min(most, clock.real(self.remaining()))

    def check_cancelled(self) -> None:
        """Raise DeadlineError if the run is cancelled."""
        if self.cancelled.is_set():
            raise DeadlineError("interrupted", hint="The task was interrupted; run it again.")

    def expired(self) -> DeadlineError:
        return DeadlineError(
            f"not finished within {self.name} ({self.seconds:g} s)",
            hint=f"Check that the cloud answers, or raise {self.name}.",
        )

    def sleep(self, seconds: float) -> None:
        """Wait, or until the run is cancelled. Raises DeadlineError at once if the wait would exceed the deadline."""
        if seconds >= self.remaining():
            raise self.expired()
        self.cancelled.wait(seconds)
        self.remaining()
