# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scatter and gather: one function for many items in parallel, an ordered outcome for each, and never a hang."""

from __future__ import annotations

import queue
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .deadline import Cancellation, Deadline, clock, counted
from .errors import DeadlineError, InputError, OaktreeError, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Value = TypeVar("Value")


INTERRUPT_POLL = 0.2
"""Seconds until an interrupt is noticed: a signal delivered to another thread does not wake the main thread."""

THREAD_WAIT = 5.0
"""Seconds for which work waits for its first thread where the process may have no more."""

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

    See `Pool` for deadlines, interrupts and ``translate``.
    """
    with Pool[Item](limits.concurrency, limits.grace, translate) as pool:
        tasks = [pool.submit(item, work, limits.timeout) for item in items]
        while pool.busy:
            pool.take()
        return [task.outcome for task in tasks if task.outcome]


def no_thread(exc: RuntimeError) -> InputError:
    """The error of work for which Python cannot start a thread."""
    error = InputError(
        f"no thread can be started for it: {exc}",
        hint="Lower concurrency, or raise the limit on processes (ulimit -u, or that of the container).",
    )
    error.__cause__ = exc
    return error


class Task(Generic[Item, Value]):
    """The work on one item. The thread that does it writes ``begun`` and ``ended``; all else is the pool's."""

    def __init__(
        self, item: Item, work: Callable[[Item, Deadline], Value], timeout: float, cancelled: Cancellation
    ) -> None:
        self.item = item
        self.cancelled = cancelled
        self.work = work
        self.timeout = timeout
        self.started: float | None = None
        self.begun = False
        self.ended: Outcome[Item, Value] | None = None
        self.outcome: Outcome[Item, Value] | None = None


