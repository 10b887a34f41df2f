# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that a service keeps beside the resource: read and written by requests of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._cloud.answers import json_object, parsing
from .._cloud.cleanup import removing
from .._cloud.service import segment
from .._core.errors import InputError, RefusedError, suppress_404
from .._core.retry import PERHAPS_DONE
from . import rules
from .desired import cast, same

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
    """Returns its value in the request that creates the resource; None where that does not have it."""
    fixed: Callable[[Any, Any], bool] = lambda _have, _want: False
    """Whether what there is cannot be changed to what is wanted."""
    shown: Callable[[Any, Any], Any] = lambda have, _want: have
    """What there is, in the form of what is wanted, to be compared by people."""


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


def part_shown(kind: Kind, attribute: str, have: Any, want: Any) -> Any:
    """What there is of a part beside what is wanted of it, as a difference shows it."""
    part = part_of(kind, attribute)
    return part.shown(have, want) if part else have


def asking(service: Service, microversion: str | None) -> Ask:
    """Requests of parts; an answer without a body is an empty object. What is to be deleted may be gone."""

    def ask(method: str, path: str, json: Any = None) -> Any:
        if method == "DELETE":
            with suppress_404():
                service.request(method, path, microversion=microversion)
            return {}
        kwargs = {} if json is None else {"json": json}
        response = service.request(method, path, microversion=microversion, **kwargs)
        return json_object(response) if method in ("GET", "POST") and response.content else {}

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


def _named(have: Any, want: Any) -> Any:
    """The keys that are wanted: the other ones stay as they are."""
    return {key: value for key, value in (have or {}).items() if key in want}


def _text(value: Any) -> str | None:
    """As services keep values, which are texts; null removes a key."""
    return None if value is None else str(value)


def _split(have: Any, want: Any) -> tuple[dict[str, str], list[str]]:
    """The values to set, and the keys to remove."""
    there = have or {}
    put = {key: str(value) for key, value in want.items() if value is not None and str(value) != there.get(key)}
    return put, sorted(key for key, value in want.items() if value is None and key in there)


def _mapping_in(key: str, write: Callable[[Ask, str, Any, Any], None]) -> ResourcePart:
    """A mapping that an item shows; keys that are not named are left alone."""
    return ResourcePart(
        lambda _ask, _identity, item: item.get(key) or {},
        write,
        _specs_differ,
        _is_mapping,
        "a mapping, where null removes a key",
        shown=_named,
    )


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

    return ResourcePart(read, write, _specs_differ, _is_mapping, "a mapping, where null removes a key", shown=_named)


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

    return replace(_mapping_in("metadata", write), at_creation=lambda want: _split({}, want)[0])


# Volumes


def _write_qos_specs(ask: Ask, identity: str, have: Any, want: Any) -> None:
    """Cinder shows as a mapping what it takes beside the name."""
    put, remove = _split(have, want)
    where = f"/qos-specs/{segment(identity)}"
    if put:
        ask("PUT", where, {"qos_specs": put})
    if remove:
        ask("PUT", f"{where}/delete_keys", {"keys": remove})


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


_INTERFACE = "network:router_interface"


def _interfaces(ask: Ask, identity: str, _item: Item) -> Any:
    """The addresses that a router has, by subnet: its interfaces are ports."""
    ports = ask("GET", f"/ports?device_id={segment(identity)}&fields=fixed_ips&fields=device_owner")["ports"]
    addresses = {
        address["subnet_id"]: address["ip_address"]
        for port in ports
        if port["device_owner"].startswith((_INTERFACE, "network:ha_router_replicated_interface"))
        for address in port["fixed_ips"]
    }
    return [{"subnet_id": subnet, "ip_address": addresses[subnet]} for subnet in sorted(addresses)]


def _by_subnet(interfaces: Any) -> dict[str, str | None]:
    """The address that each subnet's interface has, or is to have; None for any."""
    described = [each if isinstance(each, dict) else {"subnet_id": each} for each in interfaces]
    return {str(each["subnet_id"]): each.get("ip_address") for each in described}


def _interface_changes(have: Any, want: Any) -> tuple[list[str], list[str]]:
    """The subnets to connect, and those to disconnect; one whose address differs is both."""
    there, wanted = _by_subnet(have), _by_subnet(want)
    moved = {
        subnet for subnet in wanted.keys() & there.keys() if wanted[subnet] and not same(wanted[subnet], there[subnet])
    }
    gone = there.keys() - wanted.keys() | moved
    # One port may have addresses in several subnets, of which Neutron does not take that of IPv4 before the others.
    in_order = sorted(gone, key=lambda subnet: (":" not in str(there[subnet]), subnet))
    return sorted(wanted.keys() - there.keys() | moved), in_order


def _interfaces_shown(have: Any, want: Any) -> Any:
    addressed = {subnet for subnet, address in _by_subnet(want).items() if address}
    return [each if each["subnet_id"] in addressed else each["subnet_id"] for each in have]


def _write_interfaces(ask: Ask, identity: str, have: Any, want: Any) -> None:
    """New ones first, but for an address that changes: a router has one in each subnet."""
    add, remove = _interface_changes(have, want)
    moved, addresses = {*add} & {*remove}, _by_subnet(want)
    for subnet in sorted(moved):
        _disconnect(ask, identity, subnet)
    for subnet in add:
        _connect(ask, identity, subnet, addresses[subnet])
    for subnet in remove:
        if subnet not in moved:
            _disconnect(ask, identity, subnet)


def _connect(ask: Ask, identity: str, subnet: str, address: str | None) -> None:
    """Give a router the address of the subnet's gateway, or one of its own, which takes a port made for it."""
    where = f"/routers/{segment(identity)}/add_router_interface"
    if address is None:
        ask("PUT", where, {"subnet_id": subnet})
        return
    port = _own_port(ask, identity, subnet, address)

    def remove() -> str:
        ask("DELETE", f"/ports/{segment(port)}")
        return ""

    with removing(remove):
        ask("PUT", where, {"port_id": port})


