# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Cinder v3, below the project's ID: volumes, which take a while, and their types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.resources import NOTHING, Collection, Field, Item, ResourceService, flag, number, text
from tests.support.fake_openstack.service import Call, Refusal, Route, TokenCheck

COLLECTIONS = (
    Collection(
        "volumes",
        "volume",
        "volumes",
        {
            "name": text(),
            "description": text(None),
            "size": number(required=True, fixed=True),
            "volume_type": text(None, fixed=True),
            "availability_zone": text("nova", fixed=True),
            "imageRef": Field((str, NOTHING), shown=False, fixed=True),
            "metadata": Field((dict,)),
        },
        detail=True,
        made=lambda _item: {"status": "creating", "metadata": {}, "bootable": "false"},
    ),
    Collection(
        "types",
        "volume_type",
        "volume_types",
        {
            "name": text(None, required=True),
            "description": text(None),
            "os-volume-type-access:is_public": flag(default=True),
        },
        made=lambda _item: {"extra_specs": {}},
        admin_writes=True,
        of_projects=False,
        links="volume_type_links",
    ),
    Collection(
        "attachments",
        "attachment",
        "attachments",
        {"volume_id": text(None, required=True)},
        detail=True,
        links="",
    ),
)
ROOT = "/v3/{project}"
DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing")
"""The statuses in which a volume can be deleted, by Cinder's ``volume/api.py``."""
QUOTA = {"volumes": 10, "gigabytes": 1000, "snapshots": 10}


