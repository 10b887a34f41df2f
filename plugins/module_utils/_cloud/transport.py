# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: one session for each Location, whose requests are rate-limited, counted, bounded in time and abortable."""

from __future__ import annotations

import errno
import os
import socket
import threading
import weakref
import zlib
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

from .._core.deadline import CLEANING_UP, Deadline, clock
from .._core.errors import ServerError, UnreachableError, innermost
from .._core.text import counted, one_line
from .answers import MOST_VALUES, RESERVED, TOO_LARGE_HINT, parse_json
from .tls import SharedTLSAdapter
from .urls import is_url, same_origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest, Request, RequestException, Response, Session
    from requests.adapters import BaseAdapter
    from requests.exceptions import ProxyError
    from urllib3 import BaseHTTPResponse, ProxyManager
    from urllib3.connection import HTTPConnection

    from .rate_limit import RateLimiter
else:
    HTTPConnection = object  # `_abortable` adds the real base class
    try:
        from requests import RequestException, Response, Session
        from requests.exceptions import ProxyError
    except ImportError:  # reported by `_run.module`
        RequestException, ProxyError, Response, Session = OSError, ConnectionError, object, object

MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 305, 307, 308)
"""The statuses that keystoneauth or requests would follow to wherever they lead."""
_BODILESS = (204, 304)
"""Answers without a body, whatever length they name (RFC 9110, 6.4.1)."""

PIECE = 64 << 10
MOST_AT_ONCE = 1 << 20
"""Bytes that are read, and that are decompressed, in one step."""

_BYTES_OF_VALUE = 64
"""Bytes of an answer's limit for each value that it may have: by default that makes `MOST_VALUES`."""

MOST_OF_ERROR = 256 << 10
"""Bytes that are read of an error answer, for what it says."""

_CLEANUP = "cleanup:"
"""The prefix that selects the adapter for requests of cleanup; no URL begins with it."""

_service_type: ContextVar[str] = ContextVar("_service_type", default="identity")
"""The service that the present request counts for; requests for no service go to Keystone."""

CONNECT_ATTEMPT = 3.0
"""Seconds for an attempt to connect to an address, which cannot be aborted; it is repeated up to the timeout."""


@contextmanager
def counted_as(service_type: str) -> Iterator[None]:
    """Count the requests inside for this service."""
    token = _service_type.set(service_type)
    try:
        yield
    finally:
        _service_type.reset(token)


class SessionOwner(Protocol):
    """What the session needs of its connection."""

    deadline: Deadline
    requests: int

    @property
    def api_timeout(self) -> float:
        """Seconds for one request."""

    @property
    def answer_limit(self) -> int:
        """Bytes of an answer that is read as a whole."""

    def rate_limiter(self, service_type: str) -> RateLimiter:
        """The limits of a service."""


