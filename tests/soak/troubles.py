# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in a soak, and how often each Location has been struck by it."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from time import time

from tests.soak.site import Place, Site
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    LoseAnswer,
    TrickleAnswer,
)
from tests.support.fake_openstack.faults import Fault
from tests.support.fake_openstack.gate import Faulty

ANY = ("*", "")
BODIES = ("(PUT|POST)", r"/file$|/stage$|/v1/images/|/v1/AUTH_")
NO_DATA = r"^/v2/images(\?|/[^/]*$)|^/v2\.[01]/|/stacks|/volumes|/auth/"
"""Requests to which api_timeout applies. For data there is stall_timeout, which the clock does not turn for sockets."""
HOLES = ("black hole", "black hole after the work")


@dataclass(frozen=True)
class Trouble:
    """A fault of some requests: what happens to which, and to how many of them at most."""

    name: str
    action: Callable[[], Action]
    requests: tuple[str, str] = ANY
    most: int = 3


def _date() -> str:
    return formatdate(time() + 1, usegmt=True)


TROUBLES: Sequence[Trouble] = (
    Trouble("429 with Retry-After", lambda: Answer(429, {"Retry-After": "1"})),
    Trouble("503 with Retry-After", lambda: Answer(503, {"Retry-After": "1"})),
    Trouble("503 with Retry-After as a date", lambda: Answer(503, {"Retry-After": _date()})),
    Trouble("413 with Retry-After", lambda: Answer(413, {"Retry-After": "1"})),
    Trouble("500", lambda: Answer(500)),
    Trouble("502 without its work", lambda: Answer(502, body=b"<html>Bad Gateway</html>")),
    Trouble("502 after its work", lambda: Answer(502, after="work"), most=1),
    Trouble("504 after its work", lambda: Answer(504, after="work"), most=1),
    Trouble("403", lambda: Answer(403), most=1),
    Trouble("401", lambda: Answer(401), most=2),
    Trouble("answer lost", LoseAnswer, most=2),
    Trouble("answer cut", lambda: BreakAnswer(0.5, cut=True), most=2),
    Trouble("answer truncated", lambda: BreakAnswer(0.5), most=2),
    Trouble("answer slow", lambda: TrickleAnswer(4000), most=2),
    Trouble("body cut", lambda: CutRequest(100), most=2),
    Trouble("body corrupted", lambda: CorruptRequest(1000), ("PUT", BODIES[1]), most=1),
    Trouble("500 to all", lambda: Answer(500), most=10_000),
    Trouble("503 to half of it", lambda: Answer(503), ("(POST|PUT|PATCH|DELETE)", ""), most=10_000),
    Trouble(HOLES[0], BlackHole, ("*", NO_DATA), most=1),
    Trouble(HOLES[1], lambda: BlackHole(after="work"), ("*", NO_DATA), most=1),
)
OUTAGES = ("connections refused", "tokens revoked", "Keystone answers 500", "slow region")


class Book:
    """How often each Location, or the Keystone of each cloud, has been struck; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: Counter[str] = Counter()
        self._live: list[tuple[str, Fault]] = []
        self._out: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()

    @contextmanager
    def fault(self, name: str, where: str, at: Faulty, fault: Fault) -> Iterator[None]:
        """Note one that has been put in, and take it out."""
        with self._lock:
            self._live.append((where, fault))
            self.injected[name] += 1
        yield
        at.lift(fault)
        with self._lock:
            self._live.remove((where, fault))
            self._ended[where] += fault.struck
            self.struck[name] += fault.struck

    @contextmanager
    def outage(self, name: str, where: str) -> Iterator[bool]:
        """Note what strikes everything there; says whether nothing else does already."""
        with self._lock:
            self._out[where] += 1
            self._ended[where] += 1
            self.injected[name] += 1
            self.struck[name] += 1
            first = self._out[where] == 1
        yield first
        with self._lock:
            self._out[where] -= 1
            self._ended[where] += 1

    def strikes(self, place: Place) -> int:
        """How often it has been struck until now; a number of its own while everything is."""
        with self._lock:
            total = 0
            for where in (str(place), place.cloud):
                total += self._ended[where] + sum(fault.struck for there, fault in self._live if there == where)
                total += 1_000_000 * self._out[where]
            return total

    def out(self, place: Place) -> bool:
        """Whether everything there is struck."""
        with self._lock:
            return bool(self._out[str(place)] or self._out[place.cloud])


def inject(site: Site, book: Book, stack: ExitStack, place: Place, chosen: random.Random, *, holes: bool = True) -> str:
    """Let something go wrong at a Location until the stack ends; returns what."""
    if chosen.random() < 0.12:
        return _outage(site, book, stack, place, chosen)
    trouble = chosen.choice([one for one in TROUBLES if holes or one.name not in HOLES])
    if trouble.name in HOLES and chosen.random() < 0.6:  # which cost seconds each
        trouble = TROUBLES[0]
    times = chosen.randint(1, 3) if trouble.most == 3 else trouble.most
    method, path = trouble.requests
    methods = method.strip("()").split("|")
    first = 1 if len(methods) > 1 else chosen.randint(1, 8)
    region = site.region(place)
    for method in methods:
        fault = region.fault(method, path, trouble.action(), first=first, times=times)
        stack.enter_context(book.fault(trouble.name, str(place), region, fault))
    return trouble.name


def _outage(site: Site, book: Book, stack: ExitStack, place: Place, chosen: random.Random) -> str:
    name = chosen.choice(OUTAGES)
    region, cloud = site.region(place), site.clouds[place.cloud]
    if name == "connections refused":
        if stack.enter_context(book.outage(name, str(place))):
            kind = chosen.choice([None, "compute", "image"])
            region.refuse_connections(kind)
            stack.callback(region.accept_connections)
    elif name == "tokens revoked":
        with book.outage(name, place.cloud):
            cloud.revoke_tokens()
    elif name == "slow region":
        if stack.enter_context(book.outage(name, str(place))):
            region.latency = 0.03
            stack.callback(setattr, region, "latency", 0.0)
    else:
        cloud.revoke_tokens()
        fault = cloud.fault("POST", "/auth/tokens", Answer(500), times=chosen.choice([1, 2, 1000]))
        stack.enter_context(book.fault(name, place.cloud, cloud, fault))
        stack.enter_context(book.outage("tokens revoked", place.cloud))
    return name
