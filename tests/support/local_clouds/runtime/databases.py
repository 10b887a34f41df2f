# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite files of a service: a template made once, copied for each place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.support.local_clouds.files import make_private, remove
from tests.support.local_clouds.layout import Layout

from .service import Here, Service, must

_TEMPLATE = "template"


def make_templates(service: Service, layout: Layout) -> None:
    """Make the empty databases of a service, unless that has been done."""
    directory = make_private(layout.data(_TEMPLATE))
    done = directory / f"{service.databases[0]}.done" if service.databases else None
    if done is None or done.exists():
        return
    paths = {name: directory / f"{name}.db" for name in service.databases}
    for path in paths.values():
        _remove(path)
    _in_child(lambda: service.make_schema({name: f"sqlite:///{path}" for name, path in paths.items()}))
    for path in paths.values():
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # Stays with the file.
        connection.close()  # Writes the log back, so that the file can be copied alone.
    done.touch()


def prepare(service: Service, here: Here) -> None:
    """Make the databases of a place, unless that has been done."""
    directory = make_private(here.layout.data(here.server.place))
    done = directory / f"{here.server.service}.done"
    if done.exists():
        return
    for name in service.databases:
        _remove(here.database(name))
        shutil.copy(here.layout.database(_TEMPLATE, name), here.database(name))
    _in_child(lambda: service.initialise(here))
    done.touch()


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        remove(path.with_name(path.name + suffix))


def _in_child(work: Callable[[], None]) -> None:
    """Do work that leaves a service configured, in a process that ends with it."""
    pid = os.fork()
    if not pid:
        must(work)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("the databases could not be made: see above")
