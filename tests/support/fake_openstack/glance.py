# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Glance v2: images, their data by PUT and by import (staged, from the web, from a region), versions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.fake_openstack import glance_data
from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.glance_data import Store
from tests.support.fake_openstack.glance_images import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    Image,
    Task,
    change_image,
    new_image,
    visible,
)
from tests.support.fake_openstack.glance_list import page
from tests.support.fake_openstack.glance_members import MemberApi
from tests.support.fake_openstack.glance_tasks import TaskApi
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck, webob_page

RESERVED_STORES = ("os_glance_staging_store", "os_glance_tasks_store")
"""Glance's own stores, which the header of a new image names (and `/v2/info/stores` does not)."""
JSON_PATCH = "application/openstack-images-v2.1-json-patch"


class Glance(Service):
    """The image service of one region. With two stores or more it speaks of them, as with Glance's enabled_backends."""

    kind = "image"

    def __init__(
        self, place: tuple[str, str], tokens: TokenCheck, directory: Path, knobs: Knobs, counters: Counters
    ) -> None:
        self.task_api = TaskApi(self)
        self._member_api = MemberApi(self)
        super().__init__(*place, knobs, counters)
        self.images: dict[str, Image] = {}
        self.takes_data = True
        """Whether users may send image data; vendors with tasks of their own do not allow it."""
        self.import_methods = ["glance-direct", "web-download"]
        self.import_seconds = 0.0
        self.converts_to: glance_data.Format | None = None
        """With Glance's plugin image_conversion: what every import makes of images in other formats."""
        self.regions: Mapping[str, Glance] = {}
        """Those of the cloud, for imports by glance-download."""
        self.hides = True
        """Whether images can be hidden, as since version 2.7; before, that is the name of any custom property."""
        self.stores = ["fast"]
        self.data = Store(directory / "images")
        self._staging = Store(directory / "staging")
        self._tokens = tokens
        self._imports: set[asyncio.Task[None]] = set()
        self.deleted: set[str] = set()
        """IDs of deleted images, which Glance does not give again."""

    def routes(self) -> Sequence[Route]:
        """Return what Glance answers."""
        return [
            Route("GET", "/versions", self._versions, public=True),
            Route("GET", "/v2/images", self._index),
            Route("POST", "/v2/images", self._create),
            Route("GET", "/v2/images/{image_id}", self._show),
            Route("PATCH", "/v2/images/{image_id}", self._update),
            Route("DELETE", "/v2/images/{image_id}", self._delete),
            Route("PUT", "/v2/images/{image_id}/file", self._upload),
            Route("GET", "/v2/images/{image_id}/file", self._download),
            Route("PUT", "/v2/images/{image_id}/stage", self._stage),
            Route("POST", "/v2/images/{image_id}/import", self._import),
            Route("GET", "/v2/images/{image_id}/tasks", self._tasks),
            Route("PUT", "/v2/images/{image_id}/tags/{tag}", self._tag),
            Route("DELETE", "/v2/images/{image_id}/tags/{tag}", self._untag),
            Route("POST", "/v2/images/{image_id}/actions/{action}", self._act),
            Route("GET", "/v2/schemas/image", self._schema),
            Route("GET", "/v2/info/import", self._info_import),
            Route("GET", "/v2/info/stores", self._info_stores),
            Route("GET", "/v2/info/usage", self._info_usage),
            *self.task_api.routes(),
            *self._member_api.routes(),
            Route("*", "/v2{other:.*}", self.not_found),
            Route("*", "/{other:.*}", self._versions, public=True),
        ]

    def tokens(self) -> TokenCheck:
        """Return the Keystone of the cloud."""
        return self._tokens

    def refuse(self, call: Call, refusal: Refusal) -> Reply:
        """Return an error as WebOb shapes it for Glance: HTML for */*, JSON or plain text as accepted."""
        status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
        accepted = call.request.headers.get("Accept", "")
        if "json" in accepted and "html" not in accepted:
            shown = {"message": f"{refusal.message}<br /><br />\n\n\n", "code": status, "title": status[4:]}
            return json_reply(shown, refusal.status, refusal.headers)
        return webob_page(refusal)

    def unauthenticated(self, call: Call) -> Reply:
        """Return what Glance's own context middleware says to a request without a valid token."""
        message = (
            "This server could not verify that you are authorized to access the document you requested. Either you "
            "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply "
            "the credentials required."
        )
        return self.refuse(call, Refusal(401, message))

    async def stop(self) -> None:
        """End the imports that run, then close everything."""
        for task in self._imports:
            task.cancel()
        await super().stop()

    async def _versions(self, call: Call) -> Reply:
        ids = ["v2.17", *(["v2.13", "v2.11"] if self._multi_store else []), "v2.15", "v2.9", "v2.7", "v2.2", "v2.0"]
        ids = [name for name in ids if self.hides or float(name[3:]) < 7]
        versions = [
            {
                "id": name,
                "status": "CURRENT" if name == ids[0] else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{call.base}/v2/"}],
            }
            for name in ids
        ]
        return json_reply({"versions": versions}, 200 if call.request.path == "/versions" else 300)

    async def _schema(self, _call: Call) -> Reply:
        formats = {"disk_format": DISK_FORMATS, "container_format": CONTAINER_FORMATS}
        properties = {
            name: {"enum": [None, *sorted(known)], "type": ["null", "string"]} for name, known in formats.items()
        }
        return json_reply({"name": "image", "properties": properties})

    async def _index(self, call: Call) -> Reply:
        known = self.images.values() if self.hides or "os_hidden" not in call.request.query else ()
        images, links = page(known, call.request.query, call.me)
        return json_reply({"images": [self._json(image) for image in images], **links})

    async def _create(self, call: Call) -> Reply:
        body = await _json_body(call)
        self._check_hiding(isinstance(body, dict) and "os_hidden" in body)
        image = new_image(body, call.me)
        if image.id in self.images or image.id in self.deleted:
            raise Refusal(409, f"Image ID {image.id} already exists!")
        self.images[image.id] = image
        headers = {"Location": f"{call.base}/v2/images/{image.id}"}
        if self.import_methods:
            headers["OpenStack-image-import-methods"] = ",".join(self.import_methods)
        if self._multi_store:
            headers["OpenStack-image-store-ids"] = ",".join([*self.stores, *RESERVED_STORES])
        return json_reply(self._json(image), 201, headers)

    async def _show(self, call: Call) -> Reply:
        return json_reply(self._json(self.find(call)))

    async def _update(self, call: Call) -> Reply:
        _content_type(call, JSON_PATCH)
        changes = await _json_body(call)
        image = self._own_image(call)
        self._check_hiding(any(change.get("path") == "/os_hidden" for change in changes))
        change_image(image, changes, call.me)
        return json_reply(self._json(image))

    async def _delete(self, call: Call) -> Reply:
        image = self._own_image(call)
        if image.fields["protected"]:
            raise Refusal(403, f"Image {image.id} is protected and cannot be deleted.")
        del self.images[image.id]
        self.deleted.add(image.id)
        self.data.remove(image.id)
        self._staging.remove(image.id)
        return Reply(204)

    async def _upload(self, call: Call) -> Reply:
        if not self.takes_data:
            raise Refusal(403, "You are not authorized to complete upload_image action.")
        _content_type(call, "application/octet-stream")
        image = self._own_image(call)
        store = call.request.headers.get("X-Image-Meta-Store", self.stores[0])
        if store not in self.stores:
            raise Refusal(400, f"Store for identifier {store} not found.")
        _advance(image, "queued", "saving")
        try:
            stored = await self.data.write(image.id, call.body)
        except BaseException:
            image.status = "queued"
            raise
        return self._keep(image, stored, [store])

    def _keep(self, image: Image, stored: glance_data.Stored, stores: Sequence[str]) -> Reply:
        """End an upload; an image that was deleted meanwhile leaves nothing."""
        if image.id not in self.images:
            self.data.remove(image.id)
            raise Refusal(410, f"Image {image.id} could not be found after upload.")
        glance_data.complete(image, stored, stores)
        return Reply(204)

    async def _stage(self, call: Call) -> Reply:
        if "glance-direct" not in self.import_methods:
            raise Refusal(404, "'glance-direct' method is not available at this site.")
        _content_type(call, "application/octet-stream")
        image = self._own_image(call)
        _advance(image, "queued", "uploading")
        try:
            image.size = (await self._staging.write(image.id, call.body)).size
        except BaseException:
            image.status = "queued"
            raise
        return Reply(204)

    async def _import(self, call: Call) -> Reply:
        body = await _json_body(call)
        image = self._own_image(call)
        _method, stores = glance_data.check_import(image, body, self.import_methods, self.stores)
        if "os_glance_import_task" in image.properties:
            raise Refusal(409, "Image has active task")
        task = glance_data.start_task(image)
        self.run_aside(self._run_import(image, task, body["method"], stores))
        return Reply(202)

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on after the answer; it ends with the service."""
        running = asyncio.create_task(work)
        self._imports.add(running)
        running.add_done_callback(self._imports.discard)

    async def _run_import(self, image: Image, task: Task, method: Mapping[str, Any], stores: list[str]) -> None:
        task.status, image.status = "processing", "importing"
        image.properties["os_glance_importing_to_stores"] = ",".join(stores)
        await asyncio.sleep(self.import_seconds)
        try:
            stored = await self._imported(image, method)
            if self.converts_to:
                stored = await glance_data.convert(image, stored, self.data, self.converts_to)
            self._keep(image, stored, stores)
        except (aiohttp.ClientError, OSError, Refusal) as error:
            glance_data.fail(image, task, f"Import failed: {error}", stores)
        else:
            task.status = "success"
            image.properties["os_glance_failed_import"] = ""
        finally:
            self._staging.remove(image.id)
            image.properties["os_glance_importing_to_stores"] = ""
            image.properties.pop("os_glance_import_task", None)

    async def _imported(self, image: Image, method: Mapping[str, Any]) -> glance_data.Stored:
        if method["name"] == "web-download":
            return await glance_data.download(method["uri"], self.data, image.id)
        if method["name"] == "glance-download":
            there, image_id = self.regions[method["glance_region"]], method["glance_image_id"]
            served = there.images.get(image_id)
            if served is None or served.status != "active":
                raise Refusal(404, f"Source image {image_id} should be active")
            image.fields |= {name: served.fields[name] for name in ("disk_format", "container_format")}
            return await self.data.write(image.id, there.data.read(image_id))
        return await self.data.write(image.id, self._staging.read(image.id))

    async def _download(self, call: Call) -> Reply:
        image = self.find(call)
        if image.status == "deactivated" and not call.me.is_admin:
            raise Refusal(403, "The requested image has been deactivated. Image data download is forbidden.")
        if image.size is None:
            return Reply(204)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(image.size)}
        md5 = {"Content-MD5": image.checksum} if image.checksum else {}
        return Reply(200, self.data.read(image.id), headers | md5)

    async def _tasks(self, call: Call) -> Reply:
        shown = [vars(task) | {"type": "api_image_import"} for task in self.find(call).tasks]
        return json_reply({"tasks": shown})

    async def _tag(self, call: Call) -> Reply:
        image = self._own_image(call)
        image.set("tags", [*image.tags, call.part("tag")])
        return Reply(204)

    async def _untag(self, call: Call) -> Reply:
        image, tag = self._own_image(call), call.part("tag")
        if tag not in image.tags:
            raise Refusal(404, f"{tag} could not be found")
        image.tags.remove(tag)
        return Reply(204)

    async def _act(self, call: Call) -> Reply:
        steps = {"deactivate": ("active", "deactivated"), "reactivate": ("deactivated", "active")}
        image, action = self._own_image(call), call.part("action")
        if action not in steps:
            raise Refusal(404, "The resource could not be found.")
        if image.status not in steps[action]:
            raise Refusal(403, f"Not allowed to {action} image in status '{image.status}'")
        image.status = steps[action][1]
        return Reply(204)

    async def _info_import(self, _call: Call) -> Reply:
        described = {"description": "Import methods available.", "type": "array", "value": self.import_methods}
        return json_reply({"import-methods": described})

    async def _info_stores(self, _call: Call) -> Reply:
        if not self._multi_store:
            raise Refusal(404, "Multi backend is not supported at this site.")
        default = {self.stores[0]: {"default": "true"}}
        return json_reply({"stores": [{"id": store} | default.get(store, {}) for store in self.stores]})

    async def _info_usage(self, _call: Call) -> Reply:
        return json_reply({"usage": {}})

    @property
    def _multi_store(self) -> bool:
        return len(self.stores) > 1

    def _json(self, image: Image) -> dict[str, Any]:
        shown = image.as_json(multi_store=self._multi_store)
        return shown if self.hides else {key: value for key, value in shown.items() if key != "os_hidden"}

    def _check_hiding(self, asked: bool) -> None:  # noqa: FBT001
        if asked and not self.hides:
            raise Refusal(400, "Provided object does not match schema 'image': True is not of type 'string'")

    def find(self, call: Call) -> Image:
        """Return the image that the path names, if the caller may see it."""
        image = self.images.get(call.part("image_id"))
        if image is None or not visible(image, call.me):
            raise Refusal(404, f"No image found with ID {call.part('image_id')}")
        return image

    def _own_image(self, call: Call) -> Image:
        """Return the image that the path names, if the caller may change it."""
        image = self.find(call)
        if image.owner != call.me.project_id and not call.me.is_admin:
            raise Refusal(403, "You are not authorized to complete modify_image action.")
        return image


def _advance(image: Image, wanted: str, following: str) -> None:
    if image.status != wanted:
        raise Refusal(409, f"Image status transition from {image.status} to {following} is not allowed")
    image.status = following


def _content_type(call: Call, wanted: str) -> None:
    got = call.request.headers.get("Content-Type", "").partition(";")[0].strip()
    if got != wanted:
        raise Refusal(415, f"Invalid content type {got or 'None'}")


async def _json_body(call: Call) -> Any:
    try:
        return await call.json()
    except ValueError:
        raise Refusal(400, "Malformed JSON in request body.") from None
