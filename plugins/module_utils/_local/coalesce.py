# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request for what several processes of the user ask for at the same time.

A response serves every process whose run began before the request was sent: it is as fresh as one of the process's own,
and includes whatever an earlier task has created. A process that runs alone neither waits nor stores responses.

Which was first is decided by the clock that all processes of a machine share. Machines that share a home directory do
not share responses: their clocks cannot be compared.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from .._core.deadline import clock
from .._core.errors import DeadlineError
from . import private_files, signs_of_life
from .file_lock import FileLock, key_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from .._core.deadline import Deadline

KIND = "reads"


class RequestCoalescer:
    """Shares the reads of one run of a module or plugin with other processes; use as a context manager.

    While it lasts the process holds a shared lock on a file, its presence: who can convert that to an exclusive lock
    is alone. May be used by several threads.
    """

    def __init__(self, *, allowed: bool = True) -> None:
        """Nothing is shared unless ``allowed``, nor where the machine cannot be told from others."""
        self._allowed = allowed and bool(signs_of_life.clock_id())
        self.began = clock.uptime()
        """A response to a request sent since then, by whichever process, is as fresh as one of this run's own."""
        self._presence: FileLock | None = None
        self._converting = threading.Lock()

    def __enter__(self) -> Self:
        path = private_files.path_of(KIND, signs_of_life.clock_id(), "presence") if self._allowed else None
        if path:
            presence = FileLock(path)
            with suppress(OSError):
                presence.acquire(shared=True)
                self._presence = presence
                os.utime(presence.fileno())  # so that it is not swept
        return self

    def __exit__(self, *_exc: object) -> None:
        """Leave; the last process to leave removes the responses."""
        if self._presence and self.alone():
            directory = private_files.private_directory(KIND)
            for path in directory.glob("*.json") if directory else ():
                with suppress(OSError):  # a later process removes it
                    path.unlink()
        with self._converting:
            presence, self._presence = self._presence, None
            if presence:
                presence.close()

    def alone(self) -> bool:
        """Whether no other process of the user could use the response to a request that is sent now."""
        with self._converting:
            if self._presence is None:
                return True
            try:
                alone = self._presence.try_acquire()
                self._presence.acquire(shared=True)  # a lock that could not be converted is lost
            except OSError:
                self._presence = None
                return True
            return alone

    def get(
        self, key: str, fetch: Callable[[], dict[str, Any]], wait: Deadline, since: float | None = None
    ) -> dict[str, Any]:
        """The JSON object that ``fetch`` returns, or that another process has fetched since this run began.

        ``key`` holds all that the response depends on, the user's identity included. ``since`` (of `clock.uptime`)
        replaces the time at which the run began. While another process fetches the same, this one waits; when ``wait``
        expires, it fetches, too. Raises what ``fetch`` raises.
        """
        if self.alone():
            return fetch()
        key = f"{signs_of_life.clock_id()}:{key}"
        with ExitStack() as stack:
            try:
                stack.enter_context(key_lock(KIND, key, wait))
            except DeadlineError:
                return fetch()
            response = _stored(key, self.began if since is None else since)
            if response is None:
                sent, response = clock.uptime(), fetch()
                private_files.write(KIND, key, {"sent": sent, "response": response})
        return response


def _stored(key: str, since: float) -> dict[str, Any] | None:
    """The response that another process has stored; None unless its request was sent since then, or it is malformed."""
    stored = private_files.read(KIND, key)
    try:
        response = stored["response"] if since <= stored["sent"] <= clock.uptime() else None
    except (KeyError, TypeError):
        return None
    return response if isinstance(response, dict) else None
