# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digests of local files, remembered so that an unchanged file is not read again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..._core.deadline import clock
from ..._local import private_files
from ..fingerprint import DIGESTS
from .image_file import ImageFile, open_image_file

SETTLED = 2.0
"""Seconds that a file must have been left alone for its digests to be remembered."""


def read_image_file(path: str) -> ImageFile:
    """As `open_image_file`; costs no reading for a file that was read since it last changed."""
    return _remembered(path) or _read(path)


def file_state(path: Path) -> str:
    """What changes with the file, as far as its directory entry shows. Raises OSError."""
    status = path.stat()
    return "/".join(
        str(part) for part in (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    )


def _key(path: Path, state: str) -> str:
    return f"{path.resolve()}:{state}"


def _remembered(path: str) -> ImageFile | None:
    file = Path(path)
    try:
        known = private_files.read("digests", _key(file, file_state(file)))
        digests = {name: known["digests"][name] for name in DIGESTS}
        return ImageFile(known["size"], known["disk_format"], digests, file, known["virtual_size"])
    except (OSError, KeyError, TypeError):
        return None


def _read(path: str) -> ImageFile:
    """Remember what was read, unless the file was written to just now or in the meantime."""
    file = Path(path)
    try:
        before = file_state(file)
    except OSError:
        return open_image_file(path)  # which reports what is wrong with it
    read = open_image_file(path)
    with suppress(OSError):  # it is gone: sending it will fail
        if before == file_state(file) and clock.time() - file.stat().st_mtime > SETTLED:
            facts = {fact: getattr(read, fact) for fact in ("size", "disk_format", "digests", "virtual_size")}
            private_files.write("digests", _key(file, before), facts)
    return read
