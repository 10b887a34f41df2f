# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retries: how often, after which errors, and after which pause. Nothing else in this collection decides that.

Polling for a state is not retrying: see `_image.import_wait`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from .deadline import clock
from .errors import DeadlineError, OaktreeError, ServerError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .deadline import Deadline

FIRST_PAUSE = 0.5
"""Seconds before the second attempt, unless the service asks for another time."""

_DOUBLINGS = 30

TRANSIENT = (ServerError, ThrottledError, UnreachableError)
"""Errors that a retry may resolve."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Policy:
    """Up to ``attempts`` at work that fails with one of the ``errors``; up to ``stalls`` where it timed out.

    The first pause is ``first`` times `FIRST_PAUSE`; pauses double, up to ``longest`` seconds. Work that must not be
    done twice is not ``repeatable``: it is retried only if it was turned away.
    """

    attempts: float = 3
    errors: tuple[type[OaktreeError], ...] = TRANSIENT
    stalls: float = 2
    first: float = 1.0
    longest: float = math.inf
    repeatable: bool = True

    def allows(self, failures: int, error: OaktreeError) -> bool:
        """Whether to try again after so many failures, the last one with this error."""
        if not self.repeatable and not (isinstance(error, ThrottledError) and not error.perhaps_done):
            return False
        most = self.stalls if isinstance(error, DeadlineError) else self.attempts
        return isinstance(error, self.errors) and failures < most

    def pause(self, failures: int, error: OaktreeError) -> float:
        """Seconds until the next attempt: those of Retry-After if the service sent one, else doubling."""
        asked = error.retry_after if isinstance(error, ThrottledError) else None
        return (
            min(FIRST_PAUSE * self.first * 2.0 ** min(failures - 1, _DOUBLINGS), self.longest)
            if asked is None
            else asked
        )


class Attempts:
    """The attempts at one operation, within a deadline."""

    def __init__(self, policy: Policy, deadline: Deadline) -> None:
        self._policy = policy
        self._deadline = deadline
        self.failures = 0

    def remain(self, error: OaktreeError) -> bool:
        """Whether there is another attempt if this one fails with the error."""
        return self._policy.allows(self.failures + 1, error)

    def failed(self, error: OaktreeError) -> None:
        """Wait until the next attempt.

        Raises ``error`` if no attempt is left or the pause would exceed the deadline, and DeadlineError if the run was
        interrupted.
        """
        self.failures += 1
        if not self._policy.allows(self.failures, error):
            raise error
        try:
            self._deadline.sleep(self._policy.pause(self.failures, error))
        except DeadlineError:
            self._deadline.check_cancelled()
            raise error from None

    def progressed(self) -> None:
        """Start counting again, because the operation made progress."""
        self.failures = 0


def with_retries(call: Callable[[], Value], policy: Policy, deadline: Deadline) -> Value:
    """What ``call`` returns; raises its last error if no attempt is left (see `Attempts.failed`)."""
    attempts = Attempts(policy, deadline)
    while True:
        try:
            return call()
        except OaktreeError as error:
            attempts.failed(error)


def parse_retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, which is a number or a date (RFC 9110, 10.2.3).

    None without the header; one second if it is neither.
    """
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - clock.time())
    except ValueError:
        return 1.0
