# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make oslo.db's SQLite engines fit for many threads.

oslo.db opens every transaction with a deferred BEGIN. One that reads and then writes fails at once with `database is
locked`, whatever the timeout, when another thread wrote in between, because its snapshot is stale. Here SELECTs run
outside a transaction, and the first other statement takes the write lock (BEGIN IMMEDIATE), waiting for it as long as
`timeout` in the URL says. oslo.db also opens a connection anew each time (NullPool), which parses the whole schema
again; without its arguments, SQLAlchemy's own choice for files, QueuePool, keeps them.
"""

from __future__ import annotations

import re
from typing import Any

_SETTINGS = """
PRAGMA foreign_keys = ON;      -- services count on ON DELETE CASCADE
PRAGMA journal_mode = WAL;     -- readers and the writer do not wait for each other
PRAGMA synchronous = OFF;      -- these data need not survive a power cut
"""


def patch() -> None:
    """Put our treatment of SQLite in the place of oslo.db's."""
    from oslo_db.sqlalchemy import engines

    engines._init_connection_args.reg["sqlite"]["*"][:] = [_no_arguments]  # noqa: SLF001 - there is no public way
    engines._init_events.reg["sqlite"]["*"][:] = [_listen]  # noqa: SLF001


def _no_arguments(url: object, engine_args: dict[str, Any], kw: dict[str, Any]) -> None:
    """Leave the arguments of the engine as they are."""


def _listen(engine: Any, **_unused: object) -> None:
    from sqlalchemy import event

    event.listen(engine, "connect", _connected)
    event.listen(engine, "before_cursor_execute", _before_execute)


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # The sqlite3 module is to send no BEGIN of its own.
    connection.create_function("regexp", 2, lambda pattern, text: bool(re.search(pattern, str(text))))
    connection.executescript(_SETTINGS)


def _before_execute(_connection: object, cursor: Any, statement: str, *_unused: object) -> None:
    reads = statement.lstrip("( \n")[:6].upper() in ("SELECT", "PRAGMA")
    if not reads and not cursor.connection.in_transaction:
        cursor.execute("BEGIN IMMEDIATE")


def engine(url: str) -> Any:
    """A SQLAlchemy engine that is treated so."""
    from oslo_db.sqlalchemy import enginefacade

    facade = enginefacade.transaction_context()
    facade.configure(connection=url)
    return facade.writer.get_engine()
