# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retries: how often, after which errors, and after which pause. Nothing else in this collection decides that.

Polling for a state is not retrying: see `_image.import_wait`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from .deadline import clock
from .errors import AuthError, DeadlineError, OaktreeError, ServerError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .deadline import Deadline

FIRST_PAUSE = 0.5
"""Seconds before the second attempt, unless the service asks for more."""

LEAST_PAUSE = 0.1
"""Seconds between two attempts, whatever the configuration says."""

BUSY = (429, 503)
"""HTTP statuses by which a service that is well asks for another attempt."""

_AS_429 = (413, 498)
"""Those with which some services ask to slow down."""

_DOUBLINGS = 30
_SPREAD = 0.2
"""By what share a pause is made longer or shorter, so that what failed together is not repeated together."""

TRANSIENT = (ServerError, ThrottledError, UnreachableError)
"""Errors that a retry may resolve."""
PERHAPS_DONE = (DeadlineError, ServerError, UnreachableError)
"""Errors after which a request may have been carried out all the same."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Rule:
    """Up to ``attempts`` at what fails in one way, ``pause`` seconds apart; without it pauses double."""

    attempts: float
    pause: float | None = None


@dataclass(frozen=True)
class Policy:
    """Up to ``attempts`` at work that fails with one of the ``errors``; up to ``stalls`` where it timed out.

    ``busy`` is the rule for answers with one of the ``statuses``, ``connect`` that for requests without an answer;
    both take precedence. The first pause is ``first`` times `FIRST_PAUSE`; pauses double, up to ``longest`` seconds.
    Work that must not be done twice is not ``repeatable``: it is retried only if it was turned away. An error that is
    ``final`` is never retried.
    """

    attempts: float = 3
    errors: tuple[type[OaktreeError], ...] = TRANSIENT
    stalls: float = 2
    first: float = 1.0
    longest: float = math.inf
    repeatable: bool = True
    busy: Rule | None = None
    statuses: Collection[int] = BUSY
    connect: Rule | None = None

    def rule(self, error: OaktreeError) -> Rule | None:
        """The rule for this way to fail, if it has one of its own. What was rejected with 401 is never asked again."""
        if isinstance(error, AuthError):
            return None
        slowed_down = isinstance(error, ThrottledError) and error.status in _AS_429
        if (429 if slowed_down else error.status) in self.statuses:
            return self.busy
        return self.connect if isinstance(error, UnreachableError | DeadlineError) else None

    def allows(self, failures: int, error: OaktreeError) -> bool:
        """Whether to try again after so many failures of this kind, the last one with this error."""
        if error.final:
            return False
        if not self.repeatable and not (isinstance(error, ThrottledError) and not error.perhaps_done):
            return False
        rule = self.rule(error)
        if rule:
            return failures < rule.attempts
        most = self.stalls if isinstance(error, DeadlineError) else self.attempts
        return isinstance(error, self.errors) and failures < most

    def pause(self, failures: int, error: OaktreeError) -> float:
        """Seconds until the next attempt: those of Retry-After if the service asked for any, else doubling."""
        asked = error.retry_after if isinstance(error, ThrottledError) else None
        if asked is not None and asked >= FIRST_PAUSE:  # who asks for less gives no pause at all
            return asked
        rule = self.rule(error)
        if rule and rule.pause is not None:
            return max(rule.pause, LEAST_PAUSE)
        doubled = FIRST_PAUSE * self.first * 2.0 ** min(failures - 1, _DOUBLINGS)
        return min(doubled, self.longest) * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret


class Attempts:
    """The attempts at one operation, within a deadline."""

    def __init__(self, policy: Policy, deadline: Deadline) -> None:
        self._policy = policy
        self._deadline = deadline
        self._failures: dict[Rule | None, int] = {}

    @property
    def failures(self) -> int:
        return sum(self._failures.values())

    def remain(self, error: OaktreeError) -> bool:
        """Whether there is another attempt if this one fails with the error."""
        return self._policy.allows(self._count(error) + 1, error)

    def _count(self, error: OaktreeError) -> int:
        return self._failures.get(self._policy.rule(error), 0)

    def failed(self, error: OaktreeError) -> None:
        """Wait until the next attempt.

        Raises ``error`` if no attempt is left or the pause would exceed the deadline, and DeadlineError if the run was
        interrupted.
        """
        failures = self._failures[self._policy.rule(error)] = self._count(error) + 1
        if not self._policy.allows(failures, error):
            raise error
        try:
            self._deadline.sleep(self._policy.pause(failures, error))
        except DeadlineError:
            self._deadline.check_cancelled()
            raise error from None

    def progressed(self) -> None:
        """Start counting again, because the operation made progress."""
        self._failures.clear()


def with_retries(call: Callable[[], Value], policy: Policy | Attempts, deadline: Deadline) -> Value:
    """What ``call`` returns; raises its last error if no attempt is left (see `Attempts.failed`).

    With `Attempts` in place of a policy the call can report progress to them. Where the deadline ends an attempt, the
    error is that of the attempt before it, which says why there was another.
    """
    attempts = policy if isinstance(policy, Attempts) else Attempts(policy, deadline)
    before: OaktreeError | None = None
    while True:
        try:
            return call()
        except OaktreeError as error:
            told = before or error
            try:
                attempts.failed(error)
            except DeadlineError as last:
                deadline.check_cancelled()
                if last is not error or told is error:
                    raise
                raise told from error
            before = error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of the header Retry-After, which is a number or a date (RFC 9110, 10.2.3), of an answer.

    A date is by the clock of who answered: it counts from the answer's own. None without the header; one second if it
    is neither.
    """
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    until, now = _moment(value), _moment(headers.get("Date") or "")
    return 1.0 if until is None else max(0.0, until - (clock.time() if now is None else now))


def _moment(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, TypeError, ValueError):
        return None
