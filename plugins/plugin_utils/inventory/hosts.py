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
    assign_unique_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    """An inventory host; ``groups`` names the innermost groups that it belongs to."""

    name: str
    address: str | None
    groups: tuple[str, ...]
    record: Record


@dataclass(frozen=True)
class Inventory:
    """Hosts in the order of their records, groups with parents before children, and the number of skipped servers."""

    hosts: tuple[Host, ...]
    groups: tuple[Group, ...]
    skipped: int


def make_inventory(
    records: Iterable[Record], rules: Rules, safe_name: Callable[[str], str], reserved: Mapping[str, str | None]
) -> Inventory:
    """The inventory of server records, each of which has an id and a Location.

    Of several records of one server the first becomes the host. ``safe_name`` makes a valid group name of any text. No
    two hosts get the same name, and none gets a name that is ``reserved``: a mapping from names in use to the id of the
    server that has the name and keeps it, or to None for a group or anything else.
    """
    servers = _distinct(records)
    addressed = [(record, connection_address(record, rules.addresses)) for record in servers]
    kept = [(record, address) for record, address in addressed if address or rules.show_all]
    memberships = [innermost_groups(record["location"]) if rules.location_groups else () for record, _address in kept]
    groups = make_groups({group for own in memberships for group in own}, safe_name)
    in_use = {**reserved, **{group.name: None for group in groups.values()}}
    names = assign_unique_names([record for record, _address in kept], rules.hostnames, in_use)
    hosts = tuple(
        Host(name, address, tuple(groups[group].name for group in own), record)
        for name, own, (record, address) in zip(names, memberships, kept, strict=True)
    )
    return Inventory(hosts, tuple(groups.values()), len(servers) - len(kept))


def slim(record: Record) -> dict[str, Any]:
    """The `SLIM_FIELDS` of a record; every value is found under the same keys as in the whole record."""
    part = {key: record[key] for key in SLIM_FIELDS}
    part["flavor"] = _slim_flavor(*(record["flavor"][key] for key in _SLIM_FLAVOR))
    return part


@lru_cache(maxsize=4096)
def _slim_flavor(*values: Any) -> dict[str, Any]:
    """One dict for all servers of a flavor, which saves memory."""
    return dict(zip(_SLIM_FLAVOR, values, strict=True))


def _distinct(records: Iterable[Record]) -> list[Record]:
    """The first record of each server."""
    servers: dict[str, Record] = {}
    for record in records:
        servers.setdefault(record["id"], record)
    return list(servers.values())


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
