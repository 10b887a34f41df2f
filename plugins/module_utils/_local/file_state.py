# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a file is what it was, as far as its directory entry shows: for what is remembered of its content."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .._core.deadline import clock

if TYPE_CHECKING:
    from pathlib import Path

SETTLED = 2.0
"""Seconds that a file must have been left alone for its digests to be remembered."""


class Unchanged:
    """Whether a file is the same as when this was made, and has not been written to just now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = ""
        """What it is remembered under; empty for a file that is not there."""
        with suppress(OSError):
            self.name = file_name(path)

    def still(self) -> bool:
        with suppress(OSError):  # it is gone: sending it will fail
            settled = clock.time() - self._path.stat().st_mtime > SETTLED
            return settled and self.name == file_name(self._path)
        return False


def file_name(path: Path) -> str:
    """What a file is remembered under: where it is, and its state. Raises OSError."""
    return f"{path.resolve()}:{file_state(path)}"


def file_state(path: Path) -> str:
    """What changes with the file, as far as its directory entry shows. Raises OSError."""
    status = path.stat()
    return "/".join(
        str(part) for part in (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    )
