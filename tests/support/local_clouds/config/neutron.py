# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neutron: networks, ports, routers and floating IPs as records, without agents."""

from __future__ import annotations

from tests.support.local_clouds.layout import Layout

from .common import IN_PROCESS_MESSAGING, LOGGING, authtoken, credentials, database
from .rendered import Rendered, Section, ini

MECHANISM_DRIVER = "loopback"
"""The name under which runtime/ml2.py is announced to Neutron."""

_UNLIMITED = ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule")


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Neutron."""
    data = layout.data(region) / "neutron"
    text = ini(
        {
            "DEFAULT": _default(layout, region),
            "database": database(layout, region, "neutron"),
            "keystone_authtoken": authtoken(layout, region, "neutron", password),
            "nova": credentials(layout, region, "nova", password),
            "placement": credentials(layout, region, "placement", password),
            "quotas": {f"quota_{resource}": -1 for resource in _UNLIMITED},
            "oslo_concurrency": {"lock_path": data / "lock"},
            "ml2": {
                "type_drivers": "flat,vlan,vxlan",
                "tenant_network_types": "vxlan",
                "mechanism_drivers": MECHANISM_DRIVER,
                "extension_drivers": "port_security",
            },
            "ml2_type_flat": {"flat_networks": "physnet1"},
            "ml2_type_vlan": {"network_vlan_ranges": "physnet1:100:200"},
            "ml2_type_vxlan": {"vni_ranges": "1:1000"},
            "securitygroup": {"enable_security_group": True},
        }
    )
    return Rendered({layout.etc(region, "neutron") / "neutron.conf": text}, (data,))


def _default(layout: Layout, region: str) -> Section:
    return {
        **LOGGING,
        "core_plugin": "ml2",
        "service_plugins": "router",
        "auth_strategy": "keystone",
        "transport_url": IN_PROCESS_MESSAGING,
        "state_path": layout.data(region) / "neutron",
        "host": f"network-{region}",
        "api_paste_config": layout.venv / "etc" / "neutron" / "api-paste.ini",
        # There are no agents: nobody to tell, nobody to wait for.
        "dhcp_agent_notification": False,
        "router_auto_schedule": False,
        "network_auto_schedule": False,
        "allow_automatic_dhcp_failover": False,
        "rpc_workers": 0,
        "api_workers": 1,
        "rpc_state_report_workers": 0,
        # Otherwise a floating IP never shows in the addresses of its server.
        "notify_nova_on_port_status_changes": True,
        "notify_nova_on_port_data_changes": True,
    }
