# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault proxy in front of a real service."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.support.fake_openstack.background import LoopThread
from tests.support.fake_openstack.counters import Counters, Key
from tests.support.fake_openstack.faults import Body, CutError
from tests.support.fake_openstack.gate import PIECE, Faulty, Gate, Knobs, Reply
from tests.support.fake_openstack.service import GRACE, HOST

HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
"""Headers that speak of one connection only (RFC 9110, 7.6.1)."""
UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


class FaultProxy(Faulty):
    """Passes requests on to an upstream address, bodies streamed both ways; use as a context manager.

    The Host header stays as the client sent it, so that links of the service point to the proxy. Bytes are passed on
    as they are, compressed ones too. Faults are those of the stand-in clouds.
    """

    def __init__(self, upstream: str, latency: float = 0.0) -> None:
        self.counters = Counters()
        self.url = ""
        self._upstream = upstream.rstrip("/")
        self._knobs = Knobs(latency)
        self._gate = Gate(self._knobs, self.counters)
        self._thread = LoopThread("fault proxy")
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._thread.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._stop())
        self._thread.stop()

    async def _start(self) -> None:
        self._client = aiohttp.ClientSession(
            auto_decompress=False,
            # A connection per request: none inherits one that a fault has broken.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=GRACE, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._client is not None:
            await self._client.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        key = Key("", "", "proxy", request.method, UUID.sub("{id}", request.path))
        return await self._gate.admit(request, key, lambda body: self._forward(request, body))

    async def _forward(self, request: web.Request, body: Body) -> Reply:
        """Send a request on, and return the answer with its body still to come."""
        if self._client is None:
            raise RuntimeError("the proxy is not started")
        try:
            response = await self._client.request(
                request.method,
                URL(self._upstream + request.raw_path, encoded=True),
                headers=_passed_on(request.headers),
                data=body if request.body_exists else None,
                allow_redirects=False,
            )
        except aiohttp.ClientConnectionError as error:
            if isinstance(error.__cause__, CutError):
                raise error.__cause__ from error
            return Reply(502, f"upstream: {error}".encode())
        return Reply(response.status, _relay(response), _passed_on(response.headers))


def _passed_on(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers that an intermediary passes on."""
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


async def _relay(response: aiohttp.ClientResponse) -> Body:
    async with response:
        async for piece in response.content.iter_chunked(PIECE):
            yield piece
