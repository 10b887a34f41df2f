# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import one service, make its empty databases, fork a server for each place, leave."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading

from tests.support.local_clouds.files import make_private
from tests.support.local_clouds.layout import Layout
from tests.support.local_clouds.processes import Process, Records

from . import databases
from .service import Here, Service, must


def main(name: str, *places: str) -> None:
    """Start servers of a service; the layout comes from the environment."""
    layout = Layout.from_environment(os.environ)
    sys.argv = [name]  # Keystone, Nova and Neutron parse it.
    module = importlib.import_module(f".services.{name}", __package__)
    service: Service = module.SERVICE
    service.before_import(layout)
    for each in service.imports:
        importlib.import_module(each)
    databases.make_templates(service, layout)
    # From here on the collector leaves the pages alone that the servers share.
    gc.collect()
    gc.freeze()
    if threading.active_count() > 1:
        raise RuntimeError(f"{name} started a thread while it was imported: it cannot be forked")
    for place in places:
        fork(service, Here(layout, layout.server(name, place)))


def fork(service: Service, here: Here) -> None:
    """Start a server in a child; the parent notes it."""
    pid = os.fork()
    if not pid:
        must(lambda: serve(service, here))
        os._exit(1)  # A server that returned has failed as well.
    process = Process.of(pid)
    if process:
        Records(here.layout.records).started(here.server.name, process)


def serve(service: Service, here: Here) -> None:
    """Be the server until a signal ends the process."""
    # Exit at once: a service would wait for the threads of its pools.
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    make_private(here.layout.logs)
    log = os.open(here.layout.log(here.server.name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    databases.prepare(service, here)
    service.serve(here)


if __name__ == "__main__":
    main(*sys.argv[1:])
