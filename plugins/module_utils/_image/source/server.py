# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as the source of an image: a snapshot of it, taken only when a Location needs one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._cloud.cleanup import CLEANUP_TIMEOUT
from ..._cloud.connection import Connection
from ..._core.errors import ConflictError, OaktreeError, ServerError
from ..._core.scatter import InterruptError, Outcome
from ..._facts.servers import find_server
from ..._glance.client import glance_for
from ..._glance.v2 import SOURCE_IMAGE, SOURCE_LOCATION
from ..discard import discard
from ..fingerprint import Announced, fingerprint_of
from .download import download_image
from .image_data import AnnouncedImage, HomeImage, ImageData
from .locate import SourceOptions, from_location
from .other_location import connect_to_one, work_at
from .snapshot import Snapshot, check_has_disk, unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..._core.deadline import Deadline
    from ..._run.ensure import Change
    from ..._run.gather import Result, Target
    from ..desired import Desired
    from .image_file import ImageFile

_AFTER_INTERRUPT = 5.0
"""Seconds for the removal of a snapshot after an interrupt: few, so that the task does not seem to hang."""


@dataclass(frozen=True)
class ServerOrigin:
    """The option ``from`` with a server: patterns that select one Location, and the server's name or ID there."""

    patterns: Sequence[str]
    server: str
    always: bool = False
    """Whether a snapshot is taken although there is an image of the server already."""
    keep: bool = False
    """Whether the snapshot stays at its Location."""


def from_server(
    target: Target, origin: ServerOrigin, desired: Desired, workspace: Path, *, check_mode: bool
) -> AnnouncedImage:
    """Look for the server, and remove what an earlier run left of its snapshots; take a snapshot only on `read`.

    Raises `OaktreeError`: InputError unless the patterns select one Location, or for a server that boots from a
    volume, RefusedError for one that is not there, ConflictError for a name that several have.
    """
    connection = connect_to_one(target, origin.patterns)
    image = _ServerImage(target, origin, desired, workspace, connection)
    work_at(connection, lambda there: image.look(there, check_mode=check_mode), target.timeout)
    return image.announced


class _ServerImage:
    def __init__(
        self, target: Target, origin: ServerOrigin, desired: Desired, workspace: Path, connection: Connection
    ) -> None:
        self._target = target
        self._origin = origin
        self._desired = desired
        self._workspace = workspace
        self._connection = connection
        self._server: Mapping[str, Any] = {}
        self._busy: list[str] = []
        self._snapshot: Snapshot | None = None

    @property
    def _name(self) -> str:
        """What the image is called where the server is."""
        return self._desired.at(self._connection.location).name

    def look(self, connection: Connection, *, check_mode: bool) -> None:
        self._server = find_server(connection, self._origin.server)
        check_has_disk(self._server)
        left, self._busy = unfinished(connection, self._name)
        for image_id in () if check_mode else left:
            discard(glance_for(connection), image_id)

    @property
    def announced(self) -> AnnouncedImage:
        server_id = None if self._origin.always else str(self._server["id"])
        home = self._home({"disk_format": ""})  # the hypervisor decides on it
        return AnnouncedImage(Announced(server=server_id), self._read, decides=True, home=home, release=self._release)

    def _home(self, image: Mapping[str, Any]) -> HomeImage:
        connection = self._connection
        return HomeImage(connection.location, connection.region.settings.keystone, image, snapshot=True)

    def _read(self, found: Sequence[Result[Change]]) -> ImageData:
        """The image of the server that a Location has, else a new snapshot."""
        published = None if self._origin.always else _newest(found)
        if published:
            return self._copy(*published)
        if self._busy:
            raise ConflictError(
                f"from: another run takes a snapshot, or uploads an image of this name: {', '.join(self._busy)}",
                hint="Wait for it to end; if it was abandoned, delete the image.",
            )
        timeouts = self._desired.timeouts
        snapshot = self._snapshot = Snapshot(self._server, self._name, timeouts)
        seconds = timeouts.timeout + timeouts.import_timeout
        image = work_at(self._connection, snapshot.take, seconds, CLEANUP_TIMEOUT + 5.0, "snapshot taken")
        source = (str(self._connection.location), str(image["id"]))

        def fetch(deadline: Deadline) -> ImageFile:
            self._connection.deadline = deadline
            return download_image(self._connection, image, self._workspace, deadline, timeouts.stall_timeout)

        fingerprint = replace(fingerprint_of(image), copied_from=source, server=str(self._server["id"]))
        return ImageData(fingerprint, fetch, self._workspace, home=self._home(image))

    def _copy(self, pattern: str, image_id: str) -> ImageData:
        options = SourceOptions(self._workspace, stall_timeout=self._desired.timeouts.stall_timeout)
        data = from_location(self._target, [pattern], image_id, options)
        image = data.home.image if data.home else {}
        location, snapshot = image.get(SOURCE_LOCATION), image.get(SOURCE_IMAGE)
        source = (str(location), str(snapshot)) if location and snapshot else data.fingerprint.copied_from
        data.fingerprint = replace(data.fingerprint, copied_from=source, server=str(self._server["id"]))
        return data

    def _release(self, *, failed: bool) -> Outcome[Connection, str] | None:
        """Remove the snapshot, or keep it; the outcome where it stays although it should not."""
        snapshot = self._snapshot
        if snapshot is None or not snapshot.exists:
            return None
        work: Callable[[Connection], str] = snapshot.keep if self._origin.keep and not failed else snapshot.remove
        connection = Connection(self._connection.region)
        try:
            left = work_at(connection, work, _AFTER_INTERRUPT if failed else CLEANUP_TIMEOUT, done="done")
        except InterruptError as interrupt:
            if not failed:
                raise
            return next(iter(interrupt.outcomes), None)
        except OaktreeError as error:
            left = f"the snapshot {snapshot.image_id} stays ({error.message})"
        if not left:
            return None
        stays = ServerError("the snapshot was not removed")
        stays.add_residue(left)
        return Outcome(connection, 0.0, left, stays)


def _newest(found: Sequence[Result[Change]]) -> tuple[str, str] | None:
    """The newest image that a Location has of the server: the Location's pattern, and the image's ID."""
    there = [
        (str(image["created_at"] or ""), result.location.name, str(image["id"]))
        for result in found
        if result.value and result.value.action in ("unchanged", "updated")
        for image in [result.value.output["image"]]
        if image["status"] == "active"
    ]
    return max(there)[1:] if there else None
