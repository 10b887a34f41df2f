# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone, one for each cloud."""

from __future__ import annotations

from tests.support.local_clouds.layout import KEYSTONE, Layout

from .common import LOGGING, database
from .rendered import Rendered, ini


def render(layout: Layout, cloud: str, password: str) -> Rendered:
    """The configuration of a cloud's Keystone; the password is set by its bootstrap, not here."""
    del password
    data = layout.data(cloud) / KEYSTONE
    text = ini(
        {
            "DEFAULT": LOGGING,
            "database": database(layout, cloud, KEYSTONE),
            # A day, so that a token outlives a day's work; renewal is tested by revoking.
            "token": {"provider": "fernet", "expiration": 86400},
            "fernet_tokens": {"key_repository": data / "fernet"},
            # Authentication fails without it, though no second factor is in use.
            "fernet_receipts": {"key_repository": data / "fernet"},
            "credential": {"key_repository": data / "credential"},
            # bcrypt at the default of 12 rounds costs 0.25 s of CPU for each password check.
            "identity": {"password_hash_rounds": 4},
            "cache": {"enabled": True, "backend": "oslo_cache.dict"},
        }
    )
    return Rendered({layout.etc(cloud, KEYSTONE) / "keystone.conf": text}, (data,))
