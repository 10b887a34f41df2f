# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An import task of Glance's: start it, follow it to its end, and find out which image it made.

Source: Glance's API reference (tasks), ``glance/async_/flows/base_import.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._cloud.answers import check_id, parsing
from ..._cloud.service import segment, service_at
from ..._core.errors import ServerError
from ..._core.retry import PERHAPS_DONE, Attempts, Policy
from ..._core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._glance.v2 import Glance

HICCUP = "Error code: '396'"
"""With this, Rackspace's imports fail now and then for no reason; the next one may succeed."""

HICCUPS = Policy(errors=(ServerError,), first=0.0)
LOOK_BACK = "5"
"""Tasks among which one is looked for whose ID is not known."""

PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds between polls."""


class ImportTask:
    """One image made by a task from data that the cloud fetches."""

    def __init__(self, glance: Glance, source: str, disk_format: str, properties: Mapping[str, Any]) -> None:
        """``source`` is ``import_from``; ``properties`` those of the image, with at least its name."""
        self._glance = glance
        self._service = service_at(glance.connection, "image")
        self._input: dict[str, Any] = {
            "import_from": source,
            "import_from_format": disk_format,
            "image_properties": properties,
        }
        self._task_id = ""
        self._over = False

    @property
    def residue(self) -> str:
        """What to report of a task that nobody waits for any more; empty once it has ended."""
        if self._over:
            return ""
        return f"the import task {self._task_id} may still be running; the cloud offers no way to cancel it"

    def start(self) -> None:
        """Start the task. After an error it may be running all the same, unless the cloud refused it."""
        body, self._over = {"type": "import", "input": self._input}, False
        try:
            task = self._service.json("POST", "/tasks", retry=False, json=body)
            with parsing("the import task"):
                self._task_id = check_id(task["id"])
        except PERHAPS_DONE:
            task_id = self._unanswered()
            if task_id is None:
                raise
            self._task_id = task_id

    def finish(self) -> str:
        """Wait for the end, and return the ID of the image. A task that fails for no reason is started again."""
        attempts = Attempts(HICCUPS, self._glance.connection.deadline)
        while (task := self._ended())["status"] != "success":
            reason = one_line(str(task.get("message") or "no reason"))
            error = ServerError(f"the import task failed: {reason}")
            if HICCUP not in reason:
                raise error
            attempts.failed(error)
            self.start()
        with parsing("the import task"):
            return check_id(task["result"]["image_id"])

    def _unanswered(self) -> str | None:
        """The newest task with the same source, unless it has failed, or the image that it made is in use."""
        params = {"type": "import", "sort_key": "created_at", "sort_dir": "desc", "limit": LOOK_BACK}
        body = self._service.json("GET", "/tasks", params=params)
        with parsing("the list of import tasks"):
            started = [check_id(task["id"]) for task in body["tasks"] if task.get("status") != "failure"]
        for task_id in started:
            task = self._service.json("GET", f"/tasks/{segment(task_id)}")
            with parsing("the import task"):
                ours = (task.get("input") or {}).get("import_from") == self._input["import_from"]
                image_id = check_id(task["result"]["image_id"]) if task.get("result") else None
            made = self._glance.get(image_id) if image_id else None
            if ours and (made is None or made["name"] == self._input["image_properties"]["name"]):
                return task_id
        return None

    def _ended(self) -> dict[str, Any]:
        """The task once it has ended; all its other states, by whichever specification, mean that it is running."""
        pause = PAUSE
        while True:
            task = self._service.json("GET", f"/tasks/{segment(self._task_id)}")
            if task.get("status") in ("success", "failure"):
                self._over = True
                return task
            self._glance.connection.deadline.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
