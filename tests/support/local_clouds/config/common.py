# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections that several services have in common."""

from __future__ import annotations

from tests.support.local_clouds.layout import Layout, Region, cloud_of, place_named

from .rendered import Section

LOGGING: Section = {"debug": False, "use_stderr": True}
"""Of [DEFAULT]: a process's standard error is its log."""

IN_PROCESS_MESSAGING = "fake:/"
"""oslo.messaging's transport that stays inside a process."""

# Seconds that a writer waits for the one write lock of a SQLite file.
_LOCK_TIMEOUT = 60


def database(layout: Layout, place: str, name: str) -> dict[str, object]:
    """A [database] section for a SQLite file."""
    return {
        "connection": database_url(layout, place, name),
        "max_pool_size": 10,
        "max_overflow": 40,
        # A connection to a file does not go stale, and each new one has to parse the schema.
        "connection_recycle_time": -1,
    }


def database_url(layout: Layout, place: str, name: str) -> str:
    """What SQLAlchemy calls the URL of a database."""
    return f"sqlite:///{layout.database(place, name)}?timeout={_LOCK_TIMEOUT}"


def cloud_name(region: str) -> str:
    """The name of the cloud that has the region of this name."""
    place = place_named(region)
    if not isinstance(place, Region):
        raise KeyError(region)
    return cloud_of(place).name


def credentials(layout: Layout, region: str, user: str, password: str) -> dict[str, object]:
    """keystoneauth1's options for a service's user."""
    return {
        "auth_type": "password",
        "auth_url": layout.keystone_url(cloud_name(region)),
        "username": user,
        "password": password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": region,
    }


def authtoken(layout: Layout, region: str, user: str, password: str) -> dict[str, object]:
    """A [keystone_authtoken] section: how a service checks the tokens of its clients."""
    return {
        **credentials(layout, region, user, password),
        "www_authenticate_uri": layout.keystone_url(cloud_name(region)),
        # Without a cache each request asks Keystone. The runtime puts a dictionary into the WSGI environment under
        # this name, where otherwise Swift would put its memcached client.
        "cache": "swift.cache",
        "service_token_roles_required": True,
    }
