# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a cloud's own work on an image, as long as it shows signs of life."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._cloud.translate import from_status
from .._core.deadline import clock
from .._core.errors import DeadlineError, OaktreeError, QuotaError, ServerError, ThrottledError, UnreachableError
from .._glance.v2 import GLANCE_RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._glance.v2 import Glance

FIRST_PAUSE = 0.125
LONGEST_PAUSE = 5.0
"""Seconds between looks."""

FRESH = 1.0
"""Seconds for which what others have seen is news to us."""

SLOWEST = 4 << 20
"""Bytes per second. A Glance that fetches an image from elsewhere shows no progress until it has all of it."""


def given_up(text: str, reason: str) -> OaktreeError:
    """The error for work that a cloud gave up, for a reason that it names: a quota, or a fault of its own."""
    error = from_status(403, "", json.dumps({"message": reason}), {})
    return QuotaError(text.rstrip(". ")) if isinstance(error, QuotaError) else ServerError(text.rstrip(". "))


class ImportWait:
    """Polls one image. Work that shows no sign of change for ``stall_timeout`` seconds has stalled."""

    def __init__(self, glance: Glance, image_id: str, stall_timeout: float, size: int = 0) -> None:
        """``size`` is how many bytes the cloud may have to fetch, which it is given the time for."""
        self._glance = glance
        self._image_id = image_id
        self._allowance = stall_timeout + size / SLOWEST
        self._stall_timeout = stall_timeout
        self._record: tuple[object, ...] = ()
        self._task: tuple[str, str] | None = None
        self._looked: float | None = None
        self._changed = clock.monotonic()
        self._pause = FIRST_PAUSE

    def look(self) -> dict[str, Any] | None:
        """The image as it is now, None where it is gone. Raises `OaktreeError`.

        An answer that fails to come is no sign of life, and no more: the work may go on all the same.
        """
        while True:
            try:
                image = self._seen()
                self._note(image or {})
            except (DeadlineError, ServerError, ThrottledError, UnreachableError) as error:
                self._glance.connection.deadline.remaining()
                self._wait(error)
            else:
                return image

    def _seen(self) -> dict[str, Any] | None:
        """As it was a moment ago, but never as it was before the last look."""
        if self._looked is None:
            image = self._glance.get(self._image_id)
        else:
            image = self._glance.poll(self._image_id, max(self._looked, clock.time() - FRESH))
        self._looked = clock.time()
        return image

    def task(self) -> tuple[str, str]:
        """Status and message of the image's newest task."""
        return self._glance.import_task(self._image_id)

    def wait(self) -> None:
        """A moment, longer each time. Raises DeadlineError when the work has stalled or a clock ran out."""
        stalled = DeadlineError(
            f"nothing changed within stall_timeout ({self._stall_timeout:g} s)",
            hint="Check that the cloud's imports work, or raise stall_timeout.",
        )
        self._wait(stalled)

    def _wait(self, error: OaktreeError) -> None:
        if clock.monotonic() - self._changed > self._allowance:
            raise error
        self._glance.connection.deadline.sleep(self._pause)
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)

    def _note(self, image: Mapping[str, Any]) -> None:
        """Look for a change, and where the image shows none at its task: that costs one more request."""
        own = sorted((key, str(value)) for key, value in image.items() if key.startswith(GLANCE_RESERVED))
        record = (image.get("status"), image.get("updated_at"), image.get("stores"), *own)
        if record != self._record:
            self._record, self._task, self._changed = record, None, clock.monotonic()
            return
        task = self.task()
        if self._task not in (None, task):
            self._changed = clock.monotonic()
        self._task = task
