# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loader has to know of a service."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.local_clouds.config.common import database_url
from tests.support.local_clouds.layout import Layout, Server
from tests.support.local_clouds.processes import Process, Records

from . import sqlite


@dataclass(frozen=True)
class Here:
    """A server, and where its things are."""

    layout: Layout
    server: Server

    @property
    def etc(self) -> Path:
        """The directory of its configuration."""
        return self.layout.etc(self.server.place, self.server.service)

    def database(self, name: str) -> Path:
        """One of its SQLite files."""
        return self.layout.database(self.server.place, name)

    def database_url(self, name: str) -> str:
        """What SQLAlchemy calls the URL of that file."""
        return database_url(self.layout, self.server.place, name)

    def ready(self) -> None:
        """Say that this process serves from now on."""
        process = Process.of(os.getpid())
        if process:
            Records(self.layout.records).ready(self.server.name, process)


class Service:
    """One kind of service; it has no state, all servers of a loader share it."""

    imports: tuple[str, ...]
    """Modules to import before the fork. Never one that reads its configuration on import: that differs by place."""

    databases: tuple[str, ...] = ()
    """The names of its SQLite files."""

    def before_import(self, layout: Layout) -> None:
        """Patch what has to be patched first; unless a service says otherwise, oslo.db's treatment of SQLite."""
        del layout
        sqlite.patch()

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """Make the tables of its databases, given a URL for each. Runs in a process of its own."""

    def initialise(self, here: Here) -> None:
        """Fill a new place's databases with what the service needs to start. Runs in a process of its own."""

    def serve(self, here: Here) -> None:
        """Serve, calling here.ready() once it does; returns only by an exception."""
        raise NotImplementedError


def must(work: Callable[[], None]) -> None:
    """Run what the process cannot do without; if it fails, the process ends with the reason in its log."""
    try:
        work()
    except BaseException:  # noqa: BLE001 - whatever it is, this is the end of the process
        traceback.print_exc()
        os._exit(1)


def in_thread(work: Callable[[], None]) -> None:
    """Run beside the server what it cannot do without."""
    threading.Thread(target=must, args=(work,), daemon=True).start()
