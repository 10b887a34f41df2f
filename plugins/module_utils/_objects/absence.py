# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An object that is to be deleted, with its segments and what killed uploads of it left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._cloud.capabilities import has_object_store
from .._core.errors import OaktreeError
from .._core.text import counted
from .._local.work_marker import is_abandoned
from .._object_store.client import Swift
from .._object_store.large_object import segments_of
from .._object_store.orphans import orphans
from .._object_store.responses import is_static
from .content import dynamic_segments
from .records import shown_object
from .wanted import ObjectChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection
    from .wanted import WantedObject

NOT_OFFERED = "there is no object store here"


class ObjectAbsence:
    """One object at one Location that is to be deleted."""

    def __init__(self, connection: Connection, wanted: WantedObject) -> None:
        self._swift = Swift(connection)
        self._connection = connection
        self._wanted = wanted
        self._headers: Mapping[str, str] = {}
        self._left: list[str] = []

    @property
    def work_remains(self) -> bool:
        """Whether there is anything to do where no object is: to remove what a killed upload left."""
        return bool(self._left)

    def survey(self) -> ObjectChange:
        """What is to be done: two requests, or none without an object store."""
        if not has_object_store(self._connection):
            return ObjectChange("unchanged", None, notes=(NOT_OFFERED,))
        container, name = self._wanted.container, self._wanted.name
        headers = self._swift.object_headers(container, name)
        for orphan in orphans(self._swift, container, name):
            if is_abandoned(orphan.marker, orphan.updated_at):
                self._left.extend(f"{container}/{segment}" for segment in orphan.names)
        if headers is None:
            return ObjectChange("unchanged", None)
        self._headers = headers
        record = shown_object(container, name, headers, self._connection.location)
        shown = ("content_length", "content_type", "etag", "metadata", "delete_at")
        return ObjectChange("deleted", record, {key: record[key] for key in shown})

    def run(self, planned: ObjectChange) -> ObjectChange:
        """Delete it, its segments first, so that a later run can go on where this one fails. Raises `OaktreeError`."""
        if planned.action == "deleted":
            delete_whole(self._swift, self._wanted.container, self._wanted.name, self._headers)
        delete_all(self._swift, self._left)
        return ObjectChange(planned.action, None, planned.before)


def delete_whole(swift: Swift, container: str, name: str, headers: Mapping[str, str]) -> None:
    """Delete an object that has these headers, with its segments: those that its manifest names, or has a folder of.

    One request for a static large object, if the store deletes its segments with it. Raises `OaktreeError`.
    """
    paths: list[str] | None = []
    if is_static(headers):
        paths = segments_of(swift, container, name)
        try:
            if swift.delete_large(container, name) > len(paths or ()):
                return
        except OaktreeError:
            swift.connection.deadline.remaining()
            if paths is None:
                raise
            # the rest is deleted by name
    elif found := dynamic_segments(headers):
        where, prefix = found
        paths = [f"{where}/{item.name}" for item in swift.objects(where, f"{prefix.rstrip('/')}/")]
    delete_all(swift, paths or [])
    delete_all(swift, [f"{container}/{name}"])


def delete_all(swift: Swift, paths: Sequence[str]) -> None:
    """Delete each ``container/object``. Raises the first error, which then says how many are left."""
    left = swift.delete_objects(paths) if paths else {}
    for path, error in left.items():
        told = error.copied()
        told.message = f"{counted(len(left), 'object')} could not be deleted ({path}: {error.message})"
        raise told from error
