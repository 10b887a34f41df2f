# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for what several processes of the user ask at the same time.

An answer serves whoever had begun its run before the request was sent: to them it is as fresh as one of their own, and
nobody misses what the task before has made. A process that is alone waits for nobody and keeps nothing.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from .._core.deadline import clock
from .._core.errors import DeadlineError
from . import private_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from .._core.deadline import Deadline

KIND = "reads"
_PRESENCE = "presence"


class RequestCoalescer:
    """The reads of one run of a module or plugin, which other processes know of while this context lasts."""

    def __init__(self, *, allowed: bool = True) -> None:
        """Nothing is shared unless that is ``allowed``."""
        self._allowed = allowed
        self.began = clock.time()
        """What was asked since then, by whichever process, is as fresh as if this run had asked."""
        self._directory: Path | None = None
        self._presence = -1
        self._converting = threading.Lock()

    def __enter__(self) -> Self:
        directory = private_files.private_directory(KIND) if self._allowed else None
        if directory:
            with suppress(OSError):
                self._presence = os.open(directory / _PRESENCE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._presence, fcntl.LOCK_SH)
                self._directory = directory
        return self

    def __exit__(self, *_exc: object) -> None:
        """Leave; whoever is the last leaves no answers behind."""
        if self._directory and self.alone():
            for path in self._directory.glob("*.json"):
                path.unlink(missing_ok=True)
        self._directory = None
        if self._presence >= 0:
            os.close(self._presence)
            self._presence = -1

    def alone(self) -> bool:
        """Whether no other process of the user is there that could use an answer to what is asked now."""
        with self._converting:
            if self._directory is None:
                return True
            try:
                fcntl.flock(self._presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            finally:
                fcntl.flock(self._presence, fcntl.LOCK_SH)  # a lock that could not be converted is lost
        return True

    def get(
        self, key: str, fetch: Callable[[], dict[str, Any]], patience: Deadline, since: float | None = None
    ) -> dict[str, Any]:
        """The JSON object that ``fetch`` returns, or that another process has fetched since this run began.

        ``key`` holds all that the answer depends on, who asks included. ``since`` (of `clock.time`) takes the place of
        the run's beginning. Others that ask the same are waited for until ``patience`` ends; then we ask, too. Raises
        what ``fetch`` raises.
        """
        if self.alone():
            return fetch()
        with ExitStack() as stack:
            try:
                stack.enter_context(private_files.Lock(KIND, key, patience))
            except DeadlineError:
                return fetch()
            answer = _kept(key, self.began if since is None else since)
            if answer is None:
                asked, answer = clock.time(), fetch()
                private_files.write(KIND, key, {"asked": asked, "answer": answer})
        return answer


def _kept(key: str, since: float) -> dict[str, Any] | None:
    """The answer that another process has kept, if it is of that time and makes sense."""
    kept = private_files.read(KIND, key)
    try:
        answer = kept["answer"] if since <= kept["asked"] <= clock.time() else None
    except (KeyError, TypeError):
        return None
    return answer if isinstance(answer, dict) else None
