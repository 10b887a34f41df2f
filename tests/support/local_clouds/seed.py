# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers by the hundred.

A real boot takes a second of processor time. So in each region one server is booted the real way, and its rows in the
databases of Nova, Neutron and Placement are then copied with other ids, names and addresses. The copies list, show,
stop and delete as the original does.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.support.local_clouds.errors import CloudsError
from tests.support.local_clouds.layout import Cloud, Layout, Region
from tests.support.local_clouds.populate import FLAVORS, IMAGE, Populator, network_name
from tests.support.local_clouds.rest import Session

PROJECT = "demo"
METADATA = {"role": "web"}

_NAME = re.compile(r"web-\d{2,}")
_BOOT_LIMIT = 120.0
_LOCK_TIMEOUT = 60.0
# Copies get addresses from here on; Neutron deals out its own from the low end, a few at a time.
_FIRST_COPY = 100 * 256

_COPIED = {
    "nova": {
        "instances": "uuid",
        "instance_info_caches": "instance_uuid",
        "instance_extra": "instance_uuid",
        "instance_metadata": "instance_uuid",
        "instance_system_metadata": "instance_uuid",
        "instance_id_mappings": "uuid",
        "block_device_mapping": "instance_uuid",
        "virtual_interfaces": "instance_uuid",
    },
    "nova_api": {"instance_mappings": "instance_uuid", "request_specs": "instance_uuid"},
    "placement": {"consumers": "uuid", "allocations": "consumer_id"},
    "neutron": {
        "ports": "id",
        "ipallocations": "port_id",
        "ml2_port_bindings": "port_id",
        "ml2_port_binding_levels": "port_id",
        "portsecuritybindings": "port_id",
        "securitygroupportbindings": "port_id",
    },
}
"""Database: table: the column that holds the id of the server or, in Neutron, of its port."""


def deal(count: int, have: list[set[str]]) -> list[list[str]]:
    """Which of the names web-01 to web-`count` each region is to get, given those that each has: evenly many."""
    dealt: list[list[str]] = [[] for _region in have]
    for name in (f"web-{number:02}" for number in range(1, count + 1)):
        if not any(name in names for names in have):
            _count, emptiest = min((len(have[index]) + len(dealt[index]), index) for index in range(len(have)))
            dealt[emptiest].append(name)
    return dealt


def seed(layout: Layout, populator: Populator, clouds: Iterable[Cloud], count: int, say: Callable[[str], None]) -> None:
    """Make servers of the project demo until those named web-01 to web-`count` exist, spread over all regions."""
    places = [(region, populator.session(cloud, "demo", PROJECT)) for cloud in clouds for region in cloud.regions]
    have = [set(_server_names(session, layout.url("nova", region.name))) for region, session in places]
    missing = deal(count, have)
    with ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(_seed_region, layout, region, session, names)
            for (region, session), names in zip(places, missing, strict=True)
            if names
        ]
    for job in jobs:
        job.result()
    say(f"{sum(map(len, missing))} servers seeded for {count} wanted")


def _seed_region(layout: Layout, region: Region, session: Session, names: list[str]) -> None:
    original = _boot(layout, session, region, names[0])
    copies = _plan(layout, region, original, names[1:])
    if copies:
        _copy_rows(layout, region, original, copies)


def _server_names(session: Session, nova: str) -> Iterator[str]:
    page: str | None = f"{nova}/v2.1/servers?limit=1000"
    while page:
        answer = session.get(page)
        yield from (server["name"] for server in answer["servers"] if _NAME.fullmatch(server["name"]))
        page = next((link["href"] for link in answer.get("servers_links", ()) if link["rel"] == "next"), None)


@dataclass(frozen=True)
class _Identity:
    """All that makes a server different from the next."""

    name: str
    server_id: str
    port_id: str
    mac: str
    address: str

    @property
    def device(self) -> str:
        """The name of its network device, which Neutron makes from the port's id."""
        return f"tap{self.port_id[:11]}"


def _plan(layout: Layout, region: Region, original: _Identity, copies: list[str]) -> list[_Identity]:
    """Copies of these names, each with an address that is free."""
    with _writing(layout, region, "neutron") as connection:
        taken = {row["ip_address"] for row in connection.execute("SELECT ip_address FROM ipamallocations")}
    network = ipaddress.ip_network(f"{original.address}/16", strict=False)
    addresses = (str(network[number]) for number in range(_FIRST_COPY, network.num_addresses - 1))
    free = (address for address in addresses if address not in taken)
    return [
        _Identity(name, str(uuid.uuid4()), str(uuid.uuid4()), _random_mac(), address)
        for name, address in zip(copies, free, strict=False)
    ]


def _random_mac() -> str:
    return ":".join(f"{byte:02x}" for byte in (0xFA, 0x16, 0x3E, *secrets.token_bytes(3)))


