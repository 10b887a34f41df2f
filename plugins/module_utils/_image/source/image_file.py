# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's file: its format, whether it is safe, its size and digests."""

from __future__ import annotations

import hashlib
import stat
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..._core.errors import InputError
from ..._core.progress import Progress
from ..._object_store.content import File, State, changed, state_of
from ..fingerprint import DIGESTS, RAW_NAMES, Fingerprint, same_format
from .extent import least_size
from .hashing import PendingDigests, settle, stop
from .recognition import HEAD, compression, foreign, magic, names_other_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oslo_utils.imageutils.format_inspector import FileInspector

    from ..._core.deadline import Deadline

CHUNK = 1 << 20
"""Not more: the VHDX inspector misses regions that the header section, the first MiB, places in the same chunk."""

_RAW = {"raw", "gpt", "luks"}
"""Formats that the inspectors distinguish and Glance does not."""

UNKNOWN = "unknown"
"""The format of what is taken as it is."""

_COPY_AGAIN = "Copy or download it again."


@dataclass(frozen=True)
class ImageFile(Fingerprint):
    """A file that is safe to send, with all its `DIGESTS`, which may still be computed (`PendingDigests`)."""

    path: Path
    virtual_size: int
    """Bytes of the disk that it holds; of a ploop, whose header nothing here reads, those of the file."""
    detected: str = ""
    """The format detected from the content, where ``disk_format`` is what a cloud or the task declares; else empty."""
    state: State | None = None
    """The state of the file when it was read; None for one that only this process has."""

    @property
    def content(self) -> File:
        """The file to be sent: reading it raises InputError once it has changed."""
        return File(self.path, self.size, self.state)

    def check_detected(self) -> None:
        """Raise InputError unless the content has the declared format: no tool relies on what is declared."""
        if self.detected and not same_format(self.detected, self.disk_format):
            raise InputError(
                f"the image is declared as {self.disk_format}, but its content is {self.detected}",
                hint="It can be uploaded unchanged, with the same disk_format, but not converted.",
            )

    def check_unchanged(self, when: str) -> None:
        """Raise InputError if the file is another one than when it was read; ``when`` completes the sentence."""
        try:
            if self.state is not None and state_of(self.path.stat()) != self.state:
                raise changed(self.path, when)
        except OSError as exc:
            raise InputError(f"path: {self.path} can no longer be read: {exc.strerror}") from exc


@dataclass(frozen=True)
class Handling:
    """How a file is to be taken. By default it must be a disk image; what has no known format is raw."""

    verbatim: bool = False
    """Whether the bytes are taken as they are, whatever they may be."""
    disk_format: str = ""
    """With ``verbatim``: the format under which they are published, if the task names one."""
    opaque: bool = False
    """With ``verbatim``: whether it may be something other than a disk, which nothing can convert."""
    text: bool = False
    """Whether a text that does not say what it is may be a disk image."""


AS_IMAGE = Handling()
AS_BYTES = Handling(verbatim=True)


def open_image_file(
    path: str, deadline: Deadline | None = None, handling: Handling = AS_IMAGE, progress: Progress | None = None
) -> ImageFile:
    """As `begin_image_file`, but with all digests. Raises also InputError for a file that changes while it is read."""
    source = begin_image_file(path, deadline, handling, progress)
    try:
        settle(source.digests, deadline)
        source.check_unchanged("read")
    finally:
        stop(source.digests)
    return replace(source, digests=dict(source.digests))


