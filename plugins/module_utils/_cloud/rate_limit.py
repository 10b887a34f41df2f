# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits for one service of one region, shared by all processes of the user on this machine.

The processes share files in a private directory: the `RequestQueue`, and the end of a pause that a service asked for.
If such files cannot be used, limits and pauses apply within the process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .._core.deadline import CLEANING_UP, clock
from .._core.errors import DeadlineError, ThrottledError
from .._core.retry import retry_after
from .._core.text import without_secrets
from .._local import private_files, signs_of_life
from .._local.file_lock import FileLock, fork_safe_lock
from .._local.request_queue import RECHECK, Limit, RequestQueue, Wait
from .service_types import official_type
from .urls import keystone_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

    from .._core.deadline import Deadline

LONGEST_PAUSE = 3600.0
"""Seconds that a Retry-After can delay other requests than the one that it answers."""

_SLOW_DOWN = (413, 429, 498, 503)
_MOST = 1 << 20

_changing = fork_safe_lock()
"""Held while a queue is changed. Threads of one process wait for each other here: the file's lock would be polled."""
_numbers = itertools.count()
_pauses: dict[LimitKey, float] = {}
_queues: dict[tuple[str, LimitKey], RequestQueue] = {}
"""The state of this process, by its name, if files cannot be used; a forked child has another name."""

Value = TypeVar("Value")


class LimitKey(NamedTuple):
    """Which requests are counted together. Keystone serves all regions of a cloud: its region is empty."""

    auth_url: str
    region: str
    service_type: str

    def __str__(self) -> str:
        return " ".join(self)

    @classmethod
    def of(cls, auth_url: str, region: str | None, service_type: str) -> LimitKey:
        service_type = official_type(service_type)
        return cls(keystone_root(auth_url), "" if service_type == "identity" else region or "", service_type)


class RateLimiter:
    """Delays the requests to one service as its limits require. Threads may share it."""

    def __init__(self, key: LimitKey, limit: Limit) -> None:
        self._key = key
        self._limit = limit
        path = private_files.path_of("throttle", "\n".join([signs_of_life.clock_id(), *key]), "json")
        self._directory = path and path.parent
        self._path = path or Path(os.devnull) / "none.json"
        self._pause_path = str(self._path.with_suffix(".pause"))

    def send(self, call: Callable[[], Response], deadline: Deadline) -> Response:
        """Make the call when it is its turn, and note the Retry-After of its answer.

        Raises ThrottledError at once if the wait would exceed the deadline, and DeadlineError if cancelled.
        """
        self._wait_for_pause(deadline)
        response = self._send_in_turn(call, deadline) if self._limit else call()
        if response.status_code in _SLOW_DOWN:
            self._pause(retry_after(response.headers) or 0.0)
        return response

    # Pauses: a file whose access time is the end of the pause by `Clock.uptime`. A check costs one stat, and the date
    # may be wrong or change meanwhile. The modification time is the date, by which stale files are swept.

    def _wait_for_pause(self, deadline: Deadline) -> None:
        if deadline.cancelled is CLEANING_UP:
            return  # cleanup sends few requests, and what it leaves would block later uploads
        while (left := self._paused()) > 0:
            if left >= deadline.remaining():
                raise ThrottledError(
                    f"the {self._key.service_type} service asked clients to wait another {left:.0f} s (Retry-After)",
                    hint="It asked this or another of your tasks. Try again after that time, and send fewer requests "
                    "at once: see rate_limit and request_concurrency.",
                    retry_after=left,
                )
            deadline.sleep(left)

    def _paused(self) -> float:
        """Seconds until the end of the pause."""
        until = _pauses.get(self._key, 0.0)
        with contextlib.suppress(OSError):
            until = max(until, os.stat(self._pause_path).st_atime)  # noqa: PTH116 - before each request, and faster
        left = clock.turned(until - clock.uptime())
        return left if 0 < left <= LONGEST_PAUSE else 0.0  # reading the file sets its access time to the date

    def _pause(self, seconds: float) -> None:
        seconds = min(seconds, LONGEST_PAUSE)
        if seconds <= self._paused():
            return
        until = clock.uptime() + clock.real(seconds)
        try:
            with open(self._pause_path, "w", encoding="utf-8", opener=private_files.open_private) as file:
                file.write(f"{without_secrets(str(self._key))}\n")
            os.utime(self._pause_path, (until, clock.time()))
        except OSError:
            _pauses[self._key] = until

    # The queue: its moments are real, as all processes and the cloud count them

    def _send_in_turn(self, call: Callable[[], Response], deadline: Deadline) -> Response:
        ticket = self._ticket()
        self._wait_in_queue(ticket, deadline)
        answered = False
        try:
            response = call()
            answered = True
        finally:
            self._change(lambda queue, now: queue.end(ticket, self._limit, now, answered=answered))
        return response

    def _ticket(self) -> str:
        if self._directory:
            try:
                signs_of_life.show_life(self._directory)
            except OSError:
                self._directory = None
        return f"{signs_of_life.name()}.{next(_numbers)}"

    def _wait_in_queue(self, ticket: str, deadline: Deadline) -> None:
        try:
            while wait := self._change(lambda queue, now: self._ask(queue, ticket, now)):
                self._sleep(wait, deadline)
                self._wait_for_pause(deadline)
        except BaseException:
            self._change(lambda queue, _now: queue.leave(ticket))
            raise

    def _sleep(self, wait: Wait, deadline: Deadline) -> None:
        """Sleep until the request may be next; raises ThrottledError where that cannot be within the deadline."""
        try:
            left = deadline.timeout()
            if wait.least < left:
                deadline.sleep(clock.turned(min(wait.recheck, max(left / 2, 0.01))))
                return
        except DeadlineError:
            deadline.check_cancelled()
        raise self._limit_exceeded(deadline)

    def _limit_exceeded(self, deadline: Deadline) -> ThrottledError:
        return ThrottledError(
            f"the configured limit of {self._limit} for the {self._key.service_type} service does not allow this "
            f"request within {deadline.name} ({deadline.seconds:g} s)",
            hint=f"Raise {deadline.name}, or the limit: rate_limit and request_concurrency of the task, or rate_limit "
            "and concurrency in clouds.yaml.",
        )

    def _ask(self, queue: RequestQueue, ticket: str, now: float) -> Wait | None:
        wait = queue.ask(ticket, self._limit, now)
        if wait and self._directory and now - queue.checked >= RECHECK:
            dead = {owner for owner in queue.owners if not signs_of_life.is_alive(self._directory, owner)}
            queue.remove_owners(dead, self._limit, now)
            wait = queue.ask(ticket, self._limit, now)
        return wait

    def _change(self, change: Callable[[RequestQueue, float], Value]) -> Value:
        """Change the shared queue, or the one of this process if no file can be used."""
        with _changing:
            if self._directory:
                try:
                    return self._change_file(change)
                except OSError:
                    self._directory = None
            queue = _queues.setdefault((signs_of_life.name(), self._key), RequestQueue())
            return change(queue, clock.uptime())

    def _change_file(self, change: Callable[[RequestQueue, float], Value]) -> Value:
        with FileLock(self._path) as lock:
            lock.acquire()
            now = clock.uptime()
            text = os.pread(lock.fileno(), _MOST, 0).partition(b"\n")[0]  # the rest may be left of a longer text
            queue = RequestQueue.from_bytes(text, now)
            value = change(queue, now)
            text = queue.to_bytes() + f"\n{self._key}\n".encode()
            if os.pwrite(lock.fileno(), text, 0) < len(text):
                raise OSError("the disk is full")
        return value
