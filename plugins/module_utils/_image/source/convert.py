# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converting a disk image with qemu-img."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._core.errors import ConfigError, InputError, OaktreeError
from ..fingerprint import RAW_NAMES, same_format
from .image_file import AS_BYTES, ImageFile, open_image_file
from .workspace import MORE_SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..._core.deadline import Deadline

_DRIVERS = {"qcow2": "qcow2", "raw": "raw", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}
"""Formats of Glance's that qemu-img can write, and its names for them."""

_READ_ONLY = {"ploop": "parallels"}
"""Those that it can only read as Glance means them."""

POLL = 0.2

MEMORY = 2 << 30
"""Bytes of address space for qemu-img, which needs a few hundred MiB whatever the size of the image."""

LONGEST = 86400.0
"""Seconds that a conversion may take at most."""

_LIMITED = """
import ctypes, os, resource, signal, sys
parent, memory, seconds = map(int, sys.argv[1:4])
try:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; Linux only
except (AttributeError, OSError):
    pass
if os.getppid() != parent:
    sys.exit(1)
for name, value in (("AS", memory), ("CPU", seconds), ("NOFILE", 64), ("CORE", 0)):
    limit = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))
os.execv(sys.argv[4], sys.argv[4:])
"""
"""Sets limits, then becomes the command. A process with threads cannot set them between fork and exec.

The death signal comes when the thread that started it ends, not only when the process does: that thread waits for it.
"""


def convert(source: ImageFile, disk_format: str, workspace: Path, deadline: Deadline) -> ImageFile:
    """A file in ``workspace`` with the same disk in another format.

    Raises ConfigError without qemu-img or where it fails or leaves out a part of the disk, InputError for a format that
    it cannot write or insufficient disk space, and DeadlineError; then nothing remains in ``workspace``.
    """
    source.check_detected()
    qemu_img = find_qemu_img(source.disk_format, disk_format, "upload a file that already has this format")
    driver = "raw" if source.disk_format in RAW_NAMES else {**_DRIVERS, **_READ_ONLY}.get(source.disk_format)
    wanted = _DRIVERS.get(disk_format)
    if driver is None or wanted is None:
        raise InputError(
            f"disk_format: {source.disk_format} cannot be converted to {disk_format}",
            hint=f"Supported formats: {', '.join(sorted(_DRIVERS))}.",
        )
    _check_space(qemu_img, source, driver, wanted, workspace, deadline)
    target = workspace / f"{uuid.uuid4().hex}.{disk_format}"
    try:
        _run([qemu_img, "convert", "-U", "-O", wanted, _file_only(source.path, driver), str(target)], deadline)
        converted = open_image_file(str(target), deadline, AS_BYTES)
        source.check_unchanged("converted")
        _check_complete(source, converted)
    except OaktreeError:
        target.unlink(missing_ok=True)
        raise
    return _named(converted, disk_format)


def find_qemu_img(source_format: str, disk_format: str, alternative: str) -> str:
    """The path of qemu-img; raises ConfigError, whose hint ends with the alternative, where it is not installed."""
    path = shutil.which("qemu-img")
    if path is None:
        raise ConfigError(
            f"converting {source_format} to {disk_format} needs qemu-img, which is not installed here",
            hint=f"Install it (package qemu-utils or qemu-img), or {alternative}.",
        )
    return path


def _named(converted: ImageFile, disk_format: str) -> ImageFile:
    """Under the name of the requested format: a raw disk whose content is a CD is detected as iso, for example."""
    if not same_format(converted.disk_format, disk_format):
        converted.path.unlink(missing_ok=True)
        raise InputError(
            f"the disk in the image contains {converted.disk_format} data, so {disk_format} would be misdetected",
            hint="Choose another disk_format.",
        )
    return replace(converted, disk_format=disk_format)


def _check_complete(source: ImageFile, converted: ImageFile) -> None:
    if source.disk_format not in _READ_ONLY and converted.virtual_size < source.virtual_size:
        raise ConfigError(
            f"qemu-img converted only {converted.virtual_size} of the {source.virtual_size} bytes of the disk",
            hint="Compare with 'qemu-img info'; another version of qemu-img may read the image in full.",
        )


def _check_space(
    qemu_img: str, source: ImageFile, driver: str, wanted: str, workspace: Path, deadline: Deadline
) -> None:
    command = [qemu_img, "measure", "--output=json", "-U", "-O", wanted, _file_only(source.path, driver)]
    try:
        needed = int(json.loads(_run(command, deadline))["required"])
    except (ConfigError, ValueError, KeyError):
        needed = source.virtual_size  # not every format can be measured
    free = shutil.disk_usage(workspace).free
    if needed > free:
        raise InputError(
            f"converting {source.path} needs {needed} bytes in {workspace}, where {free} are free",
            hint=MORE_SPACE,
        )


def _file_only(path: Path, driver: str) -> str:
    """The file for qemu-img: in this format, as a file whatever its name looks like, and without a backing file.

    Of the two sizes that a vhd tells, the current one is the disk's (Microsoft's VHD specification); its geometry may
    be less. qemu goes by one or the other, as by the program that made it (block/vpc.c), before 10.0 by the geometry
    for those of Azure and VirtualBox.
    """
    file = {"driver": "file", "filename": str(path.absolute())}
    image: dict[str, object] = {"driver": driver, "file": file, "backing": None}
    if driver == "vpc":
        image["force_size_calc"] = "current_size"
    return f"json:{json.dumps(image)}"


def _run(command: Sequence[str], deadline: Deadline) -> str:
    """Run to the end and return the output; killed at the deadline, on an interrupt, and when this process is killed.

    The command reads data of unknown origin, so its memory, processor time and open files are limited.
    """
    seconds = math.ceil(deadline.timeout(LONGEST)) * (os.cpu_count() or 1)
    limited = [sys.executable, "-I", "-S", "-c", _LIMITED, str(os.getpid()), str(MEMORY), str(seconds), *command]
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(limited, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT) as process,  # noqa: S603
    ):
        try:
            while process.poll() is None:
                deadline.cancelled.wait(min(POLL, deadline.remaining()))
                deadline.remaining()
        finally:
            process.kill()  # does nothing to one that has ended
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    if process.returncode:
        raise ConfigError(f"qemu-img failed: {text[-300:]}", hint="Check the image with 'qemu-img check'.")
    return text
