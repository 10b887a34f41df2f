# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of the servers of a stand-in Nova: createImage, and the hypervisor that then writes the image.

As Nova 34 does it: the record of the image exists before the answer, with the properties of the image that the server
was booted from and what Nova writes of the server; its data comes later. A snapshot that fails removes its record.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from tests.support.fake_openstack import glance_data
from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.glance_images import Image
from tests.support.fake_openstack.nova_servers import FLAVORS, VM_STATES, Server, Version
from tests.support.fake_openstack.service import Identity, Refusal

if TYPE_CHECKING:
    from tests.support.fake_openstack.glance import Glance

SNAPSHOT_STATES = {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"}
KEY = re.compile(r"[a-zA-Z0-9-_:. ]{1,255}")
LONGEST = 255
IMAGE_ID: Version = (2, 45)
"""The microversion since which the answer has the image's ID in its body; before, its URL is in a header."""


class Snapshots:
    """What one region's hypervisors do; tests turn ``seconds``, ``fails`` and ``never``."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance
        self.seconds = 0.0
        """How long the hypervisor takes before it sends the data."""
        self.fails = False
        self.never = False
        """Whether no data ever comes, as with Nova's fake driver."""
        self.disk_format = "qcow2"
        self.taken: list[str] = []
        """IDs of all images that were made."""

    def create(self, server: Server, body: Any, who: Identity, version: Version) -> Reply:
        """Answer ``POST /servers/{id}/action`` with ``createImage``."""
        name, metadata = _checked(body)
        if server.task_state:
            raise Refusal(409, _conflict(server, f"task_state {server.task_state}"))
        if server.status not in SNAPSHOT_STATES:
            raise Refusal(409, _conflict(server, f"vm_state {VM_STATES[server.status]}"))
        image = self._record(server, name, metadata, who)
        self._glance.images[image.id] = image
        self.taken.append(image.id)
        if server.image_id is None:
            self._keep_volumes(image, server)
        else:
            server.task_state = "image_snapshot_pending"
            self._glance.run_aside(self._write(image, server))
        if version >= IMAGE_ID:
            return json_reply({"image_id": image.id}, 202)
        return Reply(202, b"", {"Location": f"{self._glance.url}/images/{image.id}"})

    def _record(self, server: Server, name: str, metadata: dict[str, str], who: Identity) -> Image:
        base = self._glance.images.get(server.image_id or "")
        image = Image(id=str(uuid.uuid4()), owner=who.project_id)
        image.fields |= {"name": name, "visibility": "private", "min_disk": FLAVORS[server.flavor]["disk"]}
        image.properties = {
            **(base.properties if base else {}),
            "base_image_ref": server.image_id or "",
            "boot_roles": ",".join(sorted(who.roles)),
            "image_type": "snapshot",
            "instance_uuid": server.id,
            "owner_project_name": who.project_name or "",
            "owner_user_name": who.user_name,
            "user_id": who.user_id,
            **metadata,
        }
        return image

    def _keep_volumes(self, image: Image, server: Server) -> None:
        """A server that boots from a volume: the image has no data, and names snapshots of the volumes."""
        snapshot = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"snapshot.{server.id}"))
        mapping = [{"boot_index": 0, "snapshot_id": snapshot, "source_type": "snapshot", "destination_type": "volume"}]
        image.properties |= {"block_device_mapping": json.dumps(mapping), "bdm_v2": "True"}
        image.fields |= {"disk_format": "qcow2", "container_format": "bare"}
        image.size, image.status = 0, "active"

    async def _write(self, image: Image, server: Server) -> None:
        """Be the hypervisor; a deleted image stays deleted."""
        server.task_state = "image_pending_upload"
        if self.never:
            server.task_state = None
            return
        await asyncio.sleep(self.seconds)
        try:
            if self.fails:
                self._glance.images.pop(image.id, None)
            if image.id not in self._glance.images:
                return
            server.task_state, image.status = "image_uploading", "saving"
            image.fields |= {"disk_format": self.disk_format, "container_format": "bare"}
            image.properties |= {"image_location": "snapshot", "image_state": "available"}
            stored = await self._glance.data.write(image.id, _pieces(server.disk))
            glance_data.complete(image, stored, self._glance.stores[:1])
        finally:
            server.task_state = None


async def _pieces(data: bytes) -> Any:
    yield data


def _checked(body: Any) -> tuple[str, dict[str, str]]:
    """Return the name and the metadata, or refuse what Nova's schema does not allow."""
    if not isinstance(body, dict) or set(body) != {"createImage"} or not isinstance(body["createImage"], dict):
        raise Refusal(400, "There is no such action.")
    given = body["createImage"]
    unknown = given.keys() - {"name", "metadata"}
    if unknown:
        raise Refusal(400, f"Additional properties are not allowed ({min(unknown)!r} was unexpected)")
    name, metadata = given.get("name"), given.get("metadata", {})
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST or name != name.strip():
        raise Refusal(400, f"Invalid input for field/attribute name. Value: {name}.")
    if not isinstance(metadata, dict):
        raise Refusal(400, f"Invalid input for field/attribute metadata. Value: {metadata}.")
    for key, value in metadata.items():
        if not KEY.fullmatch(key):
            raise Refusal(400, f"Invalid input for field/attribute metadata. Value: {metadata}.")
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Refusal(400, f"Invalid input for field/attribute {key}. Value: {value}.")
    return name, metadata


def _conflict(server: Server, state: str) -> str:
    return f"Cannot 'createImage' instance {server.id} while it is in {state}"
