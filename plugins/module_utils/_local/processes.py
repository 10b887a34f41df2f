# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the processes of one user share: locks, and signs of life.

Each process keeps a file of its own locked as long as it lives. The kernel frees the lock however the process ends, and
knows no two processes by one number, as PIDs in containers are.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import threading
from functools import cache
from pathlib import Path

from .._core.deadline import clock

_PATIENCE = 5.0
"""Seconds to wait for a lock that everybody holds for well under a millisecond."""

_KEPT = 86400.0
"""Seconds that files stay which nobody uses."""

lock = threading.Lock()
"""Held while a file is locked, so that no child inherits the lock."""

_numbers = itertools.count()


class _Self:
    """This process. A child is another one: with the parent's file in hand it would keep a dead parent alive."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)
        self.files: dict[Path, int] = {}

    def become_child(self) -> None:
        for descriptor in self.files.values():
            os.close(descriptor)
        self.files.clear()
        self.name = secrets.token_hex(8)
        lock.release()


_self = _Self()
os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=_self.become_child)


def name() -> str:
    """16 hexadecimal digits that no other process has."""
    return _self.name


def number() -> int:
    """Another one each time."""
    return next(_numbers)


def show_life(directory: Path) -> None:
    """Let the other processes see in this directory that this one lives; raises OSError."""
    with lock:
        path = _file(directory, _self.name)
        if path.exists():
            return
        if directory in _self.files:
            os.close(_self.files.pop(directory))
        _self.files[directory] = locked(path)
        _sweep(directory)


def is_alive(directory: Path, owner: str) -> bool:
    """Whether the process of that name holds the lock on its file."""
    path = _file(directory, owner)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def locked(path: Path) -> int:
    """A descriptor of the file, made if need be, with a lock that ends when it is closed; `lock` is to be held.

    Raises OSError, also when somebody holds the file's lock all the time.
    """
    end, pause = clock.monotonic() + _PATIENCE, 0.0005
    while True:
        descriptor = private(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BlockingIOError:
            if clock.monotonic() >= end:
                os.close(descriptor)
                raise
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        clock.sleep(pause)
        pause = min(2 * pause, 0.02)


def private(path: str | Path, flags: int) -> int:
    """An opener of files that only the user can read."""
    return os.open(path, flags, 0o600)


@cache
def boot() -> str:
    """Another one after each start of the machine, with which its monotonic clock begins anew; empty if unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _file(directory: Path, owner: str) -> Path:
    return directory / f"{owner}.alive"


def _sweep(directory: Path) -> None:
    """Remove what processes left that are no more."""
    old = clock.time() - _KEPT
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if path.suffix == ".alive":
                is_alive(directory, path.stem)
            elif path.stat().st_mtime < old:
                path.unlink(missing_ok=True)