class WireSession(Session):
    """A requests session that counts its requests, keeps them within rate limits, and within the Location's deadline.

    An interrupt aborts all requests in flight. Cleanup has connections of its own. A cloud is not trusted: an answer
    has as many bytes as the owner allows, before and after decompression, and a redirect leads to no other origin.
    """

    def __init__(self, owner: SessionOwner) -> None:
        super().__init__()
        self.trust_env = _uses_environment()
        self.headers["Accept-Encoding"] = "gzip, deflate"
        self._owner = owner
        self._work = AbortableAdapter()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._work)

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare; a netrc file adds nothing to a request that has its credentials (`auth_type: http_basic`)."""
        if "Authorization" in (request.headers or {}):
            request.auth = _unchanged
        return super().prepare_request(request)

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - as requests names it
        """None: requests would read the whole body of a redirect, decompressed, to prepare a request of its own."""
        return None

    def get_adapter(self, url: str) -> BaseAdapter:
        if self._owner.deadline.cancelled is not CLEANING_UP:
            return super().get_adapter(url)
        if _CLEANUP not in self.adapters:
            self.mount(_CLEANUP, AbortableAdapter())
        return super().get_adapter(_CLEANUP)

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send, and follow redirects within the same origin; raises ServerError for others and for too many."""
        limiter = self._owner.rate_limiter(_service_type.get())
        for _hop in range(MOST_REDIRECTS + 1):
            response = limiter.send(partial(self._send, request, dict(kwargs)), self._owner.deadline)
            target = redirect_target(response)
            if target is None:
                return response
            response.close()
            request = request.copy()
            request.prepare_url(target, None)
        path = urlsplit(request.url or "").path
        raise ServerError(f"{request.method} {path} is redirected more than {MOST_REDIRECTS} times", final=True)

    def _send(self, request: PreparedRequest, kwargs: dict[str, Any]) -> Response:
        owner, deadline = self._owner, self._owner.deadline
        left = deadline.timeout()
        if deadline.cancelled is not CLEANING_UP:
            deadline.cancelled.on_cancel(self._work.abort)
        timeout = kwargs.get("timeout") or owner.api_timeout
        pair = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        kwargs["timeout"] = tuple(min(seconds, left) for seconds in pair)
        owner.requests += 1
        whole = not kwargs.get("stream")
        try:
            response = super().send(request, **{**kwargs, "stream": True})
            if isinstance(response, WireResponse):
                response.most_values = owner.answer_limit // _BYTES_OF_VALUE
            _drop_reserved(response)
            if response.status_code >= 400:
                _keep(response, _beginning_of(response, deadline, min(MOST_OF_ERROR, owner.answer_limit)))
            elif whole and not _redirects(response):
                _keep(response, body_of(response, deadline, owner.answer_limit))
        except ProxyError as exc:
            deadline.check_cancelled()
            raise _proxy_failed(exc, request, kwargs.get("proxies")) from exc
        except RequestException:
            deadline.check_cancelled()
            raise
        return response


class _WebSession(Session):
    """A session of requests that follows redirects to anywhere, without reading their bodies."""

    def get_redirect_target(self, resp: Response) -> str | None:
        target: str | None = super().get_redirect_target(resp)
        if target:
            resp.close()
            resp._content = b""  # noqa: SLF001 - requests would read all of it, decompressed
        return target


def get_from_web(url: str, **kwargs: Any) -> Response:
    """GET a URL that is no cloud's; raises RequestException. The arguments are those of requests."""
    with _WebSession() as session:
        return session.get(url, **kwargs)


def _drop_reserved(response: Response) -> None:
    """Drop headers whose names would become `RESERVED` keys of results: metadata is named by them."""
    for name in [name for name in response.headers if RESERVED in name.lower()]:
        del response.headers[name]


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request


def _keep(response: Response, body: bytes) -> None:
    """Give an answer its body. It is taken for UTF-8: guessing would take minutes for a large one."""
    response._content = body  # noqa: SLF001 - as requests does
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
    response.encoding = "utf-8"


def _proxy_failed(exc: Exception, request: PreparedRequest, proxies: Any) -> UnreachableError:
    from requests.utils import select_proxy

    named = str(select_proxy(request.url or "", proxies))
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    return UnreachableError(
        f"the proxy {proxy.scheme}://{proxy.netloc.rpartition('@')[2]} does not connect to "
        f"{urlsplit(request.url or '').hostname}: {one_line(str(innermost(exc)))}",
        hint="Check the proxy, and https_proxy, http_proxy and no_proxy in the environment.",
    )


def redirect_target(response: Response) -> str | None:
    """Where an answer redirects to; None where it does not.

    Raises ServerError for another origin, which must get neither token nor password, and for what cannot be sent
    again as it was. From http to https on the same host is the same origin.
    """
    if not _redirects(response):
        return None
    try:
        target = urljoin(response.url, response.headers["Location"])
    except ValueError:
        target = ""
    if is_url(target) and same_origin(response.url, target) and _can_be_sent_to(response, target):
        return target
    raise ServerError(
        f"{response.request.method} {_place(response.url)} is redirected to {_place(target)}, which is not followed",
        hint="Credentials are sent to the configured address only. If the cloud has moved, correct auth_url or the "
        "service's endpoint override in clouds.yaml, or ask its operator to correct the catalog.",
        final=True,
    )


def _redirects(response: Response) -> bool:
    return response.status_code in _REDIRECTS and "Location" in response.headers


def _can_be_sent_to(response: Response, target: str) -> bool:
    """Whether the request can be sent there with its method and body.

    By 301 and 302 a service may mean GET (RFC 9110, 15.4), but not where it only moves from http to https.
    """
    request = response.request
    if request.method in ("GET", "HEAD"):
        return True
    secured = urlsplit(response.url).scheme == "http" and urlsplit(target).scheme == "https"
    kept = response.status_code in (307, 308) or (response.status_code in (301, 302) and secured)
    return kept and isinstance(request.body, bytes | str | None)


