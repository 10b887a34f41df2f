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
from ..fingerprint import same_format
from .image_file import ImageFile, open_image_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..._core.deadline import Deadline

_DRIVERS = {"qcow2": "qcow2", "raw": "raw", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}
"""Formats of Glance's that qemu-img can make, and what it calls them."""

POLL = 0.2

MEMORY = 2 << 30
"""Bytes of address space that qemu-img may use; it needs some hundred MiB, whatever the size of the image."""

LONGEST = 86400.0
"""Seconds that a conversion may take, whatever the clocks say."""

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
"""Runs a command in place of itself, with limits. A process with threads cannot set them between fork and exec."""


def convert(source: ImageFile, disk_format: str, workspace: Path, deadline: Deadline) -> ImageFile:
    """A file in ``workspace`` with the same disk in another format.

    Raises ConfigError without qemu-img, InputError for a format that it cannot make or too little space, and
    DeadlineError; nothing is left in ``workspace`` then.
    """
    source.check_detected()
    qemu_img = shutil.which("qemu-img")
    if qemu_img is None:
        raise ConfigError(
            f"converting {source.disk_format} to {disk_format} needs qemu-img, which is not installed here",
            hint="Install it (package qemu-utils or qemu-img), or upload a file that is in this format already.",
        )
    drivers = (_DRIVERS.get(source.disk_format, "raw"), _DRIVERS.get(disk_format))
    if drivers[1] is None:
        raise InputError(
            f"disk_format: {source.disk_format} cannot be converted to {disk_format}",
            hint=f"Formats that can be made: {', '.join(sorted(_DRIVERS))}.",
        )
    _check_space(qemu_img, source, drivers[0], drivers[1], workspace, deadline)
    target = workspace / f"{uuid.uuid4().hex}.{disk_format}"
    try:
        _run([qemu_img, "convert", "-U", "-O", drivers[1], _just(source.path, drivers[0]), str(target)], deadline)
        converted = open_image_file(str(target), deadline)
    except OaktreeError:
        target.unlink(missing_ok=True)
        raise
    return _named(converted, disk_format)


def _named(converted: ImageFile, disk_format: str) -> ImageFile:
    """With the name of the wanted format: the disk of a virtual machine may be a CD's, which a raw file then is too."""
    if not same_format(converted.disk_format, disk_format):
        converted.path.unlink(missing_ok=True)
        raise InputError(
            f"the disk in the image holds a {converted.disk_format}, for which it would be taken as {disk_format}",
            hint="Choose another disk_format.",
        )
    return replace(converted, disk_format=disk_format)


def _check_space(
    qemu_img: str, source: ImageFile, driver: str, wanted: str, workspace: Path, deadline: Deadline
) -> None:
    command = [qemu_img, "measure", "--output=json", "-U", "-O", wanted, _just(source.path, driver)]
    try:
        needed = int(json.loads(_run(command, deadline))["required"])
    except (ConfigError, ValueError, KeyError):
        needed = source.virtual_size  # not every format can be measured
    free = shutil.disk_usage(workspace).free
    if needed > free:
        raise InputError(
            f"converting {source.path} needs {needed} bytes in {workspace}, where {free} are free",
            hint="Free some space, or set temporary_directory to a place that has it.",
        )


def _just(path: Path, driver: str) -> str:
    """The file as qemu-img is told it: of this format, a file whatever its name says, and without any other."""
    image: dict[str, object] = {"driver": driver, "file": {"driver": "file", "filename": str(path.absolute())}}
    if driver == "qcow2":
        image["backing"] = None
    return f"json:{json.dumps(image)}"


def _run(command: Sequence[str], deadline: Deadline) -> str:
    """Run to the end and return the output; killed when the clock runs out, the run is interrupted, or we are killed.

    What the command reads was made by others: it gets memory, processor time and open files for its work, no more.
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
        except OaktreeError:
            process.kill()
            raise
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    if process.returncode:
        raise ConfigError(f"qemu-img failed: {text[-300:]}", hint="Check the image with 'qemu-img check'.")
    return text
