# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending data until it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    IntegrityError,
    OaktreeError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from .._core.retry import PASSING, Attempts, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._cloud.connection import Connection

_RESENT = {404, 408, 422}
"""Refusals that pass: the container is not known everywhere yet, the body broke off, the body was damaged."""

BODIES = Policy(attempts=5, errors=(ConflictError, DeadlineError, IntegrityError, RefusedError, *PASSING))
"""How often data is sent before a failure is one; a server that says nothing costs the stall timeout each time."""


class Sender:
    """Repeats of whole requests with bodies, by any number of threads that share a token."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send_until_stored(self, send: Callable[[], object], arrived: Callable[[], bool]) -> None:
        """Send, again where that may help; ``send`` starts from the first byte each time, with a token that is valid.

        After an answer that leaves it open whether the data is there, ``arrived`` asks the store. A token that is
        refused is renewed once. Raises the last error, as an IntegrityError where the store found the data damaged.
        """
        attempts, renewed = Attempts(BODIES, self._connection.deadline), False
        while True:
            token = self._token()
            try:
                send()
            except AuthError:
                if renewed:
                    raise
                self._connection.region.auth.forget(self._connection, token)
                renewed = True
                continue
            except BODIES.errors as error:
                failed = self._passing(error)
            else:
                return
            if self._is_open(failed) and self._ask(arrived):
                return
            attempts.failed(failed)

    def _passing(self, error: OaktreeError) -> OaktreeError:
        """The error to end with unless another attempt helps; raises where none can."""
        self._connection.deadline.remaining()
        if isinstance(error, RefusedError):
            if error.status not in _RESENT:
                raise error
            if error.status == 422:
                return IntegrityError(f"the object store got other bytes than were read: {error.message}")
        return error

    def _is_open(self, error: OaktreeError) -> bool:
        return not isinstance(error, (IntegrityError, ThrottledError))

    def _ask(self, arrived: Callable[[], bool]) -> bool:
        try:
            return arrived()
        except (DeadlineError, ServerError, ThrottledError, UnreachableError):
            self._connection.deadline.remaining()
            return False

    def _token(self) -> str | None:
        access = self._connection.region.auth.authenticate(self._connection)
        return access.auth_token if access else None
