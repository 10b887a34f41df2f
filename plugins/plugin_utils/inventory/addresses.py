# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of a server: which of them Ansible connects to.

Data returned by a cloud is untrusted. Addresses and host names end up in command lines, such as those of ssh, so
every value is validated or sanitized before it is used.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Record = Mapping[str, Any]

NETWORK_PREFIX = "network:"
ADDRESS_KINDS = tuple(
    f"{kind}_v{version}" for kind in ("floating", "public", "fixed", "private", "access") for version in (4, 6)
)

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
"""Scopes are left out: they may be any text."""
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_NAME_OF_THIS_MACHINE = re.compile(r"(ip6-)?(localhost|loopback)\d?(\..*)?|.*\.localhost", re.IGNORECASE)


def connection_address(record: Record, preference: Iterable[str]) -> str | None:
    """The value of ``ansible_host``: the first of the preferred kinds that the server has."""
    return next(filter(None, (_preferred(record, kind) for kind in preference)), None)


def host_name(text: str | None) -> str:
    """The text with hyphens for characters with a meaning in host patterns or command lines; may be empty."""
    return _NOT_IN_NAMES.sub("-", text or "").strip("-.")


def leads_here(name: str) -> bool:
    """Whether Ansible would reach the machine that it runs on by this name of a server.

    Resolvers read 127.1, 0x7f.1, 2130706433 and 0 as addresses, too.
    """
    try:
        ip = ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, UnicodeEncodeError):
        own = socket.gethostname().casefold()
        return name.casefold() in (own, own.partition(".")[0]) or bool(_NAME_OF_THIS_MACHINE.fullmatch(name))
    return ip.is_loopback or ip.is_unspecified


def address_of_kind(record: Record, kind: str) -> str | None:
    """The server's first address of one of the `ADDRESS_KINDS`."""
    source, version = kind.split("_v")
    if source in ("public", "private"):
        return _valid_address(record[kind])
    if source == "access":
        return _valid_address(record[f"access_ipv{version}"])
    ports = (port for ports in record["addresses"].values() for port in ports)
    return next((port["addr"] for port in ports if _matches(port, source, version)), None)


def _preferred(record: Record, kind: str) -> str | None:
    if kind == "name":
        name = host_name(record["name"])
        return None if leads_here(name) else name
    if kind.startswith(NETWORK_PREFIX):
        return _address_on_network(record, kind.removeprefix(NETWORK_PREFIX))
    return address_of_kind(record, kind)


def _address_on_network(record: Record, network: str) -> str | None:
    """The server's address on the network: fixed addresses before floating ones, IPv4 before IPv6."""
    ports = record["addresses"].get(network, [])
    order = [(source, version) for source in ("fixed", "floating") for version in "46"]
    return next((port["addr"] for kind in order for port in ports if _matches(port, *kind)), None)


def _matches(port: Mapping[str, Any], source: str, version: str) -> bool:
    """Whether the port's address is valid, of the source (fixed or floating) and of the IP version."""
    address = _valid_address(port["addr"])
    floating = port.get("OS-EXT-IPS:type") == "floating"
    return address is not None and floating == (source == "floating") and (":" in address) == (version == "6")


def _valid_address(address: str | None) -> str | None:
    """The address, or None if no server can have it: it must neither become an option of ssh nor lead here."""
    return address if address and _ADDRESS.fullmatch(address) and _is_of_a_server(address) else None


@lru_cache(maxsize=1 << 16)
def _is_of_a_server(address: str) -> bool:
    """Whether it is the address of another machine, and of one only. Addresses like 0.0.0.0 lead to this one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = (isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped) or ip
    return not (ip.is_loopback or ip.is_multicast or ip.is_unspecified or ip in _THIS_NETWORK)
