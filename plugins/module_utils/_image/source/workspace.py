# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private directory for the files that a run downloads and converts."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ..._core.errors import InputError
from ..._local.file_lock import FileLock
from ..._local.work_marker import host_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.9
"""Of the free space of the temporary directory, which data of unknown size may take."""

MORE_SPACE = "Free some space, or set temporary_directory to a directory that has enough."
"""The hint where it does not suffice."""

PREFIX = "oaktree-image-"
LOCK = ".lock"
"""The ending of the file beside a directory that its run keeps locked, in whichever container it runs."""

_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{12}})\.[0-9a-f]{{12}}")


@contextmanager
def workspace(parent: str | None) -> Iterator[Path]:
    """A directory in ``parent`` (by default the system's temporary directory) that is removed when the block ends.

    Also removes those of killed runs, but only this host's, by the digest of its name in theirs: on a shared file
    system a lock need not be visible to other hosts. Raises InputError if the directory cannot be created.
    """
    base = Path(parent or tempfile.gettempdir())
    _remove_leftovers(base)
    directory = base / f"{PREFIX}{host_digest()[:12]}.{os.urandom(6).hex()}"
    with FileLock(_lock_of(directory)) as lock:
        try:
            with suppress(OSError):  # where nothing can be locked nobody takes it for a leftover
                lock.acquire()
            directory.mkdir(mode=0o700)
        except OSError as exc:
            raise InputError(f"temporary_directory: {exc.strerror}", hint="Name a writable directory.") from exc
        try:
            yield directory
        finally:
            _remove(directory)


def room_in(directory: Path) -> int:
    """The most bytes that a file of unknown size may take in the directory: `SHARE` of what is free."""
    return int(shutil.disk_usage(directory).free * SHARE)


@contextmanager
def new_file(directory: Path, suffix: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the directory, which is removed when the work on it fails. An OSError becomes InputError.

    Closing it is part of that work: what is still in memory is written then.
    """
    path: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=directory, suffix=suffix, delete=False) as file:
            path = Path(file.name)
            yield path, cast("IO[bytes]", file)
    except BaseException as exc:
        if path:
            path.unlink(missing_ok=True)
        if not isinstance(exc, OSError):
            raise
        raise InputError(
            f"the image cannot be written to {directory}: {exc.strerror}",
            hint=MORE_SPACE,
        ) from exc


def _lock_of(directory: Path) -> Path:
    return directory.with_name(directory.name + LOCK)


def _remove(directory: Path) -> None:
    """Remove a workspace whose lock is held, and then that."""
    shutil.rmtree(directory, ignore_errors=True)
    _lock_of(directory).unlink(missing_ok=True)


def _remove_leftovers(base: Path) -> None:
    """Remove workspaces of this user and machine that no run has locked."""
    with suppress(OSError):
        for entry in os.scandir(base):
            found = _NAME.fullmatch(entry.name.removesuffix(LOCK))
            if found and found[1] == host_digest()[:12] and _is_ours(entry):
                directory = base / found[0]
                with suppress(OSError), FileLock(_lock_of(directory)) as lock:
                    if lock.try_acquire():
                        _remove(directory)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    status = entry.stat(follow_symlinks=False)
    is_right_type = stat.S_ISREG if entry.name.endswith(LOCK) else stat.S_ISDIR
    return is_right_type(status.st_mode) and status.st_uid == os.geteuid()
