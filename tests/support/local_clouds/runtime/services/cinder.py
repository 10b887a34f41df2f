# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cinder: the stock API, scheduler and volume services in one process on native threads."""

from __future__ import annotations

import os
import sys
from typing import Any

from tests.support.local_clouds.config.cinder import BACKEND, volume_host
from tests.support.local_clouds.layout import Layout
from tests.support.local_clouds.runtime import http
from tests.support.local_clouds.runtime.service import Here, Service, in_thread

_UNLIMITED = ("volumes", "snapshots", "gigabytes", "groups", "backups", "backup_gigabytes")


class Cinder(Service):
    """Cinder of one region."""

    imports = (
        "cinder.wsgi.wsgi",
        "cinder.api.v3.router",
        "cinder.scheduler.manager",
        "cinder.scheduler.filter_scheduler",
        "cinder.volume.manager",
        "cinder.db.api",
        "tests.support.local_clouds.runtime.volumes",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("cinder",)

    def before_import(self, layout: Layout) -> None:
        """Choose native threads: Cinder's own commands replace them by greenlets."""
        super().before_import(layout)
        os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "true"
        from cinder import monkey_patch

        monkey_patch.patch(backend="threading")
        from cinder import objects

        # The modules to import next use cinder.objects.Volume and others, which are put there by this alone.
        objects.register_all()

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Run its migrations: they also insert the default volume type, and the quotas as they are configured then."""
        from cinder.common import config  # noqa: F401 - registers the options
        from cinder.db import api, migration
        from oslo_config import cfg

        cfg.CONF([], project="cinder", default_config_files=[])
        cfg.CONF.set_override("connection", database_urls["cinder"], "database")
        for resource in _UNLIMITED:
            cfg.CONF.set_override(f"quota_{resource}", -1)
        migration.db_sync(engine=api.get_engine())

    def serve(self, here: Here) -> None:
        """Serve its API; ready when a volume could be made."""
        sys.argv = ["cinder-api", "--config-file", str(here.etc / "cinder.conf")]
        api = http.listen("cinder.wsgi.api", here, threads=8)
        in_thread(lambda: _start_parts(here))
        api.serve()


def _start_parts(here: Here) -> None:
    import os_brick
    from cinder import context, objects, service
    from oslo_config import cfg

    class Part(service.Service):  # type: ignore[misc]
        """A service that reports its own state.

        The stock one reports for `Service.service_id`, of which there is one a process: with two services in a process
        only the last one is reported, and the other counts as down after a minute.
        """

        def report_state(self) -> None:
            record: Any = objects.Service.get_by_id(context.get_admin_context(), self.origin_service_id)
            record.report_count += 1
            record.save()

    os_brick.setup(cfg.CONF)
    host = f"{volume_host(here.server.place)}@{BACKEND}"
    volume = Part.create(host=host, service_name=BACKEND, binary="cinder-volume", coordination=True)
    volume.start()
    # It asks the volume service what it can do and waits for the answer, so it comes second.
    Part.create(binary="cinder-scheduler").start()
    # Whose work it is to clean up after a crash.
    service.Service.service_id = volume.origin_service_id
    here.ready()


SERVICE = Cinder()