def _boot(layout: Layout, session: Session, region: Region, name: str) -> _Identity:
    """Boot a server and wait until it is active and its addresses show."""
    nova, neutron = (layout.url(service, region.name) for service in ("nova", "neutron"))
    image = session.get(f"{layout.url('glance', region.name)}/v2/images", name=IMAGE)["images"][0]["id"]
    network = session.get(f"{neutron}/v2.0/networks", name=network_name(PROJECT))["networks"][0]["id"]
    flavors = session.get(f"{nova}/v2.1/flavors")["flavors"]
    flavor = next(flavor["id"] for flavor in flavors if flavor["name"] == FLAVORS[0][0])
    body = {"name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}], "metadata": METADATA}
    server_id = session.post(f"{nova}/v2.1/servers", {"server": body})["server"]["id"]
    server = _await_active(session, f"{nova}/v2.1/servers/{server_id}")
    address = next(iter(server["addresses"].values()))[0]
    port = session.get(f"{neutron}/v2.0/ports", device_id=server_id)["ports"][0]
    return _Identity(name, server_id, port["id"], address["OS-EXT-IPS-MAC:mac_addr"], address["addr"])


def _await_active(session: Session, url: str) -> Any:
    deadline = time.monotonic() + _BOOT_LIMIT
    while True:
        server = session.get(url)["server"]
        if server["status"] == "ACTIVE" and server["addresses"] and not server["OS-EXT-STS:task_state"]:
            return server
        if server["status"] == "ERROR" or time.monotonic() > deadline:
            reason = server.get("fault", {}).get("message", f"it is {server['status']} after {_BOOT_LIMIT:.0f} s")
            raise CloudsError(f"the server {server['name']} ({url}) could not be booted: {reason}")
        time.sleep(0.3)


def _copy_rows(layout: Layout, region: Region, original: _Identity, copies: list[_Identity]) -> None:
    """Neutron first and Nova last, so that a server that lists is complete."""
    for database in ("neutron", "placement", "nova_api", "nova"):
        with _writing(layout, region, database) as connection:
            for table, column in _COPIED[database].items():
                key = original.port_id if database == "neutron" else original.server_id
                rows = _rows(connection, table, column, key)
                for copy, row in product(copies, rows):
                    own = {"uuid": str(uuid.uuid4())} if table == "block_device_mapping" else {}
                    _insert(connection, table, {**_changed(row, original, copy), **own})
            if database == "neutron":
                _copy_address_reservation(connection, original, copies)


@contextmanager
def _writing(layout: Layout, region: Region, database: str) -> Iterator[sqlite3.Connection]:
    """A transaction of our own beside those of the service that has the database open."""
    path = layout.database(region.name, database)
    with closing(sqlite3.connect(path, timeout=_LOCK_TIMEOUT, isolation_level="IMMEDIATE")) as connection:
        connection.row_factory = sqlite3.Row
        with connection:
            yield connection


def _rows(connection: sqlite3.Connection, table: str, column: str, value: str) -> list[dict[str, Any]]:
    rows = connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (value,))  # noqa: S608 - names from above
    return [dict(row) for row in rows]


def _changed(row: dict[str, Any], original: _Identity, copy: _Identity) -> dict[str, Any]:
    """A row of the original as a row of the copy: every text that names the original names the copy."""
    whole = {original.address: copy.address, original.name: copy.name}
    parts = {
        original.server_id: copy.server_id,
        original.port_id: copy.port_id,
        original.device: copy.device,
        original.mac: copy.mac,
        f'"{original.address}"': f'"{copy.address}"',
    }
    return {column: _renamed(value, whole, parts) for column, value in row.items()}


def _renamed(value: Any, whole: dict[str, str], parts: dict[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    text = whole.get(value, value)
    for old, new in parts.items():
        text = text.replace(old, new)
    return text


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
    """Insert a row; numbers that the database deals out itself are left to it. Returns the row's number."""
    if isinstance(row.get("id"), int):
        row = {column: value for column, value in row.items() if column != "id"}
    if "standard_attr_id" in row:
        attributes = _rows(connection, "standardattributes", "id", row["standard_attr_id"])[0]
        row = {**row, "standard_attr_id": _insert(connection, "standardattributes", attributes)}
    columns, places = ", ".join(row), ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - the database's own names
    cursor = connection.execute(statement, tuple(row.values()))
    return cursor.lastrowid or 0


def _copy_address_reservation(connection: sqlite3.Connection, original: _Identity, copies: list[_Identity]) -> None:
    """Neutron keeps a second list of the addresses in use, by subnet."""
    for row in _rows(connection, "ipamallocations", "ip_address", original.address):
        for copy in copies:
            _insert(connection, "ipamallocations", {**row, "ip_address": copy.address})
