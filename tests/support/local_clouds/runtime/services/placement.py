# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement."""

from __future__ import annotations

import os

from tests.support.local_clouds.runtime import http, sqlite
from tests.support.local_clouds.runtime.service import Here, Service


class Placement(Service):
    """Placement of one region."""

    imports = ("placement.wsgi", "placement.handler", "keystonemiddleware.auth_token", http.MODULE)
    databases = ("placement",)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """From its models, as its own tests do."""
        from placement.db.sqlalchemy import migration

        migration.create_schema(sqlite.engine(database_urls["placement"]))

    def serve(self, here: Here) -> None:
        """Serve its API."""
        os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(here.etc)
        http.serve("placement.wsgi.api", here, threads=6)


SERVICE = Placement()
