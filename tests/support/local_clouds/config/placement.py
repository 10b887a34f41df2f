# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement."""

from __future__ import annotations

from tests.support.local_clouds.layout import Layout

from .common import LOGGING, authtoken, database
from .rendered import Rendered, ini


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Placement."""
    text = ini(
        {
            "DEFAULT": LOGGING,
            "placement_database": database(layout, region, "placement"),
            "keystone_authtoken": authtoken(layout, region, "placement", password),
        }
    )
    return Rendered({layout.etc(region, "placement") / "placement.conf": text})
