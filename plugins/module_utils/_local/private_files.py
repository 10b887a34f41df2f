# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files of the user's that outlive a task: small values, and locks between all processes of the user.

A cache that cannot be read, written or trusted is as good as none: nothing here raises, but for the clock of whoever
waits for a lock. What the user should know of it is in `warnings`, for the module or plugin to say.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .._core.deadline import clock

if TYPE_CHECKING:
    from types import TracebackType

    from .._core.deadline import Deadline

DAY = 86400.0
_SHORT, _LONG = DAY, 90 * DAY
_LIFETIMES = {"digests": _LONG, "exports": _LONG}
"""Seconds after which a file of a kind is in the way; a day for the others."""
_SWEPT_AT_ONCE = 1000
_LOCKS = "locks"

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.05
"""Seconds between two tries of a lock that somebody holds."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

_warnings: dict[str, None] = {}
_swept: set[str] = set()


def warn(text: str) -> None:
    """Let the user know, once."""
    _warnings.setdefault(text)


def warnings() -> list[str]:
    """What the user should know, from all threads so far."""
    return list(_warnings)


def read(kind: str, key: str) -> Any:
    """What `write` kept under this key; None without it."""
    data = read_bytes(kind, key)
    if data is None:
        return None
    try:
        return json.loads(data)
    except ValueError:
        warn_of_damage(kind, key)
        return None


def write(kind: str, key: str, value: Any) -> None:
    """Keep a value of plain JSON types."""
    write_bytes(kind, key, json.dumps(value).encode())


def read_bytes(kind: str, key: str) -> bytes | None:
    """What `write_bytes` kept under this key; None without it, and when others may have read or written it."""
    path = _path(kind, key, "json")
    if path is None:
        return None
    try:
        with open(path, "rb", opener=lambda name, _flags: os.open(name, _READ)) as file:
            if _is_private(path, os.fstat(file.fileno()), stat.S_ISREG):
                return file.read()
    except FileNotFoundError:
        pass
    except OSError as exc:
        warn(f"{path} is not used: {exc.strerror}. Remove it if it is not yours.")
    return None


def write_bytes(kind: str, key: str, value: bytes) -> None:
    """Keep a value in a file that only the user can read: whole, or not at all."""
    path = _path(kind, key, "json")
    if path is None:
        return
    try:
        _replace(path, value)
    except OSError as exc:
        directory = path.parent.parent
        warn(f"Nothing more is kept between tasks: {directory} cannot be written to: {exc.strerror}.")
    for swept in (kind, _LOCKS):
        _sweep(swept)


def delete(kind: str, key: str) -> None:
    """Forget what was kept under this key."""
    path = _path(kind, key, "json")
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink()


def warn_of_damage(kind: str, key: str) -> None:
    warn(f"{_path(kind, key, 'json')} is damaged, and is not used.")


def private_directory(kind: str) -> Path | None:
    """The directory of this kind, made if need be; None, and a warning, unless it is the user's alone."""
    try:
        base, directory = _directories(kind, os.environ.get("XDG_CACHE_HOME") or None, os.environ.get("HOME"))
        if all(_is_private(path, _status_of_directory(path), stat.S_ISDIR) for path in (base, directory)):
            return directory
    except (OSError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        warn(f"Nothing is kept between tasks: there is no directory for it: {reason}. See XDG_CACHE_HOME.")
    return None


class Lock:
    """One holder at a time among the threads and processes of the user, by kind and key; use as a context manager.

    Waits within the Deadline, and raises its DeadlineError. A holder that is killed frees the lock, and children that
    are forked meanwhile do not keep it. Where there are no private files, nothing is locked.
    """

    def __init__(self, kind: str, key: str, deadline: Deadline) -> None:
        self._name = f"{kind}:{key}"
        self._deadline = deadline
        self._file: int | None = None

    def __enter__(self) -> Self:
        path = _path(_LOCKS, self._name, "lock")
        pause = FIRST_PAUSE
        while path is not None and not self._acquire(path):
            self._deadline.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file in _open_locks:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)  # closing is not enough: a child may have the file open, too
            _close(file)

    def _acquire(self, path: Path) -> bool:
        """Whether there is nothing to wait for any more."""
        try:
            file = os.open(path, _LOCK, 0o600)
        except OSError:
            return True
        _open_locks.add(file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            current = os.fstat(file).st_ino == path.stat().st_ino
            os.utime(path)
        except (BlockingIOError, FileNotFoundError):
            current = False
        except OSError:  # a file system without locks
            _close(file)
            return True
        if current:
            self._file = file
        else:
            _close(file)
        return current


_open_locks: set[int] = set()


def _close(file: int) -> None:
    _open_locks.discard(file)
    os.close(file)


def _close_in_child() -> None:
    for file in list(_open_locks):
        with contextlib.suppress(OSError):
            _close(file)


os.register_at_fork(after_in_child=_close_in_child)


@cache
def _directories(kind: str, cache_home: str | None, _home: str | None) -> tuple[Path, Path]:
    """The directory of all kinds, and that of this one, by what the environment says."""
    base = Path(cache_home or Path("~/.cache").expanduser()) / "oaktree.multicloud"
    return base, base / kind


def _status_of_directory(path: Path) -> os.stat_result:
    """Of the directory, made if need be."""
    try:
        return path.lstat()
    except FileNotFoundError:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.lstat()


def _path(kind: str, key: str, ending: str) -> Path | None:
    directory = private_directory(kind)
    return directory and directory / f"{hashlib.sha256(key.encode()).hexdigest()}.{ending}"


def _is_private(path: Path, status: os.stat_result, is_right_type: Any) -> bool:
    """Whether nobody else can have read or written it; the user hears of it where not."""
    if not is_right_type(status.st_mode):
        reason = "it is a symbolic link or no plain file or directory"
    elif status.st_uid != os.geteuid():
        reason = f"it belongs to user {status.st_uid}"
    elif status.st_mode & 0o077:
        reason = f"others may read or write it (mode {stat.S_IMODE(status.st_mode):04o})"
    else:
        return True
    warn(f"{path} is not used: {reason}. Remove it if nobody had access to it but you.")
    return False


def _replace(path: Path, value: bytes) -> None:
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, delete=False) as file:
        try:
            file.write(value)
            file.flush()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _sweep(kind: str) -> None:
    """Remove what nobody can want any more, once for each kind, process and write, and never much at once."""
    if kind in _swept:
        return
    directory = private_directory(kind)
    if directory is None:
        return
    _swept.add(kind)
    before = clock.time() - _LIFETIMES.get(kind, _SHORT)
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in islice(entries, _SWEPT_AT_ONCE):
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()
