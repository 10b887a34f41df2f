# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cinder: API, scheduler and a volume service, all in one process."""

from __future__ import annotations

from tests.support.local_clouds.layout import Layout

from .common import IN_PROCESS_MESSAGING, LOGGING, authtoken, credentials, database
from .rendered import Rendered, Section, ini

BACKEND = "files"
"""The name of the one backend, and of its section."""

DRIVER = "tests.support.local_clouds.runtime.volumes.FileDriver"


def volume_host(region: str) -> str:
    """The name of the one host; its backends are called HOST@BACKEND, its pools HOST@BACKEND#POOL."""
    return f"volume-{region}"


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Cinder."""
    data = layout.data(region) / "cinder"
    text = ini(
        {
            "DEFAULT": _default(layout, region),
            BACKEND: {"volume_driver": DRIVER, "volume_backend_name": BACKEND},
            "database": database(layout, region, "cinder"),
            "keystone_authtoken": authtoken(layout, region, "cinder", password),
            # Nova is told when the volume of a running server has grown.
            "nova": credentials(layout, region, "cinder", password),
            "service_user": {**credentials(layout, region, "cinder", password), "send_service_user_token": True},
            "coordination": {"backend_url": f"file://{data / 'locks'}"},
            "oslo_concurrency": {"lock_path": data / "locks"},
            "oslo_messaging_notifications": {"driver": "noop"},
        }
    )
    return Rendered({layout.etc(region, "cinder") / "cinder.conf": text}, (data / "locks", data / "volumes"))


def _default(layout: Layout, region: str) -> Section:
    etc, data = layout.venv / "etc" / "cinder", layout.data(region) / "cinder"
    return {
        **LOGGING,
        "host": volume_host(region),
        "my_ip": "127.0.0.1",
        "transport_url": IN_PROCESS_MESSAGING,
        "enabled_backends": BACKEND,
        "state_path": data,
        "api_paste_config": etc / "api-paste.ini",
        # Looked for below /etc otherwise. Without it every list with a filter is refused.
        "resource_query_filters_file": etc / "resource_filters.json",
        # Without it Cinder takes the first image endpoint of the catalog, of whatever region.
        "glance_api_servers": layout.url("glance", region),
        "image_conversion_dir": data / "conversion",
        "osapi_max_limit": 1000,
    }
