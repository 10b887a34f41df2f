# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heat: the stock API and engine in one process on native threads (Heat has no eventlet any more)."""

from __future__ import annotations

import re
import sqlite3
import sys

from tests.support.local_clouds.errors import CloudsError
from tests.support.local_clouds.layout import Layout
from tests.support.local_clouds.runtime import http
from tests.support.local_clouds.runtime.service import Here, Service

_NUMBERED = r"id INTEGER PRIMARY KEY AUTOINCREMENT\1"


class Heat(Service):
    """Heat of one region."""

    imports = (
        "heat.api.openstack.wsgi",
        "heat.api.openstack.v1",
        "heat.engine.service",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("heat",)

    def before_import(self, layout: Layout) -> None:
        """Choose native threads, as heat-engine does; and import what the engine loads when it is made."""
        super().before_import(layout)
        from oslo_service import backend

        backend.init_backend(backend.BackendType.THREADING)
        from heat.common import plugin_loader
        from heat.engine import clients, resources

        # The plugins of resources and clients are most of Heat's memory and of its time to start.
        list(plugin_loader.load_modules(resources))
        clients.initialise()

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Run its migrations, and let no number of a property be given again.

        Heat deletes properties by numbers that it remembers. SQLite would give the last one to the next row, which
        events may refer to: the deletion then fails, and with it the stack.
        """
        from heat.db import api, migration
        from oslo_config import cfg

        cfg.CONF([], project="heat", default_config_files=[])
        cfg.CONF.set_override("connection", database_urls["heat"], "database")
        migration.db_sync(engine=api.get_engine())
        with sqlite3.connect(database_urls["heat"].removeprefix("sqlite:///")) as connection:
            sql = "SELECT sql FROM sqlite_master WHERE name = 'resource_properties_data'"
            ((made,),) = connection.execute(sql)
            numbered, changed = re.subn(
                r"id INTEGER NOT NULL(.*),\s*PRIMARY KEY \(id\)", _NUMBERED, made, flags=re.DOTALL
            )
            if not changed:
                raise CloudsError(f"Heat makes the table of properties otherwise now: {made}")
            connection.execute("DROP TABLE resource_properties_data")
            connection.execute(numbered)
        connection.close()

    def serve(self, here: Here) -> None:
        """Serve its API; ready when the engine listens, which is at once."""
        # There is no environment variable for it as the other services have: Heat reads its command line.
        sys.argv = ["heat-api", "--config-file", str(here.etc / "heat.conf")]
        api = http.listen("heat.wsgi.api", here, threads=8)
        from heat.common import config
        from heat.engine import service
        from heat.rpc import api as rpc_api
        from oslo_config import cfg

        config.startup_sanity_check()
        service.EngineService(cfg.CONF.host, rpc_api.ENGINE_TOPIC).start()
        here.ready()
        api.serve()


SERVICE = Heat()
