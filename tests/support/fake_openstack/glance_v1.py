# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Glance v1, which no living service offers any more: metadata are headers, a body is image data.

Source: Glance's ``glance/api/v1`` and ``glance/registry/api/v1`` as of Ocata, the last release that had them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from multidict import MultiMapping

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.glance_data import Store, Stored
from tests.support.fake_openstack.glance_v1_images import Image, Meta, change, check_policy, read_meta, visible
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck, webob_page

PAGE, MAX_PAGE = 25, 1000
FILTERS = {"name", "status", "container_format", "disk_format", "min_ram", "min_disk", "is_public", "protected"}
"""Query parameters that select; others are ignored, but for sizes and `property-*`."""
TRUE = ("1", "t", "true", "on", "y", "yes")


class GlanceV1(Service):
    """The image service of one region, with version 1 of the API only."""

    kind = "image"

    def __init__(
        self, place: tuple[str, str], tokens: TokenCheck, directory: Path, knobs: Knobs, counters: Counters
    ) -> None:
        super().__init__(*place, knobs, counters)
        self.images: dict[str, Image] = {}
        self.deleted: set[str] = set()
        """IDs of deleted images, which Glance does not give again."""
        self.data = Store(directory / "images")
        self._tokens = tokens

    def routes(self) -> Sequence[Route]:
        """Return what Glance answers."""
        return [
            Route("GET", "/v1/images", self._index),
            Route("GET", "/v1/images/detail", self._detail),
            Route("POST", "/v1/images", self._create),
            Route("HEAD", "/v1/images/{image_id}", self._head),
            Route("GET", "/v1/images/{image_id}", self._download),
            Route("PUT", "/v1/images/{image_id}", self._update),
            Route("DELETE", "/v1/images/{image_id}", self._delete),
            Route("GET", "/v1/images/{image_id}/members", self._members),
            Route("PUT", "/v1/images/{image_id}/members/{member}", self._share),
            Route("DELETE", "/v1/images/{image_id}/members/{member}", self._unshare),
            Route("*", "/v1{other:/.*}", self.not_found),
            Route("*", "/{other:.*}", self._versions, public=True),
        ]

    def tokens(self) -> TokenCheck:
        """Return the Keystone of the cloud."""
        return self._tokens

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as WebOb shapes it for Glance."""
        return webob_page(refusal)

    async def _versions(self, call: Call) -> Reply:
        links = [{"rel": "self", "href": f"{call.base}/v1/"}]
        versions = [{"id": name, "status": "SUPPORTED", "links": links} for name in ("v1.1", "v1.0")]
        return json_reply({"versions": versions}, 200 if call.request.path == "/versions" else 300)

    async def _index(self, call: Call) -> Reply:
        shown = ("id", "name", "container_format", "disk_format", "checksum", "size")
        images = [image.as_json() for image in self._page(call)]
        return json_reply({"images": [{name: image[name] for name in shown} for image in images]})

    async def _detail(self, call: Call) -> Reply:
        return json_reply({"images": [image.as_json() for image in self._page(call)]})

    def _page(self, call: Call) -> list[Image]:
        query = call.request.query
        found = [image for image in self.images.values() if visible(image, call.me) and _wanted(image, query)]
        found.sort(key=lambda image: (image.created_at, image.id), reverse=True)
        if "marker" in query:
            places = [place for place, image in enumerate(found) if image.id == query["marker"]]
            if not places:
                raise Refusal(400, "Invalid marker. Image could not be found.")
            found = found[places[0] + 1 :]
        return found[: _limit(query.get("limit"))]

    async def _create(self, call: Call) -> Reply:
        meta = read_meta(call.request.headers)
        check_policy(meta.fields, call.me)
        image_id = meta.fields.get("id") or str(uuid.uuid4())
        if len(image_id) != 36:
            raise Refusal(400, f"Invalid image id {image_id} for image. Image name must be a UUID.")
        if image_id in self.images or image_id in self.deleted:
            raise Refusal(409, f"Image identifier {image_id} already exists!")
        image = Image(image_id, call.me.project_id)
        change(image, Meta(dict(meta.fields) | {"id": image_id, "status": "queued"}, meta.properties), purge=True)
        self.images[image_id] = image
        if _has_body(call):
            await self._activate(call, image, meta)
        headers = {"Location": f"{call.base}/v1/images/{image_id}"}
        return json_reply(
            {"image": image.as_json()}, 201, headers | ({"ETag": image.checksum} if image.checksum else {})
        )

    async def _update(self, call: Call) -> Reply:
        meta = read_meta(call.request.headers)
        image = self._own_image(call)
        check_policy(meta.fields, call.me)
        has_body = _has_body(call)
        if has_body and image.status != "queued":
            raise Refusal(409, "Cannot upload to an unqueued image")
        purge = call.request.headers.get("X-Glance-Registry-Purge-Props", "true").lower() in TRUE and not has_body
        change(image, meta, purge=purge)
        if has_body:
            await self._activate(call, image, meta)
        return json_reply({"image": image.as_json()})

    async def _activate(self, call: Call, image: Image, meta: Meta) -> None:
        """Take the body as data; an image whose upload fails is dead, and stays to be deleted."""
        image.status = "saving"
        try:
            stored = await self._take(call, image, meta)
        except BaseException:
            image.status = "killed"
            raise
        if image.id not in self.images:
            self.data.remove(image.id)
            raise Refusal(412, f"Image {image.id} could not be found after upload. It may have been deleted.")
        image.size, image.checksum, image.status = stored.size, stored.checksum, "active"

    async def _take(self, call: Call, image: Image, meta: Meta) -> Stored:
        if call.request.headers.get("Content-Type") != "application/octet-stream":
            raise Refusal(400, "Content-Type must be application/octet-stream")
        if not (image.disk_format and image.container_format):
            raise Refusal(400, "Invalid disk or container format for an active image.")
        stored = await self.data.write(image.id, call.body)
        for name, got in (("size", stored.size), ("checksum", stored.checksum)):
            supplied = meta.fields.get(name)
            if supplied not in (None, got):
                self.data.remove(image.id)
                raise Refusal(
                    400,
                    f"Supplied {name} ({supplied}) and {name} generated from uploaded image ({got}) did "
                    "not match. Setting image status to 'killed'.",
                )
        return stored

    async def _head(self, call: Call) -> Reply:
        return Reply(200, b"", self._image(call).as_headers())

    async def _download(self, call: Call) -> Reply:
        image = self._image(call)
        if image.status != "active":
            raise Refusal(404, f"Image {image.id} is not active")
        length = {"Content-Type": "application/octet-stream", "Content-Length": str(image.size)}
        return Reply(200, self.data.read(image.id), image.as_headers() | length)

    async def _delete(self, call: Call) -> Reply:
        image = self._own_image(call)
        if image.protected:
            raise Refusal(403, "Image is protected")
        del self.images[image.id]
        self.deleted.add(image.id)
        self.data.remove(image.id)
        return Reply(200)

    async def _members(self, call: Call) -> Reply:
        members = [{"member_id": member, "can_share": False} for member in self._image(call).members]
        return json_reply({"members": members})

    async def _share(self, call: Call) -> Reply:
        image = self._own_image(call)
        if call.part("member") not in image.members:
            image.members.append(call.part("member"))
        return Reply(204)

    async def _unshare(self, call: Call) -> Reply:
        image = self._own_image(call)
        if call.part("member") not in image.members:
            raise Refusal(404, "Membership could not be found.")
        image.members.remove(call.part("member"))
        return Reply(204)

    def _image(self, call: Call) -> Image:
        """Return the image that the path names, if the caller may see it."""
        image = self.images.get(call.part("image_id"))
        if image is None or not visible(image, call.me):
            raise Refusal(404, f"Image with identifier {call.part('image_id')} not found")
        return image

    def _own_image(self, call: Call) -> Image:
        """Return the image that the path names, if the caller may change it."""
        image = self._image(call)
        if image.owner != call.me.project_id and not call.me.is_admin:
            raise Refusal(403, "Only the owner may change an image.")
        return image


def _has_body(call: Call) -> bool:
    """Say whether the request brings data; an empty body is none."""
    return bool(call.request.content_length) or "Transfer-Encoding" in call.request.headers


def _limit(asked: str | None) -> int:
    if asked is None:
        return PAGE
    if not asked.isdecimal():
        raise Refusal(400, "limit param must be an integer")
    return min(int(asked), MAX_PAGE)


def _wanted(image: Image, query: MultiMapping[str]) -> bool:
    shown: dict[str, Any] = image.as_json()
    for name, asked in query.items():
        if name.startswith("property-") and image.properties.get(name.removeprefix("property-")) != asked:
            return False
        if name in ("is_public", "protected") and shown[name] != (asked.lower() in TRUE):
            return False
        if name in FILTERS - {"is_public", "protected"} and str(shown[name]) != asked:
            return False
    return True