def _place(url: str) -> str:
    """A URL without its user and its query, which may have secrets."""
    if not is_url(url):
        return "an invalid URL"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _beginning_of(response: Response, deadline: Deadline, most: int) -> bytes:
    """The first ``most`` bytes of the body of an error answer, decompressed; the rest is not read."""
    body = bytearray()
    try:
        for piece in _decompressed(response, _arriving(response, deadline, most)):
            body += piece
            if len(body) > most:
                response.close()
                break
    except ServerError:  # too large, or not to be decompressed: its status says enough
        response.close()
    return bytes(body[:most])


def body_of(response: Response, deadline: Deadline, limit: int) -> bytes:
    """The whole body, decompressed. Raises ServerError for one of more than ``limit`` bytes, before or after that."""
    if (announced_length(response) or 0) > limit and response.request.method != "HEAD":
        raise _too_large(response, f"{limit >> 20} MiB")
    body = bytearray()
    try:
        _fill(body, response, deadline, limit)
    except BaseException:
        body.clear()  # the traceback of the error would keep it
        raise
    return bytes(body)


def _fill(body: bytearray, response: Response, deadline: Deadline, limit: int) -> None:
    values, most_values = 0, limit // _BYTES_OF_VALUE
    for piece in _decompressed(response, _arriving(response, deadline, limit)):
        body += piece
        if len(body) > limit:
            raise _too_large(response, f"{limit >> 20} MiB")
        values += sum(map(piece.count, (b",", b"[", b"{")))
        if values > most_values:
            raise _too_large(response, f"{most_values} values")


def _arriving(response: Response, deadline: Deadline, limit: int) -> Iterator[bytes]:
    """The bytes as they arrive, so that the deadline is checked however slow they are."""
    from requests.exceptions import ConnectionError as BrokenError
    from requests.exceptions import ReadTimeout
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    announced, arrived = announced_length(response) or 0, 0
    try:
        for piece in raw_pieces(response, PIECE):
            deadline.remaining()
            arrived += len(piece)
            if arrived > limit:
                raise _too_large(response, f"{limit >> 20} MiB")
            yield piece
    except ReadTimeoutError as exc:
        raise ReadTimeout(exc, request=response.request) from exc
    except (HTTPError, OSError) as exc:
        raise BrokenError(exc, request=response.request) from exc
    bodiless = response.request.method == "HEAD" or response.status_code in _BODILESS
    if arrived < announced and not bodiless:
        raise BrokenError(f"{arrived} of {counted(announced, 'byte')} arrived", request=response.request)


def raw_pieces(response: Response, most: int) -> Iterator[bytes]:
    """The body as it is sent, up to ``most`` bytes at a time, fewer as soon as they arrive; raises urllib3's errors."""
    read = getattr(response.raw, "read1", response.raw.read)  # urllib3 has read1 since 2.1
    while piece := read(most, decode_content=False):
        yield piece


def announced_length(response: Response) -> int | None:
    """The bytes that an answer says that it has; None where it says nothing, or no number."""
    try:
        return int(response.headers.get("Content-Length", ""))
    except ValueError:  # so are numbers of thousands of digits
        return None


def _decompressed(response: Response, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What the pieces hold, a little of it at a time."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ServerError(
            f"the answer of {urlsplit(response.url).hostname} is compressed by {encoding[:20]!r}", final=True
        )
    inflate, empty = zlib.decompressobj(zlib.MAX_WBITS | 32), True
    try:
        for piece in pieces:
            empty = False
            yield inflate.decompress(piece, MOST_AT_ONCE)
            while inflate.unconsumed_tail:
                yield inflate.decompress(inflate.unconsumed_tail, MOST_AT_ONCE)
    except zlib.error as exc:
        raise ServerError(f"the answer of {urlsplit(response.url).hostname} cannot be decompressed: {exc}") from exc
    if not (empty or inflate.eof):
        raise ServerError(f"the answer of {urlsplit(response.url).hostname} cannot be decompressed: it ends early")


