# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Barbican."""

from __future__ import annotations

import os

from tests.support.local_clouds.runtime import http, sqlite
from tests.support.local_clouds.runtime.service import Here, Service


class Barbican(Service):
    """Barbican of one region."""

    # Nothing of Barbican: its modules read the configuration when they are imported, some into copies of their own. And
    # nothing that registers options: Barbican puts an object of its own in the place of oslo.config's CONF, where those
    # that were registered before are missing.
    imports = (
        "alembic.command",
        "cryptography.fernet",
        "jsonschema",
        "paste.deploy",
        "pecan",
        "sqlalchemy.orm",
        "webob",
        http.MODULE,
    )
    databases = ("barbican",)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """From its models: its migrations are not written for SQLite."""
        from barbican.model import models

        models.BASE.metadata.create_all(sqlite.engine(database_urls["barbican"]))

    def serve(self, here: Here) -> None:
        """Serve its API."""
        # It looks for barbican.conf in the home directory and below /etc, and nowhere else.
        os.environ["HOME"] = str(here.etc)
        from paste import deploy

        paste = here.layout.venv / "etc" / "barbican" / "barbican-api-paste.ini"
        http.serve(deploy.loadapp(f"config:{paste}"), here, threads=6)


SERVICE = Barbican()
