# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate through which every request passes: counting, latency and faults around the work of a service."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.fake_openstack.counters import Counters, Key
from tests.support.fake_openstack.faults import (
    Action,
    Answer,
    BlackHole,
    Body,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    DistortAnswer,
    EndlessAnswer,
    Fault,
    FaultBook,
    TrickleAnswer,
)

PIECE = 1 << 18
"""Bytes read from a request at a time."""


@dataclass(frozen=True)
class Reply:
    """An answer that is not sent yet; a body in pieces goes out chunked unless the headers say its length."""

    status: int
    body: bytes | Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer with JSON as its body."""
    return Reply(status, json.dumps(data).encode(), {"Content-Type": "application/json", **(headers or {})})


@dataclass
class Knobs:
    """What can be changed while requests run: seconds of latency before each answer, and faults."""

    latency: float = 0.0
    faults: FaultBook = field(default_factory=FaultBook)


class Faulty:
    """What faults can be put into and taken out of."""

    _knobs: Knobs

    def fault(
        self,
        method: str,
        path: str,
        action: Action,
        *,
        first: int = 1,
        times: int | None = None,
        token: str | None = None,
    ) -> Fault:
        """Let `action` happen to requests of `method` ("*": any) whose path with query matches the expression `path`.

        It strikes from the `first` matching request on (1-based), `times` times (None: always); with `token` only
        requests that carry this one.
        """
        fault = Fault(method.upper(), re.compile(path), action, first, times, token)
        self._knobs.faults.add(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """Heal one of them."""
        self._knobs.faults.remove(fault)

    def clear_faults(self) -> None:
        """Heal."""
        self._knobs.faults.clear()


Work = Callable[[Body], Awaitable[Reply]]


class Gate:
    """Lets requests through to the work of one listening service."""

    def __init__(self, knobs: Knobs, counters: Counters) -> None:
        self._knobs = knobs
        self._counters = counters

    async def admit(self, request: web.Request, key: Key, work: Work) -> web.StreamResponse:
        """Count the request, wait the latency, let the fault strike that is due, do the work, send the answer."""
        self._counters.begin(key)
        try:
            fault = self._knobs.faults.strike(request.method, request.path_qs, request.headers.get("X-Auth-Token"))
            await asyncio.sleep(self._knobs.latency)
            return await self._strike(fault, request, work)
        finally:
            self._counters.end()

    async def _strike(self, fault: Fault | None, request: web.Request, work: Work) -> web.StreamResponse:
        body, action = self._read(request), fault and fault.action
        if fault and isinstance(action, BlackHole) and action.late:
            whole = await collect(body)
            fault.read += 1
            return await _too_late(request, whole, work, action.late)
        match action:
            case Answer(after="headers" | "body") | BlackHole(after="headers"):
                return await _instead(action, request, body)
            case EndlessAnswer():
                return await _endless(action, request, body)
            case CutRequest() | CorruptRequest():
                body = action.spoil(body, body_length(request))
        try:
            return await _finish(fault, request, await work(body))
        except ConnectionError:  # the body broke off: a fault cut it, or the client went away
            return hang_up(request)

    async def _read(self, request: web.Request) -> Body:
        async for piece in request.content.iter_chunked(PIECE):
            self._counters.received(len(piece))
            yield piece


def body_length(request: web.Request) -> int | None:
    """Return the length of the request's body as its headers tell it."""
    if request.content_length is not None:
        return request.content_length
    told = request.headers.get("X-OpenStack-Image-Size", "")
    return int(told) if told.isdecimal() else None


async def drain(body: bytes | Body) -> None:
    """Read a body to its end and forget it."""
    if not isinstance(body, bytes):
        async for _piece in body:
            pass


async def collect(body: bytes | Body) -> bytes:
    """Return a body in one piece."""
    if isinstance(body, bytes):
        return body
    return b"".join([piece async for piece in body])


