# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's file: its format, whether it is safe, its size and digests, all from one pass."""

from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..._core.errors import InputError
from ..._core.scatter import no_thread
from ..fingerprint import DIGESTS, Fingerprint, same_format

if TYPE_CHECKING:
    from oslo_utils.imageutils.format_inspector import FileInspector

    from ..._core.deadline import Deadline

CHUNK = 1 << 20
"""Not more: the VHDX inspector misses regions that the header section, the first MiB, places in the same chunk."""

_RAW = {"raw", "gpt", "luks"}
"""Formats that the inspectors distinguish and Glance does not."""


@dataclass(frozen=True)
class ImageFile(Fingerprint):
    """A file that is safe to send, with all its `DIGESTS`."""

    path: Path
    virtual_size: int
    detected: str = ""
    """The format detected from the content, where ``disk_format`` is what a cloud declares; else empty."""

    def check_detected(self) -> None:
        """Raise InputError unless the content has the declared format: no tool relies on what a cloud declares."""
        if self.detected and not same_format(self.detected, self.disk_format):
            raise InputError(
                f"the image is declared as {self.disk_format}, but its content is {self.detected}",
                hint="It can be uploaded unchanged, with the same disk_format, but not converted.",
            )


def open_image_file(path: str, deadline: Deadline | None = None) -> ImageFile:
    """Read the file once; its format is detected from its content.

    Raises InputError for a file that cannot be read, is empty, or refers to other files (a qcow2 with a backing or data
    file, a vmdk with external extents): a cloud would read those from its own disks. Raises DeadlineError when the
    deadline, if there is one, expires.
    """
    file = Path(path)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"path: {path} is not a file", hint="Name the image file itself.")
        size = status.st_size
        if size == 0:
            raise InputError(f"path: {path} is empty", hint="An image without content cannot be used.")
        inspector, digests = _read(file, deadline)
    except FileNotFoundError as exc:
        raise InputError(f"path: {path} does not exist", hint="Name a file on the host that runs the task.") from exc
    except OSError as exc:
        raise InputError(f"path: {path} cannot be read: {exc.strerror}", hint="Check its permissions.") from exc
    _refuse_unsafe(inspector, path)
    if str(inspector) in _RAW:
        return ImageFile(size, "raw", digests, file, size)
    return ImageFile(size, str(inspector), digests, file, inspector.virtual_size)


def digests_of(path: Path) -> dict[str, str]:
    """The `DIGESTS` of any file. Raises OSError."""
    found = {}
    for name in DIGESTS:
        with path.open("rb") as file:
            found[name] = hashlib.file_digest(file, name).hexdigest()
    return found


def _read(file: Path, deadline: Deadline | None) -> tuple[FileInspector, dict[str, str]]:
    """One pass: the format inspectors see each chunk, and each digest processes it in a thread of its own."""
    from oslo_utils.imageutils.format_inspector import ImageFormatError, InspectWrapper

    hashes = [hashlib.new(name, usedforsecurity=False) for name in DIGESTS]
    with file.open("rb") as stream, ThreadPoolExecutor(len(hashes)) as pool:
        inspected = InspectWrapper(stream)
        try:
            while chunk := inspected.read(CHUNK):
                if deadline:
                    deadline.remaining()
                list(pool.map(lambda digest, data=chunk: digest.update(data), hashes))
            inspected.close()
            found = inspected.formats or []
        except ImageFormatError as exc:
            raise InputError(f"path: the format of {file} is ambiguous: {exc}", hint="Convert it again.") from exc
        except RuntimeError as exc:
            raise no_thread(exc) from exc
    inspector = _only_format(found, file)
    return inspector, {name: digest.hexdigest() for name, digest in zip(DIGESTS, hashes, strict=True)}


def _only_format(found: list[FileInspector], file: Path) -> FileInspector:
    """A file that is two formats at once hides one of them, except a CD image that also boots as a disk."""
    by_name = {str(inspector): inspector for inspector in found}
    if by_name.keys() == {"iso", "gpt"}:
        return by_name["iso"]
    if len(found) != 1:
        raise InputError(
            f"path: the format of {file} is ambiguous: {', '.join(sorted(by_name)) or 'none'}",
            hint="Convert it again, to qcow2 or raw.",
        )
    return found[0]


def _refuse_unsafe(inspector: FileInspector, path: str) -> None:
    from oslo_utils.imageutils.format_inspector import ImageFormatError, SafetyCheckFailed

    if str(inspector) in _RAW:
        return  # checks of partition tables and keys, which refer to no other files; Glance ignores them too
    try:
        inspector.safety_check()
    except ImageFormatError as exc:
        raise InputError(f"path: {path} is truncated: it ends within its header", hint="Copy it again.") from exc
    except SafetyCheckFailed as exc:
        reasons = "; ".join(f"{check}: {reason}" for check, reason in exc.failures.items())
        raise InputError(
            f"path: {path} is not safe to upload ({reasons})",
            hint="Flatten it, for example with 'qemu-img convert', so that it needs no other file.",
        ) from exc
