# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Swift: the proxy, account, container and object servers, as greenlets of one process."""

from __future__ import annotations

from typing import Any

from tests.support.local_clouds.config.swift import DEVICE
from tests.support.local_clouds.layout import LOOPBACK, SWIFT_SERVERS, Layout
from tests.support.local_clouds.runtime.service import Here, Service

_PARTITION_POWER = 4
_GREENLETS = 256


class Swift(Service):
    """Swift of one region."""

    imports = (
        "swift.proxy.server",
        "swift.account.server",
        "swift.container.server",
        "swift.obj.server",
        "keystonemiddleware.auth_token",
    )

    def before_import(self, layout: Layout) -> None:
        """Say where swift.conf is, and bring greenlets in: both before anything of Swift is imported."""
        import swift.common.utils

        swift.common.utils.SWIFT_CONF_FILE = str(layout.swift_conf)
        swift.common.utils.monkey_patch()

    def initialise(self, here: Here) -> None:
        """Make the rings, each with the one device."""
        from swift.common.ring import RingBuilder

        ports = dict(zip(SWIFT_SERVERS, here.server.ports, strict=True))
        for kind in SWIFT_SERVERS[1:]:
            builder = RingBuilder(_PARTITION_POWER, replicas=1, min_part_hours=1)
            address = {"ip": LOOPBACK, "port": ports[kind]}
            replication = {f"replication_{key}": value for key, value in address.items()}
            device = {"region": 1, "zone": 1, "device": DEVICE, "weight": 1.0, "meta": ""}
            builder.add_dev({**device, **address, **replication})
            builder.rebalance()
            builder.get_ring().save(str(here.etc / f"{kind}.ring.gz"))

    def serve(self, here: Here) -> None:
        """Serve on four ports."""
        import eventlet
        from swift.common.utils import get_hub

        eventlet.hubs.use_hub(get_hub())
        servers = [
            eventlet.spawn(_serve, eventlet.listen((LOOPBACK, port), backlog=128), _application(here, kind))
            for kind, port in zip(SWIFT_SERVERS, here.server.ports, strict=True)
        ]
        here.ready()
        for server in servers:
            server.wait()


def _application(here: Here, kind: str) -> Any:
    from swift.common.wsgi import loadapp

    return loadapp(str(here.etc / f"{kind}-server.conf"), global_conf={"log_name": kind})


def _serve(socket: Any, application: Any) -> None:
    from eventlet import GreenPool, wsgi
    from swift.common.http_protocol import SwiftHttpProtocol
    from swift.common.utils import NullLogger

    wsgi.server(
        socket,
        application,
        NullLogger(),
        custom_pool=GreenPool(_GREENLETS),
        protocol=SwiftHttpProtocol,
        socket_timeout=60,
        capitalize_response_headers=False,
    )


SERVICE = Swift()
