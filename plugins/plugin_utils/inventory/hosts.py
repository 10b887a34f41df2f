# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server records -> inventory hosts: which are one, what they are called, how they are reached, where they belong.

Pure: neither Ansible nor a cloud is needed. What a cloud tells is data, and never trusted to be a name or an address.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Record = Mapping[str, Any]

QUALIFIED = "name.region.cloud"
METADATA = "metadata."
NETWORK = "network:"
ADDRESS_KINDS = tuple(
    f"{kind}_v{version}" for kind in ("floating", "public", "fixed", "private", "access") for version in (4, 6)
)

SLIM = (
    "created_at",
    "flavor",
    "id",
    "image",
    "key_name",
    "metadata",
    "name",
    "private_v4",
    "private_v6",
    "public_v4",
    "public_v6",
    "status",
    "tags",
)
"""What a host tells of its server unless it shall tell everything."""
NEEDED = frozenset({*SLIM, "access_ipv4", "access_ipv6", "addresses", "location"})
"""The fields of a record of which slim hosts are made."""
_SLIM_FLAVOR = ("id", "name", "vcpus", "ram", "disk")

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Rules:
    """How hosts are made of servers; both lists are in order of preference. Raises InputError for unknown entries."""

    hostnames: Sequence[str]
    addresses: Sequence[str]
    show_all: bool = False
    """Whether a server with none of these addresses becomes a host too."""
    location_groups: bool = True

    def __post_init__(self) -> None:
        _check("hostnames", self.hostnames, ("name", "id", QUALIFIED, *ADDRESS_KINDS), METADATA)
        _check("addresses", self.addresses, ("name", *ADDRESS_KINDS), NETWORK)


@dataclass(frozen=True)
class Group:
    """An inventory group and the group that contains it."""

    name: str
    parent: str | None = None


@dataclass(frozen=True)
class Host:
    """An inventory host; ``groups`` names the innermost of those it belongs to."""

    name: str
    address: str | None
    groups: tuple[str, ...]
    record: Record


@dataclass(frozen=True)
class Inventory:
    """Hosts in the order of their records, groups with parents before children, and how many servers were left out."""

    hosts: tuple[Host, ...]
    groups: tuple[Group, ...]
    left_out: int


def make_inventory(
    records: Iterable[Record], rules: Rules, safe_name: Callable[[str], str], taken: Mapping[str, str | None]
) -> Inventory:
    """The inventory of server records, each of which has an id and a Location.

    A server that several records tell of is one host, made of the first. ``safe_name`` makes a valid group name. No
    two hosts get the same name, and none a name that is ``taken``: a mapping from names to the id of the server that
    is called so already, and goes on to be, or None for a group or whatever else has the name.
    """
    servers = _once(records)
    reached = [(record, address_of(record, rules.addresses)) for record in servers]
    kept = [(record, address) for record, address in reached if address or rules.show_all]
    circles = [_location_groups(record["location"]) if rules.location_groups else () for record, _address in kept]
    groups = make_groups({circle for own in circles for circle in own}, safe_name)
    reserved = {**taken, **{group.name: None for group in groups.values()}}
    held = {server_id: (name,) for name, server_id in taken.items() if server_id}
    claims = [(r["id"], held.get(r["id"]) or names_for(r, rules.hostnames)) for r, _address in kept]
    names = assign_unique_names(claims, reserved)
    hosts = tuple(
        Host(name, address, tuple(groups[circle].name for circle in own), record)
        for name, own, (record, address) in zip(names, circles, kept, strict=True)
    )
    return Inventory(hosts, tuple(groups.values()), len(servers) - len(kept))


def slim(record: Record) -> dict[str, Any]:
    """The `SLIM` part of a record: what it has stands where it stands in the whole record."""
    kept = {key: record[key] for key in SLIM}
    kept["flavor"] = _slim_flavor(*(record["flavor"][key] for key in _SLIM_FLAVOR))
    return kept


@lru_cache(maxsize=4096)
def _slim_flavor(*values: Any) -> dict[str, Any]:
    return dict(zip(_SLIM_FLAVOR, values, strict=True))


def _once(records: Iterable[Record]) -> list[Record]:
    servers: dict[str, Record] = {}
    for record in records:
        servers.setdefault(record["id"], record)
    return list(servers.values())


# Addresses


def address_of(record: Record, preference: Iterable[str]) -> str | None:
    """The value of ``ansible_host``: the first of the preferred kinds that the server has."""
    return next(filter(None, (_reach(record, kind) for kind in preference)), None)


def _reach(record: Record, kind: str) -> str | None:
    if kind == "name":
        return host_name(record["name"])
    if kind.startswith(NETWORK):
        return _on_network(record, kind.removeprefix(NETWORK))
    return _address(record, kind)


def _address(record: Record, kind: str) -> str | None:
    what, version = kind.split("_v")
    if what in ("public", "private"):
        return _plain(record[kind])
    if what == "access":
        return _plain(record[f"access_ipv{version}"])
    return next(
        (port["addr"] for ports in record["addresses"].values() for port in ports if _is(port, what, version)), None
    )


