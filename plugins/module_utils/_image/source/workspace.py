# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private directory for the files that a run downloads and converts."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ..._core.errors import InputError
from ..upload_marker import is_alive, upload_marker

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "oaktree-image-"

_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{12}})\.([^.]+)\.([0-9]+)\.([^.]+)\..+")


@contextmanager
def workspace(parent: str | None) -> Iterator[Path]:
    """A directory in ``parent`` (by default the system's temporary directory) that is removed when the block ends.

    Also removes those of killed runs. Raises InputError if it cannot be created.
    """
    base = Path(parent or tempfile.gettempdir())
    _remove_leftovers(base)
    machine, boot, pid, started = _own_mark()
    try:
        directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{machine}.{boot}.{pid}.{started}.", dir=base))
    except OSError as exc:
        raise InputError(f"temporary_directory: {exc.strerror}", hint="Name a writable directory.") from exc
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def new_file(directory: Path, suffix: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the directory, which is removed when the work on it fails. An OSError becomes InputError."""
    with tempfile.NamedTemporaryFile(dir=directory, suffix=suffix, delete=False) as file:
        path = Path(file.name)
        try:
            yield path, cast("IO[bytes]", file)
        except BaseException as exc:
            path.unlink(missing_ok=True)
            if not isinstance(exc, OSError):
                raise
            raise InputError(
                f"the image cannot be written to {directory}: {exc.strerror}",
                hint="Free some space, or set temporary_directory to a directory that has enough.",
            ) from exc


def _own_mark() -> tuple[str, str, str, str]:
    """This machine, as a digest that fits into a file name, and what identifies this process on it."""
    host, boot, pid, started = upload_marker().split("/")
    return hashlib.sha256(host.encode()).hexdigest()[:12], boot, pid, started


def _remove_leftovers(directory: Path) -> None:
    """Remove workspaces of this user whose process, on this machine, no longer runs."""
    machine = _own_mark()[0]
    with suppress(OSError):
        for entry in os.scandir(directory):
            found = _NAME.fullmatch(entry.name)
            if found and found[1] == machine and not is_alive(*found.groups()[1:]) and _is_ours(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    status = entry.stat(follow_symlinks=False)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
