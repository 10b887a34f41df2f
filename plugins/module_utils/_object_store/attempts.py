# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending data until the object store has it: what is retried, how often, and when the store is asked instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    IntegrityError,
    OaktreeError,
    RefusedError,
    ThrottledError,
)
from .._core.retry import TRANSIENT, Attempts, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._cloud.connection import Connection

_RESENT = {404, 408, 422}
"""Refusals that are retried: the container is not known everywhere yet, the body was cut off, the body was damaged."""

BODIES = Policy(attempts=5, errors=(ConflictError, DeadlineError, IntegrityError, RefusedError, *TRANSIENT))
"""How often data is sent; each attempt at a server that does not answer costs the stall timeout."""


def send_until_stored(connection: Connection, send: Callable[[], object], stored: Callable[[], bool]) -> None:
    """Send data, and retry where that may help; ``send`` starts from the first byte each time, with a valid token.

    After a failure that leaves open whether the data was stored, ``stored`` asks the object store. A rejected token is
    renewed once. Raises the last error, as an IntegrityError where the object store found the data damaged. Threads may
    do this at the same time on one connection.
    """
    attempts, renewed = Attempts(BODIES, connection.deadline), False
    while True:
        access = connection.region.auth.authenticate(connection)
        try:
            send()
        except AuthError:
            if renewed:
                raise
            connection.region.auth.forget(connection, access.auth_token if access else None)
            renewed = True
            continue
        except BODIES.errors as error:
            connection.deadline.remaining()
            failed = _retryable(error)
        else:
            return
        if not isinstance(failed, (IntegrityError, ThrottledError)) and _is_stored(connection, stored):
            return
        attempts.failed(failed)


def _retryable(error: OaktreeError) -> OaktreeError:
    """The error to raise unless another attempt helps; raises it where none can."""
    if isinstance(error, RefusedError):
        if error.status not in _RESENT:
            raise error
        if error.status == 422:
            return IntegrityError(f"the object store received other bytes than were read: {error.message}")
    return error


def _is_stored(connection: Connection, stored: Callable[[], bool]) -> bool:
    try:
        return stored()
    except (DeadlineError, *TRANSIENT):
        connection.deadline.remaining()
        return False
