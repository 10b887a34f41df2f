# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova: the stock API, conductor, scheduler and compute services in one process, as Nova's functional tests run them.

All of them use the databases directly, and talk to each other through memory.
"""

from __future__ import annotations

import importlib
import os
import sqlite3
import time
import uuid
from typing import Any

from tests.support.local_clouds import stamps
from tests.support.local_clouds.config.common import IN_PROCESS_MESSAGING, cloud_name
from tests.support.local_clouds.config.nova import compute_host, node_id
from tests.support.local_clouds.layout import Layout
from tests.support.local_clouds.processes import Records
from tests.support.local_clouds.runtime import http
from tests.support.local_clouds.runtime.service import Here, Service, in_thread

_CELLS = (("cell0", "none:///", "nova_cell0"), ("cell1", IN_PROCESS_MESSAGING, "nova"))
"""Name, messaging and database of the cells: servers that no host took, and all others."""


class Nova(Service):
    """Nova of one region."""

    imports = (
        "nova.api.openstack.wsgi_app",
        "nova.api.openstack.compute",
        "nova.compute.manager",
        "nova.conductor.manager",
        "nova.scheduler.manager",
        "nova.virt.fake",
        "os_vif",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("nova", "nova_api", "nova_cell0")

    def before_import(self, layout: Layout) -> None:
        """Choose native threads: Nova would replace them by greenlets when it is imported."""
        super().before_import(layout)
        os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"
        from nova import monkey_patch

        monkey_patch.patch(backend="threading")

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Run its migrations; both cells have the same tables."""
        from nova import config
        from nova.conf import CONF
        from nova.db import migration

        CONF.set_override("connection", database_urls["nova_api"], "api_database")
        CONF.set_override("connection", database_urls["nova"], "database")
        config.parse_args(["nova-manage"], default_config_files=[], init_rpc=False)
        migration.db_sync(database="api")
        migration.db_sync(database="main")
        names = [url.removeprefix("sqlite:///") for url in (database_urls["nova"], database_urls["nova_cell0"])]
        with sqlite3.connect(names[0]) as cell1, sqlite3.connect(names[1]) as cell0:
            cell1.backup(cell0)

    def initialise(self, here: Here) -> None:
        """Write what nova-manage cell_v2 would: map_cell0, create_cell and discover_hosts."""
        with sqlite3.connect(here.database("nova_api")) as connection:
            for number, (name, messaging, database) in enumerate(_CELLS):
                connection.execute(
                    "INSERT INTO cell_mappings"
                    " (id, created_at, uuid, name, transport_url, database_connection, disabled)"
                    " VALUES (?, datetime(), ?, ?, ?, ?, 0)",
                    (number + 1, str(uuid.UUID(int=number)), name, messaging, here.database_url(database)),
                )
            connection.execute(
                "INSERT INTO host_mappings (created_at, cell_id, host) VALUES (datetime(), 2, ?)",
                (compute_host(here.server.place),),
            )
        connection.close()

    def serve(self, here: Here) -> None:
        """Serve its API; ready when a server could be booted."""
        paste = here.layout.venv / "etc" / "nova" / "api-paste.ini"
        os.environ.update(OS_NOVA_CONFIG_DIR=str(here.etc), OS_NOVA_CONFIG_FILES=f"{paste};nova.conf")
        _await_peers(here)
        api = http.listen("nova.wsgi.osapi_compute", here, threads=10)
        from nova import objects, service

        objects.Service.enable_min_version_cache()
        for part in ("conductor", "scheduler"):
            topic = importlib.import_module(f"nova.{part}.rpcapi").RPC_TOPIC
            service.Service.create(binary=f"nova-{part}", topic=topic).start()
        in_thread(lambda: _start_compute(here))
        api.serve()


def _await_peers(here: Here) -> None:
    """Wait for what Nova looks for once, when it starts: Placement, in Keystone's catalog and alive.

    There is no limit: whoever started us has one.
    """
    cloud = cloud_name(here.server.place)
    identity = stamps.identity(here.layout, cloud)
    records = Records(here.layout.records)
    peers = (f"keystone-{cloud}", f"placement-{here.server.place}")
    while not (identity.covers(("nova", "placement")) and all(map(records.serving, peers))):
        time.sleep(0.1)


def _start_compute(here: Here) -> None:
    import os_vif
    from nova import service
    from nova.compute import rpcapi

    _patch_fake_driver()
    os_vif.initialize()
    compute = service.Service.create(binary="nova-compute", topic=rpcapi.RPC_TOPIC, topic_alt=rpcapi.RPC_TOPIC_ALT)
    compute.start()
    # It reports every ten seconds; the scheduler uses no host that has not.
    compute.servicegroup_api._driver._report_state(compute)  # noqa: SLF001 - there is no public way
    here.ready()


class _StableIds:
    """Node ids that survive a restart. The driver's own are random, and Nova refuses a host whose node changed."""

    def __getattr__(self, node: str) -> str:
        return node_id(node)


def _patch_fake_driver() -> None:
    from nova.compute import power_state
    from nova.scheduler.client.report import SchedulerReportClient
    from nova.virt import fake

    class Adopting(dict[str, Any]):
        """The driver's servers: any it is asked for is there, so that those of before a restart are."""

        def __contains__(self, key: object) -> bool:
            return True

        def __missing__(self, key: str) -> Any:
            self[key] = fake.FakeInstance(key, power_state.RUNNING, key)
            return self[key]

        def __delitem__(self, key: str) -> None:
            self.pop(key, None)

    initialise = fake.FakeDriver.__init__

    def initialise_adopting(self: Any, *args: Any, **kwargs: Any) -> None:
        initialise(self, *args, **kwargs)
        self.instances = Adopting()

    fake.uuids = _StableIds()
    fake.FakeDriver.__init__ = initialise_adopting
    # Every claim would ask Placement for each allocation on the node, under a lock, for the sake of drivers that move
    # their inventory about. This one never does, and the cost grows with the square of the number of servers.
    SchedulerReportClient.get_allocations_for_provider_tree = lambda *_args, **_kwargs: {}


SERVICE = Nova()
