# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are aborted end at once, in whatever phase they are."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from keystoneauth1.session import Session as KeystoneSession
from requests.exceptions import ChunkedEncodingError

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import transport
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.answers import json_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.transport import (
    MOST_OF_ERROR,
    AbortableAdapter,
    WireSession,
    get_from_web,
    redirect_target,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    ServerError,
    UnreachableError,
)
from tests.support.fake_openstack import (
    Answer,
    BlackHole,
    FakeOpenStack,
    TrickleAnswer,
)
from tests.support.run_core import ask_one, entries, kinds


@pytest.fixture
def adapter() -> AbortableAdapter:
    return AbortableAdapter()


@pytest.fixture
def session(adapter: AbortableAdapter) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        for scheme in ("http://", "https://"):
            made.mount(scheme, adapter)
        yield made


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def seconds_to_break(adapter: AbortableAdapter, ready: Callable[[], object], ask: Callable[[], object]) -> float:
    """Seconds from the word to the end of a request, which must fail."""
    told: list[float] = []

    def abort() -> None:
        ready()
        told.append(time.monotonic())
        adapter.abort()

    thread = threading.Thread(target=abort)
    thread.start()
    with pytest.raises((requests.ConnectionError, ChunkedEncodingError)):
        ask()
    seconds = time.monotonic() - told[0]
    thread.join()
    return seconds


@pytest.mark.parametrize("scheme", ["http", "https"], ids=["answer", "TLS handshake"])
def test_what_does_not_come(
    adapter: AbortableAdapter, session: requests.Session, silent: socket.socket, scheme: str
) -> None:
    def ready() -> None:
        taken.append(silent.accept()[0])
        taken[0].recv(1000)

    taken: list[socket.socket] = []
    url = f"{scheme}://127.0.0.1:{port(silent)}"
    assert seconds_to_break(adapter, ready, lambda: session.get(url, timeout=20)) < 2
    taken[0].close()


def test_a_proxy_that_says_nothing(adapter: AbortableAdapter, session: requests.Session, silent: socket.socket) -> None:
    def ready() -> None:
        taken.append(silent.accept()[0])
        taken[0].recv(1000)

    def ask() -> None:
        session.get("https://cloud.example.org", proxies={"https": f"http://127.0.0.1:{port(silent)}"}, timeout=20)

    taken: list[socket.socket] = []
    assert seconds_to_break(adapter, ready, ask) < 2
    taken[0].close()


