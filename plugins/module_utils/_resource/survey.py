# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a Location has the resource that is wanted, and what of it can be compared.

One request where nothing is to be done, one more for each distinct reference, and for each part that the item lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.answers import json_object, parsing
from .._core.errors import ConflictError, RefusedError
from .desired import same
from .find import (
    Query,
    fetch,
    get,
    is_going,
    is_offered,
    item_path,
    list_items,
    opened,
    path_of,
    project_in_path,
    service_of,
    with_own_project,
)
from .kinds import kind_of
from .parts import asking, part_of, read_part
from .plan import Found
from .records import id_of, name_of, owner_of
from .references import MissingError, Resolver
from .rules import RULE_KINDS, normal_rule
from .wanted import links_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection
    from .find import Item
    from .kinds import Kind
    from .wanted import Wanted


_NETWORK = ("network_id", "vip_network_id")
"""The attributes that say in which network something is: what other names mean depends on it, and on the project."""


_LISTED_IN_PART = {"identity.trust"}
"""Types of Keystone whose lists leave out what is set, too."""


def survey(connection: Connection, wanted: Wanted) -> Found:
    """What the Location has. Raises RefusedError where it does not offer what is to be present."""
    kind = wanted.kind
    if wanted.state == "absent" and not is_offered(connection, kind):
        return Found({}, None, offered=False)
    values, identity, missing, unresolved = _resolved(connection, wanted)
    if unresolved & _telling(kind) or (kind.link and missing):
        return Found(values, None, identity, missing=missing)
    try:
        item, going = find(connection, wanted, values, identity)
    except RefusedError as error:
        if wanted.state != "absent" or not (error.status == 404 or _is_of_nobody(connection, kind, values, error)):
            raise
        return Found(values, None, identity, offered=bool(kind.parents))  # at least what it belongs to is not there
    if item is None or missing or kind.link:
        return Found(values, item, identity, missing=missing, going=() if item else going)
    if wanted.state == "absent":
        return Found(values, item, identity, defaults=_defaults(connection, kind, values, identity), going=going)
    item = _completed(connection, wanted, values, item)
    return Found(values, item, identity, parts=_parts(connection, kind, values, item))


def _is_of_nobody(connection: Connection, kind: Kind, values: Mapping[str, Any], error: RefusedError) -> bool:
    """Whether a quota is refused because there is no such project, which Nova says by 400."""
    project = values.get("project_id")
    refused = kind.single and project is not None and error.status == 400
    return refused and get(connection, kind_of("identity.project"), project) is None


def _telling(kind: Kind) -> set[str]:
    """What tells, beside the name, which resource is meant: without it, another one of the name would be found."""
    return {"id", "domain_id", "project_id", *kind.parents, *kind.identity, *kind.within}


def _resolved(connection: Connection, wanted: Wanted) -> tuple[dict[str, Any], Any, MissingError | None, set[str]]:
    """The attributes and the ID with references resolved, the first that names nothing, and all that could not be."""
    kind = wanted.kind
    resolver, own = Resolver(connection, kind), Resolver(connection, kind, wanted.name)
    values: dict[str, Any] = {}
    identity, missing, unresolved = None, None, set[str]()
    telling = _telling(kind)
    named = {**wanted.values, "id": wanted.id}
    for name in sorted(named, key=lambda name: (name != "project_id", name not in _NETWORK)):
        value = named[name]
        if wanted.state == "absent" and name not in telling and not kind.link:
            continue  # it does not tell what is to be deleted
        try:
            if name == "id":
                identity = resolver.identity(value)
            else:
                values[name] = (own if part_of(kind, name) else resolver).value(name, value)
            if name == "project_id" and kind.owned:
                resolver.owner = own.owner = values[name]
            if name in _NETWORK:
                resolver.network = values[name]
        except MissingError as error:
            missing = missing or error
            unresolved.add(name)
    identity, values = project_in_path(kind, identity, values)
    return values, identity, missing, unresolved


def find(
    connection: Connection, wanted: Wanted, values: Mapping[str, Any], identity: Any
) -> tuple[Item | None, list[Item]]:
    """The resource, and those like it that are being deleted. Raises ConflictError if several could be meant."""
    kind = wanted.kind
    if kind.link:
        return _linked(connection, kind, values), []
    if kind.single or identity is not None:
        item = get(connection, kind, identity, Query(parents=values))
        return (None, [item]) if item and is_going(kind, item) else (item, [])
    found, going = candidates(connection, wanted, values)
    if len(found) > 1:
        ids = ", ".join(sorted(str(id_of(kind, item)) for item in found))
        raise ConflictError(f"there are {len(found)} of {wanted.subject} here: {ids}", hint="Give the id.")
    return found[0] if found else None, going