def _too_large(response: Response, most: str) -> ServerError:
    asked = response.request
    return ServerError(
        f"the answer to {asked.method} {urlsplit(response.url).path} has more than {most}",
        hint=TOO_LARGE_HINT,
        final=True,
    )


class WireResponse(Response):
    """An answer whose JSON is parsed by `parse_json`, also where keystoneauth1 reads it."""

    most_values = MOST_VALUES
    """How many values it may have."""

    def json(self, **_kwargs: Any) -> Any:
        """See `parse_json`; raises the error that requests raises for what is no JSON."""
        from requests.exceptions import JSONDecodeError

        try:
            return parse_json(self.content, self.most_values)
        except ValueError as exc:
            raise JSONDecodeError(str(exc), "", 0) from exc


class AbortableAdapter(SharedTLSAdapter):
    """An HTTP adapter whose requests can be aborted: all of them then raise ConnectionError of requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._aborted = False
        super().__init__()

    def abort(self) -> None:
        """End all requests in flight, including those whose answer is being read, and allow no more."""
        with self._lock:
            self._aborted = True
            sockets = list(self._sockets)
        for sock in sockets:
            with suppress(OSError):  # already closed
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # the override in TLS sockets would not end a read

    def check(self) -> None:
        """Raise OSError if the adapter was aborted."""
        if self._aborted:
            raise ConnectionAbortedError(errno.ECONNABORTED, "aborted")

    def watch(self, sock: object) -> None:
        """Register a socket to abort; raises as `check`."""
        with self._lock:
            self.check()
            if isinstance(sock, socket.socket):  # TLS within TLS, to a proxy, is none
                self._sockets.add(sock)

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        response = super().build_response(req, resp)
        response.__class__ = WireResponse  # requests has no way to name another
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._adopt(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> ProxyManager:
        known = proxy in self.proxy_manager
        manager: ProxyManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not known:
            self._adopt(manager)
        return manager

    def _adopt(self, manager: Any) -> None:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: partial(self._new_pool, pool) for scheme, pool in pools.items()}

    def _new_pool(self, pool_class: Any, *args: Any, **kwargs: Any) -> Any:
        pool = pool_class(*args, **kwargs)
        pool.ConnectionCls = partial(_abortable(pool.ConnectionCls), self)
        return pool


@cache
def _abortable(connection_class: type) -> type:
    return type(connection_class.__name__, (_Abortable, connection_class), {})


class _Abortable(HTTPConnection):
    """The mix-in with which `_abortable` extends urllib3's connections."""

    def __init__(self, adapter: AbortableAdapter, **kwargs: Any) -> None:
        self._adapter = adapter
        self._opening: socket.socket | None = None
        super().__init__(**kwargs)

    def connect(self) -> None:
        try:
            super().connect()
            self._adapter.watch(self.sock)
        finally:
            if self._opening:
                self._opening.close()

    def _new_conn(self) -> socket.socket:
        sock = self._connected()
        self._opening = sock.dup()  # TLS takes the socket over, and has one of its own only after the handshake
        self._adapter.watch(self._opening)
        return sock

    def _connected(self) -> socket.socket:
        """The socket of a connection that was established within the timeout."""
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        timeout: Any = self.timeout
        left = timeout
        try:
            while True:
                self._adapter.check()
                self.timeout, begun = min(left, CONNECT_ATTEMPT), clock.uptime()
                try:
                    sock = super()._new_conn()
                except NewConnectionError:  # a ConnectTimeoutError, although it is refused at once
                    raise
                except ConnectTimeoutError:
                    left -= clock.uptime() - begun  # urllib3 waits that long for each address of the host
                    if left <= 0:
                        raise
                else:
                    sock.settimeout(timeout)
                    return sock
        finally:
            self.timeout = timeout


@cache
def _uses_environment() -> bool:
    """Whether the environment has a proxy or a netrc file for requests.

    requests would look for them before every request, which takes a sixth of a request's CPU time.
    """
    from urllib.request import getproxies

    from requests.utils import NETRC_FILES

    if getproxies().keys() - {"no"}:
        return True
    named = os.environ.get("NETRC")
    files = [f"~/{name}" for name in NETRC_FILES] if named is None else [named]
    return any(os.path.exists(os.path.expanduser(file)) for file in files)  # noqa: PTH110, PTH111 - no error without a home
