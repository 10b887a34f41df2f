# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that a service keeps beside the resource: read and written by requests of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._cloud.answers import json_object, parsing
from .._cloud.service import segment
from .._core.errors import InputError
from . import rules
from .desired import cast

if TYPE_CHECKING:
    from .._cloud.service import Service
    from .find import Item
    from .kinds import Kind

Ask = Callable[..., Any]
"""Sends a request of a resource's service: method, path, JSON; returns the JSON of the answer."""


@dataclass(frozen=True)
class ResourcePart:
    """``read(ask, id, item)`` returns what there is, ``write(ask, id, have, want)`` makes it so."""

    read: Callable[[Ask, str, Item], Any]
    write: Callable[[Ask, str, Any, Any], None]
    differs: Callable[[Any, Any], bool]
    check: Callable[[Any], bool]
    """Whether a value has the right shape."""
    shape: str
    at_creation: Callable[[Any], Any] | None = None
    """What the request that makes the resource has of it; None for nothing."""
    fixed: Callable[[Any, Any], bool] = lambda _have, _want: False
    """Whether what there is cannot be made what is wanted."""


def part_of(kind: Kind, attribute: str) -> ResourcePart | None:
    """The part that an attribute of a type is, None where it is in the body."""
    if attribute == "tags" and kind.name in _TAGGED:
        return _tags(_TAGGED[kind.name])
    return _PARTS.get((kind.name, attribute))


def parts_of(kind: Kind) -> list[str]:
    """The attributes of a type that are parts, sorted."""
    tags = ["tags"] if kind.name in _TAGGED else []
    return sorted([*tags, *(attribute for name, attribute in _PARTS if name == kind.name)])


def check_part(kind: Kind, attribute: str, value: Any) -> None:
    """Raise InputError for a part that has not the right shape."""
    part = part_of(kind, attribute)
    if part and not part.check(value):
        raise InputError(f"attributes: {attribute} of {kind.name} must be {part.shape}, not {value!r}")


def read_part(kind: Kind, attribute: str, ask: Ask, identity: str, item: Item) -> Any:
    """What there is of a part; raises ServerError for an answer of another shape."""
    part = part_of(kind, attribute)
    with parsing(f"{attribute} of a {kind.name}"):
        return part.read(ask, identity, item) if part else None


def part_differs(kind: Kind, attribute: str, have: Any, want: Any) -> bool:
    """Whether a part is to be written; raises ServerError where what there is has another shape."""
    part = part_of(kind, attribute)
    with parsing(f"{attribute} of a {kind.name}"):
        return part is not None and part.differs(have, want)


def asking(service: Service, microversion: str | None) -> Ask:
    """Requests of parts; an answer without a body is an empty object."""

    def ask(method: str, path: str, json: Any = None) -> Any:
        kwargs = {} if json is None else {"json": json}
        response = service.request(method, path, microversion=microversion, **kwargs)
        return json_object(response) if method == "GET" else {}

    return ask


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, (str, dict)) for item in value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


# Keys and values


def _specs_differ(have: Any, want: Any) -> bool:
    return any(_text(value) != (have or {}).get(key) for key, value in want.items())


def _text(value: Any) -> str | None:
    """As services keep values, which are texts; null removes a key."""
    return None if value is None else str(value)


def _split(have: Any, want: Any) -> tuple[dict[str, str], list[str]]:
    """The values to set, and the keys to remove."""
    there = have or {}
    put = {key: str(value) for key, value in want.items() if value is not None and str(value) != there.get(key)}
    return put, sorted(key for key, value in want.items() if value is None and key in there)


def _specs(path: str) -> ResourcePart:
    """Extra specs below a path; those that are not named are left alone."""

    def read(ask: Ask, identity: str, item: Item) -> Any:
        if isinstance(item.get("extra_specs"), dict):
            return item["extra_specs"]
        return ask("GET", path.format(id=segment(identity)))["extra_specs"]

    def write(ask: Ask, identity: str, have: Any, want: Any) -> None:
        put, remove = _split(have, want)
        where = path.format(id=segment(identity))
        if put:
            ask("POST", where, {"extra_specs": put})
        for key in remove:
            ask("DELETE", f"{where}/{segment(key)}")

    return ResourcePart(read, write, _specs_differ, _is_mapping, "a mapping, where null removes a key")


