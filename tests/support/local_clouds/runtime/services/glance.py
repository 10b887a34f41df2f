# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance."""

from __future__ import annotations

import os

from tests.support.local_clouds.runtime import http, sqlite
from tests.support.local_clouds.runtime.service import Here, Service


class Glance(Service):
    """Glance of one region."""

    imports = (
        "glance.common.wsgi_app",
        "glance.api.v2.router",
        "glance.db.sqlalchemy.api",
        "glance.async_.flows.api_image_import",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("glance",)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """From its models: its migrations are not written for SQLite."""
        from glance.db.sqlalchemy import models, models_metadef

        engine = sqlite.engine(database_urls["glance"])
        models.register_models(engine)
        models_metadef.register_models(engine)

    def serve(self, here: Here) -> None:
        """Serve its API; its tasks run in the same process."""
        os.environ["OS_GLANCE_CONFIG_DIR"] = str(here.etc)
        http.serve("glance.wsgi.api", here, threads=8)


SERVICE = Glance()
