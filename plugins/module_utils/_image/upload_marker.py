# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers of unfinished images: who uploads them, so that a later run distinguishes leftovers from work in progress.

Until it is finished, an image has an upload name and a marker, that of a process (see `_local.work_marker`) or of an
upload session. A killed run leaves both.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .._core.deadline import clock
from .._glance.v2 import UPLOAD
from .._local.work_marker import CLOCK_MARGIN, is_abandoned, moment_of, time_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SESSION = "session until "
_FINALIZED = ", finalized by "
"""The parts of an upload session's marker; a host name has no spaces."""


def upload_name(name: str) -> str:
    """The name of an image during its upload: it gets its own name when it is complete."""
    return f"{name}.uploading"


def container_name(purpose: str, name: str) -> str:
    """The name of a container with data of an image: ``oaktree-PURPOSE-`` and 16 digits of the name's SHA-256."""
    return f"oaktree-{purpose}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def session_marker(expires: datetime, until: datetime) -> str:
    """An upload session, whose data other hosts send until it expires; then it may be finalized ``until``."""
    return f"{_SESSION}{time_text(expires)}{_FINALIZED}{time_text(until)}"


def session_expiry(image: Mapping[str, Any]) -> datetime | None:
    """When the image's upload session expires; None for any other image."""
    session = _session(image)
    return session[0] if session else None


def session_until(image: Mapping[str, Any]) -> datetime | None:
    """Until when the image's upload session may be finalized; None for any other image."""
    session = _session(image)
    return session[1] if session else None


def is_leftover(image: Mapping[str, Any]) -> bool:
    """Whether the marked image was abandoned.

    For an upload session, the moment in the marker decides, with a margin for the difference between clocks; else see
    `is_abandoned`.
    """
    session = _session(image)
    if session:
        return clock.now() - session[1] > CLOCK_MARGIN
    return is_abandoned(str(image[UPLOAD]), image.get("updated_at"))


def _session(image: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    before, prefix, times = str(image.get(UPLOAD, "")).partition(_SESSION)
    expires, _finalized, until = times.partition(_FINALIZED)
    moments = moment_of(expires), moment_of(until)
    return (moments[0], moments[1]) if prefix and not before and moments[0] and moments[1] else None