def _set_metadata(ask: Ask, identity: str, have: Any, want: Any) -> None:
    put, remove = _split(have, want)
    metadata: dict[str, str | None] = {**put, **dict.fromkeys(remove)}
    ask("POST", f"/os-aggregates/{segment(identity)}/action", {"set_metadata": {"metadata": metadata}})


def _metadata(path: str) -> ResourcePart:
    """Metadata below a path; a change of the resource itself would remove the keys that it does not name."""

    def write(ask: Ask, identity: str, have: Any, want: Any) -> None:
        put, remove = _split(have, want)
        where = f"{path}/{segment(identity)}/metadata"
        if put:
            ask("POST", where, {"metadata": put})
        for key in remove:
            ask("DELETE", f"{where}/{segment(key)}")

    return ResourcePart(
        lambda _ask, _identity, item: item.get("metadata") or {},
        write,
        _specs_differ,
        _is_mapping,
        "a mapping, where null removes a key",
        at_creation=lambda want: _split({}, want)[0],
    )


# Volumes


def _extend(ask: Ask, identity: str, _have: Any, want: Any) -> None:
    ask("POST", f"/volumes/{segment(identity)}/action", {"os-extend": {"new_size": int(want)}})


def _set_bootable(ask: Ask, identity: str, _have: Any, want: Any) -> None:
    ask("POST", f"/volumes/{segment(identity)}/action", {"os-set_bootable": {"bootable": cast("bool", want)}})


def _is_number(value: Any) -> bool:
    return isinstance(cast("int", value), int) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(cast("bool", value), bool)


# Sets


def _set_differs(have: Any, want: Any) -> bool:
    return set(have) != set(want)


def _set_part(
    read: Callable[[Ask, str, Item], Any],
    change: Callable[[Ask, str, str, bool], None],
    shape: str,
    check: Callable[[Any], bool] = _is_list,
) -> ResourcePart:
    """A set of IDs or names, changed one by one: additions first."""

    def write(ask: Ask, identity: str, have: Any, want: Any) -> None:
        for value in sorted(set(want) - set(have)):
            change(ask, identity, value, True)  # noqa: FBT003
        for value in sorted(set(have) - set(want)):
            change(ask, identity, value, False)  # noqa: FBT003

    return ResourcePart(read, write, _set_differs, check, shape)


def _flavor_access(ask: Ask, identity: str, item: Item) -> Any:
    if item.get("os-flavor-access:is_public", True):
        return []  # of these Nova has no list
    found = ask("GET", f"/flavors/{segment(identity)}/os-flavor-access")["flavor_access"]
    return sorted(entry["tenant_id"] for entry in found)


def _change_flavor_access(ask: Ask, identity: str, project: str, add: bool) -> None:  # noqa: FBT001
    action = "addTenantAccess" if add else "removeTenantAccess"
    ask("POST", f"/flavors/{segment(identity)}/action", {action: {"tenant": project}})


def _volume_type_access(ask: Ask, identity: str, item: Item) -> Any:
    if item.get("os-volume-type-access:is_public", item.get("is_public", True)):
        return []
    found = ask("GET", f"/types/{segment(identity)}/os-volume-type-access")["volume_type_access"]
    return sorted(entry["project_id"] for entry in found)


def _change_volume_type_access(ask: Ask, identity: str, project: str, add: bool) -> None:  # noqa: FBT001
    action = "addProjectAccess" if add else "removeProjectAccess"
    ask("POST", f"/types/{segment(identity)}/action", {action: {"project": project}})


def _change_host(ask: Ask, identity: str, host: str, add: bool) -> None:  # noqa: FBT001
    action = "add_host" if add else "remove_host"
    ask("POST", f"/os-aggregates/{segment(identity)}/action", {action: {"host": host}})


def _interfaces(ask: Ask, identity: str, _item: Item) -> Any:
    """The subnets that a router has an address in: its interfaces are ports."""
    ports = ask("GET", f"/ports?device_id={segment(identity)}&fields=fixed_ips&fields=device_owner")["ports"]
    return sorted(
        address["subnet_id"]
        for port in ports
        if port["device_owner"].startswith(("network:router_interface", "network:ha_router_replicated_interface"))
        for address in port["fixed_ips"]
    )


def _change_interface(ask: Ask, identity: str, subnet: str, add: bool) -> None:  # noqa: FBT001
    action = "add_router_interface" if add else "remove_router_interface"
    ask("PUT", f"/routers/{segment(identity)}/{action}", {"subnet_id": subnet})


# Tags