def begin_image_file(
    path: str,
    deadline: Deadline | None = None,
    handling: Handling = AS_IMAGE,
    progress: Progress | None = None,
    when_known: Callable[[Mapping[str, str]], None] = lambda _digests: None,
) -> ImageFile:
    """Look at the file, whose format is detected from its content, and begin to hash it; see `PendingDigests`.

    Raises InputError for a file that cannot be read, is empty, is no image, is shorter than its own header says,
    changes meanwhile, or refers to other files (a qcow2 with a backing or data file, a vmdk with external extents, a
    disk with a parent): a cloud would read those from its own disks. Raises DeadlineError when the deadline, if there
    is one, expires.
    """
    file = Path(path)
    head, size = read_head(path)
    if not handling.verbatim:
        _refuse_foreign(head, size, path, text=handling.text)
    elif names_other_files(head):
        raise InputError(
            f"path: {path} is not safe to upload (it is the descriptor of a vmdk, which names other files)",
            hint="Convert the disk to an image of one file, for example with 'qemu-img convert'.",
        )
    try:
        before = state_of(file.stat())
        inspector = _inspect(file, deadline)
        name = _format(str(inspector), file, head, size, verbatim=handling.verbatim)
        _refuse_unsafe(inspector, path)
        _refuse_child(inspector, head, path)
        if not handling.verbatim:
            _refuse_truncated(file, name, size, deadline)
        status = file.stat()
        if state_of(status) != before or status.st_size != size:
            raise changed(file, "read")
    except FileNotFoundError as exc:
        raise changed(file, "read") from exc
    except OSError as exc:
        raise InputError(f"path: {path} cannot be read: {exc.strerror}", hint="Check its permissions.") from exc
    virtual_size = _virtual_size(name, inspector, head, size)
    progress = progress or Progress()
    progress.enter("reading", size)
    digests = PendingDigests(File(file, size, before, use="read", piece=CHUNK), progress, when_known)
    detected = UNKNOWN if handling.opaque else ""
    return ImageFile(size, handling.disk_format or name, digests, file, virtual_size, detected, before)


def read_head(path: str) -> tuple[bytes, int]:
    """The first bytes of the file, enough for `recognition`, and its size. Raises InputError for one that is empty."""
    file = Path(path)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"path: {path} is not a file", hint="Name the image file itself.")
        if status.st_size == 0:
            raise InputError(f"path: {path} is empty", hint="An image without content cannot be used.")
        with file.open("rb") as stream:
            return stream.read(HEAD), status.st_size
    except FileNotFoundError as exc:
        raise InputError(f"path: {path} does not exist", hint="Name a file on the host that runs the task.") from exc
    except OSError as exc:
        raise InputError(f"path: {path} cannot be read: {exc.strerror}", hint="Check its permissions.") from exc


def by_content(source: ImageFile, declared: str) -> ImageFile:
    """What was taken as bytes, in its format; ``declared`` decides where the content fits both that and raw."""
    if declared == "vhd" and source.disk_format == "raw" and _has_footer(source.path, source.size):
        return replace(source, disk_format="vhd", virtual_size=source.size - _FOOTER)
    return source


def digests_of(path: Path) -> dict[str, str]:
    """The `DIGESTS` of any file. Raises OSError."""
    found = {}
    for name in DIGESTS:
        with path.open("rb") as file:
            found[name] = hashlib.file_digest(file, name).hexdigest()
    return found


def _inspect(file: Path, deadline: Deadline | None) -> FileInspector:
    """Read until every inspector knows whether the format is its own: mostly the first MiB, else all."""
    from oslo_utils.imageutils.format_inspector import ImageFormatError, InspectWrapper

    with file.open("rb") as stream:
        inspected = InspectWrapper(stream)
        try:
            while inspected.formats is None and inspected.read(CHUNK):
                if deadline:
                    deadline.remaining()
            inspected.close()
            found = inspected.formats or []
        except ImageFormatError as exc:
            raise InputError(f"path: the format of {file} is ambiguous: {exc}", hint="Convert it again.") from exc
    return _only_format(found, file)


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


def _format(inspected: str, file: Path, head: bytes, size: int, *, verbatim: bool) -> str:
    """The format by Glance's names: what the inspectors found, or what they do not know."""
    if inspected not in _RAW:
        return inspected
    if verbatim:
        return "raw"
    announced = magic(head)
    if announced == "ploop":
        return announced
    if announced:
        raise InputError(f"path: {file} is truncated: it ends within its header", hint=_COPY_AGAIN)
    return "vhd" if _has_footer(file, size) else "raw"