def hang_up(request: web.Request) -> web.Response:
    """Close the connection of a request at once; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def send(request: web.Request, reply: Reply, bytes_per_second: int | None = None) -> web.StreamResponse:
    """Send an answer, slowly if a rate is given."""
    if bytes_per_second is not None:
        pieces = _trickle(reply.body, bytes_per_second)
    elif isinstance(reply.body, bytes):
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    else:
        pieces = reply.body
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    if isinstance(reply.body, bytes) and request.method != "HEAD":
        response.content_length = len(reply.body)
    await response.prepare(request)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def _trickle(body: bytes | Body, bytes_per_second: int) -> Body:
    """Yield ten small pieces of a body a second."""
    whole = await collect(body)
    step = max(1, bytes_per_second // 10)
    for start in range(0, len(whole), step):
        await asyncio.sleep(step / bytes_per_second)
        yield whole[start : start + step]


def _answer(action: Answer) -> web.Response:
    return web.Response(status=action.status, headers=action.headers, body=action.body)


async def _instead(action: Answer | BlackHole, request: web.Request, body: Body) -> web.Response:
    """Do what happens in place of the work."""
    if isinstance(action, Answer):
        if action.after == "body":
            await drain(body)
        return _answer(action)
    return await _silence(request)


async def _endless(action: EndlessAnswer, request: web.Request, body: Body) -> web.StreamResponse:
    """Send pieces until the client has gone."""
    await drain(body)
    response = web.StreamResponse(headers=action.headers)
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(action.piece)
    return response


async def _silence(request: web.Request) -> web.Response:
    """Return when the client has gone."""
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110  (no event tells it)
        await asyncio.sleep(0.05)
    return web.Response()


async def _too_late(request: web.Request, body: bytes, work: Work, late: Callable[[], bool]) -> web.Response:
    """Do the work when nobody waits for it any more."""

    async def read() -> Body:
        yield body

    silence = await _silence(request)
    while not late():  # noqa: ASYNC110  (no event tells it)
        await asyncio.sleep(0.05)
    await drain((await work(read())).body)
    return silence


async def _finish(fault: Fault | None, request: web.Request, reply: Reply) -> web.StreamResponse:
    """Answer after the work, as the fault wants it."""
    action = fault and fault.action
    if fault is None or isinstance(action, CorruptRequest | TrickleAnswer):
        return await send(request, reply, action.bytes_per_second if isinstance(action, TrickleAnswer) else None)
    if isinstance(action, BreakAnswer):
        return await (send(request, reply) if request.method == "HEAD" else _send_part(request, reply, action))
    if isinstance(action, DistortAnswer):
        return await _send_distorted(request, reply, action)
    await drain(reply.body)
    fault.done += 1
    match action:
        case Answer():
            return _answer(action)
        case BlackHole():
            return await _silence(request)
        case _:
            return hang_up(request)


async def _send_part(request: web.Request, reply: Reply, action: BreakAnswer) -> web.StreamResponse:
    whole = await collect(reply.body)
    part = whole[: int(len(whole) * action.keep)]
    headers = {name: value for name, value in reply.headers.items() if name.lower() != "content-length"}
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(whole) if action.cut else len(part)
    await response.prepare(request)
    await response.write(part)
    if action.cut:
        await response.drain()
        if request.transport is not None:
            request.transport.close()
        return response
    await response.write_eof()
    return response


async def _send_distorted(request: web.Request, reply: Reply, action: DistortAnswer) -> web.Response:
    """Write the answer past aiohttp, which would refuse much of it, and close the connection."""
    head = request.method == "HEAD"
    headers = {name: value for name, value in reply.headers.items() if head or name.lower() != "content-length"}
    answer = action.change(Answer(reply.status, headers, await collect(reply.body)))
    length = {} if "content-length" in map(str.lower, answer.headers) else {"Content-Length": str(len(answer.body))}
    lines = [f"{name}: {value}\r\n" for name, value in {**answer.headers, **length, "Connection": "close"}.items()]
    start = f"HTTP/1.1 {answer.status} Distorted\r\n{''.join(lines)}\r\n".encode("utf-8", "surrogatepass")
    if request.transport is not None:
        request.transport.write(start + (b"" if head else answer.body))
        request.transport.close()
    return web.Response()
