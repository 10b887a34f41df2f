# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory names of servers: unique, independent of the order of the servers, and safe in host patterns."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.addresses import (
    ADDRESS_KINDS,
    address_of_kind,
    host_name,
    leads_here,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Record = Mapping[str, Any]

QUALIFIED_NAME = "name.region.cloud"
METADATA_PREFIX = "metadata."


@dataclass(frozen=True)
class Server:
    """The record of a server, and the Keystone that its cloud belongs to."""

    keystone: str
    record: Record
    stale: Mapping[str, str] | None = None
    """Of a record that is not of this run: ``{since, error}``."""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What is the same for two records of one server only.

        A server's ID is its cloud's word: another cloud may list servers with the same IDs.
        """
        return (self.keystone, self.record["location"]["region"] or "", self.record["id"])


def assign_unique_names(
    servers: Sequence[Server], preference: Sequence[str], reserved: Mapping[str, tuple[str, str, str] | None]
) -> list[str]:
    """One name for each server, in the order of the servers.

    ``reserved`` maps names that are in use to the identity of the server that has the name, or to None for a group or
    anything else. A server that has a name keeps it. Of servers that share a candidate none gets it, whatever their
    order: all of them fall back to their next candidate.
    """
    existing = {identity: [name] for name, identity in reserved.items() if identity}
    identities = [server.identity for server in servers]
    candidates = [
        existing.get(identity) or candidate_names(server, preference)
        for identity, server in zip(identities, servers, strict=True)
    ]
    steps = [0] * len(servers)
    while True:
        names = [own[step] for step, own in zip(steps, candidates, strict=True)]
        uses = Counter(names)
        advanced = False
        for index, (name, own, identity) in enumerate(zip(names, candidates, identities, strict=True)):
            free = uses[name] == 1 and reserved.get(name, identity) == identity
            if not free and steps[index] + 1 < len(own):
                steps[index] += 1
                advanced = True
        if not advanced:
            return names


def candidate_names(server: Server, preference: Iterable[str]) -> list[str]:
    """The names that the host may get, from the shortest to one that no other server can have."""
    record = server.record
    location, server_id = record["location"], record["id"]

    def qualified(name: str) -> str:
        return host_name(".".join(filter(None, (name, location["region"], location["cloud"]))))

    source, name = next(_preferred_names(record, preference), ("id", server_id))
    longer = [qualified(text) for text in (name, f"{name}-{server_id[:8]}", f"{name}-{server_id}")]
    digest = hashlib.sha256("\n".join(server.identity).encode()).hexdigest()[:16]
    last = [server_id, f"{server_id}-{digest}"]
    return [*longer, *last] if source == QUALIFIED_NAME or leads_here(name) else [name, *longer, *last]


def _preferred_names(record: Record, preference: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The entries of the preference that give a name, each with that name."""
    for source in preference:
        if source in ADDRESS_KINDS:
            name = address_of_kind(record, source) or ""
        elif source.startswith(METADATA_PREFIX):
            name = host_name(record["metadata"].get(source.removeprefix(METADATA_PREFIX)))
        else:
            name = host_name(record["id" if source == "id" else "name"])
        if name:
            yield source, name
