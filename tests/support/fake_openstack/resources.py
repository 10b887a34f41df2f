# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections of resources, as services with a REST API have them: strict about what they are sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck

Item = dict[str, Any]
NOTHING = type(None)
TEXT: tuple[type, ...] = (str,)
NO_FILTERS = {"limit", "marker", "offset", "sort", "sort_key", "sort_dir", "fields", "all_tenants", "all_projects"}


class Field(NamedTuple):
    """An attribute of a resource: what a request may say of it."""

    types: tuple[type, ...] = TEXT
    default: Any = None
    required: bool = False
    fixed: bool = False
    """Whether updates may not name it."""
    shown: bool = True


def text(default: str | None = "", **more: bool) -> Field:
    """Return a text that may be null."""
    return Field((str, NOTHING), default, **more)


def number(default: int | None = None, **more: bool) -> Field:
    """Return a number that may be null; a text of digits is none."""
    return Field((int, NOTHING), default, **more)


def flag(*, default: bool, **more: bool) -> Field:
    """Return a boolean; a text such as `yes` is none."""
    return Field((bool,), default, **more)


@dataclass(frozen=True)
class Collection:
    """Resources of one type. A path may have `{parent}`; `bare` ones have no envelope."""

    path: str
    key: str
    plural: str
    fields: Mapping[str, Field]
    bare: bool = False
    update: str | None = "PUT"
    detail: bool = False
    made: Callable[[Item], Item] = field(default=lambda _item: {})
    """What the service adds to a new one."""
    id_field: str = "id"
    admin_writes: bool = False
    public: Callable[[Item], bool] = field(default=lambda item: bool(item.get("shared")))
    """Whether other projects see one."""
    of_projects: bool = True
    """Whether each belongs to a project."""
    links: str | None = None
    """The key of the link to the next page where it is not that of the service; empty where there is none."""


