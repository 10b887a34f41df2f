# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are aborted end at once, in whatever phase they are."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests.exceptions import ChunkedEncodingError

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import transport
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.transport import AbortableAdapter
from tests.support.fake_openstack import (
    BlackHole,
    FakeOpenStack,
    TrickleAnswer,
)
from tests.support.run_core import ask_one, kinds


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


def test_a_host_that_takes_no_connection(
    adapter: AbortableAdapter, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_ATTEMPT", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        fillers = [socket.socket() for _filler in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - has no other form
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{port(full)}"
        with pytest.raises(requests.ConnectTimeout):
            session.get(url, timeout=0.7)
        assert seconds_to_break(adapter, lambda: time.sleep(0.1), lambda: session.get(url, timeout=20)) < 2
        for filler in fillers:
            filler.close()


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
