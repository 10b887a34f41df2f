# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Barbican: secrets, encrypted by the key in its configuration."""

from __future__ import annotations

import base64
import hashlib

from tests.support.local_clouds.layout import Layout

from .common import LOGGING, authtoken, database
from .rendered import Rendered, ini


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Barbican."""
    # A Fernet key that is the same at each start.
    key = base64.urlsafe_b64encode(hashlib.sha256(f"barbican {password}".encode()).digest()).decode()
    text = ini(
        {
            "DEFAULT": {
                **LOGGING,
                "host_href": layout.url("barbican", region),
                # The tables exist; otherwise Barbican looks for them at each start.
                "db_auto_create": False,
            },
            "database": database(layout, region, "barbican"),
            "keystone_authtoken": authtoken(layout, region, "barbican", password),
            # The API carries out orders itself: no worker, no messaging.
            "queue": {"enable": False},
            "secretstore": {"enabled_secretstore_plugins": "store_crypto"},
            "crypto": {"enabled_crypto_plugins": "simple_crypto"},
            "simple_crypto_plugin": {"kek": key},
        }
    )
    return Rendered({layout.etc(region, "barbican") / "barbican.conf": text})
