# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server boots, is seen with its addresses, takes another flavor, and goes without a trace."""

from __future__ import annotations

import pytest
from openstack.connection import Connection

from tests.integration.clouds.conftest import LIMIT, Boot
from tests.support.local_clouds.populate import network_name

pytestmark = pytest.mark.clouds


def test_a_server_from_boot_to_deletion(connection: Connection, boot: Boot) -> None:
    server = boot()
    [address] = server.addresses[network_name("demo")]
    [port] = connection.network.ports(device_id=server.id)
    assert (address["addr"], port.status) == (port.fixed_ips[0]["ip_address"], "ACTIVE")
    connection.compute.delete_server(server)
    connection.compute.wait_for_delete(server, interval=0.3, wait=LIMIT)
    assert not list(connection.network.ports(device_id=server.id))


def test_a_server_is_resized(connection: Connection, boot: Boot) -> None:
    server = boot()
    flavor = connection.compute.find_flavor("m1.tiny", ignore_missing=False)
    connection.compute.resize_server(server, flavor)
    connection.compute.wait_for_server(server, status="VERIFY_RESIZE", interval=0.3, wait=LIMIT)
    connection.compute.confirm_server_resize(server)
    resized = connection.compute.wait_for_server(server, interval=0.3, wait=LIMIT)
    assert (resized.flavor.name, resized.flavor.ram) == ("m1.tiny", flavor.ram)
