# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file beside the target that holds an image's data until it is complete."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._core.errors import ConflictError, InputError, QuotaError
from ..._local.file_lock import FileLock
from ..fingerprint import stored_digests
from .paths import beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._core.progress import Progress
    from ..source.download import ImageStream

SUFFIX = ".part"

_OF_AN_IMAGE = rf"\.[0-9a-fA-F-]{{32,36}}\.[0-9a-f]+{re.escape(SUFFIX)}"
"""How the names of partial files end; see `open_partial`."""


class Partial:
    """A partial file that is ours alone while it is open; see `open_partial`."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self.file = file

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def fill(self, stream: ImageStream, progress: Progress) -> None:
        """Append what is missing of an image, which counts for ``progress``.

        Raises QuotaError for too little space, and what `ImageStream` raises.
        """
        if self.size > stream.size:
            self.clear()
        missing = stream.size - self.size
        free = shutil.disk_usage(self.path.parent).free
        if missing > free:
            raise QuotaError(
                f"{missing} bytes are missing, but only {free} bytes are free in {self.path.parent}",
                hint="Free some space, or name a path on another file system.",
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
            raise InputError(f"path: {self.path} cannot be written: {exc.strerror}", hint="Name another path.") from exc

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[self.file.write(rest) :]

    def clear(self) -> None:
        self.file.truncate(0)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


@contextmanager
def open_partial(target: Path, image: Mapping[str, Any], origin: str) -> Iterator[Partial]:
    """The partial file of this image for this target, new or from an earlier run; removes those of other images.

    It is named after the target, the image's ID and its digest. Without a digest, ``origin`` stands for it: it tells
    images of one ID in different clouds apart. Raises ConflictError while another process uses it,
    InputError where it cannot be written.
    """
    digest = next(iter(stored_digests(image).values()), hashlib.sha256(origin.encode()).hexdigest())[:16]
    path = beside(target, f".{image['id']}.{digest}{SUFFIX}")
    of_target = re.compile(re.escape(path.name.removesuffix(f".{image['id']}.{digest}{SUFFIX}")) + _OF_AN_IMAGE)
    for other in target.parent.iterdir():
        if other != path and of_target.fullmatch(other.name):
            _sweep(other)
    with FileLock(path) as lock:
        try:
            locked = lock.try_acquire()
        except OSError as exc:
            raise InputError(
                f"path: cannot write in {path.parent}: {exc.strerror}", hint="Check its permissions."
            ) from exc
        if not _is_ours(lock):
            raise InputError(f"path: {path} is not a plain file of this user", hint="Remove it, or name another path.")
        if not locked:
            raise ConflictError(
                f"another task exports this image to {target}", hint="Wait until it has ended, or name another path."
            )
        with FileIO(lock.fileno(), "r+", closefd=False) as file:
            yield Partial(path, file)


def _is_ours(lock: FileLock) -> bool:
    """Whether it is a plain file of this user: others could change the content of theirs."""
    status = os.fstat(lock.fileno())
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink <= 1


def _sweep(path: Path) -> None:
    """Remove what a run for another image left, unless that run is still active."""
    with suppress(OSError), FileLock(path, create=False) as lock:
        if lock.try_acquire() and _is_ours(lock):
            path.unlink(missing_ok=True)
