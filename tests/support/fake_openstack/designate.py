# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Designate v2: zones and recordsets, which take a while to become active."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.resources import NOTHING, Collection, Field, Item, ResourceService, number, text
from tests.support.fake_openstack.service import Call, Refusal, Route, TokenCheck

COLLECTIONS = (
    Collection(
        "zones",
        "zone",
        "zones",
        {
            "name": text(None, required=True, fixed=True),
            "email": text(None),
            "type": text("PRIMARY", fixed=True),
            "ttl": number(3600),
            "description": text(None),
        },
        bare=True,
        update="PATCH",
    ),
    Collection(
        "zones/{zone_id}/recordsets",
        "recordset",
        "recordsets",
        {
            "name": text(None, required=True, fixed=True),
            "type": text(None, required=True, fixed=True),
            "records": Field((list,), (), required=True),
            "ttl": Field((int, NOTHING)),
            "description": text(None),
        },
        bare=True,
    ),
)


class Designate(ResourceService):
    """The DNS service of one region; its pages are of twenty unless more are asked for."""

    kind = "dns"
    ROOT = "/v2"
    COLLECTIONS = COLLECTIONS
    page = 20
    links = "links.next"

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        super().__init__(place, tokens, knobs, counters)
        self.looks = 1
        """How often somebody looks before a change is done; below zero it never is."""
        self.outcome = "ACTIVE"

    def more_routes(self) -> Sequence[Route]:
        """Return what Designate answers beside its collections."""
        return [
            Route("GET", "/", self._versions, public=True),
        ]

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Designate shapes it."""
        error = {"code": refusal.status, "type": "invalid_object", "message": refusal.message, "request_id": "req-1"}
        return json_reply(error, refusal.status, refusal.headers)

    async def _versions(self, call: Call) -> Reply:
        link = {"rel": "self", "href": f"{call.base}/v2"}
        return json_reply({"versions": {"values": [{"id": "v2", "status": "CURRENT", "links": [link]}]}})

    async def index(self, collection: Collection, call: Call) -> Reply:
        """Return a page; the limit may be the word max."""
        self.page = 1000 if call.request.query.get("limit") == "max" else 20
        return await super().index(collection, call)

    async def show(self, collection: Collection, call: Call) -> Reply:
        """Return one; its change is done when it has been looked at often enough."""
        item = self.one(collection, call)
        item["looks"] = item.get("looks", 0) + 1
        if 0 <= self.looks < item["looks"]:
            if item["status"] == "PENDING" and item.get("action") == "DELETE":
                del self.items[collection.path][item["id"]]
                raise Refusal(404, f"Could not find {collection.key.capitalize()}")
            item["status"] = self.outcome
        return await super().show(collection, call)

    def presented(self, collection: Collection, item: Item) -> Item:
        """Return an item as it is shown."""
        shown = super().presented(collection, item)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()} | {
            "links": {"self": "x"}
        }

    def created_status(self, _collection: Collection) -> int:
        """Return 202, as Designate does."""
        return 202

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse names without a dot at the end, and what is there already."""
        del call
        if not item["name"].endswith("."):
            raise Refusal(400, "Provided object does not match schema: not a fully qualified name")
        for other in self.items[collection.path].values():
            if (other["name"], other["type"]) == (item["name"], item["type"]):
                raise Refusal(409, f"Duplicate {collection.key.capitalize()}")
        item |= {"status": "PENDING", "action": "CREATE"}

    def before_change(self, collection: Collection, call: Call, item: Item, sent: Item) -> None:
        """Begin a change."""
        del collection, call, sent
        item |= {"status": "PENDING", "action": "UPDATE", "looks": 0}

    async def delete(self, collection: Collection, call: Call) -> Reply:
        """Begin a removal."""
        item = self.one(collection, call, writes=True)
        item |= {"status": "PENDING", "action": "DELETE", "looks": 0}
        return Reply(202)