class ResourceApi:
    """The collections of one service, below a root path."""

    admins_list_all = False
    """Whether administrators get those of all projects without asking."""
    page: int | None = None
    """How many to a page, without a limit in the request."""
    links = "{plural}_links"
    """The key of the link to the next page: a list of links, or with a dot an object and its key."""

    def __init__(self, root: str, collections: Sequence[Collection]) -> None:
        self.root = root
        self.collections = {collection.path: collection for collection in collections}
        self.items: dict[str, dict[str, Item]] = {collection.path: {} for collection in collections}

    def collection_routes(self) -> list[Route]:
        """Return what can be asked of the collections."""
        routes = []
        for collection in self.collections.values():
            path = f"{self.root}/{collection.path}"
            one = f"{path}/{{id}}"
            listing = partial(self.index, collection)
            if collection.detail:
                routes.append(Route("GET", f"{path}/detail", listing))
            routes += [
                Route("GET", path, partial(self.brief, collection) if collection.detail else listing),
                Route("POST", path, partial(self.create, collection)),
                Route("GET", one, partial(self.show, collection)),
                Route("DELETE", one, partial(self.delete, collection)),
            ]
            if collection.update:
                routes.append(Route(collection.update, one, partial(self.change, collection)))
        return routes

    def add(self, path: str, project_id: str | None = None, **fields: Any) -> Item:
        """Put a resource there, without any check, and return it."""
        collection = self.collections[path]
        item = {name: known.default for name, known in collection.fields.items()} | fields
        if collection.of_projects:
            item = {"project_id": project_id} | item
        item.setdefault(collection.id_field, str(uuid.uuid4()))
        item |= {name: value for name, value in collection.made(item).items() if name not in fields}
        self.items[path][str(item[collection.id_field])] = item
        return item

    # Requests

    async def index(self, collection: Collection, call: Call) -> Reply:
        """Return the page of a list."""
        found = [item for item in self.items[collection.path].values() if self.listed(collection, call, item)]
        found = [item for item in found if self.matches(call, item)]
        return self._page(collection, call, found)

    async def brief(self, collection: Collection, call: Call) -> Reply:
        """Return the page of a list with little but names."""
        found = [item for item in self.items[collection.path].values() if self.listed(collection, call, item)]
        return self._page(collection, call, [{"id": item["id"], "name": item["name"]} for item in found])

    def _page(self, collection: Collection, call: Call, found: list[Item]) -> Reply:
        query = call.request.query
        if "marker" in query:
            ids = [str(item[collection.id_field]) for item in found]
            if query["marker"] not in ids:
                raise Refusal(400, f"marker {query['marker']} not found")
            found = found[ids.index(query["marker"]) + 1 :]
        if query.get("offset", "").isdecimal():
            found = found[int(query["offset"]) :]
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else self.page
        shown = [self.presented(collection, item) for item in found[:limit]]
        body: Item = {collection.plural: [self.wrapped(collection, item) for item in shown]}
        links = self.links if collection.links is None else collection.links
        if links and limit and len(found) > limit:
            rest = {name: value for name, value in query.items() if name != "marker"}
            marker = found[limit - 1][collection.id_field]
            href = f"http://10.1.2.3/inner{call.request.path}?{urlencode(rest | {'marker': marker})}"
            name, _dot, inner = links.format(plural=collection.plural).partition(".")
            body[name] = {inner: href} if inner else [{"rel": "previous", "href": "x"}, {"rel": "next", "href": href}]
        return json_reply(body)

    async def show(self, collection: Collection, call: Call) -> Reply:
        """Return one resource."""
        return self._reply(collection, self.one(collection, call))

    async def create(self, collection: Collection, call: Call) -> Reply:
        """Make a resource of what a request says."""
        sent = await self._sent(collection, call)
        self._check(collection, call, sent, new=True)
        item: Item = {name: known.default for name, known in collection.fields.items()} | sent
        if collection.of_projects:
            item["project_id"] = sent.get("project_id") or call.me.project_id
        item.setdefault(collection.id_field, None)
        item[collection.id_field] = item[collection.id_field] or str(uuid.uuid4())
        item |= {name: call.part(name) for name in self.parents(collection)}
        item |= {name: value for name, value in collection.made(item).items() if item.get(name) is None}
        self.before_create(collection, call, item)
        self.items[collection.path][str(item[collection.id_field])] = item
        self.after_create(collection, call, item)
        return self._reply(collection, item, self.created_status(collection))

    async def change(self, collection: Collection, call: Call) -> Reply:
        """Change what a request names."""
        sent = await self._sent(collection, call)
        item = self.one(collection, call, writes=True)
        self._check(collection, call, sent, new=False)
        self.before_change(collection, call, item, sent)
        item |= sent
        return self._reply(collection, item)

    async def delete(self, collection: Collection, call: Call) -> Reply:
        """Remove a resource."""
        item = self.one(collection, call, writes=True)
        self.before_delete(collection, call, item)
        self.items[collection.path].pop(str(item[collection.id_field]), None)
        return Reply(204)

    # What services do differently

    def created_status(self, _collection: Collection) -> int:
        """Return the status of an answer to a create."""
        return 201

    def presented(self, collection: Collection, item: Item) -> Item:
        """Return an item as the service shows it."""
        hidden = {name for name, known in collection.fields.items() if not known.shown}
        return {name: value for name, value in item.items() if name not in hidden}

    def wrapped(self, _collection: Collection, item: Item) -> Item:
        """Return an item as it stands in a list."""
        return item

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse a new resource, or complete it."""

    def after_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Do what a new resource brings about."""

    def before_change(self, collection: Collection, call: Call, item: Item, sent: Item) -> None:
        """Refuse a change, or complete it."""

    def before_delete(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse a removal, or do what it brings about."""

    def unknown(self, collection: Collection, names: Sequence[str]) -> None:
        """Refuse attributes that the type does not have."""
        raise Refusal(400, f"Unrecognized attribute(s) '{', '.join(names)}' of {collection.key}")

    def listed(self, collection: Collection, call: Call, item: Item) -> bool:
        """Say whether a list has an item."""
        if not all(str(item.get(name)) == call.part(name) for name in self.parents(collection)):
            return False
        if call.me.is_admin and (self.admins_list_all or {"all_tenants", "all_projects"} & call.request.query.keys()):
            return True
        return self.visible(collection, call, item)

    # Helpers

    def visible(self, collection: Collection, call: Call, item: Item) -> bool:
        """Say whether an item is of the project, or of all."""
        return not collection.of_projects or item["project_id"] == call.me.project_id or collection.public(item)

    def parents(self, collection: Collection) -> list[str]:
        """Return the names in a path."""
        return [part[1:-1] for part in collection.path.split("/") if part.startswith("{")]

    def matches(self, call: Call, item: Item) -> bool:
        """Say whether an item is as a query wants it; what no item has is no filter."""
        for name, value in call.request.query.items():
            if name in NO_FILTERS or name not in item:
                continue
            had = item[name]
            if (str(had).lower() if isinstance(had, bool) else str(had)) != value:
                return False
        return True

    def one(self, collection: Collection, call: Call, *, writes: bool = False) -> Item:
        """Return the item that a path names, if it can be seen or changed."""
        item = self.items[collection.path].get(call.part("id"))
        if item is None or not (call.me.is_admin or self.visible(collection, call, item)):
            raise Refusal(404, f"{collection.key.capitalize()} {call.part('id')} could not be found.")
        own = not collection.of_projects or item["project_id"] == call.me.project_id
        if writes and not call.me.is_admin and (collection.admin_writes or not own):
            raise Refusal(403, f"rule:update_{collection.key} is disallowed by policy")
        return item

    async def _sent(self, collection: Collection, call: Call) -> Item:
        if collection.admin_writes and not call.me.is_admin:
            raise Refusal(403, f"rule:create_{collection.key} is disallowed by policy")
        try:
            body = await call.json()
        except ValueError:
            raise Refusal(400, "The server could not comply with the request: malformed JSON") from None
        if not isinstance(body, dict):
            raise Refusal(400, f"{body!r} is not of type 'object'")
        if collection.bare:
            return body
        if body.keys() != {collection.key} or not isinstance(body[collection.key], dict):
            raise Refusal(400, f"Unable to find '{collection.key}' in request body")
        return dict(body[collection.key])

    def _check(self, collection: Collection, call: Call, sent: Item, *, new: bool) -> None:
        known = dict(collection.fields)
        if collection.of_projects and call.me.is_admin and new:
            known["project_id"] = text(None)
        unknown = sorted(sent.keys() - known.keys())
        if unknown:
            self.unknown(collection, unknown)
        for name, value in sent.items():
            if name not in known:  # the service takes whatever there is
                continue
            if not isinstance(value, known[name].types) or (isinstance(value, bool) and bool not in known[name].types):
                raise Refusal(400, f"Invalid input for {name}. Reason: {value!r} is not of the expected type.")
            if known[name].fixed and not new:
                raise Refusal(400, f"Cannot update read-only attribute {name}")
        missing = [name for name, field_ in known.items() if field_.required and new and sent.get(name) is None]
        if missing:
            raise Refusal(400, f"Failed to parse request. Required attribute '{missing[0]}' not specified")

    def _reply(self, collection: Collection, item: Item, status: int = 200) -> Reply:
        shown = self.presented(collection, item)
        return json_reply(shown if collection.bare else {collection.key: shown}, status)


class ResourceService(ResourceApi, Service):
    """A service whose API is its collections, and what `more_routes` adds to them."""

    ROOT: ClassVar[str]
    """The path of its version."""
    COLLECTIONS: ClassVar[Sequence[Collection]]

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        self._tokens = tokens
        ResourceApi.__init__(self, self.ROOT, self.COLLECTIONS)
        Service.__init__(self, *place, knobs, counters)

    def routes(self) -> Sequence[Route]:
        """Return what the service answers."""
        return [*self.more_routes(), *self.collection_routes(), Route("*", "/{other:.*}", self.not_found)]

    def more_routes(self) -> Sequence[Route]:
        """Return what it answers beside its collections."""
        return ()

    def tokens(self) -> TokenCheck:
        """Return the Keystone of the cloud."""
        return self._tokens
