# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of images that are not complete, whatever timeout has expired."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.deadline import clock
from .._core.errors import ConflictError, OaktreeError
from .._core.retry import TRANSIENT, Policy, with_retries

if TYPE_CHECKING:
    from .._glance.v2 import Glance

LATE = 2.0
"""Seconds in which an image may yet come whose creation was not answered."""
LOOK = 0.25
"""Seconds between looks for it."""

DELETIONS = Policy(attempts=math.inf, errors=(ConflictError, *TRANSIENT), first=2.0, longest=1.0)
"""Of an incomplete image: Glance refuses while an import goes on."""


def discard(glance: Glance, image_id: str) -> str:
    """Remove an image, whatever timeout expired, and retry: Glance refuses while an import goes on.

    One whose creation was not answered is waited for, `LATE` at the most. Returns nothing, or what stays and why.
    """
    with glance.connection.grace(CLEANUP_TIMEOUT):
        deadline = glance.connection.deadline
        late = clock.monotonic() + LATE
        try:
            while not with_retries(lambda: glance.delete(image_id), DELETIONS, deadline):
                if image_id not in glance.unanswered:
                    return ""
                if clock.monotonic() >= late:
                    return f"the image {image_id} may come yet: its creation was not answered"
                deadline.sleep(LOOK)
        except OaktreeError as error:
            return f"the incomplete image {image_id} could not be removed ({error.message})"
    return ""
