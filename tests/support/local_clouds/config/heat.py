# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heat: API and engine in one process."""

from __future__ import annotations

import hashlib

from tests.support.local_clouds.layout import Layout

from .common import IN_PROCESS_MESSAGING, LOGGING, authtoken, cloud_name, credentials, database
from .rendered import Rendered, Section, ini

STACK_DOMAIN = "heat"
STACK_DOMAIN_ADMIN = "heat_domain_admin"
STACK_USER_ROLE = "heat_stack_user"
"""What populate.py makes for the users that stacks make (signals, wait conditions, access keys)."""

_TRUSTEE = ("auth_type", "auth_url", "username", "password", "user_domain_name")


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Heat."""
    data = layout.data(region) / "heat"
    service = credentials(layout, region, "heat", password)
    text = ini(
        {
            "DEFAULT": {**_default(layout, region, password), **_without_cfn(layout, region)},
            "database": database(layout, region, "heat"),
            "keystone_authtoken": authtoken(layout, region, "heat", password),
            # The owner of a stack gives this user a trust, by which Heat goes on when the owner's token has expired.
            # There must be no project: a token is scoped to a trust or to a project, and Keystone refuses both.
            "trustee": {option: service[option] for option in _TRUSTEE},
            # Where Heat manages the users of the stack domain.
            "clients_keystone": {"auth_uri": layout.keystone_url(cloud_name(region))},
            "paste_deploy": {"api_paste_config": layout.venv / "etc" / "heat" / "api-paste.ini"},
            "oslo_concurrency": {"lock_path": data / "lock"},
            "oslo_messaging_notifications": {"driver": "noop"},
        }
    )
    return Rendered({layout.etc(region, "heat") / "heat.conf": text}, (data,))


def _default(layout: Layout, region: str, password: str) -> Section:
    etc = layout.venv / "etc" / "heat"
    return {
        **LOGGING,
        "host": f"heat-{region}",
        "transport_url": IN_PROCESS_MESSAGING,
        # Otherwise the first region of the catalog gets the resources of all stacks.
        "region_name_for_services": region,
        # Encrypts credentials and hidden parameters in the database: the same at each start, exactly 32 characters.
        "auth_encryption_key": hashlib.sha256(f"heat {password}".encode()).hexdigest()[:32],
        "deferred_auth_method": "trusts",
        "stack_user_domain_name": STACK_DOMAIN,
        "stack_domain_admin": STACK_DOMAIN_ADMIN,
        "stack_domain_admin_password": password,
        "heat_stack_user_role": STACK_USER_ROLE,
        # These default to directories of the machine, below /etc and /usr/lib.
        "environment_dir": etc / "environment.d",
        "template_dir": etc / "templates",
        "plugin_dirs": "",
        # Seconds that a new engine waits for an answer of the last one, once for each stack that was in progress.
        "engine_life_check_timeout": 1,
    }


def _without_cfn(layout: Layout, region: str) -> Section:
    """How the servers of a stack would report to it: not by the CloudFormation API, which does not run here."""
    return {
        # Becomes part of the user data of every server. Without it Heat looks for the CloudFormation API in the
        # catalog, and OS::Nova::Server fails with EndpointNotFound. Nothing calls it: there are no virtual machines.
        "heat_metadata_server_url": layout.url("heat", region),
        "default_software_config_transport": "POLL_SERVER_HEAT",
        "default_deployment_signal_transport": "HEAT_SIGNAL",
    }
