# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small values in private files of the user that outlive a task.

They are in the user's cache directory or, where that cannot be used, in another directory of the user's. Keys may hold
secrets: the name of a file is an HMAC of its key under a random key in the same directory, so that nobody can try
passwords on a copy of the names.

A file that cannot be read, written or trusted never fails a task: it is ignored, and nothing here raises unless it says
so. The reason is among the `warnings`, for the module or plugin to report.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import json
import os
import re
import stat
import tempfile
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.deadline import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    _Place = tuple[Path, Path]  # the directory of all kinds, and that of one

_NAME = "oaktree.multicloud"

DAY = 86400.0
MONTH, _LONG = 30 * DAY, 90 * DAY
_LIFETIMES = {"digests": _LONG, "exports": _LONG, "last-known": MONTH}
"""Seconds after its last change until a file of a kind is stale; a day for the others."""
_SWEPT_AT_ONCE = 1000

LOCKS = "locks"
"""The kind of the files of `file_lock.key_lock`."""

_VARIABLES = ("XDG_CACHE_HOME", "HOME", "XDG_RUNTIME_DIR", "TMPDIR")

WARNED = "warned"
"""The kind of the files that remember what was reported to the user: see `warn_daily`."""
_KEYS, _NAMES_KEY = "keys", "names"
_KEY_BYTES = 32
_HEX_KEY = re.compile(rb"[0-9a-f]{%d}" % (2 * _KEY_BYTES))

_CAREFULLY = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

_warnings: dict[str, bool] = {}
"""What there was to report, and whether to the user: see `warn_daily`."""
_swept: set[str] = set()
_keys: dict[Path, bytes] = {}
"""The key of the names of files, by directory. Each is read once: a process that goes on keeps the key it has."""


def warn(text: str) -> None:
    """Report this to the user, once per process."""
    _warnings.setdefault(text, True)


def warn_daily(text: str) -> None:
    """Report this to the user, unless another process of the user did so within the last day."""
    if text not in _warnings:
        directory = _usable(WARNED)[0]
        name = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()  # no secrets, and needs no key
        _warnings[text] = _is_first_today(directory / name) if directory else True


def warnings() -> list[str]:
    """What is to be reported to the user so far, from all threads."""
    return [text for text, shown in list(_warnings.items()) if shown]


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
    try:
        return _content(path) if path else None
    except FileNotFoundError:
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
        warn_daily(f"No further data is cached between tasks: cannot write to {directory}: {exc.strerror}.")
    for swept in (kind, LOCKS):
        _sweep(swept)


def touch(kind: str, key: str) -> bool:
    """Let the value of this key live on as if it had been written now; returns whether there is one."""
    path = path_of(kind, key, "json")
    try:
        if path is not None:
            os.utime(path, follow_symlinks=False)
    except OSError:
        return False
    return path is not None


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
    """The directory of this kind, created if it is missing; None, and a warning, where others can access it.

    It is in the first of these that can be created and written: the user's cache directory, the runtime directory, the
    system's temporary directory.
    """
    directory, skipped = _usable(kind)
    reason = "; ".join(skipped)
    if reason and directory:
        warn_daily(f"Tokens and other data are cached in {directory.parent}: {reason}.")
    elif reason:
        warn(f"Nothing is cached between tasks: {reason}. Set XDG_CACHE_HOME to a directory of your own.")
    return directory


def path_of(kind: str, key: str, suffix: str) -> Path | None:
    """The file of this key in the kind's directory; None as for `private_directory`, or if names cannot be made.

    The name reveals nothing about the key, which may hold secrets.
    """
    return _path(private_directory(kind), key, suffix)


def open_private(path: str, flags: int) -> int:
    """An opener (see `open`) that follows no links, is not blocked by a FIFO, and creates files with mode 0600.

    Raises OSError.
    """
    return os.open(path, flags | _CAREFULLY, 0o600)


def remove_stale(directory: Path, lifetime: float = DAY, *, keep: str | None = None) -> None:
    """Remove files that were not changed for ``lifetime`` seconds, unless their names end in ``keep``.

    One call looks at a limited number of files. The present is when the newest of them was changed: the clock of a file
    server need not agree with ours.
    """
    changed: dict[str, float] = {}
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in islice(entries, _SWEPT_AT_ONCE):
            with contextlib.suppress(OSError):
                changed[entry.path] = entry.stat(follow_symlinks=False).st_mtime
    before = min(clock.time(), max(changed.values(), default=0.0)) - lifetime
    for path, moment in changed.items():
        if moment < before and not (keep and path.endswith(keep)):
            with contextlib.suppress(OSError):
                Path(path).unlink()


