# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scatter and gather: one function for many items in parallel, an ordered outcome for each, and never a hang."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .deadline import Cancellation, Deadline
from .errors import DeadlineError, OaktreeError, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Value = TypeVar("Value")


INTERRUPT_POLL = 0.2
"""Seconds until an interrupt is noticed: a signal delivered to another thread does not wake the main thread."""

CLEANUP_SHARE = 0.9
"""The share of the grace in which interrupted work cleans up; in the rest it reports what it could not remove."""


@dataclass(frozen=True)
class Limits:
    """How many items at once, and how long each may take. All times in seconds."""

    concurrency: int
    timeout: float
    grace: float = 0.5
    """What work has beyond ``timeout`` to report its own error, and to clean up."""


@dataclass(frozen=True)
class Outcome(Generic[Item, Value]):
    """How the work on one item ended: a value, or an error."""

    item: Item
    seconds: float
    value: Value | None = None
    error: OaktreeError | None = None


class InterruptError(KeyboardInterrupt):
    """An interrupt that ended the work. ``outcomes`` are those of all items whose work had begun, in their order."""

    def __init__(self, outcomes: Sequence[Outcome[Any, Any]]) -> None:
        super().__init__()
        self.outcomes = outcomes


def scatter(
    items: Sequence[Item],
    work: Callable[[Item, Deadline], Value],
    limits: Limits,
    translate: Callable[[BaseException], OaktreeError] = unexpected,
) -> list[Outcome[Item, Value]]:
    """Run ``work(item, deadline)`` for every item, at most ``concurrency`` at once; outcomes in the items' order.

    The deadline of an item starts with its work. Work that does not end within ``timeout + grace`` is abandoned: its
    outcome is a DeadlineError, the next item takes its place, and its thread, a daemon, does not delay the exit of
    the process. On KeyboardInterrupt all work is cancelled and has ``grace`` seconds to clean up, which a second
    interrupt ends; then InterruptError is raised. ``translate`` converts the exceptions of other libraries.
    """
    run = _Run(items, work, limits, translate)
    try:
        run.until_done()
    except KeyboardInterrupt as interrupt:
        with suppress(KeyboardInterrupt):
            run.cancel()
        raise InterruptError(run.so_far()) from interrupt
    return [run.outcomes[index] for index in range(len(items))]


class _Run(Generic[Item, Value]):
    def __init__(
        self,
        items: Sequence[Item],
        work: Callable[[Item, Deadline], Value],
        limits: Limits,
        translate: Callable[[BaseException], OaktreeError],
    ) -> None:
        self.items = items
        self.work = work
        self.limits = limits
        self._translate = translate
        self.outcomes: dict[int, Outcome[Item, Value]] = {}
        self._started: dict[int, float] = {}
        # Written by the threads of the work, each for its own item; all else belongs to the caller's thread.
        self._begun: set[int] = set()
        self._ended: dict[int, Outcome[Item, Value]] = {}
        self._wakeups: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._cancelled = Cancellation()

    def until_done(self) -> None:
        waiting = iter(range(len(self.items)))
        while len(self.outcomes) < len(self.items):
            while len(self._started) < self.limits.concurrency and (index := next(waiting, None)) is not None:
                self._start(index)
            self._collect()

    def cancel(self) -> None:
        """Cancel all work and wait, ``grace`` seconds at most, until it has cleaned up."""
        end = time.monotonic() + self.limits.grace
        self._cancelled.set(self.limits.grace * CLEANUP_SHARE)
        for index in [index for index in self._started if index not in self._begun]:
            del self._started[index]  # it ends as soon as it begins
        while self._started and (left := end - time.monotonic()) > 0:
            self._take(left)

    def so_far(self) -> list[Outcome[Item, Value]]:
        """The outcomes so far; work that still runs has one that says so."""
        self._settle()
        for index, start in self._started.items():
            error = DeadlineError("interrupted")
            error.add_residue("the work did not end in time")
            self.outcomes[index] = Outcome(self.items[index], time.monotonic() - start, error=error)
        return [self.outcomes[index] for index in sorted(self.outcomes)]

    def _start(self, index: int) -> None:
        self._started[index] = time.monotonic()
        threading.Thread(target=self._work_on, args=(index,), daemon=True, name=f"scatter-{index}").start()

    def _work_on(self, index: int) -> None:
        item, start = self.items[index], time.monotonic()
        self._begun.add(index)
        try:
            deadline = Deadline(self.limits.timeout, cancelled=self._cancelled)
            deadline.check_cancelled()
            value = self.work(item, deadline)
            outcome = Outcome[Item, Value](item, time.monotonic() - start, value)
        except Exception as exc:  # noqa: BLE001 - the one place where a worker's error becomes data
            error = self._translate(exc)
            if error is not exc:
                error.__cause__ = exc
            outcome = Outcome(item, time.monotonic() - start, error=error)
        self._ended[index] = outcome
        self._wakeups.put(None)

    def _collect(self) -> None:
        """Collect the work that has ended, or abandon the work that has timed out."""
        allowed = self.limits.timeout + self.limits.grace
        left = min(self._started.values()) + allowed - time.monotonic()
        if not self._take(max(0.0, left)):
            self._give_up(time.monotonic() - allowed)

    def _take(self, seconds: float) -> bool:
        """Wait for work to end, up to so many seconds or until it is time to look for interrupts; whether any did."""
        with suppress(queue.Empty):
            self._wakeups.get(timeout=min(seconds, INTERRUPT_POLL))
        return self._settle()

    def _settle(self) -> bool:
        """Collect outcomes; returns whether there were any. If an interrupt cuts it short, the next call goes on."""
        ended = [index for index in self._started if index in self._ended]
        for index in ended:
            self.outcomes[index] = self._ended[index]
            del self._started[index]
        return bool(ended)

    def _give_up(self, before: float) -> None:
        for index in [index for index, start in self._started.items() if start <= before]:
            start = self._started.pop(index)
            error = Deadline(self.limits.timeout).expired()
            self.outcomes[index] = Outcome(self.items[index], time.monotonic() - start, error=error)
