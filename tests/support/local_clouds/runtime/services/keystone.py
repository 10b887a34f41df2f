# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone."""

from __future__ import annotations

import os

from tests.support.local_clouds.files import remove
from tests.support.local_clouds.layout import KEYSTONE
from tests.support.local_clouds.runtime import http
from tests.support.local_clouds.runtime.service import Here, Service

_KEYS_KEPT = 3


class Keystone(Service):
    """Keystone of one cloud."""

    imports = (
        "keystone.server.wsgi",
        "keystone.cmd.bootstrap",
        "keystone.common.sql.upgrades",
        "keystone.server.flask.application",
        http.MODULE,
    )
    databases = (KEYSTONE,)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Run its migrations."""
        import keystone.conf
        from keystone.common import sql
        from keystone.common.sql import upgrades

        keystone.conf.configure()
        sql.initialize()
        keystone.conf.CONF([], default_config_files=[])
        keystone.conf.CONF.set_override("connection", database_urls[KEYSTONE], "database")
        upgrades.offline_sync_database_to_version()

    def initialise(self, here: Here) -> None:
        """Do what keystone-manage does as fernet_setup, credential_setup and bootstrap."""
        from keystone import server
        from keystone.cmd import bootstrap
        from keystone.common import fernet_utils

        server.configure(config_files=[str(here.etc / "keystone.conf")])
        for group in ("fernet_tokens", "credential"):
            repository = here.layout.data(here.server.place) / KEYSTONE / group.removesuffix("_tokens")
            remove(repository)
            keys = fernet_utils.FernetUtils(str(repository), _KEYS_KEPT, group)
            keys.create_key_directory()
            keys.initialize_key_repository()
        first = bootstrap.Bootstrapper()
        first.admin_username = first.project_name = first.admin_role_name = "admin"
        first.admin_password = here.layout.password_file.read_text()
        first.service_name = KEYSTONE
        first.admin_url = first.public_url = first.internal_url = here.layout.keystone_url(here.server.place)
        first.bootstrap()

    def serve(self, here: Here) -> None:
        """Serve its API."""
        os.environ["OS_KEYSTONE_CONFIG_DIR"] = str(here.etc)
        http.serve("keystone.wsgi.api", here, threads=8)


SERVICE = Keystone()