def candidates(connection: Connection, wanted: Wanted, values: Mapping[str, Any]) -> tuple[list[Item], list[Item]]:
    """What has the name, or the same content where the type has no name, among what the project owns.

    Those that are being deleted are apart.
    """
    kind = wanted.kind
    filters: dict[str, Any] = {}
    own = values.get("project_id") or connection.location.project.id
    if kind.owned:
        filters["project_id"] = own  # an administrator finds those of all projects
    elif values.get("domain_id") is not None and "domain_id" in kind.query:
        filters["domain_id"] = values["domain_id"]
    if wanted.name is None:
        for name in kind.identity:
            if name in kind.query and isinstance(values.get(name), str) and kind.name not in RULE_KINDS:
                filters[name] = values[name]
        if kind.name == "network.security_group_rule":
            filters["security_group_id"] = values.get("security_group_id")
    found = list_items(connection, kind, Query(name=wanted.name, parents=values, filters=filters))
    meant = [item for item in found if _is_meant(wanted, values, item)]
    return [item for item in meant if not is_going(kind, item)], [item for item in meant if is_going(kind, item)]


def _is_meant(wanted: Wanted, values: Mapping[str, Any], item: Item) -> bool:
    kind = wanted.kind
    if kind.name_attribute is not None and name_of(kind, item) != wanted.name:
        return False
    if wanted.state == "absent" and values.get("project_id") and "project_id" not in kind.parents:
        owner = owner_of(kind, item)
        if owner is not None and owner != values["project_id"]:
            return False
    for name in kind.within:
        key = kind.keys[name]
        if values.get(name) is not None and key in item and not same(values[name], item[key]):
            return False
    if kind.name in RULE_KINDS:
        wanted_rule = normal_rule({name: values[name] for name in kind.identity if name in values})
        with parsing(f"a {kind.name}"):
            return wanted_rule == normal_rule(item)
    return all(
        same(values.get(name), item.get(kind.keys[name])) or (name not in values and item.get(kind.keys[name]) is False)
        for name in kind.identity
        if name not in (kind.name_attribute, *kind.parents)
    )


def link_path(kind: Kind, values: Mapping[str, Any]) -> str:
    """The path of a relation by the attributes that are given."""
    given = {name for name, value in values.items() if value not in (None, "")}
    return next(path_of(path, values) for path, names in links_of(kind) if names == given)


def _linked(connection: Connection, kind: Kind, values: Mapping[str, Any]) -> Item | None:
    try:
        service_of(connection, kind).request("HEAD", link_path(kind, values))
    except RefusedError as error:
        if error.status != 404:
            raise
        return None
    return dict(values)


def _completed(connection: Connection, wanted: Wanted, values: Mapping[str, Any], item: Item) -> Item:
    """The item with what lists of some services leave out, if the user names it."""
    kind = wanted.kind
    hidden = kind.secrets | kind.write_only | wanted.secrets.keys() | set(kind.parents)
    lacks = [
        name
        for name in values
        if name in kind.keys and name not in hidden and not part_of(kind, name) and kind.keys[name] not in item
    ]
    if kind.service == "identity" and kind.name not in _LISTED_IN_PART:
        return item  # what lacks has never been set
    if not lacks or "f" not in kind.can or kind.single or "project_id" in lacks:
        return item
    return fetch(connection, kind, item_path(connection, kind, id_of(kind, item), values)) or item


def _parts(connection: Connection, kind: Kind, values: Mapping[str, Any], item: Item) -> dict[str, Any]:
    named = [name for name in values if part_of(kind, name)]
    if not named:
        return {}
    service, identity = service_of(connection, kind), str(id_of(kind, item))

    def read(version: str | None) -> dict[str, Any]:
        ask = asking(service, version)
        return {name: read_part(kind, name, ask, identity, item) for name in named}

    return service.negotiated(read, kind.microversion)


def _defaults(connection: Connection, kind: Kind, values: Mapping[str, Any], identity: Any) -> Item | None:
    if not kind.defaults:
        return None
    project = identity or with_own_project(connection, kind, values).get("project_id")
    path = path_of(kind.defaults, {"project_id": project or connection.location.project.id})
    service = service_of(connection, kind)
    body = service.negotiated(
        lambda version: json_object(service.request("GET", path, microversion=version)), kind.microversion
    )
    return opened(kind, body)
