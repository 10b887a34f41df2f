# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in place of IDs: ``{name: private}`` wherever an ID stands, resolved at each Location.

An ID is never a mapping, and a name that looks like an ID stays a name: nothing is guessed. The type follows from the
attribute; elsewhere the reference says it: ``{name: eng-sub, type: network.subnet}``. ``project_id`` and ``domain_id``
narrow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.errors import ConflictError, InputError, RefusedError
from .find import Query, is_going, list_items
from .kinds import kind_of
from .records import id_of, name_of, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._cloud.connection import Connection
    from .kinds import Kind

_SERVICES: Mapping[str, Mapping[str, str]] = {
    "baremetal": {"node": "node", "port_group": "port_group"},
    "block_storage": {
        "group": "group", "group_type": "group_type", "snapshot": "snapshot", "source_volume": "volume",
        "volume": "volume", "volume_type": "type",
    },
    "compute": {"flavor": "flavor", "server": "server"},
    "dns": {"zone": "zone"},
    "identity": {
        "domain": "domain", "group": "group", "project": "project", "region": "region", "role": "role",
        "service": "service", "trustee_user": "user", "trustor_user": "user", "user": "user",
        "target_project": "project", "default_project": "project", "parent": "project",
    },
    "image": {"image": "image"},
    "load_balancer": {
        "availability_zone_profile": "availability_zone_profile", "default_pool": "pool", "flavor": "flavor",
        "flavor_profile": "flavor_profile", "health_monitor": "health_monitor", "l7_policy": "l7_policy",
        "listener": "listener", "load_balancer": "load_balancer", "loadbalancer": "load_balancer", "pool": "pool",
        "redirect_pool": "pool",
    },
    "network": {
        "address_group": "address_group", "address_scope": "address_scope", "bgpvpn": "bgpvpn",
        "egress_firewall_policy": "firewall_policy", "external_network": "network",
        "firewall_policy": "firewall_policy", "fixed_port": "port", "flavor": "flavor",
        "floating_network": "network", "floatingip": "floating_ip", "ikepolicy": "vpn_ike_policy",
        "ingress_firewall_policy": "firewall_policy",
        "internal_port": "port", "ipsecpolicy": "vpn_ipsec_policy", "ipv4_address_scope": "address_scope",
        "ipv6_address_scope": "address_scope", "local_ep_group": "vpn_endpoint_group", "local_ip": "local_ip",
        "metering_label": "metering_label", "network": "network", "neutron_net": "network",
        "neutron_subnet": "subnet", "peer_ep_group": "vpn_endpoint_group", "port": "port", "qos_policy": "qos_policy",
        "remote_address_group": "address_group", "remote_group": "security_group", "router": "router",
        "security_group": "security_group", "segment": "segment", "subnet": "subnet", "subnet_pool": "subnet_pool",
        "subnetpool": "subnet_pool", "vip_network": "network", "vip_port": "port", "vip_qos_policy": "qos_policy",
        "vip_subnet": "subnet", "vpnservice": "vpn_service",
    },
    "shared_file_system": {
        "share": "share", "share_group": "share_group", "share_network": "share_network", "snapshot": "share_snapshot",
    },
}  # fmt: skip
"""What an attribute's name, without the ending ``_id``, refers to, by service."""

_GENERAL = ("identity", "network", "compute", "image", "block_storage", "load_balancer", "dns", "shared_file_system")
"""Where a name is looked for that the type's own service does not have."""

_PARTS: Mapping[tuple[str, str], str] = {
    ("block_storage.type", "access"): "identity.project",
    ("compute.flavor", "access"): "identity.project",
    ("network.router", "interfaces"): "network.subnet",
}
"""Attributes whose values are IDs although their names do not say so."""

_KEYS = frozenset({"name", "type", "project_id", "domain_id"})


OWN = object()
"""The ID of the resource itself, where one of its parts refers to it by the name that it has or is to have."""


class MissingError(RefusedError):
    """What a reference names does not exist at the Location."""

    @property
    def note(self) -> str:
        """What check mode says in its place: an earlier task of the play may be about to create it."""
        return f"{self.message}: it has to be created first"


