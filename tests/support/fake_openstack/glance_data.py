# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stand-in Glance keeps bytes, and how it imports them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp

from tests.support import image_formats
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import PIECE
from tests.support.fake_openstack.glance_images import Image, Task
from tests.support.fake_openstack.service import Refusal

Format = Literal["raw", "qcow2"]
"""What images are converted to."""
_BEGINNINGS: dict[Format, bytes] = {"raw": b"converted ", "qcow2": image_formats.qcow2()}


@dataclass(frozen=True)
class Stored:
    """What was stored: bytes, md5 and sha512 in hexadecimal."""

    size: int
    checksum: str
    os_hash_value: str


class Store:
    """A directory of files named by image id."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, image_id: str) -> Path:
        """Return where the bytes of an image lie, or are to be written."""
        self._root.mkdir(parents=True, exist_ok=True)  # not before: most stores stay empty
        return self._root / image_id

    async def write(self, image_id: str, body: Body) -> Stored:
        """Write a body; what was written of a body that breaks off is removed."""
        md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
        try:
            with self.path(image_id).open("wb") as out:
                async for piece in body:
                    md5.update(piece)
                    sha512.update(piece)
                    size += len(piece)
                    out.write(piece)
        except BaseException:
            self.remove(image_id)
            raise
        return Stored(size, md5.hexdigest(), sha512.hexdigest())

    async def read(self, image_id: str) -> Body:
        """Yield the bytes of an image."""
        with self.path(image_id).open("rb") as source:
            while piece := source.read(PIECE):
                yield piece

    def remove(self, image_id: str) -> None:
        """Forget the bytes of an image."""
        (self._root / image_id).unlink(missing_ok=True)


def complete(image: Image, stored: Stored, stores: Sequence[str]) -> None:
    """Make an image active with what was stored."""
    image.size, image.checksum, image.os_hash_value = stored.size, stored.checksum, stored.os_hash_value
    image.stores = list(stores)
    image.status = "active"
    image.touch()


def check_import(image: Image, body: Any, methods: Sequence[str], stores: Sequence[str]) -> tuple[str, list[str]]:
    """Return the method and the stores of an import that the body of the request asks for, or refuse it."""
    if not isinstance(body, dict) or not isinstance(body.get("method"), dict) or "name" not in body["method"]:
        raise Refusal(400, "Import request requires a 'method' field with a 'name'.")
    method = body["method"]["name"]
    if method not in methods:
        raise Refusal(400, f"Unknown import method name '{method}'.")
    if image.status == "active":
        raise Refusal(409, "Image with status active cannot be target for import")
    if method in ("web-download", "glance-download") and image.status != "queued":
        raise Refusal(409, f"Image needs to be in 'queued' state to use '{method}' method")
    if method == "glance-direct" and image.status != "uploading":
        raise Refusal(409, "Image needs to be staged before 'glance-direct' method can be used")
    for name in ("container_format", "disk_format"):
        if not image.fields[name]:
            raise Refusal(409, f"'{name}' needs to be set before import")
    if method == "web-download" and not str(body["method"].get("uri", "")).startswith(("http://", "https://")):
        raise Refusal(400, f"URI for web-download does not pass filtering: {body['method'].get('uri')}")
    if method == "glance-download" and not {"glance_region", "glance_image_id"} <= body["method"].keys():
        raise Refusal(400, "'glance_region' and 'glance_image_id' need to be set for glance-download import method")
    return method, _wanted_stores(body, stores)


async def convert(image: Image, stored: Stored, store: Store, output_format: Format) -> Stored:
    """Convert what is stored of an image, as Glance's plugin image_conversion does, which leaves ISO images alone.

    What stands for the data in the other format are other bytes, the same for the same data.
    """
    from oslo_utils.imageutils import format_inspector

    path, claimed = store.path(image.id), image.fields["disk_format"]
    detected = str(format_inspector.detect_file_format(str(path))).replace("gpt", "raw")
    if detected != claimed:
        raise Refusal(400, "Image has disallowed configuration" if detected == "iso" else "Image format mismatch")
    if detected in ("iso", output_format):
        return stored
    made = _BEGINNINGS[output_format] + path.read_bytes()
    image.fields |= {"disk_format": output_format, "container_format": "bare"}
    return await store.write(image.id, _whole(made))


async def _whole(data: bytes) -> Body:
    yield data


def _wanted_stores(body: dict[str, Any], stores: Sequence[str]) -> list[str]:
    if body.get("all_stores"):
        if "stores" in body:
            raise Refusal(400, "All_stores parameter can't be used with x-image-meta-store header or stores parameter")
        return list(stores)
    wanted = [str(store) for store in body.get("stores", stores[:1])]
    for store in wanted:
        if store not in stores:
            raise Refusal(409, f"Store for identifier {store} not found.")
    return wanted


def start_task(image: Image) -> Task:
    """Return the task of an import that begins; the image is being imported."""
    task = Task(id=str(uuid.uuid4()), image_id=image.id)
    image.tasks.append(task)
    image.properties["os_glance_import_task"] = task.id
    return task


def fail(image: Image, task: Task, message: str, stores: Sequence[str]) -> None:
    """End an import that did not work: back to queued, as Glance does it."""
    task.status, task.message = "failure", message
    image.status = "queued"
    image.properties["os_glance_failed_import"] = ",".join(stores)


async def download(uri: str, store: Store, image_id: str) -> Stored:
    """Store what a URL serves; raises aiohttp.ClientError."""
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(uri) as response:
        return await store.write(image_id, response.content.iter_chunked(PIECE))
