# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources of a type at one Location: a list, or one by its ID."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from .._cloud.answers import json_object, parsing
from .._cloud.service import segment, service_at
from .._core.errors import InputError, RefusedError
from .._facts.filters import as_parameter
from .._facts.servers import literal_name
from .records import id_of, name_of, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._cloud.connection import Connection
    from .._cloud.service import Service
    from .kinds import Kind

Item = dict[str, Any]
"""A resource as its service presents it."""

_PROJECT = frozenset({"project", "project_id"})
_GONE: Mapping[str, tuple[str, str]] = {"orchestration.stack": ("stack_status", "DELETE_COMPLETE")}
"""What services that show for a while what they have deleted say of it, by type."""
_SHARED = ("shared", "router:external", "is_public")
"""What Neutron and Octavia say of resources that other projects may use."""


@dataclass(frozen=True)
class Query:
    """Which resources of a type. ``filters`` are query parameters, by openstacksdk's names or by the service's own."""

    name: str | None = None
    id: Any = None
    parents: Mapping[str, Any] = field(default_factory=dict)
    """The attributes that stand in the path."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    all_projects: bool = False


def service_of(connection: Connection, kind: Kind) -> Service:
    """The service of a type."""
    return service_at(connection, kind.service)


def is_offered(connection: Connection, kind: Kind) -> bool:
    """Whether the Location has the service of a type; no request, but perhaps a discovery."""
    try:
        return bool(service_of(connection, kind).endpoint)
    except RefusedError as error:
        if error.status in (None, 404):
            return False
        raise


def path_of(template: str, values: Mapping[str, Any]) -> str:
    """A path with the values in place of the names in braces."""
    return re.sub(r"{(\w+)}", lambda match: segment(values[match[1]]), template)


def with_own_project(connection: Connection, kind: Kind, parents: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that stand in the path; a project that is not given is one's own.

    Raises InputError for others that are missing.
    """
    given = {name: parents[name] for name in kind.parents if parents.get(name) not in (None, "")}
    for name in _PROJECT & set(kind.parents):
        given.setdefault(name, connection.location.project.id)
    check_parents(kind, given)
    return given


def check_parents(kind: Kind, given: Mapping[str, Any], option: str = "parents") -> None:
    """Raise InputError for an attribute that stands in the path, and is not given, unless it is the project."""
    missing = [name for name in kind.parents if name not in _PROJECT and given.get(name) in (None, "")]
    if missing:
        raise InputError(
            f"{option}: {kind.name} needs {', '.join(missing)}",
            hint="It stands in the path of this type. Give an ID, or {name: NAME} of what it names.",
        )


def headers_of(kind: Kind, *, other_projects: bool) -> dict[str, str]:
    """Designate is asked for what belongs to other projects by a header."""
    return {"X-Auth-All-Projects": "true"} if other_projects and kind.service == "dns" else {}


def is_of_another(connection: Connection, kind: Kind, identity: Any) -> bool:
    """Whether an ID is that of another project, of which there is one of the type."""
    return kind.single and identity is not None and identity != connection.location.project.id