def target_of(kind: Kind, attribute: str) -> str | None:
    """The type that an attribute refers to, None where it is no ID of a known one."""
    if (kind.name, attribute) in _PARTS:
        return _PARTS[kind.name, attribute]
    word = next((attribute.removesuffix(end) for end in ("_ids", "_id") if attribute.endswith(end)), None)
    if word is None:
        return None
    for service in (kind.name.partition(".")[0], *_GENERAL):
        if word in _SERVICES.get(service, {}):
            return f"{service}.{_SERVICES[service][word]}"
    return None


def is_reference(kind: Kind, attribute: str, value: Any) -> bool:
    """Whether a value is a reference, at any depth of the attribute."""
    if not isinstance(value, dict) or "name" not in value or not value.keys() <= _KEYS:
        return False
    return target_of(kind, attribute) is not None or "." in str(value.get("type", ""))


def check_references(kind: Kind, option: str, values: Mapping[str, Any]) -> None:
    """Raise InputError for a mapping in place of an ID that is no reference, or one whose type is not known."""
    for attribute, value in _walk(values):
        if is_reference(kind, attribute, value):
            _check_name(f"{option}: {attribute}", value)
            _check_target(option, kind_of(str(value.get("type") or target_of(kind, attribute))))
        elif _is_mistaken(kind, attribute, value):
            raise _no_reference(f"{option}: {attribute}")
        elif (
            isinstance(value, dict)
            and value.keys() <= _KEYS
            and "name" in value
            and attribute.endswith(("_id", "_ids"))
        ):
            raise InputError(
                f"{option}: what {attribute} refers to is not known",
                hint="Say it, as in {name: NAME, type: network.subnet}, or give the ID.",
            )


def check_identity(value: Any, option: str = "id") -> None:
    """Raise InputError for an option that is neither an ID nor a reference; see `Resolver.identity`."""
    if isinstance(value, list) or (isinstance(value, dict) and not ("name" in value and value.keys() <= _KEYS)):
        raise _no_reference(option)
    if isinstance(value, dict):
        _check_name(option, value)
        if value.get("type"):
            kind_of(value["type"])


def _check_name(what: str, reference: Mapping[str, Any]) -> None:
    """Raise InputError for a name that is none. Resources without a name have an empty one: it would find them."""
    name = reference["name"]
    if name in ("", None) or isinstance(name, bool | dict | list):
        raise InputError(f"{what} refers to {name!r}, which is not a name", hint="Give a name or an ID.")


def _check_target(option: str, target: Kind) -> None:
    """Raise InputError for a type whose resources cannot be found by name alone."""
    others = [name for name in target.parents if name not in ("project", "project_id")]
    if target.name_attribute is None or "l" not in target.can or others:
        raise InputError(f"{option}: a {target.name} cannot be referred to by name", hint="Give its ID.")


def _is_mistaken(kind: Kind, attribute: str, value: Any) -> bool:
    """Whether a mapping stands for an ID that is no reference; items of a part may have the ID among other keys."""
    if not isinstance(value, dict) or target_of(kind, attribute) is None:
        return False
    return (kind.name, attribute) not in _PARTS or not any(str(key).endswith("_id") for key in value.keys() - _KEYS)


def _no_reference(what: str) -> InputError:
    return InputError(
        f"{what} must be an ID, or a reference by name",
        hint="A reference is {name: NAME}, and may also have type, project_id and domain_id.",
    )


def _walk(value: Any, attribute: str = "") -> Iterator[tuple[str, Any]]:
    yield attribute, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, attribute)


EXTERNAL = Query(filters={"is_router_external": True})
"""Lists the networks that floating IPs come from, and others where the service does not know the filter."""


def is_external(network: Mapping[str, Any]) -> bool:
    """Whether floating IPs come from a network."""
    return bool(network.get("router:external"))


def external_network(connection: Connection, option: str) -> Any:
    """The ID of the only external network, or of the default one; ``option`` is the one that can name another.

    Raises MissingError where there is none, and ConflictError where there are several and none is the default.
    """
    found = [item for item in list_items(connection, kind_of("network.network"), EXTERNAL) if is_external(item)]
    chosen = [item for item in found if item.get("is_default")] or found
    if not chosen:
        raise MissingError("there is no external network here", hint="Have the operator add one.", status=404)
    if len(chosen) > 1:
        names = ", ".join(sorted(str(item.get("name")) for item in chosen))
        raise ConflictError(f"there are several external networks here: {names}", hint=f"Give one of them as {option}.")
    return chosen[0]["id"]


