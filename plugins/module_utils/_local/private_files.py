# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small values in private files of the user that outlive a task.

A file that cannot be read, written or trusted never fails a task: it is ignored, and nothing here raises unless it says
so. The reason is among the `warnings`, for the module or plugin to report.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from .._core.deadline import clock

DAY = 86400.0
_SHORT, _LONG = DAY, 90 * DAY
_LIFETIMES = {"digests": _LONG, "exports": _LONG}
"""Seconds after its last change until a file of a kind is stale; a day for the others."""
_SWEPT_AT_ONCE = 1000

LOCKS = "locks"
"""The kind of the files of `file_lock.key_lock`."""

_CAREFULLY = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

_warnings: dict[str, None] = {}
_swept: set[str] = set()


def warn(text: str) -> None:
    """Report this to the user, once per process."""
    _warnings.setdefault(text)


def warnings() -> list[str]:
    """What is to be reported to the user so far, from all threads."""
    return list(_warnings)


def read(kind: str, key: str) -> Any:
    """The value that `write` stored under this key; None where there is none, or it is damaged."""
    data = read_bytes(kind, key)
    if data is None:
        return None
    try:
        return json.loads(data)
    except ValueError:
        warn_of_damage(kind, key)
        return None


def write(kind: str, key: str, value: Any) -> None:
    """Store a value of plain JSON types."""
    write_bytes(kind, key, json.dumps(value).encode())


def read_bytes(kind: str, key: str) -> bytes | None:
    """What `write_bytes` stored under this key; None where there is nothing, or others may have read or written it."""
    path = path_of(kind, key, "json")
    if path is None:
        return None
    try:
        with open(path, "rb", opener=open_private) as file:
            if _is_private(path, os.fstat(file.fileno()), stat.S_ISREG):
                return file.read()
    except FileNotFoundError:
        pass
    except OSError as exc:
        warn(f"{path} is ignored: {exc.strerror}. Remove it if it is not yours.")
    return None


def write_bytes(kind: str, key: str, value: bytes) -> None:
    """Store a value in a file that only the user can read. The file is replaced atomically."""
    path = path_of(kind, key, "json")
    if path is None:
        return
    try:
        _replace(path, value)
    except OSError as exc:
        directory = path.parent.parent
        warn(f"No further data is cached between tasks: cannot write to {directory}: {exc.strerror}.")
    for swept in (kind, LOCKS):
        _sweep(swept)


def delete(kind: str, key: str) -> None:
    """Remove the value of this key, if there is one."""
    path = path_of(kind, key, "json")
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink()


def warn_of_damage(kind: str, key: str) -> None:
    """Report that the value of this key cannot be parsed."""
    warn(f"{path_of(kind, key, 'json')} is ignored: it is damaged.")


def private_directory(kind: str) -> Path | None:
    """The directory of this kind, created if it is missing; None, and a warning, where others can access it."""
    try:
        base, directory = _directories(kind, os.environ.get("XDG_CACHE_HOME") or None, os.environ.get("HOME"))
        if all(_is_private(path, _status_of_directory(path), stat.S_ISDIR) for path in (base, directory)):
            return directory
    except (OSError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        warn(f"Nothing is cached between tasks: the cache directory cannot be created: {reason}. Set XDG_CACHE_HOME.")
    return None


def path_of(kind: str, key: str, suffix: str) -> Path | None:
    """The file of this key in the kind's directory; None as for `private_directory`."""
    directory = private_directory(kind)
    return directory and directory / f"{hashlib.sha256(key.encode()).hexdigest()}.{suffix}"


def open_private(path: str, flags: int) -> int:
    """An opener (see `open`) that follows no links, is not blocked by a FIFO, and creates files with mode 0600.

    Raises OSError.
    """
    return os.open(path, flags | _CAREFULLY, 0o600)


def remove_stale(directory: Path, lifetime: float = DAY, *, keep: str | None = None) -> None:
    """Remove files that were not changed for ``lifetime`` seconds, unless their names end in ``keep``.

    One call looks at a limited number of files.
    """
    before = clock.time() - lifetime
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in islice(entries, _SWEPT_AT_ONCE):
            if keep and entry.name.endswith(keep):
                continue
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()


@cache
def _directories(kind: str, cache_home: str | None, _home: str | None) -> tuple[Path, Path]:
    """The directory of all kinds, and that of this kind, from the environment."""
    base = Path(cache_home or Path("~/.cache").expanduser()) / "oaktree.multicloud"
    return base, base / kind


def _status_of_directory(path: Path) -> os.stat_result:
    """The status of the directory, created if it is missing."""
    try:
        return path.lstat()
    except FileNotFoundError:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.lstat()


def _is_private(path: Path, status: os.stat_result, is_right_type: Any) -> bool:
    """Whether nobody else can have read or written it; a warning where somebody can."""
    if not is_right_type(status.st_mode):
        reason = "it is a symbolic link, or not a regular file or directory"
    elif status.st_uid != os.geteuid():
        reason = f"it belongs to user {status.st_uid}"
    elif status.st_mode & 0o077:
        reason = f"others can read or write it (mode {stat.S_IMODE(status.st_mode):04o})"
    else:
        return True
    warn(f"{path} is ignored: {reason}. Remove it if only you had access to it.")
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
    """Remove stale files of a kind, once per process."""
    if kind in _swept:
        return
    directory = private_directory(kind)
    if directory is not None:
        _swept.add(kind)
        remove_stale(directory, _LIFETIMES.get(kind, _SHORT))
