# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a resource is ready, or gone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.errors import ConflictError, DeadlineError, ServerError
from .._core.retry import FIRST_PAUSE, Policy, with_retries
from .find import fetch, is_going
from .plan import bad_state, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._cloud.connection import Connection
    from .find import Item
    from .kinds import Kind

PAUSE = 1.0
"""Seconds between two looks, and between two attempts at what is being changed."""

Answer = TypeVar("Answer")


class BrokenError(ServerError):
    """A resource says of itself that it will never be ready."""


class StillThereError(ServerError):
    """The deletion of a resource has ended, and it is still there."""


class ImmutableError(ConflictError):
    """What is being created or changed does not take the request until that has ended."""


UNTIL_MUTABLE = Policy(attempts=math.inf, errors=(ImmutableError,), first=PAUSE / FIRST_PAUSE, longest=PAUSE)


def is_ready(kind: Kind, item: Mapping[str, Any]) -> bool:
    """Whether an item is ready for use; those of types without such a state are."""
    ready = kind.ready
    return ready is None or str(item.get(kind.keys[ready.attribute]) or "") in ready.good


def will_be_ready(kind: Kind, item: Mapping[str, Any]) -> bool:
    """Whether an item is not ready yet, and says of itself nothing that is final."""
    return not (is_ready(kind, item) or bad_state(kind, item))


def wait_until_ready(connection: Connection, kind: Kind, path: str, item: Item) -> Item:
    """The item when it is ready.

    Raises BrokenError if it never will be, ServerError if it is deleted, and DeadlineError, which says its state, when
    the deadline expires.
    """
    while not is_ready(kind, item):
        broken = bad_state(kind, item)
        if broken:
            reason = next((item[key] for key in ("fault", "status_reason", "fail_reason") if item.get(key)), "")
            raise BrokenError(f"{kind.name}: {broken}{f': {reason}' if reason else ''}")
        try:
            connection.deadline.sleep(PAUSE)
            found = fetch(connection, kind, path)
        except DeadlineError as error:
            raise _late(connection, kind, item, error) from error
        if found is None or is_going(kind, found):
            raise ServerError(
                f"the {kind.name} was deleted by somebody else while it was awaited", hint="Run the task again."
            )
        item = found
    return item


def _late(connection: Connection, kind: Kind, item: Item, error: DeadlineError) -> DeadlineError:
    """What is said when the deadline has expired, with the state that an item is still in. Raises InterruptError."""
    connection.deadline.check_cancelled()
    state = item.get(kind.keys[kind.ready.attribute]) if kind.ready else None
    error = _expired(connection) or error
    return DeadlineError(f"{error.message}: the {kind.name} is still {state}", hint=error.hint)


def _expired(connection: Connection) -> DeadlineError | None:
    """What is said of the deadline if it has expired, be it during a request."""
    try:
        connection.deadline.remaining()
    except DeadlineError as error:
        return error
    return None


def _is_deleted(kind: Kind, item: Mapping[str, Any]) -> bool:
    """Octavia shows for a while what it has deleted."""
    ready = kind.ready
    return ready is not None and str(item.get(kind.keys[ready.attribute])).upper() == "DELETED"


def wait_until_gone(connection: Connection, kind: Kind, path: str, item: Item) -> None:
    """Return when nothing is at the path any more, where the item was.

    Raises ServerError if it cannot be deleted, or is not being deleted any more, and DeadlineError as above.
    """
    while True:
        try:
            found = fetch(connection, kind, path)
            if found is None or _is_deleted(kind, found):
                return
            if is_going(kind, item) and not is_going(kind, found):
                raise StillThereError(f"the {kind.name} was not deleted: {state_of(kind, found)}")
            item = found
            broken = bad_state(kind, item)
            if broken and "delet" in broken.lower():
                raise ServerError(f"the {kind.name} cannot be deleted: {broken}")
            connection.deadline.sleep(PAUSE)
        except DeadlineError as error:
            raise _late(connection, kind, item, error) from error


def when_mutable(connection: Connection, kind: Kind, ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` returns, tried again after an ImmutableError, and while a load balancer is being changed.

    Octavia refuses with 409 whatever concerns a load balancer that an earlier change is still being applied to.
    """

    def once() -> Answer:
        try:
            return ask()
        except ConflictError as error:
            if kind.service != "load-balancer" or "immutable" not in error.message:
                raise
            raise ImmutableError(error.message, hint=error.hint, status=error.status) from error

    return with_retries(once, UNTIL_MUTABLE, connection.deadline)