@pytest.fixture
def full() -> Iterator[socket.socket]:
    """A server that takes no connection, and does not refuse it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        fillers = [socket.socket() for _filler in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - has no other form
            filler.connect_ex(server.getsockname())
        yield server
        for filler in fillers:
            filler.close()


@pytest.mark.slow
def test_a_host_that_takes_no_connection(
    adapter: AbortableAdapter, session: requests.Session, full: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_ATTEMPT", 0.3)
    url = f"http://127.0.0.1:{port(full)}"
    with pytest.raises(requests.ConnectTimeout):
        session.get(url, timeout=0.7)
    assert seconds_to_break(adapter, lambda: time.sleep(0.1), lambda: session.get(url, timeout=20)) < 2


def test_the_time_to_connect_is_for_all_addresses_of_a_host(
    session: requests.Session, full: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[object] = []

    def four_addresses(*asked: object, **_options: object) -> list[Any]:
        rounds.append(asked)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname())] * 4

    monkeypatch.setattr(socket, "getaddrinfo", four_addresses)
    monkeypatch.setattr(transport, "CONNECT_ATTEMPT", 0.05)
    with pytest.raises(requests.ConnectTimeout):
        session.get(f"http://cloud.example.org:{port(full)}", timeout=0.4)
    assert len(rounds) <= 3, "0.2 s each"


def test_a_body_of_which_no_more_comes(
    adapter: AbortableAdapter, session: requests.Session, fake_openstack: Callable[..., FakeOpenStack]
) -> None:
    region = fake_openstack(servers=50)["cloud1"]["r1"]
    region.fault("GET", "/v2.1", TrickleAnswer(10))
    answer = session.get(f"{region.nova.url}/v2.1/", stream=True, timeout=20)
    assert seconds_to_break(adapter, lambda: None, lambda: answer.content) < 2


def test_nothing_goes_through_afterwards(
    adapter: AbortableAdapter, session: requests.Session, fake_openstack: Callable[..., FakeOpenStack]
) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    session.get(f"{region.nova.url}/", timeout=5)
    sent = clouds.counters.requests()
    adapter.abort()
    for url in (region.nova.url, region.glance.url):  # a connection that is there, and a new one
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/", timeout=5)
    assert clouds.counters.requests() == sent


def test_one_connection_serves_many_requests(
    session: requests.Session, fake_openstack: Callable[..., FakeOpenStack]
) -> None:
    region = fake_openstack()["cloud1"]["r1"]
    sockets = set()
    for _request in range(3):
        with session.get(f"{region.nova.url}/", stream=True, timeout=5) as answer:
            raw: Any = answer.raw
            sockets.add(raw.connection.sock.getsockname())
            assert answer.content
    assert len(sockets) == 1


def test_a_request_is_bounded_by_api_timeout(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/servers", BlackHole())

    def servers(connection: Connection) -> dict[str, Any]:
        return service_at(connection, "compute").json("GET", "/servers")

    result = ask_one(clouds, servers, timeout=20, api_timeout=0.3)
    assert kinds([result]) == {"cloud1/r1/demo": "timeout"}
    assert result.seconds < 2
    assert clouds.counters.requests(service="compute") == 1


# What a cloud sends is bounded, and what it is sent stays there


class Scripted:
    """A server that answers each path as it is told, and keeps what it is sent."""

    def __init__(self, answers: dict[str, Callable[[BaseHTTPRequestHandler], None]]) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                scripted.requests.append((self.command, self.path, dict(self.headers)))
                scripted.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                with suppress(OSError):
                    answers[self.path.partition("?")[0]](self)
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(**answers: Callable[[BaseHTTPRequestHandler], None]) -> Scripted:
        made.append(Scripted({f"/{path}": answer for path, answer in answers.items()}))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def body(data: bytes, *, status: int = 200, endless: bool = False, **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if not endless:
            handler.send_header("Content-Length", str(len(data)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(data)
        while endless:
            handler.wfile.write(data)

    return answer


@cache
def gzipped(size: int) -> bytes:
    return gzip.compress(bytes(size))


class Owner:
    """As much of a connection as the session needs."""

    def __init__(self, seconds: float = 20.0, limit: int = 1 << 20) -> None:
        self.deadline = Deadline(seconds)
        self.requests = 0
        self.api_timeout = 5.0
        self.answer_limit = limit

    def rate_limiter(self, _service_type: str) -> Any:
        return SimpleNamespace(send=lambda call, _deadline: call())


BOMBS = {
    "large": body(bytes(2 << 20)),
    "gzip": body(gzipped(64 << 20), Content_Encoding="gzip"),
    "deflate": body(zlib.compress(bytes(64 << 20)), Content_Encoding="deflate"),
    "endless": body(bytes(1 << 16), endless=True),
    "endless gzip": body(gzipped(64 << 20), endless=True, Content_Encoding="gzip"),
    "members of nothing": body(gzip.compress(b"") * 1000, endless=True, Content_Encoding="gzip"),
}


ERRORS = {
    "large": body(bytes(2 << 20), status=500),
    "gzip": body(gzipped(64 << 20), status=500, Content_Encoding="gzip"),
    "endless": body(bytes(1 << 16), status=500, endless=True),
    "endless gzip": body(gzipped(64 << 20), status=500, endless=True, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_answer_is_bounded_before_and_after_decompression(scripted: Callable[..., Scripted], bomb: str) -> None:
    server, owner = scripted(x=BOMBS[bomb]), Owner()
    tracemalloc.start()
    with pytest.raises(ServerError, match=r"the answer to GET /x has more than 1 MiB|cannot be decompressed") as raised:
        WireSession(owner).get(f"{server.url}/x", allow_redirects=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    if "more than" in raised.value.message:
        assert "answer_limit_mib" in raised.value.hint


def test_an_answer_that_announces_too_much_is_not_read(scripted: Callable[..., Scripted]) -> None:
    def announce(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(2 << 20))
        handler.end_headers()

    server = scripted(x=announce)
    with pytest.raises(ServerError, match="more than 1 MiB") as raised:
        WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    assert raised.value.final


@pytest.mark.parametrize("body", [b"{", b"[" * 3000 + b"]" * 3000, b'{"a": NaN}', b'{"a": 1e999}', b"\xff"])
def test_libraries_that_parse_an_answer_do_it_as_carefully(scripted: Callable[..., Scripted], body: bytes) -> None:
    """keystoneauth1 expects a ValueError, and no RecursionError."""

    def odd(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    response = WireSession(Owner()).get(f"{scripted(x=odd).url}/x", allow_redirects=False)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()


def test_a_larger_answer_may_have_more_values(scripted: Callable[..., Scripted]) -> None:
    """A Neutron without pages lists everything at once."""
    values = b'{"ports": [' + b"0," * 20_000 + b"0]}"
    server = scripted(x=body(values))
    with pytest.raises(ServerError, match=r"the answer to GET /x has more than 16384 values") as caught:
        WireSession(Owner(limit=1 << 20)).get(f"{server.url}/x", allow_redirects=False)
    assert "answer_limit_mib" in caught.value.hint
    taken = WireSession(Owner(limit=2 << 20)).get(f"{server.url}/x", allow_redirects=False)
    assert len(json_object(taken)["ports"]) == 20_001


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_that_names_a_length_is_complete(
    scripted: Callable[..., Scripted], status: int
) -> None:
    def odd(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "4")
        handler.end_headers()

    response = WireSession(Owner()).get(f"{scripted(x=odd).url}/x", allow_redirects=False)
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("length", ["many", "9" * 5000, "-1", "1.5"])
def test_a_length_that_is_no_number_is_none(scripted: Callable[..., Scripted], length: str) -> None:
    def announce(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", length)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"data")

    response = WireSession(Owner()).get(f"{scripted(x=announce).url}/x", allow_redirects=False)
    assert response.content == b"data"


@pytest.mark.parametrize("bomb", ["large", "gzip", "endless", "endless gzip"])
def test_of_an_error_as_much_is_read_as_it_may_say(scripted: Callable[..., Scripted], bomb: str) -> None:
    server = scripted(x=ERRORS[bomb])
    for stream in (False, True):
        tracemalloc.start()
        response = WireSession(Owner(limit=64 << 20)).get(f"{server.url}/x", allow_redirects=False, stream=stream)
        text = response.text
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (response.status_code, set(text)) == (500, {"\0"})
        assert 0 < len(text) <= MOST_OF_ERROR
        assert peak < 16 << 20


@pytest.mark.parametrize(
    "content_type",
    ["text/plain; charset=idna", "text/html; charset=undefined", "text/html", "application/x", "a;charset"],
)
@pytest.mark.parametrize("status", [200, 404])
def test_no_encoding_is_guessed_or_believed(scripted: Callable[..., Scripted], content_type: str, status: int) -> None:
    server = scripted(x=body("Größe".encode() + b"\xff", status=status, Content_Type=content_type))
    response = WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    assert response.text == "Größe\ufffd"


def test_no_header_becomes_a_reserved_key(scripted: Callable[..., Scripted]) -> None:
    """The metadata of objects and containers, and the properties of images of version 1, are named by headers."""
    names = ("X-Object-Meta-__Ansible_Type", "__ansible_unsafe", "X-Object-Meta-Color")
    named: dict[str, Any] = dict.fromkeys(names, "red")
    server = scripted(x=body(b"{}", **named))
    response = WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    assert {name.lower() for name in response.headers} & {name.lower() for name in names} == {"x-object-meta-color"}


def test_an_error_leaves_its_connection_for_the_next_request(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    region = fake_openstack()["cloud1"]["r1"]
    region.fault("GET", "/v2.1", Answer(404, {}, b"no", after="work"))
    session, url = WireSession(Owner()), f"{region.nova.url}/v2.1/"
    for _request in range(3):
        assert session.get(url, allow_redirects=False).content == b"no"
    adapter: Any = session.get_adapter(url)
    pools = adapter.poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - not a mapping


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"plain", {}),
        (gzip.compress(b"plain", mtime=0), {"Content_Encoding": "gzip"}),
        (zlib.compress(b"plain"), {"Content_Encoding": "deflate"}),
        (b"plain", {"Content_Encoding": "identity"}),
    ],
)
def test_an_answer_within_bounds(scripted: Callable[..., Scripted], data: bytes, headers: dict[str, Any]) -> None:
    response = WireSession(Owner()).get(f"{scripted(x=body(data, **headers)).url}/x", allow_redirects=False)
    assert (response.content, response.text) == (b"plain", "plain")


@pytest.mark.parametrize(
    ("data", "encoding", "error"), [(b"x", "gzip", "cannot be decompressed"), (b"x", "br", "is compressed by 'br'")]
)
def test_what_is_not_compressed_as_it_says(
    scripted: Callable[..., Scripted], data: bytes, encoding: str, error: str
) -> None:
    server = scripted(x=body(data, Content_Encoding=encoding))
    with pytest.raises(ServerError, match=error):
        WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)


def test_a_slow_answer_ends_by_the_deadline(scripted: Callable[..., Scripted]) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _second in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    owner, start = Owner(seconds=0.4), time.monotonic()
    with pytest.raises((DeadlineError, requests.RequestException)):
        WireSession(owner).get(f"{scripted(x=trickle).url}/x", allow_redirects=False)
    assert time.monotonic() - start < 3


def test_a_redirect_within_the_origin_is_followed(scripted: Callable[..., Scripted]) -> None:
    server = scripted(x=body(b"", status=302, Location="/y?a=b"), y=body(b"there"))
    response = WireSession(Owner()).get(f"{server.url}/x", headers={"X-Auth-Token": "t0k3n"}, allow_redirects=False)
    assert response.content == b"there"
    assert [path for _method, path, _headers in server.requests] == ["/x", "/y?a=b"]
    assert server.requests[1][2]["X-Auth-Token"] == "t0k3n"


def test_the_body_of_a_redirect_is_not_read(scripted: Callable[..., Scripted]) -> None:
    bomb = body(gzipped(64 << 20), status=302, Location="/y", Content_Encoding="gzip")
    server = scripted(x=bomb, y=body(b"there"))
    tracemalloc.start()
    response = WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert response.content == b"there"
    assert peak < 16 << 20


def test_the_body_of_a_redirect_on_the_web_is_not_read_either(scripted: Callable[..., Scripted]) -> None:
    elsewhere = scripted(y=body(b"there"))
    server = scripted(
        x=body(gzipped(64 << 20), status=302, Location="/z", Content_Encoding="gzip"),
        z=body(bytes(32 << 20), status=301, Location=f"{elsewhere.url}/y"),
    )
    tracemalloc.start()
    with get_from_web(f"{server.url}/x", stream=True, timeout=5) as response:
        assert response.content == b"there"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.status_code for one in response.history] == [302, 301]
    assert peak < 16 << 20


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nothing_is_sent_to_another_origin(scripted: Callable[..., Scripted], status: int, method: str) -> None:
    elsewhere = scripted(x=body(b"caught"))
    server = scripted(x=body(b"", status=status, Location=f"{elsewhere.url}/x?secret=1"))
    where = f"{method} {server.url}/x is redirected to {elsewhere.url}/x, which"
    with pytest.raises(ServerError, match=where) as raised:
        WireSession(Owner()).request(
            method, f"{server.url}/x?secret=1", headers={"X-Auth-Token": "t0k3n"}, allow_redirects=False
        )
    assert "secret" not in raised.value.message
    assert elsewhere.requests == []


def test_keystoneauth_has_no_redirect_left_to_follow() -> None:
    """It would take the token along, to whichever host."""
    assert set(KeystoneSession._REDIRECT_STATUSES) <= set(transport._REDIRECTS)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_is_sent_follows_a_redirect_within_the_origin(
    scripted: Callable[..., Scripted], method: str, status: int
) -> None:
    """By these statuses a service says that method and body stay (RFC 9110, 15.4.8)."""
    server = scripted(x=body(b"", status=status, Location="/y"), y=body(b"there"))
    response = WireSession(Owner()).request(method, f"{server.url}/x", json={"a": "b"}, allow_redirects=False)
    assert response.content == b"there"
    assert [(sent, path) for sent, path, _headers in server.requests] == [(method, "/x"), (method, "/y")]
    assert server.bodies == [b'{"a": "b"}'] * 2


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_may_mean_get_is_not_followed(scripted: Callable[..., Scripted], status: int) -> None:
    server = scripted(x=body(b"", status=status, Location="/y"), y=body(b""))
    with pytest.raises(
        ServerError, match=rf"POST .*/x is redirected to {server.url}/y, which is not followed"
    ) as raised:
        WireSession(Owner()).post(f"{server.url}/x", json={"password": "p"}, allow_redirects=False)
    assert "auth_url" in raised.value.hint
    assert len(server.requests) == 1


def test_a_body_that_cannot_be_sent_again_follows_no_redirect(scripted: Callable[..., Scripted]) -> None:
    server = scripted(x=body(b"", status=307, Location="/y"), y=body(b""))
    with pytest.raises(ServerError, match=r"PUT .*/x is redirected"):
        WireSession(Owner()).put(f"{server.url}/x", data=iter([b"once"]), allow_redirects=False)
    assert [path for _method, path, _headers in server.requests] == ["/x"]


@pytest.mark.parametrize(
    ("status", "method", "asked", "target", "followed"),
    [
        *((status, "POST", "http://a/v3", "https://a/v3", True) for status in (301, 302, 307, 308)),
        (301, "POST", "http://a:5000/v3", "https://a:5000/v3", True),
        (303, "POST", "http://a/v3", "https://a/v3", False),
        (301, "POST", "https://a/v3", "https://a/v3/", False),
        *((status, "POST", "https://a/v3", "http://a/v3", False) for status in (301, 302, 307, 308)),
        *((status, "GET", "https://a/v3", "http://a/v3", False) for status in (301, 302, 303, 307, 308)),
        *((status, "POST", "http://a/v3", "https://b/v3", False) for status in (301, 302, 307, 308)),
        (307, "POST", "https://a/v3", "https://a:8443/v3", False),
    ],
)
def test_where_a_password_may_go(status: int, method: str, asked: str, target: str, *, followed: bool) -> None:
    response = requests.Response()
    response.status_code, response.url = status, asked
    response.headers["Location"] = target
    response.request = requests.Request(method, asked, json={"password": "p"}).prepare()
    if followed:
        assert redirect_target(response) == target
        return
    with pytest.raises(ServerError, match=f"is redirected to {target.partition('?')[0]}, which is not followed"):
        redirect_target(response)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("http://[", "an invalid URL"),
        ("//evil", "http://evil"),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x"),
        ("ftp://127.0.0.1/x", "an invalid URL"),
    ],
)
def test_odd_redirects(scripted: Callable[..., Scripted], location: str, target: str) -> None:
    server = scripted(x=body(b"", status=302, Location=location))
    with pytest.raises(ServerError, match=f"is redirected to {target}, which is not followed") as raised:
        WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    assert raised.value.final


def test_redirects_without_end(scripted: Callable[..., Scripted]) -> None:
    server = scripted(x=body(b"", status=302, Location="/x"))
    with pytest.raises(ServerError, match="redirected more than 5 times"):
        WireSession(Owner()).get(f"{server.url}/x", allow_redirects=False)
    assert len(server.requests) == 6


# Verdicts, through all layers


@pytest.mark.parametrize("size", [2 << 20])
def test_an_answer_that_is_too_large_is_asked_for_once(fake_openstack: Callable[..., FakeOpenStack], size: int) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["answer_limit_mib"] = 1
    fault = clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(200, {}, b" " * size))
    result = ask_one(config, lambda connection: service_at(connection, "compute").json("GET", "/servers"))
    assert result.error is not None
    assert (result.error.kind, fault.struck) == ("server", 1)
    assert "more than 1 MiB" in result.error.message


@pytest.mark.parametrize(("method", "path"), [("GET", "/servers"), ("POST", "/auth/tokens")])
def test_a_redirect_that_is_not_followed_is_asked_for_once(
    fake_openstack: Callable[..., FakeOpenStack], method: str, path: str
) -> None:
    clouds = fake_openstack()
    answer = Answer(302, {"Location": "https://login.example.com/sso?to=1"})
    place = clouds["cloud1"] if method == "POST" else clouds["cloud1"]["r1"]
    fault = place.fault(method, path, answer)
    result = ask_one(clouds, lambda connection: service_at(connection, "compute").json("GET", "/servers"))
    assert result.error is not None
    assert (result.error.kind, fault.struck) == ("server", 1)
    assert "is redirected to https://login.example.com/sso, which is not followed" in result.error.message
    assert "auth_url" in result.error.hint


def test_a_keystone_that_has_moved_within_its_origin_gets_the_password(
    fake_openstack: Callable[..., FakeOpenStack],
) -> None:
    clouds = fake_openstack(servers=1)
    url = f"{clouds['cloud1'].keystone.url}/v3/auth/tokens"
    fault = clouds["cloud1"].fault("POST", "/old/v3/auth/tokens", Answer(308, {"Location": url}, after="body"))
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = f"{clouds['cloud1'].keystone.url}/old/v3"
    result = ask_one(config, lambda connection: service_at(connection, "compute").json("GET", "/servers"))
    assert result.error is None
    assert fault.struck == 1


# Proxies


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield port(taken)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("user", ["", "joe:s3cret@"])
def test_a_dead_proxy_is_named(nobody: int, scheme: str, user: str) -> None:
    session = WireSession(Owner())
    proxies = dict.fromkeys(("http", "https"), f"http://{user}127.0.0.1:{nobody}")
    with pytest.raises(UnreachableError, match="refused") as raised:
        session.get(f"{scheme}://cloud.example.com/v3", proxies=proxies, allow_redirects=False)
    said = f"the proxy http://127.0.0.1:{nobody} does not connect to cloud.example.com: "
    assert raised.value.message.startswith(said)
    assert "s3cret" not in raised.value.message
    assert "https_proxy" in raised.value.hint


def test_a_proxy_that_refuses_is_named(scripted: Callable[..., Scripted]) -> None:
    proxy = scripted()
    with pytest.raises(UnreachableError, match=f"the proxy {proxy.url} does not connect to cloud.example.com"):
        WireSession(Owner()).get("https://cloud.example.com/v3", proxies={"https": proxy.url}, allow_redirects=False)
