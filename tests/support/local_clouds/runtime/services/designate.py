# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Designate: the stock API, central, worker and producer in one process on native threads.

There is no mdns, which feeds name servers: there are no name servers.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from typing import Any

from tests.support.local_clouds.config.designate import NAME_SERVER
from tests.support.local_clouds.layout import LOOPBACK, Layout
from tests.support.local_clouds.runtime import http
from tests.support.local_clouds.runtime.service import Here, Service


class Designate(Service):
    """Designate of one region."""

    imports = (
        "designate.api.wsgi",
        "designate.api.v2",
        "designate.api.admin",
        "designate.api.versions",
        "designate.api.middleware",
        "designate.central.service",
        "designate.worker.service",
        "designate.producer.service",
        "designate.producer.tasks",
        "designate.backend.impl_fake",
        "designate.storage.sql",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("designate",)

    def before_import(self, layout: Layout) -> None:
        """Choose native threads."""
        super().before_import(layout)
        from oslo_service import backend

        backend.init_backend(backend.BackendType.THREADING)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Run its migrations: they insert the default pool."""
        import designate.conf
        from designate.manage.database import DatabaseCommands

        designate.conf.CONF([], project="designate", default_config_files=[])
        designate.conf.CONF.set_override("connection", database_urls["designate"], "storage:sqlalchemy")
        DatabaseCommands().upgrade("head", db_url=database_urls["designate"])

    def initialise(self, here: Here) -> None:
        """Write what `designate-manage pool update` would: without a target, no zone is ever made."""
        rows: dict[str, dict[str, object]] = {
            "pool_ns_records": {"priority": 1, "hostname": NAME_SERVER},
            "pool_nameservers": {"host": LOOPBACK, "port": here.server.port},
            "pool_targets": {"type": "fake"},
        }
        with sqlite3.connect(here.database("designate")) as connection:
            for table, row in rows.items():
                columns, places = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} (id, created_at, version, pool_id, {columns})"  # noqa: S608 - from above
                    f" SELECT ?, datetime(), 1, id, {places} FROM pools",
                    (uuid.uuid4().hex, *row.values()),
                )
        connection.close()

    def serve(self, here: Here) -> None:
        """Serve its API."""
        # Its WSGI module looks for both of its files in one directory.
        shutil.copy(here.layout.venv / "etc" / "designate" / "api-paste.ini", here.etc)
        os.environ["OS_DESIGNATE_CONFIG_DIR"] = str(here.etc)
        api = http.listen("designate.wsgi.api", here, threads=6)
        from designate.central import service as central
        from designate.producer import service as producer
        from designate.worker import service as worker

        _serve_every_zone()
        central.Service().start()
        worker.Service().start()
        producer.Service().start()
        here.ready()
        api.serve()


def _serve_every_zone() -> None:
    """Let the worker find on the name server what it would find there a moment after every change.

    That is the serial number in the database, not the one the worker has, which is from before the change; and of a
    zone to delete, nothing.
    """
    from designate.context import DesignateContext
    from designate.worker.tasks import zone

    def notify(_task: Any) -> bool:
        return True

    def serial(task: Any) -> Any:
        if task.zone.action == "DELETE":
            return 0
        return task.storage.get_zone(DesignateContext.get_admin_context(all_tenants=True), task.zone.id).serial

    zone.SendNotify.__call__ = notify
    zone.PollForZone._get_serial = serial  # noqa: SLF001 - there is no public way


SERVICE = Designate()
