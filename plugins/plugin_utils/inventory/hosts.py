# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server records -> inventory hosts: one for each server, with a name, an address, groups and variables.

Neither Ansible nor a cloud is needed here, nor in the files that this one imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.addresses import (
    ADDRESS_KINDS,
    NETWORK_PREFIX,
    connection_address,
)
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.groups import (
    Group,
    innermost_groups,
    make_groups,
)
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.names import (
    METADATA_PREFIX,
    QUALIFIED_NAME,
    Server,
    assign_unique_names,
    candidate_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    Record = Mapping[str, Any]

SLIM_FIELDS = (
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
"""The fields of a server record that become host variables unless all of them are requested."""
NEEDED_FIELDS = frozenset({*SLIM_FIELDS, "access_ipv4", "access_ipv6", "addresses", "location"})
"""The fields of a record that a host with slim variables is made of."""
_SHOWN = 3
"""Hosts that a warning names."""
_SLIM_FLAVOR = ("id", "name", "vcpus", "ram", "disk")


@dataclass(frozen=True)
class Rules:
    """How hosts are made of servers; both lists are in order of preference. Raises InputError for unknown entries."""

    hostnames: Sequence[str]
    addresses: Sequence[str]
    show_all: bool = False
    """Whether servers without any of these addresses become hosts too."""
    location_groups: bool = True

    def __post_init__(self) -> None:
        _check("hostnames", self.hostnames, ("name", "id", QUALIFIED_NAME, *ADDRESS_KINDS), METADATA_PREFIX)
        _check("addresses", self.addresses, ("name", *ADDRESS_KINDS), NETWORK_PREFIX)


@dataclass(frozen=True)
class Host:
    """An inventory host; ``groups`` names the innermost groups that it belongs to.

    ``name_alone`` is the name that it would have without the hosts of other sources.
    """

    name: str
    name_alone: str
    address: str | None
    groups: tuple[str, ...]
    server: Server

    @property
    def record(self) -> Record:
        """The server's record."""
        return self.server.record


@dataclass(frozen=True)
class Inventory:
    """Hosts in the order of their records, groups with parents before children, and the number of skipped servers."""

    hosts: tuple[Host, ...]
    groups: tuple[Group, ...]
    skipped: int


def make_inventory(
    servers: Iterable[Server],
    rules: Rules,
    safe_name: Callable[[str], str],
    reserved: Collection[str],
    others: Mapping[str, tuple[str, str, str]],
) -> Inventory:
    """The inventory of servers, each of whose records has an id and a Location.

    Of several records of one server the first that is not stale becomes the host. ``safe_name`` makes a valid group
    name of any text. No two hosts get the same name, and none gets one that is ``reserved``, or that belongs to a host
    of ``others``, the other sources: a mapping from names to the identities of servers, which keep their names.
    """
    distinct = _distinct(servers)
    addressed = [(server, connection_address(server.record, rules.addresses)) for server in distinct]
    kept = [(server, address) for server, address in addressed if address or rules.show_all]
    memberships = [
        innermost_groups(server.record["location"]) if rules.location_groups else () for server, _address in kept
    ]
    groups = make_groups({group for own in memberships for group in own}, safe_name)
    in_use = dict.fromkeys([*reserved, *(group.name for group in groups.values())])
    alone = assign_unique_names([server for server, _address in kept], rules.hostnames, in_use)
    names = alone
    if others:
        names = assign_unique_names([server for server, _address in kept], rules.hostnames, {**others, **in_use})
    hosts = tuple(
        Host(name, name_alone, address, tuple(groups[group].name for group in own), server)
        for name, name_alone, own, (server, address) in zip(names, alone, memberships, kept, strict=True)
    )
    return Inventory(hosts, tuple(groups.values()), len(distinct) - len(kept))


@dataclass(frozen=True)
class Made:
    """What a host was made of, and by which source with which preference of names."""

    source: str
    server: Server
    hostnames: tuple[str, ...]


def order_warnings(
    hosts: Iterable[Host], source: str, hostnames: Sequence[str], others: Mapping[str, Made]
) -> list[str]:
    """A warning for each source whose hosts make names of this one depend on which of the two comes first.

    ``others`` are the hosts of the other sources by name.
    """
    by_identity = {made.server.identity: made for made in others.values()}
    found: dict[str, list[tuple[Host, Made]]] = {}
    for host in hosts:
        if host.name != host.name_alone:
            made = by_identity.get(host.server.identity) or others.get(host.name_alone)
            if made:
                found.setdefault(made.source, []).append((host, made))
    return [_order_warning(source, hostnames, other, pairs) for other, pairs in found.items()]


def _order_warning(source: str, hostnames: Sequence[str], other: str, pairs: Sequence[tuple[Host, Made]]) -> str:
    names = [f"{host.name} (or {host.name_alone})" for host, _made in pairs[:_SHOWN]]
    more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    settled = all(
        [QUALIFIED_NAME] not in (list(hostnames), list(made.hostnames)) and _has_settled_name(host.server, made.server)
        for host, made in pairs
    )
    return (
        f"Host names depend on the order of the sources {other} and {source}: {', '.join(names)}{more}. "
        f"Set hostnames: [{QUALIFIED_NAME if settled else 'id'}] in both."
    )


def _has_settled_name(one: Server, two: Server) -> bool:
    """Whether the names with region and cloud are as they should be: equal for one server, and else different."""
    names = [candidate_names(server, [QUALIFIED_NAME])[0] for server in (one, two)]
    return (names[0] == names[1]) == (one.identity == two.identity)


def slim(record: Record) -> dict[str, Any]:
    """The `SLIM_FIELDS` of a record; every value is found under the same keys as in the whole record."""
    part = {key: record[key] for key in SLIM_FIELDS}
    part["flavor"] = _slim_flavor(*(record["flavor"][key] for key in _SLIM_FLAVOR))
    return part


@lru_cache(maxsize=4096)
def _slim_flavor(*values: Any) -> dict[str, Any]:
    """One dict for all servers of a flavor, which saves memory."""
    return dict(zip(_SLIM_FLAVOR, values, strict=True))


def _distinct(servers: Iterable[Server]) -> list[Server]:
    """The first record of each server; one of this run comes before one that is not."""
    found: dict[tuple[str, str, str], Server] = {}
    for server in servers:
        if server.identity not in found or (found[server.identity].stale and not server.stale):
            found[server.identity] = server
    return list(found.values())


def _check(option: str, entries: Sequence[str], known: Sequence[str], prefix: str) -> None:
    """Raise InputError for an empty list, and for an entry that is neither known nor the prefix and a name."""
    if not entries:
        raise InputError(f"{option}: the list is empty", hint=f"Omit {option} to use its default.")
    for entry in entries:
        if entry not in known and not (entry.startswith(prefix) and entry != prefix):
            placeholder = "KEY" if prefix == METADATA_PREFIX else "NAME"
            raise InputError(
                f"{option}: unknown value {entry!r}",
                hint=f"Valid values are {', '.join(known)} and {prefix}{placeholder}.",
            )
