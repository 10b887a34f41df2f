# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Octavia v2: load balancers, whose whole tree cannot be changed while a change is being applied."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.resources import Collection, Item, ResourceService, flag, number, text
from tests.support.fake_openstack.service import Call, Refusal, Route, TokenCheck

_COMMON = {"name": text(), "description": text(), "admin_state_up": flag(default=True)}
COLLECTIONS = (
    Collection(
        "lbaas/loadbalancers",
        "loadbalancer",
        "loadbalancers",
        {**_COMMON, "vip_subnet_id": text(None, fixed=True), "vip_network_id": text(None, fixed=True)},
    ),
    Collection(
        "lbaas/listeners",
        "listener",
        "listeners",
        {
            **_COMMON,
            "loadbalancer_id": text(None, required=True, fixed=True),
            "protocol": text(None, required=True, fixed=True),
            "protocol_port": number(required=True, fixed=True),
        },
    ),
    Collection(
        "lbaas/pools",
        "pool",
        "pools",
        {
            **_COMMON,
            "loadbalancer_id": text(None, fixed=True),
            "protocol": text(None, required=True, fixed=True),
            "lb_algorithm": text(None, required=True),
        },
    ),
    Collection(
        "lbaas/pools/{pool_id}/members",
        "member",
        "members",
        {
            "name": text(),
            "address": text(None, required=True, fixed=True),
            "protocol_port": number(required=True, fixed=True),
            "weight": number(1),
        },
    ),
)


class Octavia(ResourceService):
    """The load balancers of one region. Administrators see everything."""

    kind = "load-balancer"
    ROOT = "/v2"
    COLLECTIONS = COLLECTIONS
    admins_list_all = True

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        super().__init__(place, tokens, knobs, counters)
        self.busy = 0
        """How many requests find everything immutable yet."""
        self.pause = 2
        """How many do so after each change."""
        self.outcome = "ACTIVE"

    def more_routes(self) -> Sequence[Route]:
        """Return what Octavia answers beside its collections."""
        return [
            Route("GET", "/", self._versions, public=True),
        ]

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Octavia shapes it."""
        fault = {"faultcode": "Client", "faultstring": refusal.message, "debuginfo": None}
        return json_reply(fault, refusal.status, refusal.headers)

    async def _versions(self, call: Call) -> Reply:
        link = {"rel": "self", "href": f"{call.base}/v2"}
        return json_reply({"versions": [{"id": "v2.27", "status": "CURRENT", "links": [link]}]})

    def presented(self, collection: Collection, item: Item) -> Item:
        """Return an item with the state in which everything is."""
        shown = super().presented(collection, item)
        if "looks" in item:
            return shown | {"provisioning_status": "PENDING_DELETE"}
        if self.busy > 0:
            self.busy -= 1
            return shown | {"provisioning_status": "PENDING_UPDATE"}
        return shown | {"provisioning_status": self.outcome if item.get("new") else "ACTIVE"}

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Begin a change."""
        del collection, call
        self._begin()
        item["new"] = True

    def before_change(self, collection: Collection, call: Call, item: Item, sent: Item) -> None:
        """Begin a change."""
        del collection, call, item, sent
        self._begin()

    def before_delete(self, collection: Collection, call: Call, item: Item) -> None:
        """Begin a change."""
        del collection, call, item
        self._begin()

    async def show(self, collection: Collection, call: Call) -> Reply:
        """Return one; a load balancer is gone when it has been looked at often enough."""
        item = self.one(collection, call)
        if "looks" in item:
            item["looks"] -= 1
            if item["looks"] < 0:
                del self.items[collection.path][str(item["id"])]
        return await super().show(collection, call)

    async def delete(self, collection: Collection, call: Call) -> Reply:
        """Begin to remove a load balancer; other things go at once."""
        if collection.key != "loadbalancer":
            return await super().delete(collection, call)
        item = self.one(collection, call, writes=True)
        if "looks" in item:
            raise Refusal(409, f"Load Balancer {item['id']} is immutable and cannot be updated.")
        self.before_delete(collection, call, item)
        item["looks"] = self.pause
        return Reply(204)

    def _begin(self) -> None:
        if self.busy > 0:
            self.busy -= 1
            raise Refusal(409, "Load Balancer x is immutable and cannot be updated.")
        self.busy = self.pause