def _path(directory: Path | None, key: str, suffix: str) -> Path | None:
    secret = directory and _names_key(directory.parent)
    if not directory or not secret:
        return None
    return directory / f"{hmac.digest(secret, key.encode(errors='surrogatepass'), hashlib.sha256).hex()}.{suffix}"


def _names_key(base: Path) -> bytes | None:
    """The random key of the names of all files below ``base``, created by the first process that needs it.

    None, and a warning, for one that is damaged or that others can access: whoever knows the key can try passwords on
    the names. It is not replaced, because the processes that use it share nothing with those that would use another.
    """
    if base not in _keys:
        directory = base / _KEYS
        path = directory / _NAMES_KEY
        try:
            if not _is_private(directory, _status_of_directory(directory), stat.S_ISDIR):
                return None
            text = _content(path, lambda: _create(path, os.urandom(_KEY_BYTES).hex().encode()))
        except OSError as exc:
            warn_daily(f"Nothing is cached between tasks: {path} cannot be used: {exc.strerror}.")
            return None
        if text is None:
            return None
        if not _HEX_KEY.fullmatch(text):
            warn(f"Nothing is cached between tasks: {path} is damaged. Remove it: the next task creates a new one.")
            return None
        _keys[base] = bytes.fromhex(text.decode())
    return _keys[base]


@cache
def _places(
    kind: str, user: int, cache_home: str | None, _home: str | None, runtime: str | None, temporary: str | None
) -> tuple[_Place | str, ...]:
    """Where the files of a kind may be by the environment, the best place first; a text says why there is none."""
    places: list[Path | str] = []
    try:
        places.append((Path(cache_home) if cache_home else Path("~/.cache").expanduser()) / _NAME)
    except RuntimeError:
        places.append("there is no home directory")
    if runtime:
        places.append(Path(runtime) / _NAME)
    places.append(Path(temporary or "/tmp") / f"{_NAME}-{user}")  # noqa: S108 - its owner is checked
    return tuple(base if isinstance(base, str) else (base, base / kind) for base in places)


def _usable(kind: str) -> tuple[Path | None, list[str]]:
    """The directory of a kind in the first base that can be written, and why those before it cannot.

    A directory that others can access is reported, and no other is used instead: its user has to know.
    """
    skipped = []
    for place in _places(kind, os.geteuid(), *map(os.environ.get, _VARIABLES)):
        if isinstance(place, str):
            skipped.append(place)
            continue
        try:
            for path in place:
                if not _is_private(path, _status_of_directory(path), stat.S_ISDIR):
                    return None, []
                if not os.access(path, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as exc:
            skipped.append(f"the cache directory {place[0]} cannot be used: {exc.strerror}")
        else:
            return place[1], skipped
    return None, skipped


def _status_of_directory(path: Path) -> os.stat_result:
    """The status of the directory, created if it is missing.

    So are those above it, as the XDG Base Directory Specification wants them: for the user alone, whatever the umask.
    """
    try:
        return path.lstat()
    except FileNotFoundError:
        if path != path.parent:
            _status_of_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        return path.lstat()


def _content(path: Path, create: Callable[[], None] | None = None) -> bytes | None:
    """The bytes of a file; None, and a warning, if others may have read or written it.

    Where there is none, ``create`` is to create it; without that FileNotFoundError is raised.
    """
    try:
        with open(path, "rb", opener=open_private) as file:
            return file.read() if _is_private(path, os.fstat(file.fileno()), stat.S_ISREG) else None
    except FileNotFoundError:
        if create is None:
            raise
        create()
        return _content(path)
    except OSError as exc:
        warn(f"{path} is ignored: {exc.strerror}. Remove it if it is not yours.")
        return None


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
    warn(f"{path} is ignored: {reason}. Remove it, or set XDG_CACHE_HOME to a directory of your own.")
    return False


def _create(path: Path, value: bytes) -> None:
    """Create a file that is complete as soon as it is there. It is another process's if one is faster."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent) as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def _is_first_today(path: Path) -> bool:
    """Whether no process has called this for the path within the last day; True where that is not known."""
    try:
        os.close(open_private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        with contextlib.suppress(OSError):
            if 0 <= clock.time() - path.lstat().st_mtime < DAY:
                return False
            os.utime(path, follow_symlinks=False)
    except OSError:
        pass
    return True


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
        remove_stale(directory, _LIFETIMES.get(kind, DAY))
