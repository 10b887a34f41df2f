# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in Nova has besides servers: flavors, key pairs, server groups, aggregates, quotas."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.nova_servers import Version
from tests.support.fake_openstack.resources import NOTHING, Collection, Field, Item, ResourceApi, flag, number, text
from tests.support.fake_openstack.service import Call, Refusal, Route

QUOTA = {"cores": 20, "instances": 10, "ram": 51200, "key_pairs": 100}
_NUMBERS = itertools.count(1)
COLLECTIONS = (
    Collection(
        "flavors",
        "flavor",
        "flavors",
        {
            "id": text(None, fixed=True),
            "name": text(None, required=True, fixed=True),
            "ram": number(required=True, fixed=True),
            "vcpus": number(required=True, fixed=True),
            "disk": number(required=True, fixed=True),
            "swap": Field((int,), 0, fixed=True),
            "rxtx_factor": Field((float, int), 1.0, fixed=True),
            "OS-FLV-EXT-DATA:ephemeral": number(0, fixed=True),
            "os-flavor-access:is_public": flag(default=True, fixed=True),
            "description": text(None),
        },
        detail=True,
        made=lambda _item: {"extra_specs": {}, "OS-FLV-DISABLED:disabled": False},
        admin_writes=True,
        of_projects=False,
    ),
    Collection(
        "os-keypairs",
        "keypair",
        "keypairs",
        {
            "name": text(None, required=True),
            "type": text("ssh"),
            "public_key": text(None),
            "user_id": text(None),
        },
        update=None,
        made=lambda _item: {"fingerprint": "aa:bb"},
        id_field="name",
        of_projects=False,
    ),
    Collection(
        "os-server-groups",
        "server_group",
        "server_groups",
        {"name": text(None, required=True), "policy": text(None, required=True), "rules": Field((dict, NOTHING))},
        update=None,
        made=lambda _item: {"members": []},
        links="",
    ),
    Collection(
        "os-aggregates",
        "aggregate",
        "aggregates",
        {"name": text(None, required=True), "availability_zone": text(None)},
        made=lambda _item: {"id": next(_NUMBERS), "metadata": {}, "hosts": [], "deleted": False},
        admin_writes=True,
        of_projects=False,
    ),
)


