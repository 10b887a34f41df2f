# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones and record sets become active, change and go."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from openstack.connection import Connection

from tests.integration.clouds.conftest import LIMIT
from tests.support.local_clouds.config.designate import NAME_SERVER
from tests.support.wait import until

pytestmark = [pytest.mark.clouds, pytest.mark.needs("designate")]


def active(connection: Connection, path: str) -> Any:
    """What is at a path of the DNS service once it is active."""
    until(lambda: connection.dns.get(path).json()["status"] == "ACTIVE", seconds=LIMIT, pause=0.2)
    return connection.dns.get(path).json()


def test_a_zone_and_its_record_set(connection: Connection) -> None:
    name = f"probe-{secrets.token_hex(4)}.test."
    zone = connection.dns.create_zone(name=name, email="probe@example.com", ttl=300)
    try:
        assert active(connection, f"/zones/{zone.id}")["name"] == name
        records = connection.dns.create_recordset(zone, name=f"www.{name}", type="A", records=["192.0.2.1"])
        path = f"/zones/{zone.id}/recordsets/{records.id}"
        assert active(connection, path)["records"] == ["192.0.2.1"]
        assert connection.dns.put(path, json={"records": ["192.0.2.2"]}).ok
        assert active(connection, path)["records"] == ["192.0.2.2"]
        found = {(each.name, each.type): each.records for each in connection.dns.recordsets(zone)}
        assert found[f"www.{name}", "A"] == ["192.0.2.2"]
        assert found[name, "NS"] == [NAME_SERVER]
    finally:
        connection.dns.delete_zone(zone)
    until(lambda: connection.dns.find_zone(name) is None, seconds=LIMIT, pause=0.2)
