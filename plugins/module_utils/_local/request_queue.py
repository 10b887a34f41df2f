# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is to send a request: the queue of one service at one Location, without files, clocks or threads.

A limit of R requests per second is kept as n = max(1, floor(R)) requests in every window of n / R seconds. A request
may start when fewer than n are under way or ended within the last window. A server counts a request before the answer
is here, so of any n + 1 requests the last one starts more than a window after another one arrived: the server never
counts more than n within a window, however long requests are on their way.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

LONGEST_WAY = 5.0
"""Seconds, or two windows, after which a request counts as arrived though it has no answer: an upload has it last."""

UNHEARD = 1.0
"""Seconds that a request without an answer may still be on its way: its process was killed, its connection broke."""

LOOK = 1.0
"""Seconds after which those who wait look again: whether a process died, or somebody gave up."""

_QUICKEST = 0.01
_TICKET = re.compile(r"[0-9a-f]{16}\.\d+")


@dataclass(frozen=True)
class Limit:
    """What one service at one Location is asked for at most; None: any number."""

    rate: float | None = None
    """Requests per second."""
    concurrency: int | None = None
    """Requests under way."""

    def __bool__(self) -> bool:
        return self.rate is not None or self.concurrency is not None

    def __str__(self) -> str:
        words = [f"{self.rate:g} requests per second"] if self.rate is not None else []
        return " and ".join([*words, f"{self.concurrency} requests at once"] if self.concurrency is not None else words)

    @property
    def burst(self) -> int:
        """Requests in a window."""
        return max(1, int(self.rate)) if self.rate is not None else 0

    @property
    def window(self) -> float:
        """Seconds."""
        return self.burst / self.rate if self.rate is not None else 0.0

    def over(self, other: Limit) -> Limit:
        """This one, and the other where this says nothing."""
        return Limit(
            other.rate if self.rate is None else self.rate,
            other.concurrency if self.concurrency is None else self.concurrency,
        )


class Wait(NamedTuple):
    """How long it takes until a request's turn, in seconds."""

    least: float
    """It cannot be sooner, unless somebody gives up."""
    look: float
    """When to ask again."""


@dataclass
class RequestQueue:
    """Who waits, in order; who is under way, since when; when others ended. Moments are seconds of one clock.

    A ticket is ``OWNER.NUMBER``, the owner a process by 16 hexadecimal digits.
    """

    waiting: list[str] = field(default_factory=list)
    under_way: dict[str, float] = field(default_factory=dict)
    ended: list[float] = field(default_factory=list)
    pace: float = 0.0
    """How long requests took of late, in seconds."""
    looked: float = 0.0
    """When somebody last looked for processes that died."""
    burst: int = 0
    """The largest of all limits seen, as is the window: nobody needs to know more of the past."""
    window: float = 0.0

    @classmethod
    def read(cls, text: bytes, now: float) -> RequestQueue:
        """What `written` wrote; a new one where the text makes no sense."""
        try:
            turns = cls(**json.loads(text.decode()))
            turns._check(now)
        except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
            return cls()
        return turns

    def _check(self, now: float) -> None:
        """Raise for what nobody can have written, and allow for no moment later than there can be."""
        if not all(_TICKET.fullmatch(ticket) for ticket in (*self.waiting, *self.under_way)):
            raise ValueError("no ticket")
        if not all(map(isfinite, (*self.under_way.values(), *self.ended, self.pace, self.looked, self.window))):
            raise ValueError("no number")
        self.waiting = list(dict.fromkeys(self.waiting))
        self.under_way = {ticket: min(since, now) for ticket, since in self.under_way.items()}
        self.ended = [min(moment, now + UNHEARD) for moment in self.ended]
        self.looked, self.burst = min(self.looked, now), int(self.burst)

    def written(self) -> bytes:
        return json.dumps(vars(self)).encode()

    def ask(self, ticket: str, limit: Limit, now: float) -> Wait | None:
        """None where it is the ticket's turn, which is then under way; else it has its place in the queue."""
        self.burst, self.window = max(self.burst, limit.burst), max(self.window, limit.window)
        if ticket not in self.waiting:
            self.waiting.append(ticket)
        ahead = self.waiting.index(ticket)
        least, guess = self._until_window(ahead, limit, now), self._until_end(ahead, limit, now)
        if not least and not guess:
            self.waiting.remove(ticket)
            self.under_way[ticket] = now
            return None
        return Wait(least, min(max(least, guess), LOOK))

    def _until_window(self, ahead: int, limit: Limit, now: float) -> float:
        """Seconds until a window has room, if who is under way ended now, and who is ahead as soon as it starts."""
        if limit.rate is None:
            return 0.0
        arrived = [*self.ended, *(_arrival(since, limit, now) for since in self.under_way.values())]
        busy = sorted(moment + limit.window for moment in arrived if moment + limit.window > now)[-limit.burst :]
        rounds, place = divmod(ahead, limit.burst)
        free = limit.burst - len(busy)
        first = now if place < free else busy[place - free]
        return first + rounds * limit.window - now

    def _until_end(self, ahead: int, limit: Limit, now: float) -> float:
        """Seconds after which enough of those under way may have ended, by what requests took of late."""
        if limit.concurrency is None:
            return 0.0
        missing = ahead + len(self.under_way) - limit.concurrency + 1
        if missing <= 0:
            return 0.0
        left = self.pace * missing / limit.concurrency - (now - min(self.under_way.values(), default=now))
        return max(left, -left / 4, _QUICKEST)

    def end(self, ticket: str, limit: Limit, now: float, *, answered: bool) -> None:
        """A request has ended, with an answer or without."""
        since = self.under_way.pop(ticket, now)
        self.pace = (self.pace + now - since) / 2
        self._remember(_arrival(since, limit, now if answered else now + UNHEARD), now)

    def leave(self, ticket: str) -> None:
        """Give up."""
        if ticket in self.waiting:
            self.waiting.remove(ticket)

    @property
    def owners(self) -> set[str]:
        return {_owner(ticket) for ticket in (*self.waiting, *self.under_way)}

    def bury(self, dead: set[str], limit: Limit, now: float) -> None:
        """Free what processes had that died."""
        self.looked = now
        self.waiting = [ticket for ticket in self.waiting if _owner(ticket) not in dead]
        for ticket in [ticket for ticket in self.under_way if _owner(ticket) in dead]:
            self._remember(_arrival(self.under_way.pop(ticket), limit, now + UNHEARD), now)

    def _remember(self, moment: float, now: float) -> None:
        recent = sorted(known for known in (*self.ended, moment) if known + self.window > now)
        self.ended = recent[-self.burst :] if self.burst else []


def _arrival(since: float, limit: Limit, latest: float) -> float:
    """When a request that started then has arrived at the latest."""
    return min(latest, since + max(LONGEST_WAY, 2 * limit.window))


def _owner(ticket: str) -> str:
    return ticket.partition(".")[0]
