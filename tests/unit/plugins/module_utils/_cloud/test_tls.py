# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to a real server, with authorities and certificates made for the test."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import tls
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.translate import translate
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.transport import _uses_environment
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConfigError, UnreachableError
from tests.support.tls import Authority, make_authority
from tests.support.web import Web, whole


class Hello(BaseHTTPRequestHandler):
    """Answers with what it gets, and closes the connection."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def serving(
    authority: Authority, clients: Authority | None = None, version: ssl.TLSVersion | None = None
) -> Iterator[str]:
    """Run a server with a certificate of an authority, for anyone or for `clients` of another; yield its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issued)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.bundle)
    if version:
        context.maximum_version = version

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            """Shake hands in the thread of the connection, and say why if that fails, as web servers do."""
            with (
                request.dup() as plain,
                context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secure,
            ):
                try:
                    secure.do_handshake()
                except ssl.SSLError:
                    with suppress(OSError):
                        while plain.recv(1000):  # until the other side has read it
                            pass
                else:
                    Hello(secure, client_address, self)

    with Server(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "one")


@pytest.fixture
def server(authority: Authority) -> Iterator[str]:
    with serving(authority) as url:
        yield url


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Forget all contexts, and list the bundles that are read."""
    read: list[str] = []
    load = ssl.SSLContext.load_verify_locations

    def counted(context: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        read.append(str(cafile or capath))
        load(context, cafile, capath, cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    monkeypatch.setattr(tls, "_contexts", {})
    return read


def connection(**options: Any) -> Connection:
    """Return a connection to a cloud with these options in its entry."""
    entry = {"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1"}, **options}
    (region,) = Clouds(clouds_config={"clouds": {"a": entry}}).regions("a")
    made = Connection(region)
    made.deadline = Deadline(10.0)
    return made


def get(url: str, **options: Any) -> int:
    """Return the status of an answer."""
    try:
        return int(connection(**options).session.get(url, authenticated=False).status_code)
    except Exception as exc:
        raise translate(exc) from exc


def test_a_bundle_is_read_once_for_all_connections(server: str, authority: Authority, loads: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _number: get(server, cacert=str(authority.bundle)), range(24)))
    assert statuses == [200] * 24
    assert loads == [str(authority.bundle)]


def test_the_environment_may_name_the_bundle(
    server: str, authority: Authority, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    assert [get(server), get(server)] == [200, 200]
    assert loads == [str(authority.bundle)]


def test_servers_of_other_authorities_are_refused(server: str, authority: Authority, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "other")
    assert get(server, cacert=str(authority.bundle)) == 200
    for options in ({}, {"cacert": str(other.bundle)}):
        with pytest.raises(UnreachableError, match="certificate verify failed") as caught:
            get(server, **options)
        assert "cacert" in caught.value.hint


def test_servers_of_another_name_are_refused(server: str, authority: Authority) -> None:
    assert get(server, cacert=str(authority.bundle)) == 200
    with pytest.raises(UnreachableError, match="localhost"):
        get(server.replace("127.0.0.1", "localhost"), cacert=str(authority.bundle))


def test_what_need_not_be_verified_is_not(server: str, recwarn: pytest.WarningsRecorder) -> None:
    assert get(server, verify=False) == 200
    recwarn.clear()


def test_a_bundle_without_certificates(server: str, tmp_path: Path) -> None:
    (tmp_path / "bundle.pem").write_text("nothing")
    with pytest.raises(UnreachableError, match="no certificate"):
        get(server, cacert=str(tmp_path / "bundle.pem"))


def test_who_shows_a_certificate_shows_it_to_that_cloud_only(authority: Authority, tmp_path: Path) -> None:
    clients = make_authority(tmp_path / "clients")
    trust = {"cacert": str(authority.bundle)}
    with serving(authority, clients) as url:
        assert get(url, **trust, cert=str(clients.issued)) == 200
        with pytest.raises((ConfigError, UnreachableError)):
            get(url, **trust)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shown", [False, True], ids=["none", "another authority's"])
def test_a_client_certificate_that_is_missing_is_named(
    authority: Authority, tmp_path: Path, version: ssl.TLSVersion, *, shown: bool
) -> None:
    clients, others = make_authority(tmp_path / "clients"), make_authority(tmp_path / "others")
    options = {"cacert": str(authority.bundle)} | ({"cert": str(others.issued)} if shown else {})
    with serving(authority, clients, version) as url, pytest.raises(ConfigError) as caught:
        get(url, **options)
    assert "requires a client certificate that it trusts" in caught.value.message
    assert "cert and key" in caught.value.hint


@pytest.fixture
def new_environment() -> Iterator[None]:
    """A process looks once whether its environment is of interest."""
    _uses_environment.cache_clear()
    yield
    _uses_environment.cache_clear()


@pytest.mark.usefixtures("new_environment")
def test_proxies_are_used(server: str, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(UnreachableError, match=r"(?i)proxy|refused"):
        get(server, cacert=str(authority.bundle))


@pytest.mark.usefixtures("new_environment")
@pytest.mark.parametrize("place", ["home", "NETRC"])
def test_a_netrc_file_is_used(
    server: str, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    file = tmp_path / (".netrc" if place == "home" else "logins")
    file.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv(*(("HOME", str(tmp_path)) if place == "home" else ("NETRC", str(file))))
    answer = connection(cacert=str(authority.bundle)).session.get(server, authenticated=False)
    assert answer.request.headers["Authorization"].startswith("Basic ")


@pytest.mark.usefixtures("new_environment")
def test_a_netrc_file_does_not_replace_the_credentials_of_clouds_yaml(
    server: str, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "logins"
    file.write_text("default login a password b")
    monkeypatch.setenv("NETRC", str(file))
    auth = {"endpoint": server, "username": "joe", "password": "s3cret"}
    session = connection(cacert=str(authority.bundle), auth_type="http_basic", auth=auth).session
    answer = session.get(server)
    assert answer.request.headers["Authorization"] == "Basic am9lOnMzY3JldA=="


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_password_follows_from_http_to_https_of_its_host(
    server: str, authority: Authority, web: Web, status: int
) -> None:
    web.answers = [whole(b"", status, Location=f"{server}/v3")]
    session = connection(cacert=str(authority.bundle)).session
    answer = session.post(web.url, json={"password": "p"}, authenticated=False)
    assert (answer.request.method, answer.content) == ("POST", b'{"password": "p"}')
    assert answer.url == f"{server}/v3"
