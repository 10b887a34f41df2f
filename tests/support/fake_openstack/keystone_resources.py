# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in Keystone has besides tokens: projects, users, groups, domains, roles and their assignments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.resources import NOTHING, Collection, Field, Item, ResourceApi, flag, text
from tests.support.fake_openstack.service import Call, Refusal, Route

_COMMON = {"name": text(None, required=True), "description": text(None), "enabled": flag(default=True)}
_IN_DOMAIN = {**_COMMON, "domain_id": text("default", fixed=True)}


def _id(_item: Item) -> Item:
    return {"id": uuid.uuid4().hex}


COLLECTIONS = (
    Collection("domains", "domain", "domains", _COMMON, update="PATCH", made=_id, of_projects=False),
    Collection(
        "projects",
        "project",
        "projects",
        {**_IN_DOMAIN, "is_domain": flag(default=False, fixed=True), "parent_id": text("default", fixed=True)},
        update="PATCH",
        made=lambda item: {"tags": [], **_id(item)},
        of_projects=False,
    ),
    Collection(
        "users",
        "user",
        "users",
        {
            **_IN_DOMAIN,
            "email": text(None),
            "default_project_id": text(None),
            "password": Field((str, NOTHING), shown=False),
        },
        update="PATCH",
        made=lambda item: {"password_expires_at": None, **_id(item)},
        of_projects=False,
    ),
    Collection("groups", "group", "groups", _IN_DOMAIN, update="PATCH", made=_id, of_projects=False),
    Collection(
        "roles",
        "role",
        "roles",
        {"name": text(None, required=True), "description": text(None), "domain_id": text(None, fixed=True)},
        update="PATCH",
        made=_id,
        of_projects=False,
    ),
)
ASSIGNMENT = "/v3/{scope:projects|domains}/{scope_id}/{actor:users|groups}/{actor_id}/roles/{role_id}"


class KeystoneResources(ResourceApi):
    """The collections of Keystone, for administrators. Attributes that it does not know it keeps."""

    links = "links.next"

    def __init__(self) -> None:
        super().__init__("/v3", COLLECTIONS)
        self.assignments: set[tuple[str, ...]] = set()
        self.limit: int | None = None
        """Where lists are cut, without a link to what follows."""

    def routes(self) -> Sequence[Route]:
        """Return what Keystone answers."""
        return [
            *self.collection_routes(),
            Route("PUT", "/v3/projects/{id}/tags", self._tag),
            Route("GET", ASSIGNMENT, self._assigned),
            Route("HEAD", ASSIGNMENT, self._assigned),
            Route("PUT", ASSIGNMENT, self._assign),
            Route("DELETE", ASSIGNMENT, self._unassign),
        ]

    async def index(self, collection: Collection, call: Call) -> Reply:
        """Return a list, perhaps cut."""
        _admin(call)
        if self.limit is not None:
            found = [item for item in self.items[collection.path].values() if self.matches(call, item)]
            shown = [self.presented(collection, item) for item in found[: self.limit]]
            cut = {"truncated": True} if len(found) > self.limit else {}
            return json_reply({collection.plural: shown, "links": {"next": None, "self": "x"}, **cut})
        return await super().index(collection, call)

    def unknown(self, collection: Collection, names: Sequence[str]) -> None:
        """Take whatever there is."""

    def presented(self, collection: Collection, item: Item) -> Item:
        """Return an item with its links."""
        return super().presented(collection, item) | {"links": {"self": "x"}}

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse a name that is taken in the domain."""
        _admin(call)
        for other in self.items[collection.path].values():
            if (other["name"], other.get("domain_id")) == (item["name"], item.get("domain_id")):
                message = f"it is not permitted to have two {collection.plural} with the same name in the same domain"
                raise Refusal(409, f"Conflict occurred attempting to store {collection.key} - {message}")

    def before_change(self, collection: Collection, call: Call, item: Item, sent: Item) -> None:
        """Only administrators change anything."""
        del collection, item, sent
        _admin(call)

    def before_delete(self, collection: Collection, call: Call, item: Item) -> None:
        """Only administrators remove anything; no domain that is enabled."""
        _admin(call)
        if collection.key == "domain" and item["enabled"]:
            raise Refusal(403, "Cannot delete a domain that is enabled, please disable it first.")

    async def _tag(self, call: Call) -> Reply:
        project = self.one(self.collections["projects"], call)
        project["tags"] = sorted(set((await call.json())["tags"]))
        return json_reply({"tags": project["tags"]})

    def _assignment(self, call: Call) -> tuple[str, ...]:
        _admin(call)
        for path, name in (
            (call.part("scope"), "scope_id"), (call.part("actor"), "actor_id"), ("roles", "role_id"),
        ):  # fmt: skip
            if call.part(name) not in self.items[path]:
                raise Refusal(404, f"Could not find {path[:-1]}: {call.part(name)}.")
        return tuple(call.part(name) for name in ("scope", "scope_id", "actor", "actor_id", "role_id"))

    async def _assigned(self, call: Call) -> Reply:
        if self._assignment(call) not in self.assignments:
            raise Refusal(404, "Could not find role assignment.")
        return Reply(204)

    async def _assign(self, call: Call) -> Reply:
        self.assignments.add(self._assignment(call))
        return Reply(204)

    async def _unassign(self, call: Call) -> Reply:
        await self._assigned(call)
        self.assignments.remove(self._assignment(call))
        return Reply(204)


def _admin(call: Call) -> None:
    if not call.me.is_admin:
        raise Refusal(403, "You are not authorized to perform the requested action.")