def _tags(path: str) -> ResourcePart:
    """Tags are no part of a request that makes a resource."""

    def write(ask: Ask, identity: str, _have: Any, want: Any) -> None:
        ask("PUT", f"{path}/{segment(identity)}/tags", {"tags": sorted(set(want))})

    return ResourcePart(
        lambda _ask, _identity, item: item.get("tags") or [], write, _set_differs, _are_texts, "a list of texts"
    )


_TAGGED: Mapping[str, str] = {
    "identity.project": "/projects",
    "network.floating_ip": "/floatingips",
    "network.network": "/networks",
    "network.port": "/ports",
    "network.qos_policy": "/policies",
    "network.router": "/routers",
    "network.security_group": "/security-groups",
    "network.subnet": "/subnets",
    "network.subnet_pool": "/subnetpools",
    "network.trunk": "/trunks",
}

# Rules of security groups


def _are_rules(value: Any) -> bool:
    try:
        plain = [_without_references(rule) for rule in value] if isinstance(value, list) else None
        return plain is not None and all(
            rule.keys() <= rules.ATTRIBUTES.keys() and rules.normal_rule(rule) for rule in plain
        )
    except (AttributeError, TypeError, ValueError):
        return False


def check_rule(values: Mapping[str, Any]) -> None:
    """Raise InputError for the attributes of a single rule that Neutron could not mean anything by."""
    try:
        rules.normal_rule(_without_references(values))
    except (TypeError, ValueError) as exc:
        raise InputError(f"attributes: they are no rule: {exc}") from exc


def _without_references(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, dict) else value for name, value in rule.items()}


def _rules_differ(have: Any, want: Any) -> bool:
    add, remove = rules.changes(have, want)
    return bool(add or remove)


def _write_rules(ask: Ask, identity: str, have: Any, want: Any) -> None:
    """New ones first, so that nobody is locked out in between."""
    add, remove = rules.changes(have, want)
    for rule in add:
        body = {**rules.body_of(rule), "security_group_id": identity}
        ask("POST", "/security-group-rules", {"security_group_rule": body})
    for rule in remove:
        ask("DELETE", f"/security-group-rules/{segment(rule['id'])}")


_RULE_NAMES = ", ".join(rules.ATTRIBUTES)
_PARTS: Mapping[tuple[str, str], ResourcePart] = {
    ("block_storage.snapshot", "metadata"): _metadata("/snapshots"),
    ("block_storage.type", "access"): _set_part(
        _volume_type_access, _change_volume_type_access, "a list of projects, by ID or as {name: NAME}"
    ),
    ("block_storage.type", "extra_specs"): _specs("/types/{id}/extra_specs"),
    ("block_storage.volume", "is_bootable"): ResourcePart(
        lambda _ask, _identity, item: cast("bool", item["bootable"]),
        _set_bootable,
        lambda have, want: have is not cast("bool", want),
        _is_boolean,
        "true or false",
    ),
    ("block_storage.volume", "metadata"): _metadata("/volumes"),
    ("block_storage.volume", "size"): ResourcePart(
        lambda _ask, _identity, item: cast("int", item["size"]),
        _extend,
        lambda have, want: have != cast("int", want),
        _is_number,
        "a number of GiB",
        at_creation=lambda want: cast("int", want),
        fixed=lambda have, want: have > cast("int", want),
    ),
    ("compute.aggregate", "hosts"): _set_part(
        lambda _ask, _identity, item: item.get("hosts") or [], _change_host, "a list of the names of hosts", _are_texts
    ),
    ("compute.aggregate", "metadata"): ResourcePart(
        lambda _ask, _identity, item: item.get("metadata") or {},
        _set_metadata,
        _specs_differ,
        _is_mapping,
        "a mapping, where null removes a key",
    ),
    ("compute.flavor", "access"): _set_part(
        _flavor_access, _change_flavor_access, "a list of projects, by ID or as {name: NAME}"
    ),
    ("compute.flavor", "extra_specs"): _specs("/flavors/{id}/os-extra_specs"),
    ("network.router", "interfaces"): _set_part(
        _interfaces, _change_interface, "a list of subnets, by ID or as {name: NAME}"
    ),
    ("network.security_group", "rules"): ResourcePart(
        lambda _ask, _identity, item: item.get("security_group_rules") or [],
        _write_rules,
        _rules_differ,
        _are_rules,
        f"a list of rules with keys of {_RULE_NAMES}",
    ),
}
