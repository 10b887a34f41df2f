# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a stand-in Glance's images: owners share, and the projects that receive an image accept it.

Source: Glance's ``glance/api/v2/image_members.py`` and its default policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.glance_images import Image
from tests.support.fake_openstack.service import Call, Refusal, Route

if TYPE_CHECKING:
    from tests.support.fake_openstack.glance import Glance

STATUSES = ("pending", "accepted", "rejected")


class MemberApi:
    """`/v2/images/ID/members` of one Glance."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance

    def routes(self) -> Sequence[Route]:
        """Return what is answered here."""
        members = "/v2/images/{image_id}/members"
        return [
            Route("GET", members, self._index),
            Route("POST", members, self._share),
            Route("PUT", members + "/{member}", self._answer),
            Route("DELETE", members + "/{member}", self._unshare),
        ]

    async def _index(self, call: Call) -> Reply:
        image = self._shared(call)
        mine = image.owner == call.me.project_id or call.me.is_admin
        seen = [member for member in image.members if mine or member == call.me.project_id]
        return json_reply({"members": [_json(image, member) for member in seen], "schema": "/v2/schemas/members"})

    async def _share(self, call: Call) -> Reply:
        image, body = self._owned(call), await call.json()
        member = body.get("member") if isinstance(body, dict) else None
        if not isinstance(member, str) or not member:
            raise Refusal(400, 'Member to be added not specified. Body: {"member": "ID"}')
        if member in image.members:
            raise Refusal(409, f"Member {member} is duplicated for image {image.id}")
        image.members[member] = "pending"
        return json_reply(_json(image, member))

    async def _answer(self, call: Call) -> Reply:
        image, member, body = self._shared(call), call.part("member"), await call.json()
        if member not in image.members:
            raise Refusal(404, f"{member} not found in the member list of the image {image.id}.")
        if member != call.me.project_id and not call.me.is_admin:
            raise Refusal(403, "You are not authorized to complete modify_member action.")
        if body.get("status") not in STATUSES:
            raise Refusal(400, f"Status must be one of {', '.join(STATUSES)}")
        image.members[member] = body["status"]
        return json_reply(_json(image, member))

    async def _unshare(self, call: Call) -> Reply:
        image, member = self._owned(call), call.part("member")
        if member not in image.members:
            raise Refusal(404, f"{member} not found in the member list of the image {image.id}.")
        del image.members[member]
        return Reply(204)

    def _shared(self, call: Call) -> Image:
        image = self._glance.find(call)
        if image.fields["visibility"] != "shared":
            raise Refusal(403, "Only shared images have members.")
        return image

    def _owned(self, call: Call) -> Image:
        image = self._shared(call)
        if image.owner != call.me.project_id and not call.me.is_admin:
            raise Refusal(403, "You are not authorized to complete add_member action.")
        return image


def _json(image: Image, member: str) -> dict[str, Any]:
    time = image.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = {"member_id": member, "image_id": image.id, "status": image.members[member]}
    return shown | {"created_at": time, "updated_at": time, "schema": "/v2/schemas/member"}