class Resolver:
    """Resolves references at one Location, each distinct one once."""

    def __init__(self, connection: Connection, kind: Kind, own: str | None = None) -> None:
        """``own`` is the name of the resource itself, to which `OWN` refers, where its parts are resolved."""
        self._connection = connection
        self._kind = kind
        self._own = own
        self._found: dict[tuple[str, str], Any] = {}
        self.owner: str | None = None
        """The ID of the project that the resource is to belong to, if it is named: what that has comes first."""
        self.network: str | None = None
        """The ID of the network that the resource is in: of several subnets of a name, that of the network is meant."""

    def all(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes with an ID in place of each reference.

        Of several of a name, what ``owner`` has comes first, then the project's own. Raises MissingError where nothing
        has the name, and ConflictError where several have it, of which not exactly one comes first.
        """
        return {name: self.value(name, value) for name, value in values.items()}

    def value(self, attribute: str, value: Any) -> Any:
        """One attribute's value; see `all`."""
        if isinstance(value, dict):
            if is_reference(self._kind, attribute, value):
                return self._id(kind_of(str(value.get("type") or target_of(self._kind, attribute))), value)
            return {name: self.value(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(attribute, inner) for inner in value]
        return value

    def identity(self, value: Any) -> Any:
        """The ID that the option ``id`` says: of a resource of the type itself, or of the project that has one."""
        if isinstance(value, dict):
            of_project = "identity.project" if self._kind.single else self._kind.name
            return self._id(kind_of(value.get("type") or of_project), value)
        return value

    def _id(self, target: Kind, reference: Mapping[str, Any]) -> Any:
        if target is self._kind and reference.keys() <= {"name", "type"} and str(reference["name"]) == self._own:
            return OWN
        key = (target.name, repr(sorted(reference.items(), key=lambda pair: pair[0])))
        if key not in self._found:
            self._found[key] = self._ask(target, reference)
        return self._found[key]

    def _ask(self, target: Kind, reference: Mapping[str, Any]) -> Any:
        name = str(reference["name"])
        narrowed = {key: self.value(key, reference[key]) for key in ("project_id", "domain_id") if key in reference}
        found: list[Any] = []
        if target.owned and self.owner and "project_id" not in narrowed:
            found = self._named(target, name, {**narrowed, "project_id": self.owner})
        found = found or self._named(target, name, narrowed)
        if len(found) > 1 and target.name == "network.subnet" and self.network:
            found = [item for item in found if item.get("network_id") == self.network] or found
        if len(found) > 1:  # one's own before what others share
            own = self._connection.location.project.id
            found = [item for item in found if owner_of(target, item) == own] or found
        found = [item for item in found if not is_going(target, item)] or found
        if not found:
            raise MissingError(
                f"there is no {target.name} named {name!r} here",
                hint="Create it first, or correct the name.",
                status=404,
            )
        ids = [id_of(target, item) for item in found]
        if len(ids) > 1:
            raise ConflictError(
                f"{len(ids)} of type {target.name} are named {name!r}: {', '.join(sorted(map(str, ids)))}",
                hint="Give the ID, or narrow the reference with project_id or domain_id.",
            )
        return ids[0]

    def _named(self, target: Kind, name: str, narrowed: Mapping[str, Any]) -> list[Any]:
        try:
            listed = list_items(self._connection, target, Query(name=name, filters=narrowed))
        except RefusedError as error:
            if error.status not in (None, 404):
                raise
            return []  # nor is there anything of the type
        return [item for item in listed if name_of(target, item) == name and _matches(target, item, narrowed)]


def with_own_id(value: Any, identity: Any) -> Any:
    """A value of a part with the ID of the resource in place of `OWN`."""
    if isinstance(value, dict):
        return {name: with_own_id(inner, identity) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_own_id(inner, identity) for inner in value]
    return identity if value is OWN else value


def _matches(target: Kind, item: Mapping[str, Any], narrowed: Mapping[str, Any]) -> bool:
    """Whether an item is of the project and domain: services ignore filters that they do not know."""
    return all(
        item.get(target.keys.get(name, name), value) == value
        if name != "project_id"
        else owner_of(target, item) == value
        for name, value in narrowed.items()
    )
