# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Designate: API, central, worker and producer in one process. Zones are records; no name server serves them."""

from __future__ import annotations

from tests.support.local_clouds.layout import Layout

from .common import IN_PROCESS_MESSAGING, LOGGING, authtoken, database
from .rendered import Rendered, ini

NAME_SERVER = "ns1.local-clouds.test."
"""In the NS record of every zone."""

_UNLIMITED = ("zones", "zone_recordsets", "zone_records", "recordset_records")


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Designate."""
    etc, data = layout.etc(region, "designate"), layout.data(region) / "designate"
    url = layout.url("designate", region)
    text = ini(
        {
            "DEFAULT": {
                **LOGGING,
                "host": f"dns-{region}",
                "transport_url": IN_PROCESS_MESSAGING,
                "state_path": data,
                **{f"quota_{resource}": -1 for resource in _UNLIMITED},
            },
            "service:api": {"auth_strategy": "keystone", "api_base_uri": f"{url}/"},
            # Seconds before the first look whether a zone is served, and between two; 5 and 15 by default.
            "service:worker": {"poll_delay": 0, "poll_retry_interval": 1, "threads": 8},
            # A changed zone stays PENDING until the producer gives it a new serial number.
            "service:producer": {"enabled_tasks": "increment_serial,worker_periodic_recovery", "threads": 4},
            "producer_task:increment_serial": {"interval": 1},
            "storage:sqlalchemy": database(layout, region, "designate"),
            "keystone_authtoken": authtoken(layout, region, "designate", password),
            # Otherwise each part writes a row every ten seconds, which nobody reads.
            "heartbeat_emitter": {"emitter_type": "noop", "heartbeat_interval": 3600},
            "oslo_concurrency": {"lock_path": data / "lock"},
            "oslo_messaging_notifications": {"driver": "noop"},
        }
    )
    return Rendered({etc / "designate.conf": text}, (data,))
