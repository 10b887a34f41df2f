# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova: API, conductor, scheduler and a compute service with the fake driver, all in one process."""

from __future__ import annotations

import uuid

from tests.support.local_clouds.layout import Layout

from .common import IN_PROCESS_MESSAGING, LOGGING, authtoken, credentials, database
from .rendered import Rendered, Section, ini


def compute_host(region: str) -> str:
    """The name of the one host that all servers of a region are on."""
    return f"compute-{region}"


def node_id(node: str) -> str:
    """The id of a compute node, always the same for a name: see runtime/services/nova.py."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, node))


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Nova."""
    etc, data = layout.etc(region, "nova"), layout.data(region) / "nova"
    text = ini(
        {
            "DEFAULT": _default(layout, region),
            # Checking every answer against its JSON schema costs more than making it.
            "api": {"max_limit": 1000, "response_validation": "ignore"},
            "api_database": database(layout, region, "nova_api"),
            "database": database(layout, region, "nova"),
            "keystone_authtoken": authtoken(layout, region, "nova", password),
            "service_user": {**credentials(layout, region, "nova", password), "send_service_user_token": True},
            **_peers(layout, region, password),
            "conductor": {"workers": 1},
            "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 300},
            "quota": dict.fromkeys(("instances", "cores", "ram", "key_pairs", "server_groups"), -1),
            "filter_scheduler": {
                "enabled_filters": "ComputeFilter,ImagePropertiesFilter",
                "track_instance_changes": False,
            },
            "oslo_concurrency": {"lock_path": data / "lock"},
            "vnc": {"enabled": False},
            "oslo_messaging_notifications": {"driver": "noop"},
        }
    )
    # A compute service that starts for the second time wants to find the identity of its node.
    return Rendered({etc / "nova.conf": text, data / "compute_id": node_id(compute_host(region))}, (data,))


def _default(layout: Layout, region: str) -> Section:
    return {
        **LOGGING,
        "host": compute_host(region),
        "my_ip": "127.0.0.1",
        "transport_url": IN_PROCESS_MESSAGING,
        "compute_driver": "fake.FakeDriver",
        "state_path": layout.data(region) / "nova",
        # The fake driver forgets its servers when it ends: never correct the database by it.
        "sync_power_state_interval": -1,
        "heal_instance_info_cache_interval": 600,
        # No agent ever reports that a port is plugged.
        "vif_plugging_is_fatal": False,
        "vif_plugging_timeout": 0,
        "max_concurrent_builds": 20,
        # There is one host. Without this a resize finds no valid one, and the server stays as it was, without an error.
        "allow_resize_to_same_host": True,
        # Seconds between two looks whether a volume to boot from is ready; 3 by default.
        "block_device_allocate_retries_interval": 1,
        "instance_usage_audit": False,
        "cpu_allocation_ratio": 16.0,
        "ram_allocation_ratio": 4.0,
    }


def _peers(layout: Layout, region: str, password: str) -> dict[str, Section]:
    """How Nova reaches the services it works with."""

    def peer(user: str) -> dict[str, object]:
        return credentials(layout, region, user, password)

    return {
        "placement": peer("placement"),
        "glance": {**peer("glance"), "endpoint_override": layout.url("glance", region)},
        "neutron": {
            **peer("neutron"),
            "endpoint_override": layout.url("neutron", region),
            "service_metadata_proxy": False,
        },
        # Without the region's name Nova takes the first volume endpoint of the catalog, of whatever region.
        "cinder": {**peer("nova"), "os_region_name": region, "catalog_info": "volumev3::publicURL"},
    }