def _own_port(ask: Ask, router: str, subnet: str, address: str) -> str:
    """The ID of a port with an address, for a router; that of an earlier run which did not get to connect it.

    By its description such a port is known: an address that it keeps could never be given to another one.
    """
    mark = f"oaktree.multicloud: made for router {router}"
    fixed = [{"subnet_id": subnet, "ip_address": address}]

    def left() -> str | None:
        found = ask("GET", f"/ports?description={segment(mark)}")["ports"]
        ours = (port for port in found if port.get("description") == mark and not port.get("device_id"))
        return next((str(port["id"]) for port in ours if any(same(fixed[0], each) for each in port["fixed_ips"])), None)

    known = left()
    if known is None:
        network = ask("GET", f"/subnets/{segment(subnet)}")["subnet"]["network_id"]
        body = {"network_id": network, "fixed_ips": fixed, "description": mark}
        # To a port of which it knows this, Neutron gives no addresses of the network's other subnets.
        owner = {"device_owner": _INTERFACE}
        try:
            try:
                return str(ask("POST", "/ports", {"port": {**body, **owner}})["port"]["id"])
            except RefusedError as error:
                if error.status != 403:
                    raise
                return str(ask("POST", "/ports", {"port": body})["port"]["id"])  # the network is somebody else's
        except PERHAPS_DONE:
            known = left()
            if known is None:
                raise
    return known


def _disconnect(ask: Ask, identity: str, subnet: str) -> None:
    ask("PUT", f"/routers/{segment(identity)}/remove_router_interface", {"subnet_id": subnet})


def _are_interfaces(value: Any) -> bool:
    return _is_list(value) and all(
        isinstance(each, str) or "name" in each or ("subnet_id" in each and each.keys() <= {"subnet_id", "ip_address"})
        for each in value
    )


# What is changed by a request of its own


def _list_of(path: str, envelope: str, key: str, removed: Callable[[Any], Any] | None = None) -> ResourcePart:
    """A list that is no part of a request that makes a resource, or that keeps what is left out of it.

    ``removed`` is what tells the service to remove an item.
    """

    def differs(have: Any, want: Any) -> bool:
        return not same(want, have)

    def write(ask: Ask, identity: str, have: Any, want: Any) -> None:
        gone = [removed(each) for each in have if removed and not any(removed(one) == removed(each) for one in want)]
        ask("PUT", f"{path}/{segment(identity)}", {envelope: {key: [*want, *gone]}})

    return ResourcePart(
        lambda _ask, _identity, item: item.get(key) or [], write, differs, _are_mappings, "a list of mappings"
    )


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


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


def _rules_and_directions(value: Any) -> tuple[Any, Any]:
    """The rules that are wanted, and the directions in which there are to be no others."""
    if isinstance(value, dict):
        return value.get("rules") or [], value.get("directions") or []
    return value, []


def _are_rules(value: Any) -> bool:
    try:
        wanted, directions = _rules_and_directions(value)
        if not isinstance(value, list):
            known = value.keys() <= {"rules", "directions"} and set(directions) <= {"ingress", "egress"}
            if not value or not known:
                return False
        plain = [_without_references(rule) for rule in wanted] if isinstance(wanted, list) else None
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
        raise InputError(f"attributes: not a valid rule: {exc}") from exc


def _without_references(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, dict) else value for name, value in rule.items()}


def _rules_differ(have: Any, want: Any) -> bool:
    add, remove = rules.changes(have, *_rules_and_directions(want))
    return bool(add or remove)


def _write_rules(ask: Ask, identity: str, have: Any, want: Any) -> None:
    """New ones first, so that nobody is locked out in between."""
    add, remove = rules.changes(have, *_rules_and_directions(want))
    for rule in add:
        body = {**rules.body_of(rule), "security_group_id": identity}
        ask("POST", "/security-group-rules", {"security_group_rule": body})
    for rule in remove:
        ask("DELETE", f"/security-group-rules/{segment(rule['id'])}")


_RULE_NAMES = ", ".join(rules.ATTRIBUTES)
_PARTS: Mapping[tuple[str, str], ResourcePart] = {
    ("block_storage.qos_spec", "specs"): _mapping_in("specs", _write_qos_specs),
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
    ("compute.aggregate", "metadata"): _mapping_in("metadata", _set_metadata),
    ("compute.flavor", "access"): _set_part(
        _flavor_access, _change_flavor_access, "a list of projects, by ID or as {name: NAME}"
    ),
    ("compute.flavor", "extra_specs"): _specs("/flavors/{id}/os-extra_specs"),
    ("network.port", "extra_dhcp_opts"): _list_of(
        "/ports", "port", "extra_dhcp_opts", lambda option: {"opt_name": option.get("opt_name"), "opt_value": None}
    ),
    ("network.router", "interfaces"): ResourcePart(
        _interfaces,
        _write_interfaces,
        lambda have, want: any(_interface_changes(have, want)),
        _are_interfaces,
        "a list of subnets, by ID, as {name: NAME}, or with an address as {subnet_id: ID, ip_address: ADDRESS}",
        shown=_interfaces_shown,
    ),
    ("network.router", "routes"): _list_of("/routers", "router", "routes"),
    ("network.security_group", "rules"): ResourcePart(
        lambda _ask, _identity, item: item.get("security_group_rules") or [],
        _write_rules,
        _rules_differ,
        _are_rules,
        f"a list of rules with keys of {_RULE_NAMES}, or a mapping of rules and directions",
    ),
}
