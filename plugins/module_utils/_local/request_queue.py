# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of requests to one service of one Location, without files, clocks or threads.

A limit of R requests per second is enforced as n = max(1, floor(R)) requests in every window of n / R seconds. A
request may start when fewer than n are in flight or ended within the last window. A server counts a request before the
client has the response. So of any n + 1 requests the last one starts more than a window after another one arrived: the
server never counts more than n within a window, however long requests take to arrive.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from .._core.text import counted

LONGEST_ARRIVAL = 5.0
"""Seconds, or two windows, after which a request without a response counts as arrived: an upload takes long."""

UNANSWERED = 1.0
"""Seconds in which a request may still arrive after it ended without a response: its process or connection died."""

RECHECK = 1.0
"""Seconds after which waiting requests check again whether a process died, or another request left the queue."""

_SHORTEST_WAIT = 0.01
_TICKET = re.compile(r"[0-9a-f]{16}\.\d+")


@dataclass(frozen=True)
class Limit:
    """The configured limits for one service of one Location; None is unlimited."""

    rate: float | None = None
    """Requests per second."""
    concurrency: int | None = None
    """Requests in flight."""

    def __bool__(self) -> bool:
        return self.rate is not None or self.concurrency is not None

    def __str__(self) -> str:
        parts = [f"{counted(self.rate, 'request')} per second"] if self.rate is not None else []
        if self.concurrency is not None:
            parts.append(counted(self.concurrency, "concurrent request"))
        return " and ".join(parts)

    @property
    def burst(self) -> int:
        """Requests in a window; 0 without a rate."""
        return max(1, int(self.rate)) if self.rate is not None else 0

    @property
    def window(self) -> float:
        """Seconds; 0 without a rate."""
        return self.burst / self.rate if self.rate is not None else 0.0

    def over(self, other: Limit) -> Limit:
        """This limit, with what it leaves unlimited taken from the other."""
        return Limit(
            other.rate if self.rate is None else self.rate,
            other.concurrency if self.concurrency is None else self.concurrency,
        )


class Wait(NamedTuple):
    """The time until a request may start, in seconds."""

    least: float
    """The shortest possible wait, unless another request leaves the queue."""
    recheck: float
    """When to ask again."""


@dataclass
class RequestQueue:
    """The waiting requests in order, those in flight with their start, and when others ended.

    All times are seconds of one monotonic clock. A request is a ticket ``OWNER.NUMBER``, where OWNER is the process's
    name of 16 hexadecimal digits.
    """

    waiting: list[str] = field(default_factory=list)
    in_flight: dict[str, float] = field(default_factory=dict)
    ended: list[float] = field(default_factory=list)
    pace: float = 0.0
    """How long recent requests took, in seconds."""
    checked: float = 0.0
    """When a process last checked which owners are alive."""
    burst: int = 0
    """The largest burst of all limits seen, and likewise the window: the history that has to be kept."""
    window: float = 0.0

    @classmethod
    def from_bytes(cls, data: bytes, now: float) -> RequestQueue:
        """The queue that `to_bytes` serialized; an empty one where the data cannot be parsed."""
        try:
            queue = cls(**json.loads(data.decode()))
            queue._check(now)
        except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
            return cls()
        return queue

    def _check(self, now: float) -> None:
        """Raise an error for invalid values, and limit times to the latest possible."""
        if not all(map(_TICKET.fullmatch, (*self.waiting, *self.in_flight))):
            raise ValueError("not a ticket")
        if not all(map(isfinite, (*self.in_flight.values(), *self.ended, self.pace, self.checked, self.window))):
            raise ValueError("not a finite number")
        self.waiting = list(dict.fromkeys(self.waiting))
        self.in_flight = {ticket: min(since, now) for ticket, since in self.in_flight.items()}
        self.ended = [min(moment, now + UNANSWERED) for moment in self.ended]
        self.checked, self.burst = min(self.checked, now), int(self.burst)

    def to_bytes(self) -> bytes:
        return json.dumps(vars(self)).encode()

    def ask(self, ticket: str, limit: Limit, now: float) -> Wait | None:
        """None where the request may start, which is then in flight; else how long it waits in the queue."""
        self.burst, self.window = max(self.burst, limit.burst), max(self.window, limit.window)
        if ticket not in self.waiting:
            self.waiting.append(ticket)
        ahead = self.waiting.index(ticket)
        least, guess = self._until_window(ahead, limit, now), self._until_end(ahead, limit, now)
        if not least and not guess:
            self.waiting.remove(ticket)
            self.in_flight[ticket] = now
            return None
        return Wait(least, min(max(least, guess), RECHECK))

    def _until_window(self, ahead: int, limit: Limit, now: float) -> float:
        """Seconds until a window has room, if those in flight ended now, and those ahead as soon as they start."""
        if limit.rate is None:
            return 0.0
        arrived = [*self.ended, *(_arrival(since, limit, now) for since in self.in_flight.values())]
        busy = sorted(moment + limit.window for moment in arrived if moment + limit.window > now)[-limit.burst :]
        rounds, place = divmod(ahead, limit.burst)
        free = limit.burst - len(busy)
        first = now if place < free else busy[place - free]
        return first + rounds * limit.window - now

    def _until_end(self, ahead: int, limit: Limit, now: float) -> float:
        """Seconds until enough of those in flight may have ended, judging by how long recent requests took."""
        if limit.concurrency is None:
            return 0.0
        missing = ahead + len(self.in_flight) - limit.concurrency + 1
        if missing <= 0:
            return 0.0
        left = self.pace * missing / limit.concurrency - (now - min(self.in_flight.values(), default=now))
        return max(left, -left / 4, _SHORTEST_WAIT)

    def end(self, ticket: str, limit: Limit, now: float, *, answered: bool) -> None:
        """A request has ended, with a response or without (not ``answered``)."""
        since = self.in_flight.pop(ticket, now)
        self.pace = (self.pace + now - since) / 2
        self._remember(_arrival(since, limit, now if answered else now + UNANSWERED), now)

    def leave(self, ticket: str) -> None:
        """Give up waiting."""
        if ticket in self.waiting:
            self.waiting.remove(ticket)

    @property
    def owners(self) -> set[str]:
        """The processes with requests that wait or are in flight."""
        return {_owner(ticket) for ticket in (*self.waiting, *self.in_flight)}

    def remove_owners(self, dead: set[str], limit: Limit, now: float) -> None:
        """Remove the requests of processes that died; none where ``dead`` is empty."""
        self.checked = now
        self.waiting = [ticket for ticket in self.waiting if _owner(ticket) not in dead]
        for ticket in [ticket for ticket in self.in_flight if _owner(ticket) in dead]:
            self._remember(_arrival(self.in_flight.pop(ticket), limit, now + UNANSWERED), now)

    def _remember(self, moment: float, now: float) -> None:
        recent = sorted(known for known in (*self.ended, moment) if known + self.window > now)
        self.ended = recent[-self.burst :] if self.burst else []


def _arrival(since: float, limit: Limit, latest: float) -> float:
    """When a request that started then has arrived, ``latest`` at the latest."""
    return min(latest, since + max(LONGEST_ARRIVAL, 2 * limit.window))


def _owner(ticket: str) -> str:
    return ticket.partition(".")[0]
