# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all stand-in services share: routes, tokens, refusals in the shape of the service, and their port."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from html import escape
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple, Protocol

from aiohttp import web

from tests.support.fake_openstack.counters import Counters, Key
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import Gate, Knobs, Reply, collect, json_reply

HOST = "127.0.0.1"
GRACE = 0.1
"""Seconds that requests in progress get when a port closes (aiohttp takes 0 for no limit)."""


class Refusal(Exception):  # noqa: N818  (what a service says no with; not an error of the stand-in)
    """The service refuses the request, as the real one would."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Identity:
    """Who asks: what a valid token stands for."""

    user_id: str
    user_name: str
    project_id: str | None
    project_name: str | None
    roles: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        """Say whether the policy of the services grants everything."""
        return "admin" in self.roles


class TokenCheck(Protocol):
    """What services need of Keystone."""

    @property
    def url(self) -> str:
        """Its address, without a path."""

    def identify(self, token: str | None) -> Identity | None:
        """Return who a token stands for, None if it is not valid (any more)."""


@dataclass
class Call:
    """One request on its way through a service."""

    request: web.Request
    body: Body
    identity: Identity | None = None
    _read: bytes | None = field(default=None, repr=False)

    @property
    def me(self) -> Identity:
        """Who asks, on routes that need a token."""
        if self.identity is None:
            raise LookupError(f"{self.request.path} is open to everybody")
        return self.identity

    @property
    def base(self) -> str:
        """The address of the service as the client wrote it."""
        return f"{self.request.scheme}://{self.request.host}"

    def part(self, name: str) -> str:
        """Return a named part of the path."""
        return self.request.match_info[name]

    async def json(self) -> Any:
        """Return the body as JSON; raises ValueError if it is none."""
        if self._read is None:
            self._read = await collect(self.body)
        return json.loads(self._read)


Handler = Callable[[Call], Awaitable[Reply]]


class Route(NamedTuple):
    """A method and path of a service and what it does; `public` routes need no token."""

    method: str
    path: str
    handler: Handler
    public: bool = False


class Service(ABC):
    """One service on a port of its own."""

    kind: ClassVar[str]

    def __init__(self, cloud: str, region: str, knobs: Knobs, counters: Counters) -> None:
        self.cloud = cloud
        self.region = region
        self.counters = counters
        self._gate = Gate(knobs, counters)
        self._site: web.TCPSite | None = None
        self.port = 0

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return what the service answers, the last route being for all other paths."""

    @abstractmethod
    def refuse(self, call: Call, refusal: Refusal) -> Reply:
        """Return a refusal in the shape that the real service gives it."""

    @abstractmethod
    def tokens(self) -> TokenCheck:
        """Return the Keystone that knows the tokens."""

    @property
    def url(self) -> str:
        """The address of the service, without a path."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        await self.listen()

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
            await self._site.start()
            self.port = self._runner.addresses[0][1]

    async def refuse_connections(self) -> None:
        """Close the port and the connections it has."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner.server is not None:
            await self._runner.server.shutdown(GRACE)

    async def stop(self) -> None:
        """Close everything."""
        await self._runner.cleanup()

    @cached_property
    def _routes(self) -> Sequence[Route]:
        return self.routes()

    @cached_property
    def _runner(self) -> web.AppRunner:
        """What listens; made when the service starts, which few of those in a region do."""
        app = web.Application()
        app[SERVICE] = self
        for resource in _resources(tuple((route.method, route.path) for route in self._routes)):
            app.router.register_resource(resource)
        return web.AppRunner(app, shutdown_timeout=GRACE, access_log=None)

    async def admit(self, request: web.Request, number: int) -> web.StreamResponse:
        """Answer a request that has taken the route of a number."""
        route = self._routes[number]
        key = Key(self.cloud, self.region, self.kind, request.method, route.path)
        return await self._gate.admit(request, key, lambda body: self._answer(route, Call(request, body)))

    async def _answer(self, route: Route, call: Call) -> Reply:
        if not route.public:
            call.identity = self.tokens().identify(call.request.headers.get("X-Auth-Token"))
            if call.identity is None:
                return self.unauthenticated(call)
        try:
            return await route.handler(call)
        except Refusal as refusal:
            return self.refuse(call, refusal)

    def unauthenticated(self, _call: Call) -> Reply:
        """Return what keystonemiddleware says to a request without a valid token."""
        message = "The request you have made requires authentication."
        refusal = {"error": {"code": 401, "title": "Unauthorized", "message": message}}
        return json_reply(refusal, 401, {"WWW-Authenticate": f'Keystone uri="{self.tokens().url}/v3"'})

    async def not_found(self, _call: Call) -> Reply:
        """Refuse a path that leads nowhere."""
        raise Refusal(404, "The resource could not be found.")


SERVICE = web.AppKey("SERVICE", Service)


@cache
def _resources(routes: Sequence[tuple[str, str]]) -> Sequence[web.AbstractResource]:
    """Return what matches the methods and paths, for all services that have these: it takes milliseconds to make."""
    router = web.UrlDispatcher()
    for number, (method, path) in enumerate(routes):
        router.add_route(method, path, _by_route(number))
    return list(router.resources())


def _by_route(number: int) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await request.app[SERVICE].admit(request, number)

    return handle


def webob_page(refusal: Refusal) -> Reply:
    """Return a refusal as WebOb shapes it for clients that accept anything: a page."""
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    html = (
        f"<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n"
        f"  {escape(refusal.message)}<br /><br />\n\n\n\n </body>\n</html>"
    )
    return Reply(refusal.status, html.encode(), {"Content-Type": "text/html; charset=UTF-8"} | refusal.headers)
