# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file beside the target that holds data until it is complete: private, resumed, and put in place in one step."""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .._core.errors import ConflictError, InputError, IntegrityError, OaktreeError, QuotaError, RefusedError
from .file_lock import FileLock
from .file_names import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._core.progress import Progress

SUFFIX = ".part"

_OF_SOME_DATA = rf"\.[0-9a-fA-F-]{{32,36}}\.[0-9a-f]+{re.escape(SUFFIX)}"
"""How the names of partial files end; see `open_partial`."""


class ResumableSource(Protocol):
    """Data that can be read from any offset."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def resumable(self) -> bool | None:
        """Whether it can be read from an offset without all before it; None if that is not known."""

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes from the offset to the end; raises `OaktreeError`."""


@dataclass(frozen=True)
class PartialName:
    """Which data a partial file holds: an ``identity`` of 32 to 36 hexadecimal digits and hyphens, and a ``digest``.

    Data of one identity and digest are the same, wherever they come from. ``option`` is what names the target, and
    ``work`` what a message calls the task that is at it.
    """

    identity: str
    digest: str
    option: str
    work: str

    @property
    def ending(self) -> str:
        return f".{self.identity}.{self.digest}{SUFFIX}"


class Partial:
    """A partial file that is ours alone while it is open; see `open_partial`."""

    def __init__(self, path: Path, file: FileIO, option: str) -> None:
        self.path = path
        self.file = file
        self._option = option

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def fill(self, stream: ResumableSource, progress: Progress) -> None:
        """Append what is missing of the data, which counts for ``progress``.

        Raises QuotaError for too little space, and what the source raises.
        """
        if self.size > stream.size:
            self.clear()
        missing = stream.size - self.size
        free = shutil.disk_usage(self.path.parent).free
        if missing > free:
            raise QuotaError(
                f"{missing} bytes are missing, but only {free} bytes are free in {self.path.parent}",
                hint=f"Free some space, or name a {self._option} on another file system.",
            )
        self.file.seek(self.size)
        progress.enter("downloading", stream.size)
        progress.advance(self.size)
        try:
            for piece in stream.read(self.size):
                self._write(piece)
                progress.advance(len(piece))
            os.fsync(self.file.fileno())
        except OSError as exc:
            raise InputError(
                f"{self._option}: {self.path} cannot be written: {exc.strerror}", hint=f"Name another {self._option}."
            ) from exc

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[self.file.write(rest) :]

    def clear(self) -> None:
        self.file.truncate(0)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def partial_files(target: Path, name: PartialName) -> list[Path]:
    """The partial files for this target, of this and of other data."""
    path = beside(target, name.ending)
    of_target = re.compile(re.escape(path.name.removesuffix(name.ending)) + _OF_SOME_DATA)
    with suppress(PermissionError):  # a directory in which one may write only
        return [other for other in target.parent.iterdir() if of_target.fullmatch(other.name)]
    return []


def remove_partial_files(target: Path, name: PartialName, *, but: Path | None = None) -> None:
    """Remove what earlier runs left beside the target, ``but`` one file, unless they are still active."""
    for path in partial_files(target, name):
        if path != but:
            _sweep(path)


@contextmanager
def open_partial(target: Path, name: PartialName) -> Iterator[Partial]:
    """The partial file of this data for this target, new or from an earlier run; removes those of other data.

    Raises ConflictError while another process uses it, InputError where it cannot be written.
    """
    option = name.option
    path = beside(target, name.ending)
    remove_partial_files(target, name, but=path)
    with FileLock(path) as lock:
        try:
            locked = lock.try_acquire()
        except OSError as exc:
            raise InputError(
                f"{option}: cannot write in {path.parent}: {exc.strerror}", hint="Check its permissions."
            ) from exc
        if not _is_ours(lock):
            raise InputError(
                f"{option}: {path} is not a plain file of this user", hint=f"Remove it, or name another {option}."
            )
        if not locked:
            raise ConflictError(
                f"another task {name.work} to {target}", hint=f"Wait until it has ended, or name another {option}."
            )
        with FileIO(lock.fileno(), "r+", closefd=False) as file:
            yield Partial(path, file, option)


@contextmanager
def kept(partial: Partial, source: ResumableSource) -> Iterator[None]:
    """Remove the partial file after a failure from which no run can resume; else add to the error that it is kept."""
    try:
        yield
    except (IntegrityError, RefusedError):
        partial.remove()
        raise
    except OaktreeError as error:
        if partial.size == 0 or source.resumable is False:
            partial.remove()
        else:
            error.message += f"; {partial.size} of {source.size} bytes are kept in {partial.path} for the next run"
        raise


def _is_ours(lock: FileLock) -> bool:
    """Whether it is a plain file of this user: others could change the content of theirs."""
    status = os.fstat(lock.fileno())
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink <= 1


def _sweep(path: Path) -> None:
    """Remove what another run left, unless that run is still active."""
    with suppress(OSError), FileLock(path, create=False) as lock:
        if lock.try_acquire() and _is_ours(lock):
            path.unlink(missing_ok=True)


def put_in_place(option: str, made: Path, target: Path) -> None:
    """Replace the target by a file beside it, keeping its mode and owner; a new file gets those that the umask allows.

    Raises InputError, which names the option.
    """
    try:
        if target.exists():
            shutil.copymode(target, made)
            status = target.stat()
            with suppress(PermissionError):
                os.chown(made, status.st_uid, status.st_gid)
        else:
            made.chmod(0o666 & ~_umask())
        made.replace(target)
    except OSError as exc:
        raise InputError(f"{option}: {target} cannot be written: {exc.strerror}") from exc


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
