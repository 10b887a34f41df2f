# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of a server: Nova's createImage, the wait for its data, and its removal.

Until it is published it has an upload name and a marker, as any unfinished image, although Glance calls it active.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from ..._cloud.answers import check_id, parsing
from ..._cloud.cleanup import CLEANUP_TIMEOUT, removing
from ..._cloud.service import segment, service_at
from ..._core.deadline import clock
from ..._core.errors import InputError, OaktreeError
from ..._core.retry import PERHAPS_DONE
from ..._glance.client import check_has_data, find_image, glance_for
from ..._glance.image_json import OURS
from ..._glance.v2 import UPLOAD, dated_name, pointer
from ..._local.work_marker import work_marker
from ..discard import LATE, LOOK, discard
from ..import_wait import ImportWait, until_active
from ..upload_marker import is_leftover, upload_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from ..._cloud.connection import Connection
    from ..._glance.v2 import Glance
    from ..desired import Timeouts

_GIB = 1 << 30


def check_has_disk(server: Mapping[str, Any]) -> None:
    """Raise InputError for a server that boots from a volume: its snapshot would be an image without data."""
    if server["image"] is None:
        with parsing("the volumes of the server"):
            volumes = ", ".join(check_id(volume["id"]) for volume in server["attached_volumes"] or ())
        raise InputError(
            f"the server {server['name']!r} boots from a volume: its snapshot would have no data",
            hint=f"Make an image of its volume ({volumes or 'see server_info'}), for example with 'openstack image "
            "create --volume VOLUME --force NAME', and give that as image in from.",
        )


def unfinished(connection: Connection, name: str) -> tuple[list[str], list[str]]:
    """IDs of the project's unfinished images of this name: those of runs that have ended, and those of others."""
    listed = glance_for(connection).named([upload_name(name)], connection.location.project.id, hidden=False)
    marked = [image for image in listed if UPLOAD in image]
    left = [str(image["id"]) for image in marked if is_leftover(image)]
    return left, [str(image["id"]) for image in marked if image["id"] not in left]


class SnapshotWait(ImportWait):
    """The server shows what its hypervisor does while the image shows nothing.

    A hypervisor that works on a disk gets the time to read it; one that does nothing gets ``stall_timeout``.
    """

    HINT: ClassVar[str] = "Check that this cloud takes snapshots of servers, or raise stall_timeout."

    def __init__(self, glance: Glance, image_id: str, stall_timeout: float, server: Mapping[str, Any]) -> None:
        super().__init__(glance, image_id, stall_timeout)
        self._server = server

    def task(self) -> tuple[str, str]:
        """Nova's task state of the server, without a message."""
        nova = service_at(self._glance.connection, "compute")
        with parsing("the answer to GET /servers/ID"):
            shown = nova.json("GET", f"/servers/{segment(self._server['id'])}")["server"]
            state = str(shown.get("OS-EXT-STS:task_state") or "")
            self._size = int(self._server["flavor"].get("disk") or 0) * _GIB if state else 0
        return state, ""


class Snapshot:
    """One snapshot, from the request for it to its removal. Its methods raise `OaktreeError`."""

    def __init__(self, server: Mapping[str, Any], name: str, timeouts: Timeouts) -> None:
        """``name`` is what the image will be called when it is published."""
        self.server = server
        self.name = name
        self.image_id: str | None = None
        self._timeouts = timeouts
        self._marker = work_marker(3 * timeouts.total)  # it is taken, and then sent, perhaps by way of another region
        self._unanswered = False

    def take(self, connection: Connection) -> dict[str, Any]:
        """The image once it is active and has data. What fails leaves nothing."""
        try:
            return self._take(connection)
        except OaktreeError as error:
            error.message = f"the snapshot of the server {self.server['name']!r}: {error.message}"
            raise

    def _take(self, connection: Connection) -> dict[str, Any]:
        connection.progress.enter("taking a snapshot")
        glance = glance_for(connection)
        with removing(lambda: self.remove(connection)):
            image_id = self.image_id = self._create(connection)
            with connection.within(self._timeouts.import_timeout, "import_timeout"):
                wait = SnapshotWait(glance, image_id, self._timeouts.stall_timeout, self.server)
                _check_content(until_active(wait, importing=True))
                return find_image(glance, image_id)

    @property
    def exists(self) -> bool:
        """Whether it may be there; False as soon as it was removed."""
        return self.image_id is not None or self._unanswered

    def _create(self, connection: Connection) -> str:
        nova = service_at(connection, "compute")
        path = f"/servers/{segment(self.server['id'])}/action"
        body = {"createImage": {"name": upload_name(self.name), "metadata": {UPLOAD: self._marker}}}
        self._unanswered = True
        try:
            return nova.negotiated(
                lambda version: _image_id(nova.request("POST", path, json=body, microversion=version))
            )
        except PERHAPS_DONE:
            made = self._find(connection)
            if made is None:
                raise
            return made
        except OaktreeError:
            self._unanswered = False
            raise

    def _find(self, connection: Connection) -> str | None:
        """The image by its marker: Nova makes the record before it answers."""
        owner = connection.location.project.id
        listed = glance_for(connection).named([upload_name(self.name)], owner, hidden=False)
        return next((str(image["id"]) for image in listed if image.get(UPLOAD) == self._marker), None)

    def remove(self, connection: Connection) -> str:
        """Remove it, whatever timeout expired, unless it is published; returns nothing, or what stays and why.

        One whose creation was not answered is waited for, `LATE` seconds at the most.
        """
        left = self._remove(connection)
        if not left:
            self.image_id, self._unanswered = None, False
        return left

    def _remove(self, connection: Connection) -> str:
        glance = glance_for(connection)
        with connection.grace(CLEANUP_TIMEOUT):
            try:
                image_id = self.image_id or (self._late(connection) if self._unanswered else None)
                image = glance.get(image_id) if image_id else None
            except OaktreeError as error:
                return f"a snapshot named {upload_name(self.name)!r} may stay ({error.message})"
        return discard(glance, str(image["id"])) if image and image.get(UPLOAD) == self._marker else ""

    def _late(self, connection: Connection) -> str | None:
        late = clock.monotonic() + LATE
        while (found := self._find(connection)) is None and clock.monotonic() < late:
            connection.deadline.sleep(LOOK)
        return found

    def keep(self, connection: Connection) -> str:
        """Make it an ordinary snapshot, called by its name and date, unless it is published; returns nothing."""
        glance = glance_for(connection)
        image = glance.get(str(self.image_id))
        if image and image.get(UPLOAD) == self._marker:
            name = dated_name(self.name, image)
            ours = [{"op": "remove", "path": pointer(key)} for key in sorted(image) if key.startswith(OURS)]
            glance.patch(str(image["id"]), [{"op": "replace", "path": "/name", "value": name}, *ours])
        return ""


def _image_id(answer: Response) -> str:
    """The image's ID, which is in the body since microversion 2.45, and before in the URL of a header."""
    with parsing("the answer to POST /servers/ID/action"):
        if answer.content:
            return check_id(answer.json()["image_id"])
        return check_id(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def _check_content(image: Mapping[str, Any]) -> None:
    """Raise InputError for an image without data, and name the snapshots of volumes that Nova made with it."""
    try:
        check_has_data(image)
    except InputError as error:
        with parsing("the property block_device_mapping of the snapshot"):
            parts = json.loads(image.get("block_device_mapping") or "[]")
            volumes = [check_id(part["snapshot_id"]) for part in parts if part.get("snapshot_id")]
        if volumes:
            error.add_residue(f"the snapshots {', '.join(volumes)} of volumes stay in the block storage")
        raise