def _on_network(record: Record, network: str) -> str | None:
    """The server's address on the network: its own before a floating one, IPv4 before IPv6."""
    ports = record["addresses"].get(network, [])
    order = [(what, version) for what in ("fixed", "floating") for version in "46"]
    return next((port["addr"] for what, version in order for port in ports if _is(port, what, version)), None)


def _is(port: Mapping[str, Any], what: str, version: str) -> bool:
    address = _plain(port["addr"])
    floating = port.get("OS-EXT-IPS:type") == "floating"
    return address is not None and floating == (what == "floating") and (":" in address) == (version == "6")


def _plain(address: str | None) -> str | None:
    """The address if it is made of what addresses are made of: it ends up in command lines, like that of ssh."""
    return address if address and _ADDRESS.fullmatch(address) else None


# Names


def host_name(text: str | None) -> str:
    """The text with hyphens for all that might mean something in a host pattern or a command line; may be empty."""
    return _NOT_IN_NAMES.sub("-", text or "").strip("-.")


def names_for(record: Record, preference: Iterable[str]) -> Sequence[str]:
    """What the host may be called, from the most readable to the server's id, which nothing else has."""
    location, server_id = record["location"], record["id"]
    place = [location["region"], location["cloud"]]

    def qualified(name: str) -> str:
        return host_name(".".join(filter(None, (name, *place))))

    source, name = next(_sources(record, preference), ("id", server_id))
    longer = [qualified(text) for text in (name, f"{name}-{server_id[:8]}", f"{name}-{server_id}")]
    return [*longer, server_id] if source == QUALIFIED else [name, *longer, server_id]


def _sources(record: Record, preference: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The preferred sources that give a name, with the name."""
    for source in preference:
        if source in ADDRESS_KINDS:
            name = _address(record, source) or ""
        elif source.startswith(METADATA):
            name = host_name(record["metadata"].get(source.removeprefix(METADATA)))
        else:
            name = host_name(record["id" if source == "id" else "name"])
        if name:
            yield source, name


def assign_unique_names(claims: Sequence[tuple[str, Sequence[str]]], taken: Mapping[str, str | None]) -> list[str]:
    """One name for each claim, a server's id with its possible names: the first one that no other server wants.

    Of servers that want the same name none gets it, whatever their order: all of them go on to their next.
    """
    steps = [0] * len(claims)
    while True:
        names = [forms[step] for step, (_id, forms) in zip(steps, claims, strict=True)]
        wanted = Counter(names)
        moved = False
        for index, (name, (server_id, forms)) in enumerate(zip(names, claims, strict=True)):
            free = wanted[name] == 1 and taken.get(name, server_id) == server_id
            if not free and steps[index] + 1 < len(forms):
                steps[index] += 1
                moved = True
        if not moved:
            return names


# Groups


@dataclass(frozen=True)
class LocationGroup:
    """The servers that share a cloud, a region, a zone or a project: what a group is made of."""

    kind: str
    name: str
    within: LocationGroup | None = None
    id: str = ""
    """Tells apart projects of the same name."""

    @property
    def words(self) -> tuple[str, ...]:
        """The parts of the group's name."""
        return (self.kind, *(self.within.words[1:] if self.within else ()), self.name)

    def outwards(self) -> Iterator[LocationGroup]:
        """Itself, and then the groups that contain it, from the inside to the outside."""
        yield self
        if self.within:
            yield from self.within.outwards()


def _location_groups(location: Mapping[str, Any]) -> tuple[LocationGroup, ...]:
    """The innermost circles of a Location: its zone (or region, or cloud), and its project."""
    cloud = place = LocationGroup("cloud", location["cloud"])
    for kind in ("region", "zone"):
        if location[kind]:
            place = LocationGroup(kind, location[kind], place)
    project = location["project"]
    name = project["name"] or project["id"]
    return (place, LocationGroup("project", name, cloud, project["id"] or "")) if name else (place,)


def make_groups(innermost: Iterable[LocationGroup], safe_name: Callable[[str], str]) -> dict[LocationGroup, Group]:
    """The groups of these circles and of those around them, ordered by depth and name.

    Where the safe names of two circles are the same, both get a suffix that depends on nothing but the circle.
    """
    circles = {outer for circle in innermost for outer in circle.outwards()}
    ordered = sorted(circles, key=lambda circle: (len(circle.words), circle.words, circle.id))
    names = {circle: safe_name("_".join(circle.words)) for circle in ordered}
    holders = Counter(names.values())
    unique = {circle: name if holders[name] == 1 else f"{name}_{_digest(circle)}" for circle, name in names.items()}
    return {circle: Group(name, unique[circle.within] if circle.within else None) for circle, name in unique.items()}


def _digest(circle: LocationGroup) -> str:
    return hashlib.sha256("/".join((*circle.words, circle.id)).encode()).hexdigest()[:6]


def _check(option: str, entries: Sequence[str], known: Sequence[str], prefix: str) -> None:
    if not entries:
        raise InputError(f"{option}: the list is empty", hint=f"Leave {option} out for its default.")
    for entry in entries:
        if entry not in known and not (entry.startswith(prefix) and entry != prefix):
            raise InputError(
                f"{option}: {entry!r} is not known",
                hint=f"Known are {', '.join(known)} and {prefix}{'KEY' if prefix == METADATA else 'NAME'}.",
            )