_FIXED = struct.Struct(">8sII Q 4s4s4s4s Q Q I I I")
_FOOTER = 512
_CURRENT = 48
"""Where in the footer, or the copy of it in front of a disk that grows, the present size of the disk is."""
_KIND = 60
_DIFFERENCING = 4


def _has_footer(file: Path, size: int) -> bool:
    """Whether the file is a VHD of fixed size, which has nothing but a footer that describes all before it."""
    if size <= _FOOTER:
        return False
    with file.open("rb") as stream:
        stream.seek(size - _FOOTER)
        footer = stream.read(_FOOTER)
    cookie, *_others, current, _geometry, kind, checksum = _FIXED.unpack(footer[: _FIXED.size])
    total = sum(footer) - sum(footer[_FIXED.size - 4 : _FIXED.size])
    return bool(cookie == b"conectix" and kind == 2 and current == size - _FOOTER and checksum == ~total & 0xFFFFFFFF)


def _virtual_size(name: str, inspector: FileInspector, head: bytes, size: int) -> int:
    if name == "vhd":  # of which the inspector tells the size that it was created with
        return int(struct.unpack_from(">Q", head, _CURRENT)[0]) if str(inspector) == name else size - _FOOTER
    return size if name in RAW_NAMES or name != str(inspector) else int(inspector.virtual_size)


def _refuse_foreign(head: bytes, size: int, path: str, *, text: bool) -> None:
    packing = compression(head)
    if packing:
        raise InputError(f"path: {path} is compressed with {packing}", hint="Decompress it first.")
    found = foreign(head, size, text=text)
    if found:
        raise InputError(f"path: {path} is no disk image but {found.what}", hint=found.hint)


def _refuse_truncated(file: Path, disk_format: str, size: int, deadline: Deadline | None) -> None:
    check = deadline.remaining if deadline else lambda: None
    try:
        with file.open("rb") as stream:
            needed = least_size(stream, disk_format, size, check)
    except EOFError:
        raise InputError(f"path: {file} is truncated: it ends within its tables", hint=_COPY_AGAIN) from None
    if needed > size:
        raise InputError(
            f"path: {file} is truncated: by its own header it has at least {needed} bytes, but there are {size}",
            hint=_COPY_AGAIN,
        )


def _refuse_unsafe(inspector: FileInspector, path: str) -> None:
    from oslo_utils.imageutils.format_inspector import ImageFormatError, SafetyCheckFailed

    if str(inspector) in _RAW:
        return  # checks of partition tables and keys, which refer to no other files; Glance ignores them too
    try:
        inspector.safety_check()
    except ImageFormatError as exc:
        raise InputError(f"path: {path} is truncated: it ends within its header", hint=_COPY_AGAIN) from exc
    except SafetyCheckFailed as exc:
        reasons = "; ".join(f"{check}: {reason}" for check, reason in exc.failures.items())
        raise InputError(
            f"path: {path} is not safe to upload ({reasons})",
            hint="Flatten it, for example with 'qemu-img convert', so that it needs no other file.",
        ) from exc


def _refuse_child(inspector: FileInspector, head: bytes, path: str) -> None:
    """Refuse what no inspector looks for, and qemu-img takes for whole or opens with its parent."""
    from oslo_utils.imageutils.format_inspector import VMDKInspector

    if isinstance(inspector, VMDKInspector):
        child = "parentfilenamehint" in (inspector.desc_text or "")
    else:
        child = str(inspector) == "vhd" and struct.unpack_from(">I", head, _KIND)[0] == _DIFFERENCING
    if child:
        raise InputError(
            f"path: {path} is not safe to upload (parent: it has only what differs from another disk)",
            hint="Merge the two with the program that made them, and give the merged disk.",
        )
