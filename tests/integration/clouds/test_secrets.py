# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are stored, read and deleted, by their owner alone; keys are made to order."""

from __future__ import annotations

from typing import Any

import openstack
import pytest
from openstack.connection import Connection

from tests.integration.clouds.conftest import LIMIT
from tests.support.local_clouds.layout import Layout, Region, cloud_of
from tests.support.wait import until

pytestmark = [pytest.mark.clouds, pytest.mark.needs("barbican")]


def test_a_secret_is_stored_and_read(region: Region, connection: Connection, layout: Layout) -> None:
    body = {"name": "probe", "payload": "open sesame", "payload_content_type": "text/plain"}
    url = connection.key_manager.post("/secrets", json=body).json()["secret_ref"]
    try:
        assert url.startswith(f"{layout.url('barbican', region.name)}/v1/secrets/")
        payload = {"headers": {"Accept": "text/plain"}}
        assert connection.session.get(f"{url}/payload", **payload).text == "open sesame"
        stranger = openstack.connect(f"{cloud_of(region).name}-demo2", region_name=region.name)
        assert stranger.session.get(f"{url}/payload", raise_exc=False, **payload).status_code == 403
        assert all(b"open sesame" not in path.read_bytes() for path in layout.data(region.name).glob("barbican.db*"))
    finally:
        assert connection.session.delete(url).status_code == 204
    assert connection.session.get(url, raise_exc=False).status_code == 404


def test_a_key_is_made_to_order(connection: Connection) -> None:
    meta = {"name": "probe", "algorithm": "aes", "bit_length": 256, "mode": "cbc"}
    order = connection.key_manager.post("/orders", json={"type": "key", "meta": meta}).json()["order_ref"]

    def state() -> Any:
        return connection.session.get(order).json()

    until(lambda: state()["status"] != "PENDING", seconds=LIMIT, pause=0.2)
    made = state()
    assert made["status"] == "ACTIVE", made
    payload = connection.session.get(f"{made['secret_ref']}/payload", headers={"Accept": "application/octet-stream"})
    assert len(payload.content) == 256 // 8
    assert connection.session.delete(order).status_code == 204
    assert connection.session.delete(made["secret_ref"]).status_code == 204
