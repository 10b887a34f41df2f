# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The regions offer what tests.support.local_clouds.layout says of them."""

from __future__ import annotations

import pytest
from openstack.connection import Connection

from tests.support.local_clouds.layout import CLOUDS, DEFAULT_SERVICES, PROJECTS, Layout, Region
from tests.support.local_clouds.lifecycle import conditions
from tests.support.local_clouds.populate import FLAVORS, IMAGE_SIZE, network_name
from tests.support.local_clouds.processes import listeners, owned, sockets_of

pytestmark = pytest.mark.clouds


def test_image(connection: Connection) -> None:
    base = connection.image.find_image("base", ignore_missing=False)
    assert (base.status, base.visibility, base.size) == ("active", "public", IMAGE_SIZE)


def test_image_is_the_same_everywhere(connections: dict[str, Connection]) -> None:
    assert (
        len(
            {
                connection.image.find_image("base", ignore_missing=False).hash_value
                for connection in connections.values()
            }
        )
        == 1
    )


def test_compute(connection: Connection) -> None:
    assert {flavor.name for flavor in connection.compute.flavors()} >= {name for name, *_sizes in FLAVORS}
    assert connection.compute.get("/servers").status_code == 200


def test_network(connection: Connection) -> None:
    names = {network.name: network.is_router_external for network in connection.network.networks()}
    assert names["public"] is True
    assert names[network_name(PROJECTS[0])] is False
    assert network_name(PROJECTS[1]) not in names


def test_object_store(connection: Connection) -> None:
    connection.object_store.create_container("probe")
    connection.object_store.upload_object("probe", "one", data=b"1")
    assert connection.object_store.download_object("one", "probe") == b"1"
    connection.object_store.delete_object("one", container="probe")
    connection.object_store.delete_container("probe")


def test_object_store_features(region: Region, connection: Connection, layout: Layout) -> None:
    url = layout.url("swift", region.name)
    assert {"slo", "tempurl", "bulk_delete"} <= set(connection.session.get(f"{url}/info").json())


def test_placement(connection: Connection) -> None:
    assert connection.session.get("/", endpoint_filter={"service_type": "placement"}).status_code == 200


def test_import_methods(region: Region, connection: Connection) -> None:
    methods = connection.image.get("/info/import").json()["import-methods"]["value"]
    assert sorted(methods) == sorted(region.import_methods)


def test_stores(region: Region, connection: Connection) -> None:
    answer = connection.image.get("/info/stores")
    if not region.stores:
        assert answer.status_code == 404
        return
    stores = {store["id"]: store.get("default") for store in answer.json()["stores"]}
    assert set(stores) == set(region.stores)
    assert stores[region.stores[0]] == "true"


def test_tasks_are_open_to_members_where_promised(region: Region, connection: Connection) -> None:
    assert connection.image.get("/tasks").status_code == (200 if region.members_run_tasks else 403)


def test_nothing_listens_beyond_loopback(layout: Layout) -> None:
    inodes = set().union(*map(sockets_of, owned(layout)))
    ours = [(str(address), port) for address, port, inode in listeners() if inode in inodes]
    servers = [condition.server for condition in conditions(layout)]
    assert {server.name for server in layout.servers(CLOUDS, DEFAULT_SERVICES)} <= {server.name for server in servers}
    ports = [port for server in servers for port in server.ports]
    assert sorted(ours) == [("127.0.0.1", port) for port in sorted(ports)]
