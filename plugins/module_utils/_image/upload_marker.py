# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers of unfinished images: who uploads them, so that a later run distinguishes leftovers from work in progress.

Until it is finished, an image has an upload name and a marker. A killed run leaves both.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._glance.v2 import UPLOAD
from .._local import signs_of_life

if TYPE_CHECKING:
    from collections.abc import Mapping

_PID = re.compile(r"[0-9]{1,9}")

_SESSION = "session until "
"""The prefix of an upload session's marker; a host name has no spaces."""


def upload_name(name: str) -> str:
    """The name of an image during its upload: it gets its own name when it is complete."""
    return f"{name}.uploading"


def container_name(purpose: str, name: str) -> str:
    """The name of a container with data of an image: ``oaktree-PURPOSE-`` and 16 digits of the name's SHA-256."""
    return f"oaktree-{purpose}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def upload_marker() -> str:
    """This process: ``host/boot/pid/start``, unique also across reboots."""
    pid = os.getpid()
    return "/".join((platform.node() or "-", _boot(), str(pid), _started(pid) or "-"))


def session_marker(expires: datetime) -> str:
    """An upload session, whose data other hosts send until it expires; to the second."""
    return f"{_SESSION}{expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def session_expiry(image: Mapping[str, Any]) -> datetime | None:
    """When the image's upload session expires; None for any other image."""
    before, prefix, expires = str(image.get(UPLOAD, "")).partition(_SESSION)
    try:
        return datetime.fromisoformat(expires).astimezone(UTC) if prefix and not before else None
    except (OverflowError, ValueError):
        return None


def is_leftover(image: Mapping[str, Any], allowance: float) -> bool:
    """Whether the marked image was abandoned.

    For a marker of this machine, the process decides. An image of another machine is abandoned if it did not change for
    ``allowance`` seconds; one whose cloud does not report when it changed is in use. An upload session is in use until
    ``allowance`` seconds after it expired, because it may be finalized at the last moment.
    """
    expires = session_expiry(image)
    if expires:
        return (datetime.now(UTC) - expires).total_seconds() > allowance
    host, boot, pid, started = [*str(image[UPLOAD]).split("/"), "", "", ""][:4]
    if host == (platform.node() or "-"):
        return not is_alive(boot, pid, started)
    try:
        unchanged = datetime.now(UTC) - datetime.fromisoformat(str(image.get("updated_at")))
    except (TypeError, ValueError):
        return False
    return unchanged.total_seconds() > allowance


def is_alive(boot: str, pid: str, started: str) -> bool:
    """Whether the process of a marker of this machine still runs."""
    return boot == _boot() and _PID.fullmatch(pid) is not None and _started(int(pid)) == started


def _boot() -> str:
    return signs_of_life.boot_id()[:8] or "-"


def _started(pid: int) -> str | None:
    """When the process started, in ticks since boot (``-`` without /proc); None if there is no such process."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if fields:
        return fields[19]
    return None if Path("/proc/self").exists() or not _exists(pid) else "-"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