class Cinder(ResourceService):
    """The block storage of one region."""

    kind = "block-storage"
    ROOT = ROOT
    COLLECTIONS = COLLECTIONS

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        super().__init__(place, tokens, knobs, counters)
        self.looks = 1
        """How often somebody looks before a volume is ready, or gone."""
        self.outcome = "available"
        self.gives_up = False
        """Whether it does not delete volumes after all, as those that are in use."""
        self.attaching: dict[str, Callable[[], None]] = {}
        """What ends the attachment of a volume, by its ID."""
        self.access: dict[str, set[str]] = {}
        self.quotas: dict[str, dict[str, int]] = {}

    def more_routes(self) -> Sequence[Route]:
        """Return what Cinder answers beside its collections."""
        return [
            Route("GET", "/", self._versions, public=True),
            Route("GET", f"{ROOT}/limits", self._limits),
            Route("GET", f"{ROOT}/os-quota-sets/{{id}}", self._quota),
            Route("GET", f"{ROOT}/os-quota-sets/{{id}}/defaults", self._default_quota),
            Route("PUT", f"{ROOT}/os-quota-sets/{{id}}", self._set_quota),
            Route("DELETE", f"{ROOT}/os-quota-sets/{{id}}", self._reset_quota),
            Route("POST", f"{ROOT}/volumes/{{id}}/action", self._act),
            Route("POST", f"{ROOT}/volumes/{{id}}/metadata", self._set_metadata),
            Route("DELETE", f"{ROOT}/volumes/{{id}}/metadata/{{key}}", self._remove_metadata),
            Route("POST", f"{ROOT}/types/{{id}}/extra_specs", self._set_specs),
            Route("DELETE", f"{ROOT}/types/{{id}}/extra_specs/{{key}}", self._remove_spec),
            Route("GET", f"{ROOT}/types/{{id}}/os-volume-type-access", self._accesses),
            Route("POST", f"{ROOT}/types/{{id}}/action", self._change_access),
        ]

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Cinder shapes it."""
        return json_reply({"badRequest": {"code": refusal.status, "message": refusal.message}}, refusal.status)

    async def _versions(self, call: Call) -> Reply:
        link = {"rel": "self", "href": f"{call.base}/v3/"}
        version = {"id": "v3.0", "status": "CURRENT", "version": "3.71", "min_version": "3.0", "links": [link]}
        return json_reply({"versions": [version]}, 300)

    async def _limits(self, call: Call) -> Reply:
        sizes = [item["size"] for item in self.items["volumes"].values() if item["project_id"] == call.me.project_id]
        quota = self._default_limits() | self.quotas.get(str(call.me.project_id), {})
        absolute = {
            "maxTotalVolumes": quota["volumes"],
            "totalVolumesUsed": len(sizes),
            "maxTotalVolumeGigabytes": quota["gigabytes"],
            "totalGigabytesUsed": sum(sizes),
        }
        return json_reply({"limits": {"rate": [], "absolute": absolute}})

    def created_status(self, _collection: Collection) -> int:
        """Return 202, as Cinder does."""
        return 202

    async def show(self, collection: Collection, call: Call) -> Reply:
        """Return one; what is being done is done when it has been looked at often enough."""
        item = self.one(collection, call)
        item["looked"] = item.get("looked", 0) + 1
        if 0 <= self.looks < item["looked"] and item["id"] in self.attaching:
            self.attaching.pop(item["id"])()
        if 0 <= self.looks < item["looked"]:
            if item.get("status") == "deleting" and self.gives_up:
                item["status"] = "available"
            elif item.get("status") == "deleting":
                del self.items[collection.path][item["id"]]
                raise Refusal(404, f"Volume {item['id']} could not be found.")
            if item.get("status") == "creating":
                item["status"] = self.outcome
            if item.get("status") == "extending":
                item |= {"status": "available", "size": item["extended"]}
        return await super().show(collection, call)

    async def delete(self, collection: Collection, call: Call) -> Reply:
        """Begin to remove a volume; other things go at once."""
        if collection.key != "volume":
            return await super().delete(collection, call)
        item = self.one(collection, call, writes=True)
        if item.get("status") not in DELETABLE:
            raise Refusal(400, f"Invalid volume: Volume status must be {' or '.join(DELETABLE)}")
        item |= {"status": "deleting", "looked": 0}
        return Reply(202)

    def _type(self, call: Call) -> Item:
        return self.one(self.collections["types"], call)

    async def change(self, collection: Collection, call: Call) -> Reply:
        """Change what a request names; that of a type calls one attribute otherwise than the type does."""
        if collection.key == "volume_type":
            sent = (await call.json())["volume_type"]
            if not sent.keys() <= {"name", "description", "is_public"}:
                raise Refusal(400, f"Additional properties are not allowed: {sent}")
            item = self.one(collection, call, writes=True)
            item["os-volume-type-access:is_public"] = sent.pop("is_public", item["os-volume-type-access:is_public"])
            item |= sent
            return await self.show(collection, call)
        return await super().change(collection, call)

    async def _quota(self, call: Call) -> Reply:
        project = call.part("id")
        if not call.me.is_admin and project != call.me.project_id:
            raise Refusal(403, "Policy doesn't allow volume_extension:quotas:show to be performed.")
        limits = self._default_limits() | self.quotas.get(project, {})
        if call.request.query.get("usage") != "true":
            return json_reply({"quota_set": {"id": project} | limits})
        own = [item for item in self.items["volumes"].values() if item.get("project_id") == project]
        used = {"volumes": len(own), "gigabytes": sum(item["size"] for item in own)}
        shown = {key: {"limit": limit, "in_use": used.get(key, 0), "reserved": 0} for key, limit in limits.items()}
        return json_reply({"quota_set": {"id": project} | shown})

    async def _default_quota(self, call: Call) -> Reply:
        return json_reply({"quota_set": {"id": call.part("id")} | self._default_limits()})

    def _default_limits(self) -> dict[str, int]:
        types = (item["name"] for item in self.items["types"].values())
        return QUOTA | {f"{limit}_{name}": -1 for name in types for limit in ("volumes", "gigabytes", "snapshots")}

    async def _set_quota(self, call: Call) -> Reply:
        sent, known = (await call.json())["quota_set"], self._default_limits().keys()
        if not call.me.is_admin:
            raise Refusal(403, "Policy doesn't allow volume_extension:quotas:update to be performed.")
        if not sent.keys() <= known or not all(isinstance(value, int) for value in sent.values()):
            raise Refusal(400, f"Bad key(s) in quota set: {sent}")
        self.quotas.setdefault(call.part("id"), {}).update(sent)
        return await self._quota(call)

    async def _reset_quota(self, call: Call) -> Reply:
        self.quotas.pop(call.part("id"), None)
        return Reply(200)

    async def _act(self, call: Call) -> Reply:
        item = self.one(self.collections["volumes"], call, writes=True)
        match await call.json():
            case {"os-extend": {"new_size": int(size)}} if size > item["size"]:
                if item["status"] != "available":
                    said = f"status must be '{{'status': 'available'}}' to extend, currently {item['status']}."
                    raise Refusal(400, f"Invalid volume: Volume {item['id']} {said}")
                item |= {"status": "extending", "extended": size, "looked": 0}
            case {"os-set_bootable": {"bootable": bool(bootable)}}:
                item["bootable"] = str(bootable).lower()
                return Reply(200)
            case other:
                raise Refusal(400, f"Invalid input received: {other}")
        return Reply(202)

    async def _set_metadata(self, call: Call) -> Reply:
        item = self.one(self.collections["volumes"], call, writes=True)
        sent = (await call.json())["metadata"]
        if not all(isinstance(value, str) for value in sent.values()):
            raise Refusal(400, f"Invalid input for field/attribute metadata: {sent}")
        item["metadata"] |= sent
        return json_reply({"metadata": item["metadata"]})

    async def _remove_metadata(self, call: Call) -> Reply:
        del self.one(self.collections["volumes"], call, writes=True)["metadata"][call.part("key")]
        return Reply(200)

    async def _set_specs(self, call: Call) -> Reply:
        sent = (await call.json())["extra_specs"]
        if not all(isinstance(value, str) for value in sent.values()):
            raise Refusal(400, f"Invalid input for field/attribute extra_specs: {sent}")
        self._type(call)["extra_specs"] |= sent
        return json_reply({"extra_specs": sent})

    async def _remove_spec(self, call: Call) -> Reply:
        del self._type(call)["extra_specs"][call.part("key")]
        return Reply(202)

    async def _accesses(self, call: Call) -> Reply:
        found = sorted(self.access.get(self._type(call)["id"], ()))
        return json_reply({"volume_type_access": [{"project_id": project} for project in found]})

    async def _change_access(self, call: Call) -> Reply:
        identity = self._type(call)["id"]
        had = self.access.setdefault(identity, set())
        match await call.json():
            case {"addProjectAccess": {"project": str(project)}}:
                if project in had:
                    raise Refusal(409, f"Volume type access for {identity} / {project} combination already exists.")
                had.add(project)
            case {"removeProjectAccess": {"project": str(project)}}:
                if project not in had:
                    raise Refusal(404, f"Volume type access not found for {identity} / {project} combination.")
                had.remove(project)
            case other:
                raise Refusal(400, f"There is no such action: {other}")
        return Reply(202)