def project_in_path(kind: Kind, identity: Any, parents: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The ID and the attributes in the path, of a quota whose path has the project: its ID is then said by that."""
    if kind.single and identity is not None and "project_id" in kind.parents:
        return None, {**parents, "project_id": identity}
    return identity, dict(parents)


def list_items(connection: Connection, kind: Kind, query: Query) -> list[Item]:
    """The items that match, from requests of one's own: a change may depend on them."""
    return service_of(connection, kind).negotiated(
        lambda version: list(items(connection, kind, query, version)), kind.microversion
    )


def items(
    connection: Connection, kind: Kind, query: Query, microversion: str | None, *, coalesced: bool = False
) -> Iterator[Item]:
    """The items that match, as `list_items`, but page by page, by a microversion that the caller negotiates.

    With ``coalesced`` the answer to another process's request may be used.
    """
    if query.id is not None or kind.alone or (kind.single and not query.all_projects):
        found = get(connection, kind, query.id, query)
        if found is not None:
            yield found
        return
    if "l" not in kind.can:
        raise InputError(f"type: {kind.name} cannot be listed", hint="Give id.")
    path = path_of(kind.list_path, with_own_project(connection, kind, query.parents))
    own = connection.location.project.id
    pages = service_of(connection, kind).pages(
        path,
        kind.list_key,
        _params(kind, query),
        by=kind.pages_by,
        coalesced=coalesced,
        microversion=microversion,
        headers=headers_of(kind, other_projects=query.all_projects),
    )
    for wrapped in chain.from_iterable(pages):
        item = _checked(kind, wrapped.get(kind.item_key, wrapped) if isinstance(wrapped, dict) else wrapped)
        if query.all_projects and kind.name == "orchestration.stack" and owner_of(kind, item) is None:
            raise RefusedError("the user may not list the stacks of all projects", status=403)
        if not kind.owned or query.all_projects or _is_visible(kind, item, query, own):
            yield item


def _is_visible(kind: Kind, item: Item, query: Query, own: str | None) -> bool:
    """Whether also a member of the project would find the item: administrators find those of all projects.

    Of a project that is asked for, it must be: services ignore filters that they do not know.
    """
    owner = owner_of(kind, item)
    asked = next((query.filters[name] for name in ("project_id", "tenant_id") if name in query.filters), None)
    if asked is not None:
        return owner is None or owner in (asked if isinstance(asked, list) else [asked])
    return owner in (None, own) or any(item.get(key) for key in _SHARED)


def _params(kind: Kind, query: Query) -> dict[str, Any]:
    params: dict[str, Any] = dict(kind.list_query)
    params.update({kind.query.get(name, name): as_parameter(name, value) for name, value in query.filters.items()})
    if query.all_projects:
        params.update(_all_projects(kind))
    if query.name is not None and kind.by_name:
        key = kind.by_name.rstrip("^:")
        if not kind.by_name.endswith("^"):
            # Without an operator Glance takes what is before a colon for one.
            params[key] = f"eq:{query.name}" if kind.by_name.endswith(":") and ":" in query.name else query.name
        elif literal := literal_name(query.name):
            params[key] = f"^{literal}$"
    return params


def _all_projects(kind: Kind) -> dict[str, str]:
    """What services call it; those that list all projects for administrators anyway have no word for it.

    Heat has one, ``global_tenant``, which it grants to nobody by default, and lists them all for administrators anyway.
    """
    for name in ("all_projects", "all_tenants"):
        if name in kind.query:
            return {kind.query[name]: "1"}
    by_tenant = kind.service in ("block-storage", "shared-file-system") and "project_id" in kind.keys
    return {"all_tenants": "1"} if by_tenant else {}


def get(connection: Connection, kind: Kind, identity: Any, query: Query | None = None) -> Item | None:
    """The item with an ID, or None. A type that cannot be fetched is looked for in its list.

    Of a type of which each project has one, no ID means the project's own.
    """
    query = query or Query()
    if "f" not in kind.can:
        listed = Query(parents=query.parents, filters=query.filters, all_projects=query.all_projects)
        found = list_items(connection, kind, listed)
        return next((item for item in found if str(id_of(kind, item)) == str(identity)), None)
    others = query.all_projects or is_of_another(connection, kind, identity)
    return fetch(connection, kind, item_path(connection, kind, identity, query.parents), other_projects=others)


def item_path(connection: Connection, kind: Kind, identity: Any, parents: Mapping[str, Any]) -> str:
    """The path of the item with an ID; of one that each project has one of, see `get`."""
    path = path_of(kind.path, with_own_project(connection, kind, parents))
    if kind.alone:
        return path
    return f"{path}/{segment(connection.location.project.id if kind.single and identity is None else identity)}"


def fetch(connection: Connection, kind: Kind, path: str, *, other_projects: bool = False) -> Item | None:
    """The item at a path, None where there is none."""
    service = service_of(connection, kind)
    headers = headers_of(kind, other_projects=other_projects)
    try:
        body = service.negotiated(
            lambda version: json_object(service.request("GET", path, microversion=version, headers=headers)),
            kind.microversion,
        )
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    item = opened(kind, body)
    key, deleted = _GONE.get(kind.name, ("", ""))
    return None if item is not None and key and item.get(key) == deleted else item


def is_going(kind: Kind, item: Mapping[str, Any]) -> bool:
    """Whether an item is being deleted, and shown until that has ended."""
    if kind.ready is None:
        return False
    state = item.get(kind.keys[kind.ready.attribute])
    if kind.service == "dns":
        return state == "PENDING" and item.get("action") == "DELETE"
    return state in kind.ready.going


def opened(kind: Kind, body: Mapping[str, Any]) -> Item | None:
    """The item in an answer. None for the answer to another request, as that for an empty ID is a list."""
    if kind.answer_key is None:
        return _checked(kind, body) if kind.id_key in body or "id" in body or kind.single or kind.alone else None
    inner = body.get(kind.answer_key)
    return _checked(kind, inner) if isinstance(inner, dict) else None


def _checked(kind: Kind, data: Any) -> Item:
    """The item; raises ServerError unless its ID, name and owner are such: paths and messages are made of them."""
    with parsing(f"a {kind.name} of the {kind.service} service"):
        item = _with_parent(kind, dict(data.items()))
        identity = id_of(kind, item)
        needed = {"u", "d"} & set(kind.can) and not (kind.single or kind.alone)
        if not isinstance(identity, str | int | None) or (needed and identity in (None, "")):
            raise TypeError(f"its ID is {identity!r}")
        for what, value in (("name", name_of(kind, item)), ("owner", owner_of(kind, item))):
            if not isinstance(value, str | None):
                raise TypeError(f"its {what} is {value!r}")
    return item


def _with_parent(kind: Kind, item: Item) -> Item:
    """The item with what it belongs to as it is named at creation: Octavia shows ``pools: [{id}]`` for ``pool_id``."""
    if kind.service == "load-balancer":
        for key in kind.keys.values():
            shown = item.get(f"{key.removesuffix('_id')}s") if key.endswith("_id") and key not in item else None
            if isinstance(shown, list) and len(shown) == 1 and isinstance(shown[0], dict):
                item[key] = shown[0].get("id")
    return item
