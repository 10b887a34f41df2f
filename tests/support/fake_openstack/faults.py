# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a request, as values, and the book that says which request it happens to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Body = AsyncIterator[bytes]
"""The body of a request or an answer, in the pieces in which it travels."""


class CutError(ConnectionError):
    """The body of a request ended because a fault cuts its connection."""


@dataclass(frozen=True)
class Answer:
    """Answer this, after reading only the headers of the request, after reading its body, or after doing the work."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: Literal["headers", "body", "work"] = "headers"


@dataclass(frozen=True)
class BlackHole:
    """Take the request and never answer, until the client goes away: after reading only its headers, or doing the work.

    With `late` the work is begun when the client has gone and this has become true.
    """

    after: Literal["headers", "work"] = "headers"
    late: Callable[[], bool] | None = None


@dataclass(frozen=True)
class At:
    """A place in a body: a number of bytes (int), or a share of its length between 0 and 1 (float)."""

    place: int | float

    def offset(self, length: int | None) -> int:
        """Return the place in bytes; raises ValueError for a share of an unknown length."""
        if isinstance(self.place, int):
            return self.place
        if length is None:
            raise ValueError("a share of a body needs Content-Length or X-OpenStack-Image-Size")
        return int(self.place * length)


@dataclass(frozen=True)
class CutRequest:
    """Close the connection in the middle of the request's body; the work sees a body that breaks off."""

    at: int | float

    async def spoil(self, body: Body, length: int | None) -> Body:
        """Pass the body on up to the place, then raise CutError."""
        left = At(self.at).offset(length)
        async for chunk in body:
            if len(chunk) >= left:
                yield chunk[:left]
                break
            left -= len(chunk)
            yield chunk
        raise CutError(f"the connection is cut after {self.at}")


@dataclass(frozen=True)
class CorruptRequest:
    """Flip one bit of the request's body on its way: the service gets, hashes and stores other bytes."""

    at: int | float

    async def spoil(self, body: Body, length: int | None) -> Body:
        """Pass the body on with one bit of the byte at the place flipped."""
        left = At(self.at).offset(length)
        async for chunk in body:
            if 0 <= left < len(chunk):
                yield chunk[:left] + bytes([chunk[left] ^ 1]) + chunk[left + 1 :]
            else:
                yield chunk
            left -= len(chunk)


@dataclass(frozen=True)
class LoseAnswer:
    """Do the work, then close the connection without an answer."""


@dataclass(frozen=True)
class BreakAnswer:
    """Answer only the first part of the body (a share): complete HTTP, broken content.

    With `cut` the headers promise the whole body, and the connection closes after the part. The answer to HEAD, which
    has no body, stays whole.
    """

    keep: float = 0.5
    cut: bool = False


@dataclass(frozen=True)
class TrickleAnswer:
    """Send the body of the answer slowly."""

    bytes_per_second: int


@dataclass(frozen=True)
class DistortAnswer:
    """Do the work, and answer what `change` makes of the answer, byte for byte: also what no service would send.

    `change` is given no Content-Length, except for HEAD, where the header has no body; where it sets none, the length
    is the body's. Texts of headers are sent as UTF-8, lone surrogates too.
    """

    change: Callable[[Answer], Answer]


def edit_answer(edit: Callable[[Any], Any]) -> DistortAnswer:
    """Do the work, and answer with other JSON; an answer without any stays as it is."""

    def edited(answer: Answer) -> Answer:
        try:
            data = json.loads(answer.body)
        except ValueError:
            return answer
        return replace(answer, body=json.dumps(edit(data)).encode())

    return DistortAnswer(edited)


@dataclass(frozen=True)
class EndlessAnswer:
    """Answer these headers, and then the piece of a body for ever, as fast as the client reads."""

    headers: Mapping[str, str]
    piece: bytes


Action = (
    Answer
    | BlackHole
    | CutRequest
    | CorruptRequest
    | LoseAnswer
    | BreakAnswer
    | DistortAnswer
    | EndlessAnswer
    | TrickleAnswer
)


@dataclass(eq=False)
class Fault:
    """One action and the requests it strikes: the `first` matching one (1-based) and `times` in all (None: always).

    With `token` it strikes only requests that carry this token. Two that are alike are two.
    """

    method: str
    path: re.Pattern[str]
    action: Action
    first: int = 1
    times: int | None = None
    token: str | None = None
    seen: int = 0
    struck: int = 0
    read: int = 0
    """How many of the struck requests, whose work comes late, have been read to the end."""
    done: int = 0
    """How many of the struck requests had their work done all the same, and are answered otherwise, or not at all."""

    def owes(self) -> bool:
        """Say whether all has happened that happens before the client gives up."""
        match self.action:
            case BlackHole(late=late) if late:
                return self.read > 0
            case BlackHole(after="work") | Answer(after="work"):
                return self.done > 0
            case _:
                return self.struck > 0

    def strikes(self, method: str, path: str, token: str | None) -> bool:
        """Say whether this request is struck, and count it."""
        if self.method not in ("*", method) or not self.path.search(path) or self.token not in (None, token):
            return False
        self.seen += 1
        if self.seen < self.first or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class FaultBook:
    """The faults of one service or region; may be changed from any thread while requests run."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let it strike, after those that there are."""
        with self._lock:
            self._faults.append(fault)

    def remove(self, fault: Fault) -> None:
        """Forget a fault, if it is there."""
        with self._lock:
            self._faults = [known for known in self._faults if known is not fault]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def strike(self, method: str, path: str, token: str | None) -> Fault | None:
        """Return the oldest fault that strikes this request."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(method, path, token)), None)
