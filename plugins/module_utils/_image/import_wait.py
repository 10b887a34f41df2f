# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a cloud's own work on an image, as long as it shows progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._cloud.translate import given_up
from .._core.deadline import clock
from .._core.errors import DeadlineError, OaktreeError
from .._core.retry import TRANSIENT
from .._glance.v2 import GLANCE_RESERVED, IMPORT_LOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._glance.v2 import Glance

_UNDER_WAY = {"saving", "uploading", "importing", "active"}

FIRST_PAUSE = 0.125
LONGEST_PAUSE = 5.0
"""Seconds between requests."""

FRESH = 1.0
"""The maximum age, in seconds, of an answer that another process received."""

SLOWEST = 4 << 20
"""Bytes per second. A Glance that downloads an image itself shows no progress until it is complete."""


class ImportWait:
    """Polls one image. Work without any visible change for ``stall_timeout`` seconds has stalled."""

    HINT: ClassVar[str] = "Check that imports work in this cloud, or raise stall_timeout."

    def __init__(self, glance: Glance, image_id: str, stall_timeout: float, size: int = 0) -> None:
        """``size``: bytes that the cloud may have to download, which extends the time without a visible change."""
        self._glance = glance
        self._image_id = image_id
        self._size = size
        self._stall_timeout = stall_timeout
        self._record: tuple[object, ...] = ()
        self._task: tuple[str, str] | None = None
        self._looked: float | None = None
        self._changed = clock.monotonic()
        self._pause = FIRST_PAUSE

    def look(self) -> dict[str, Any] | None:
        """The image as it is now, None if it no longer exists. Raises `OaktreeError`.

        A failed request counts as no visible change: the work may continue regardless.
        """
        while True:
            try:
                image = self._seen()
                self._note(image or {})
            except (DeadlineError, *TRANSIENT) as error:
                self._glance.connection.deadline.remaining()
                self._wait(error)
            else:
                return image

    def _seen(self) -> dict[str, Any] | None:
        """At most `FRESH` seconds old, but never older than the last look."""
        if self._looked is None:
            image = self._glance.get(self._image_id)
        else:
            image = self._glance.poll(self._image_id, max(self._looked, clock.uptime() - FRESH))
        self._looked = clock.uptime()
        return image

    def task(self) -> tuple[str, str]:
        """Status and message of the image's newest task."""
        return self._glance.import_task(self._image_id)

    def wait(self) -> None:
        """Pause, longer each time. Raises DeadlineError when the work has stalled or the deadline expires."""
        stalled = DeadlineError(
            f"nothing changed within stall_timeout ({self._stall_timeout:g} s)",
            hint=self.HINT,
        )
        self._wait(stalled)

    def _wait(self, error: OaktreeError) -> None:
        if clock.monotonic() - self._changed > self._stall_timeout + self._size / SLOWEST:
            raise error
        self._glance.connection.deadline.sleep(self._pause)
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)

    def _note(self, image: Mapping[str, Any]) -> None:
        """Check the image for a change, and if there is none its task, which costs one more request."""
        own = sorted((key, str(value)) for key, value in image.items() if key.startswith(GLANCE_RESERVED))
        record = (image.get("status"), image.get("updated_at"), image.get("stores"), *own)
        if record != self._record:
            self._record, self._task, self._changed = record, None, clock.monotonic()
            return
        task = self.task()
        if self._task not in (None, task):
            self._changed = clock.monotonic()
        self._task = task


def until_active(wait: ImportWait, *, importing: bool) -> dict[str, Any]:
    """Poll the image until it is finished; with ``importing`` it may be queued at first.

    An image that is queued again was not kept: that is how an import ends that failed.
    """
    begun = not importing
    while True:
        image = wait.look()
        status = image["status"] if image else "deleted"
        if image and status == "active" and IMPORT_LOCK not in image:
            return image
        task, message = wait.task() if status == "queued" else ("", "")
        begun = begun or status != "queued" or task == "failure"
        if begun and status not in _UNDER_WAY:
            raise given_up(f"the cloud did not keep the data: the image is {status}. {message}", message)
        wait.wait()