class NovaResources(ResourceApi):
    """The collections of Nova, by the microversion that a request asks for."""

    def __init__(self, negotiate: Callable[[Call], Version]) -> None:
        super().__init__("/v2.1", COLLECTIONS)
        self._negotiate = negotiate
        self.access: dict[str, set[str]] = {}
        """The projects that may use each private flavor."""
        self.quotas: dict[str, dict[str, int]] = {}
        self.hosts = {"compute-0", "compute-1"}

    def routes(self) -> Sequence[Route]:
        """Return what Nova answers."""
        specs = "/v2.1/flavors/{id}/os-extra_specs"
        return [
            *self.collection_routes(),
            Route("GET", specs, self._specs),
            Route("POST", specs, self._set_specs),
            Route("DELETE", specs + "/{key}", self._remove_spec),
            Route("GET", "/v2.1/flavors/{id}/os-flavor-access", self._accesses),
            Route("POST", "/v2.1/flavors/{id}/action", self._change_access),
            Route("POST", "/v2.1/os-aggregates/{id}/action", self._change_aggregate),
            Route("GET", "/v2.1/os-quota-sets/{id}/defaults", self._default_quota),
            Route("GET", "/v2.1/os-quota-sets/{id}/detail", self._quota_details),
            Route("GET", "/v2.1/os-quota-sets/{id}", self._quota),
            Route("PUT", "/v2.1/os-quota-sets/{id}", self._set_quota),
            Route("DELETE", "/v2.1/os-quota-sets/{id}", self._reset_quota),
        ]

    def created_status(self, _collection: Collection) -> int:
        """Return 200, as Nova does."""
        return 200

    async def index(self, collection: Collection, call: Call) -> Reply:
        """Return a list, by a microversion that there is."""
        self._negotiate(call)
        return await super().index(collection, call)

    def listed(self, collection: Collection, call: Call, item: Item) -> bool:
        """Say whether a list has an item: private flavors only if administrators ask for them by the word None."""
        if collection.key == "flavor" and not item["os-flavor-access:is_public"]:
            if call.me.is_admin:
                return call.request.query.get("is_public") == "None"
            return call.me.project_id in self.access.get(item["id"], set())
        if collection.key == "keypair":
            return bool(item["user_id"] == call.me.user_id)
        return super().listed(collection, call, item)

    def wrapped(self, collection: Collection, item: Item) -> Item:
        """Return key pairs with an envelope each."""
        return {"keypair": item} if collection.key == "keypair" else item

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse names that are taken, and what depends on the microversion."""
        version = self._negotiate(call)
        if collection.key == "keypair":
            item["user_id"] = item["user_id"] or call.me.user_id
            if not item["public_key"]:
                if version >= (2, 92):
                    raise Refusal(400, "'public_key' is a required property")
                item |= {"public_key": "ssh-rsa AAAA made", "private_key": "-----BEGIN made-----"}
        if collection.key == "server_group" and version < (2, 64):
            raise Refusal(400, "Additional properties are not allowed ('policy' was unexpected)")
        names = {other["name"] for other in self.items[collection.path].values()}
        if collection.key != "server_group" and item["name"] in names:
            raise Refusal(409, f"{collection.key} {item['name']} already exists.")

    def after_create(self, collection: Collection, call: Call, item: Item) -> None:
        """A private key is shown once only."""
        del call
        if collection.key == "keypair" and "private_key" in item:
            self.items[collection.path][item["name"]] = {k: v for k, v in item.items() if k != "private_key"}

    def unknown(self, collection: Collection, names: Sequence[str]) -> None:
        """Refuse attributes that the schema does not have, in its words."""
        del collection
        unexpected = ", ".join(map(repr, names))
        raise Refusal(400, f"Additional properties are not allowed ({unexpected} was unexpected)")

    def before_delete(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse to remove an aggregate with hosts."""
        del call
        if collection.key == "aggregate" and item["hosts"]:
            raise Refusal(400, f"Cannot remove aggregate {item['id']}: it is not empty.")

    async def _specs(self, call: Call) -> Reply:
        return json_reply({"extra_specs": self.one(self.collections["flavors"], call)["extra_specs"]})

    async def _set_specs(self, call: Call) -> Reply:
        sent = (await call.json())["extra_specs"]
        if not sent or not all(isinstance(value, str) for value in sent.values()):
            raise Refusal(400, f"Invalid input for field/attribute extra_specs. Value: {sent}")
        flavor = self.one(self.collections["flavors"], call, writes=True)
        flavor["extra_specs"] |= sent
        return json_reply({"extra_specs": flavor["extra_specs"]})

    async def _remove_spec(self, call: Call) -> Reply:
        flavor = self.one(self.collections["flavors"], call, writes=True)
        if call.part("key") not in flavor["extra_specs"]:
            raise Refusal(404, f"Flavor has no extra specs with key {call.part('key')}.")
        del flavor["extra_specs"][call.part("key")]
        return Reply(200, b"")

    async def _accesses(self, call: Call) -> Reply:
        flavor = self.one(self.collections["flavors"], call)
        if flavor["os-flavor-access:is_public"]:
            raise Refusal(404, "Access list not available for public flavors.")
        had = sorted(self.access.get(flavor["id"], ()))
        return json_reply({"flavor_access": [{"flavor_id": flavor["id"], "tenant_id": tenant} for tenant in had]})

    async def _change_access(self, call: Call) -> Reply:
        flavor = self.one(self.collections["flavors"], call, writes=True)
        had = self.access.setdefault(flavor["id"], set())
        match await call.json():
            case {"addTenantAccess": {"tenant": str(tenant)}}:
                if flavor["os-flavor-access:is_public"]:
                    raise Refusal(409, "Can not add access to a public flavor.")
                if tenant in had:
                    raise Refusal(409, f"Flavor access already exists for flavor {flavor['id']} and project {tenant}.")
                had.add(tenant)
            case {"removeTenantAccess": {"tenant": str(tenant)}}:
                if tenant not in had:
                    raise Refusal(404, f"Flavor access not found for {flavor['id']} / {tenant} combination.")
                had.remove(tenant)
            case other:
                raise Refusal(400, f"There is no such action: {other}")
        return await self._accesses(call)

    async def _change_aggregate(self, call: Call) -> Reply:
        aggregate = self.one(self.collections["os-aggregates"], call, writes=True)
        match await call.json():
            case {"set_metadata": {"metadata": dict(metadata)}}:
                aggregate["metadata"] = {
                    key: value for key, value in (aggregate["metadata"] | metadata).items() if value is not None
                }
            case {"add_host": {"host": str(host)}} if host in self.hosts:
                if host in aggregate["hosts"]:
                    raise Refusal(409, f"Aggregate {aggregate['id']} already has host {host}.")
                aggregate["hosts"].append(host)
            case {"remove_host": {"host": str(host)}} if host in aggregate["hosts"]:
                aggregate["hosts"].remove(host)
            case other:
                raise Refusal(404, f"Compute host could not be found: {other}")
        return json_reply({"aggregate": aggregate})

    async def _quota(self, call: Call) -> Reply:
        if not call.me.is_admin and call.part("id") != call.me.project_id:
            raise Refusal(403, "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.")
        return json_reply({"quota_set": {"id": call.part("id")} | QUOTA | self.quotas.get(call.part("id"), {})})

    async def _quota_details(self, call: Call) -> Reply:
        await self._quota(call)  # refuses those of others
        limits = QUOTA | self.quotas.get(call.part("id"), {})
        shown = {key: {"limit": limit, "in_use": 1, "reserved": 0} for key, limit in limits.items()}
        return json_reply({"quota_set": {"id": call.part("id")} | shown})

    async def _default_quota(self, call: Call) -> Reply:
        return json_reply({"quota_set": {"id": call.part("id")} | QUOTA})

    async def _set_quota(self, call: Call) -> Reply:
        sent: dict[str, Any] = (await call.json())["quota_set"]
        if not call.me.is_admin:
            raise Refusal(403, "Policy doesn't allow os_compute_api:os-quota-sets:update to be performed.")
        if not sent.keys() <= QUOTA.keys() or not all(isinstance(value, int) for value in sent.values()):
            raise Refusal(400, f"Additional properties are not allowed: {sent}")
        self.quotas.setdefault(call.part("id"), {}).update(sent)
        return await self._quota(call)

    async def _reset_quota(self, call: Call) -> Reply:
        self.quotas.pop(call.part("id"), None)
        return Reply(202)


def flavor(nova: NovaResources, name: str, **fields: Any) -> Item:
    """Put a flavor there."""
    size = {"ram": 512, "vcpus": 1, "disk": 1}
    return nova.add("flavors", id=str(uuid.uuid4()), name=name, **(size | fields))