class Pool(Generic[Item]):
    """Runs tasks in daemon threads, at most ``concurrency`` at once, in the order in which they are submitted.

    Where no thread can be started for a task, it waits until another one ends. The deadline of a task starts with its
    work. Work that does not end within its timeout and ``grace`` is given up: its outcome is a DeadlineError, its place
    goes to the next task, its requests are aborted, and its thread does not delay the exit of the process.

    Use it as a context manager. On any exception all work is told to stop, and has ``grace`` to clean up; a
    KeyboardInterrupt meanwhile ends the wait. If the exception is a KeyboardInterrupt, InterruptError replaces it.
    ``translate`` converts the exceptions of other libraries.
    """

    def __init__(
        self, concurrency: int, grace: float, translate: Callable[[BaseException], OaktreeError] = unexpected
    ) -> None:
        self._concurrency = concurrency
        self._grace = grace
        self._translate = translate
        self._tasks: list[Task[Item, Any]] = []
        self._waiting: deque[Task[Item, Any]] = deque()
        self._running: list[Task[Item, Any]] = []
        self._one_more: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._cancelled = Cancellation()
        self._threadless: float | None = None
        """Since when nothing is at work because no thread can be started."""

    def __enter__(self) -> Pool[Item]:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            return
        with suppress(KeyboardInterrupt):
            self._cancel()
        if isinstance(error, KeyboardInterrupt):
            raise InterruptError(self._so_far()) from error

    @property
    def busy(self) -> bool:
        """Whether there are tasks without an outcome."""
        return bool(self._waiting or self._running)

    def submit(self, item: Item, work: Callable[[Item, Deadline], Value], timeout: float) -> Task[Item, Value]:
        """Have ``work(item, deadline)`` done, ``timeout`` seconds at the most."""
        task = Task(item, work, timeout, self._cancelled.of_one())
        self._tasks.append(task)
        self._waiting.append(task)
        return task

    def take(self, seconds: float | None = None) -> list[Task[Item, Any]]:
        """Wait a moment, for ``seconds`` at the most, and return the tasks that got an outcome; often none."""
        failed = self._start()
        if failed:
            return failed
        ends = [(task.started or 0.0) + task.timeout + self._grace for task in self._running]
        left = min(ends) - counted() if ends else clock.turned(INTERRUPT_POLL)
        if self._wait(max(0.0, left if seconds is None else min(left, seconds))):
            return self._settle()
        return self._settle() or self._give_up()

    def _start(self) -> list[Task[Item, Any]]:
        """Begin as many tasks as there may be at once; returns those that failed because no thread can be started."""
        while self._waiting and len(self._running) < self._concurrency:
            error = self._begin(self._waiting.popleft())
            if error:
                return self._starve(error)
            self._threadless = None
        return []

    def _begin(self, task: Task[Item, Any]) -> RuntimeError | None:
        """Start the task's thread; returns why there is none, and the task waits again."""
        task.started = counted()
        self._running.append(task)
        try:
            threading.Thread(target=self._work_on, args=(task,), daemon=True, name="scatter").start()
        except RuntimeError as exc:  # a limit on threads or memory, of the user, the container or the machine
            self._running.remove(task)
            self._waiting.appendleft(task)
            task.started = None
            return exc
        return None

    def _starve(self, exc: RuntimeError) -> list[Task[Item, Any]]:
        """Let what waits wait for a thread of another task; if there is none for long, all of it fails."""
        now = clock.monotonic()
        if self._threadless is None or self._running:
            self._threadless = now
        if now - self._threadless < THREAD_WAIT:
            return []
        failed = list(self._waiting)
        self._waiting.clear()
        for task in failed:
            task.outcome = Outcome(task.item, 0.0, error=no_thread(exc))
        return failed

    def _work_on(self, task: Task[Item, Any]) -> None:
        start = clock.monotonic()
        task.begun = True
        try:
            deadline = Deadline(task.timeout, cancelled=task.cancelled)
            deadline.check_cancelled()
            value = task.work(task.item, deadline)
            outcome = Outcome[Item, Any](task.item, clock.monotonic() - start, value)
        except Exception as exc:  # noqa: BLE001 - the one place where a worker's error becomes data
            outcome = Outcome(task.item, clock.monotonic() - start, error=self._translate(exc))
        task.ended = outcome
        self._one_more.put(None)

    def _wait(self, seconds: float) -> bool:
        """Whether a task has ended within the time, or a part of it."""
        try:
            self._one_more.get(timeout=min(clock.real(seconds), INTERRUPT_POLL))
        except queue.Empty:
            return False
        return True

    def _settle(self) -> list[Task[Item, Any]]:
        """Give an outcome to what has ended. An interrupt may end this halfway: the next call does the rest."""
        settled = [task for task in self._running if task.ended]
        for task in settled:
            task.outcome = task.ended
        self._running = [task for task in self._running if not task.outcome]
        return settled

    def _give_up(self) -> list[Task[Item, Any]]:
        """Give up the work that is over its time."""
        now = counted()
        late = [task for task in self._running if now - (task.started or now) >= task.timeout + self._grace]
        for task in late:
            seconds = now - (task.started or now)
            task.outcome = Outcome(task.item, seconds, error=Deadline(task.timeout).expired())
            task.cancelled.set()
        self._running = [task for task in self._running if not task.outcome]
        return late

    def _cancel(self) -> None:
        """Tell all work to stop and wait, at most the grace, until it has cleaned up."""
        end = clock.monotonic() + self._grace
        self._cancelled.set(self._grace * CLEANUP_SHARE)
        self._running = [task for task in self._running if task.begun]  # what begins now ends at once
        while self._running and (left := end - clock.monotonic()) > 0:
            self._wait(left)
            self._settle()

    def _so_far(self) -> list[Outcome[Item, Any]]:
        """The outcomes; of work that has begun and not ended, an error that says so."""
        self._settle()
        for task in self._running:
            error = DeadlineError("interrupted")
            error.add_residue("the work did not end in time")
            task.outcome = Outcome(task.item, counted() - (task.started or 0.0), error=error)
        return [task.outcome for task in self._tasks if task.outcome]
