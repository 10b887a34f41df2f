# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the processes of one user on this machine, and which of them are alive.

Each process holds the lock on a file of its own as long as it lives. The kernel frees the lock however the process
ends. A PID would not do: containers that share the directory give the same PID to several processes.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from . import private_files
from .file_lock import FileLock, fork_safe_lock

_SUFFIX = ".alive"


class _ThisProcess:
    """The name of this process, and its locked file in each directory. A forked child is another process."""

    def __init__(self) -> None:
        self.name = os.urandom(8).hex()
        self.files: dict[Path, FileLock] = {}

    def become_child(self) -> None:
        self.name = os.urandom(8).hex()
        self.files.clear()  # FileLock has closed them here


_guard = fork_safe_lock()
_this = _ThisProcess()
os.register_at_fork(after_in_child=_this.become_child)


def name() -> str:
    """16 hexadecimal digits that no other process has."""
    return _this.name


def show_life(directory: Path) -> None:
    """Let other processes see in this directory that this one is alive, until it ends.

    The first call in a directory also removes what ended processes left there, and files that nobody has changed for a
    day. Raises OSError where that cannot be shown.
    """
    with _guard:
        lock = _this.files.get(directory)
        if lock and lock.is_current():
            return
        if not lock:
            lock = _this.files[directory] = FileLock(_path(directory, _this.name))
        lock.close()
        lock.acquire()
        _sweep(directory)


def is_alive(directory: Path, owner: str) -> bool:
    """Whether the process of that name shows in the directory that it is alive. Removes the file of one that is not.

    Raises OSError where that cannot be read.
    """
    path = _path(directory, owner)
    try:
        with FileLock(path, create=False) as lock:
            if not lock.try_acquire(shared=True):
                return True
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    return False


@cache
def boot_id() -> str:
    """The kernel's ID of this boot of the machine; its monotonic clock starts at each boot. Empty where unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@cache
def clock_id() -> str:
    """An ID that processes share if their `clock.uptime` agrees; empty where that is not known.

    Machines may share a directory, and containers may have time namespaces (time_namespaces(7)) on one machine.
    """
    try:
        namespace = os.stat("/proc/self/ns/time").st_ino  # noqa: PTH116 - of the link's target
    except OSError:
        namespace = 0
    return f"{boot_id()}/{namespace}" if boot_id() else ""


def _path(directory: Path, owner: str) -> Path:
    return directory / f"{owner}{_SUFFIX}"


def _sweep(directory: Path) -> None:
    for path in list(directory.glob(f"*{_SUFFIX}")):
        try:
            is_alive(directory, path.name.removesuffix(_SUFFIX))
        except OSError:
            continue
    private_files.remove_stale(directory, keep=_SUFFIX)
