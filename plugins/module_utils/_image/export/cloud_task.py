# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image brought to a container by the cloud itself: the export task of Glance's tasks API.

Sources: Rackspace's image import and export (``receiving_swift_container``), and the specification of 2013
(Glance-tasks-export), whose ``export_to`` takes the place of that. Upstream Glance has no such task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._cloud.service import segment, service_at
from ..._core.errors import DeadlineError, OaktreeError, RefusedError, ServerError
from ..._object_store.large_object import CLEANUP_TIMEOUT, discard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._cloud.connection import Connection
    from ..._object_store.client import Swift

POLL = 2.0
"""Seconds between looks at a task."""

UNDER_WAY = frozenset({"pending", "queued", "waiting", "processing", "transferring"})
"""Statuses of a task that goes on: those of the tasks API, and those of the specification of 2013."""

DEFAULT_FORMAT = "vhd"
"""What a task writes that does not tell: Rackspace's."""


@dataclass(frozen=True)
class Made:
    """The object that the cloud made."""

    name: str
    format: str


def offers_export(connection: Connection) -> bool:
    """Whether the cloud has export tasks: its vendor's profile names the tasks API, or their schema names exports.

    One request where the profile says nothing.
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
        self.notes: list[str] = []

    def run(self) -> Made:
        """Have the task done; raises `OaktreeError`, and then what it wrote is gone, or the message says what."""
        before = self._written()
        try:
            return self._by_either()
        except OaktreeError as error:
            if isinstance(error, DeadlineError):
                error.add_residue("the export task goes on: the cloud lets nobody cancel it")
            error.add_residue(self._discard(before))
            raise

    def _by_either(self) -> Made:
        """Nothing tells which of the two kinds of input a cloud takes; Rackspace's was in use."""
        image_id = str(self._image["id"])
        try:
            return self._by({"image_uuid": image_id, "receiving_swift_container": self._container})
        except (RefusedError, ServerError) as first:
            wanted = {"export_to": self._container, "export_format": str(self._image["disk_format"])}
            try:
                return self._by({"image_uuid": image_id, **wanted})
            except (RefusedError, ServerError):
                raise first from None

    def _by(self, wanted: Mapping[str, str]) -> Made:
        service, deadline = service_at(self._swift.connection, "image"), self._swift.connection.deadline
        body = {"type": "export", "input": wanted}
        task = service.json("POST", "/tasks", retry=False, json=body)
        while (status := _status(task)) in UNDER_WAY:
            deadline.sleep(POLL)
            task = service.json("GET", f"/tasks/{segment(task['id'])}")
        if status != "success":
            raise ServerError(
                f"the export task ended as {status}: {task.get('message') or 'the cloud does not say why'}",
                hint="Try again; if it stays so, tell the operator.",
            )
        return self._made(task)

    def _made(self, task: Mapping[str, Any]) -> Made:
        """``export_location`` is ``container/object``, or a URL that ends so."""
        result = task.get("result") if isinstance(task.get("result"), dict) else task
        location = str((result or {}).get("export_location") or "")
        _before, _container, name = location.partition(f"{self._container}/")
        if not name:
            raise ServerError(f"the export task does not say where the image is: {location!r}")
        _stem, dot, ending = name.rpartition(".")
        told = (result or {}).get("export_format") or (ending if dot else "")
        return Made(name, str(told or DEFAULT_FORMAT))

    def _written(self) -> set[str]:
        return {there.name for there in self._swift.objects(self._container, str(self._image["id"]))}

    def _discard(self, before: set[str]) -> str:
        try:
            with self._swift.connection.grace(CLEANUP_TIMEOUT):
                new = sorted(self._written() - before)
        except OaktreeError as error:
            return f"what the export task wrote could not be looked for: {error.message}"
        return discard(self._swift, [f"{self._container}/{name}" for name in new])


def _status(task: Mapping[str, Any]) -> str:
    return str(task.get("status") or task.get("task_status") or "unknown")
