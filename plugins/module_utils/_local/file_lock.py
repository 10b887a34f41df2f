# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between all threads and processes of the user on this machine, which are files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from typing import TYPE_CHECKING

from .._core.deadline import CLEANING_UP, Deadline
from .._core.errors import DeadlineError
from . import private_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

SHORT_WAIT = 5.0
"""Seconds to wait for a lock that nobody holds for more than a few milliseconds."""
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.02
"""Seconds between two attempts to acquire a lock: each pause is twice the one before."""

_SHARED, _EXCLUSIVE = fcntl.LOCK_SH | fcntl.LOCK_NB, fcntl.LOCK_EX | fcntl.LOCK_NB


def fork_safe_lock() -> threading.Lock:
    """A lock between threads that every forked child finds free, and what it guards complete.

    Forking waits for the lock, so nobody may fork while holding it.
    """
    lock = threading.Lock()
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock


_guard = fork_safe_lock()
"""Guards `_open_locks`: a child must know of every descriptor that it inherits."""
_open_locks: set[FileLock] = set()


class FileLock:
    """An exclusive or shared lock on a file; use as a context manager, which closes it. Not for several threads.

    The kernel frees the lock when its holder ends, however that happens. Forked children close the file: a child holds
    none of its parent's locks, and can acquire them by the same objects. The file is opened without following links and
    created with mode 0600; what else is wrong with it is the caller's to check. It may be removed or replaced at any
    time: a lock counts only while the path leads to the file that is locked.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Nothing is opened before the first attempt. Unless ``create``, a missing file raises FileNotFoundError."""
        self._path = os.fspath(path)
        self._flags = os.O_RDWR | (os.O_CREAT if create else 0)
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor of the file, open for reading and writing; -1 before the first attempt and when closed."""
        return self._descriptor

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Acquire the lock without waiting; returns whether that worked. The file is open afterwards in any case.

        A lock that is held already is converted to the other kind. As with flock(2), it is lost where that fails.
        Raises OSError where the file cannot be opened or locked.
        """
        while True:
            if self._descriptor < 0:
                with _guard:
                    self._descriptor = private_files.open_private(self._path, self._flags)
                    _open_locks.add(self)
            try:
                fcntl.flock(self._descriptor, _SHARED if shared else _EXCLUSIVE)
            except BlockingIOError:
                return False
            except OSError:
                self.close()
                raise
            if self.is_current():
                return True
            self.close()

    def acquire(self, deadline: Deadline | None = None, *, shared: bool = False) -> None:
        """Wait for the lock. Raises DeadlineError when the deadline expires or is cancelled, and OSError as above.

        Without a deadline it is one of the locks that are held for a moment only, and TimeoutError (an OSError) is
        raised where it is not free within `SHORT_WAIT`. After an error the file is closed.
        """
        if self.try_acquire(shared=shared):
            return
        try:
            self._wait(deadline or Deadline(SHORT_WAIT, cancelled=CLEANING_UP), shared=shared)
        except BaseException as exc:
            self.close()
            if isinstance(exc, DeadlineError) and not deadline:
                raise TimeoutError(f"{self._path} has been locked for {SHORT_WAIT:g} s") from None
            raise

    def _wait(self, deadline: Deadline, *, shared: bool) -> None:
        pause = FIRST_PAUSE
        while True:
            deadline.sleep(pause)
            if self.try_acquire(shared=shared):
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def close(self) -> None:
        """Release the lock and close the file. Does nothing when it is closed."""
        with _guard:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor < 0:
                return
            _open_locks.discard(self)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # a program that is being started may have a copy until its exec
            finally:
                os.close(descriptor)

    def is_current(self) -> bool:
        """Whether the file is open, and still the one to which the path leads."""
        if self._descriptor < 0:
            return False
        here = os.fstat(self._descriptor)
        try:
            there = os.lstat(self._path)
        except FileNotFoundError:
            return False
        return here.st_ino == there.st_ino and here.st_dev == there.st_dev

    def abandon(self) -> None:
        """Close the file in a forked child and leave the lock to the parent: to unlock it would release it for both."""
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _abandon_all_in_child() -> None:
    for lock in _open_locks:
        lock.abandon()
    _open_locks.clear()


os.register_at_fork(after_in_child=_abandon_all_in_child)


def _path_of(kind: str, key: str) -> Path | None:
    return private_files.path_of(private_files.LOCKS, f"{kind}:{key}", "lock")


@contextlib.contextmanager
def key_lock(kind: str, key: str, deadline: Deadline) -> Iterator[None]:
    """An exclusive lock by kind and key, for the length of this context. Raises DeadlineError, see `FileLock.acquire`.

    Where private files cannot be used or locked, nothing is locked: that is no reason for a task to fail.
    """
    path = _path_of(kind, key)
    with contextlib.ExitStack() as stack:
        if path:
            lock = stack.enter_context(FileLock(path))
            with contextlib.suppress(OSError):
                lock.acquire(deadline)
                os.utime(lock.fileno())  # so that it is not swept while it is in use
        yield


def claim(kind: str, key: str) -> Callable[[], None] | None:
    """Take the lock of `key_lock` without waiting; returns what releases it, None where somebody else has it.

    Where private files cannot be used or locked, nothing is locked either.
    """
    path = _path_of(kind, key)
    if path is None:
        return lambda: None
    lock = FileLock(path)
    try:
        if not lock.try_acquire():
            lock.close()
            return None
        os.utime(lock.fileno())  # so that it is not swept while it is in use
    except OSError:
        pass
    return lock.close
