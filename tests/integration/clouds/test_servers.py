# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server boots, is seen with its addresses, and goes without a trace."""

from __future__ import annotations

import secrets

import pytest
from openstack.connection import Connection

from tests.support.local_clouds.populate import network_name

pytestmark = pytest.mark.clouds

LIMIT = 60


def test_a_server_from_boot_to_deletion(connection: Connection) -> None:
    network = connection.network.find_network(network_name("demo"), ignore_missing=False)
    server = connection.compute.create_server(
        name=f"probe-{secrets.token_hex(4)}",
        image_id=connection.image.find_image("base", ignore_missing=False).id,
        flavor_id=connection.compute.find_flavor("m1.nano", ignore_missing=False).id,
        networks=[{"uuid": network.id}],
    )
    try:
        server = connection.compute.wait_for_server(server, interval=0.3, wait=LIMIT)
        [address] = server.addresses[network.name]
        [port] = connection.network.ports(device_id=server.id)
        assert (address["addr"], port.status) == (port.fixed_ips[0]["ip_address"], "ACTIVE")
    finally:
        connection.compute.delete_server(server)
    connection.compute.wait_for_delete(server, interval=0.3, wait=LIMIT)
    assert not list(connection.network.ports(device_id=server.id))
