# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of an image to a container by the cloud itself: the export task of Glance's tasks API.

Sources: Rackspace's image import and export (``receiving_swift_container``), and the specification of 2013
(Glance-tasks-export), whose ``export_to`` replaces it. Upstream Glance has no such task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._cloud.answers import check_id, parsing
from ..._cloud.cleanup import CLEANUP_TIMEOUT, removing
from ..._cloud.service import segment, service_at
from ..._core.errors import DeadlineError, OaktreeError, RefusedError, ServerError
from ..._core.text import one_line
from ..._object_store.large_object import discard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._cloud.connection import Connection
    from ..._object_store.client import Swift

POLL = 2.0
"""Seconds between requests for a task."""

UNDER_WAY = frozenset({"pending", "queued", "waiting", "processing", "transferring"})
"""Statuses of a running task: those of the tasks API, and those of the specification of 2013."""

DEFAULT_FORMAT = "vhd"
"""The format that Rackspace's tasks write, which report none."""


@dataclass(frozen=True)
class ExportedObject:
    """The object that the cloud wrote."""

    name: str
    format: str


def offers_export(connection: Connection) -> bool:
    """Whether the cloud has export tasks: its vendor's profile names the tasks API, or their schema names exports.

    One request where the profile does not decide.
    """
    if connection.region.settings.image_api_use_tasks:
        return True
    try:
        schema = service_at(connection, "image").json("GET", "/schemas/task")
        return "export" in schema["properties"]["type"]["enum"]
    except (KeyError, RefusedError, TypeError):
        return False


class ExportTask:
    """One image exported by its cloud to a container of the same Location."""

    def __init__(self, swift: Swift, image: Mapping[str, Any], container: str) -> None:
        self._swift = swift
        self._image = image
        self._container = container

    def run(self) -> ExportedObject:
        """Run the task; raises `OaktreeError`, and then what it wrote is removed, or the message says what remains."""
        before = self._written()
        with removing(lambda: self._discard(before)):
            try:
                return self._export()
            except DeadlineError as error:
                error.add_residue("the export task is still running; the cloud offers no way to cancel it")
                raise

    def _export(self) -> ExportedObject:
        """No request shows which of the two inputs a cloud accepts; Rackspace's, which was in use, is tried first."""
        image_id = str(self._image["id"])
        try:
            return self._export_to({"image_uuid": image_id, "receiving_swift_container": self._container})
        except (RefusedError, ServerError) as first:
            destination = {"export_to": self._container, "export_format": str(self._image["disk_format"])}
            try:
                return self._export_to({"image_uuid": image_id, **destination})
            except (RefusedError, ServerError):
                raise first from None

    def _export_to(self, destination: Mapping[str, str]) -> ExportedObject:
        service, deadline = service_at(self._swift.connection, "image"), self._swift.connection.deadline
        body = {"type": "export", "input": destination}
        task = service.json("POST", "/tasks", retry=False, json=body)
        with parsing("the export task"):
            path = f"/tasks/{segment(check_id(task['id']))}"
        while (status := _status(task)) in UNDER_WAY:
            deadline.sleep(POLL)
            task = service.json("GET", path)
        if status != "success":
            reason = one_line(str(task.get("message") or "the cloud reports no reason"))
            raise ServerError(
                f"the export task ended as {status}: {reason}",
                hint="Try again; if it fails again, contact the operator.",
            )
        return self._exported(task)

    def _exported(self, task: Mapping[str, Any]) -> ExportedObject:
        """``export_location`` is ``container/object``, or a URL that ends so."""
        result = task.get("result") if isinstance(task.get("result"), dict) else task
        location = str((result or {}).get("export_location") or "")
        _before, _container, name = location.partition(f"{self._container}/")
        if not name:
            raise ServerError(f"the export task does not report where the image is: {location!r}")
        _stem, dot, ending = name.rpartition(".")
        disk_format = (result or {}).get("export_format") or (ending if dot else "")
        return ExportedObject(name, str(disk_format or DEFAULT_FORMAT))

    def _written(self) -> set[str]:
        return {item.name for item in self._swift.objects(self._container, str(self._image["id"]))}

    def _discard(self, before: set[str]) -> str:
        try:
            with self._swift.connection.grace(CLEANUP_TIMEOUT):
                new = sorted(self._written() - before)
        except OaktreeError as error:
            return f"what the export task wrote could not be listed: {error.message}"
        return discard(self._swift, [f"{self._container}/{name}" for name in new])


def _status(task: Mapping[str, Any]) -> str:
    return str(task.get("status") or task.get("task_status") or "unknown")
