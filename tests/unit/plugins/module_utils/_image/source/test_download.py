# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files from the web, over real HTTP: what servers do to them, and checksums that are published beside them."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    ServerError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.download import download_url

DATA = bytes(range(1, 251)) * 8000
"""2 MB."""

Answer = Callable[[BaseHTTPRequestHandler], None]


def whole(data: bytes = DATA, status: int = 200, *, stop: int | None = None, **headers: str) -> Answer:
    """The data, or with ``stop`` only so many bytes of them."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data[:stop])

    return answer


def rest(data: bytes = DATA, etag: str = '"1"', *, shift: int = 0) -> Answer:
    """What is asked for by Range, if the file is still the one that If-Range names."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if not asked or handler.headers.get("If-Range") != etag:
            whole(data, ETag=etag)(handler)
            return
        start = int(asked[1]) + shift
        content_range = f"bytes {start}-{len(data) - 1}/{len(data)}"
        whole(data[start:], 206, ETag=etag, Content_Range=content_range)(handler)

    return answer


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _second in range(30):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def silent(handler: BaseHTTPRequestHandler) -> None:
    whole(stop=1000)(handler)
    time.sleep(3)


class Web:
    """Gives the answers in their order, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.ranges: list[str | None] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.ranges.append(self.headers.get("Range"))
                answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
                answer(self)

            def log_message(self, *_args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that go away are what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/image.raw"


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


def fetch(web: Web, tmp_path: Path, seconds: float = 20.0, silence: float = 5.0) -> bytes:
    source = download_url(web.url, tmp_path, Deadline(seconds, "transfer_timeout"), silence)
    data = source.path.read_bytes()
    assert source.digests["sha256"] == hashlib.sha256(data).hexdigest()
    return data


OTHER = bytes(reversed(DATA))
HALF = len(DATA) // 2
CUT = whole(stop=HALF, ETag='"1"')


@pytest.mark.parametrize(
    ("answers", "expected", "resumed"),
    [
        pytest.param([whole()], DATA, [False], id="at-once"),
        pytest.param([CUT, rest()], DATA, [False, True], id="goes-on"),
        pytest.param([CUT, whole()], DATA, [False, True], id="server-without-ranges"),
        pytest.param([CUT, rest(OTHER, '"2"')], OTHER, [False, True], id="another-file-by-now"),
        pytest.param([whole(stop=HALF), rest()], DATA, [False, False], id="nothing-tells-that-it-is-the-same"),
        pytest.param([whole(stop=HALF, ETag='W/"1"'), rest()], DATA, [False, False], id="weak-etag"),
        pytest.param([CUT, rest(shift=7), whole()], DATA, [False, True, False], id="other-bytes-than-asked"),
        pytest.param([CUT, whole(b"", 416), whole()], DATA, [False, True, False], id="shorter-by-now"),
        pytest.param([whole(b"", 503), whole()], DATA, [False, False], id="one-503"),
        pytest.param([whole(b"", 429, Retry_After="0"), whole()], DATA, [False, False], id="one-429"),
        pytest.param([silent, rest()], DATA, [False, False], id="one-stall"),
        pytest.param([whole(b"", 302, Location="/elsewhere"), whole()], DATA, [False, False], id="redirect"),
    ],
)
def test_download(web: Web, tmp_path: Path, answers: list[Answer], expected: bytes, resumed: list[bool]) -> None:
    web.answers = answers
    assert fetch(web, tmp_path, silence=0.5) == expected
    assert [asked is not None for asked in web.ranges] == resumed


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        pytest.param(whole(b"", 404), InputError, "the server answers 404", id="not-found"),
        pytest.param(whole(b"", 403), InputError, "the server answers 403", id="forbidden"),
        pytest.param(whole(b"", 500), ServerError, "the server answers 500", id="fails"),
        pytest.param(whole(stop=HALF), UnreachableError, f"broke off after {HALF}", id="always-cut"),
        pytest.param(whole(b"<html>", Content_Type="text/html; charset=utf-8"), InputError, "a web page", id="html"),
        pytest.param(whole(b""), InputError, "url: what it serves is empty", id="empty"),
        pytest.param(whole(b"", 302, Location="/image.raw"), UnreachableError, "redirects", id="loop"),
    ],
)
def test_failure_leaves_nothing_but_an_error(
    web: Web, tmp_path: Path, answer: Answer, error: type[OaktreeError], message: str
) -> None:
    web.answers = [answer]
    with pytest.raises(error, match=message):
        fetch(web, tmp_path)
    assert [path for path in tmp_path.iterdir() if path.stat().st_size] == []


def test_trickle_ends_by_the_clock(web: Web, tmp_path: Path) -> None:
    web.answers = [trickle]
    begin = time.monotonic()
    with pytest.raises(DeadlineError, match="transfer_timeout"):
        fetch(web, tmp_path, seconds=0.5)
    assert time.monotonic() - begin < 1.5
    assert list(tmp_path.iterdir()) == []


def test_nobody_there(web: Web, tmp_path: Path) -> None:
    web.server.shutdown()
    web.server.server_close()
    with pytest.raises(UnreachableError):
        fetch(web, tmp_path)


SHA256, MD5 = hashlib.sha256(b"image").hexdigest(), hashlib.md5(b"image").hexdigest()  # noqa: S324
WRONG = "0" * 64


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(f"{WRONG}  other.raw\n{SHA256}  image.raw\n", id="gnu"),
        pytest.param(f"{WRONG} *other.raw\n{SHA256} *image.raw\n", id="gnu-binary"),
        pytest.param(f"{WRONG}  other.raw\r\n{SHA256.upper()}  ./image.raw\r\n", id="windows-and-dot"),
        pytest.param(f"SHA256 (other.raw) = {WRONG}\nSHA256 (image.raw) = {SHA256}\n", id="bsd"),
        pytest.param(f"# image.raw: 5 bytes\nMD5 (image.raw) = {MD5}\nSHA256 (image.raw) = {SHA256}", id="two-kinds"),
        pytest.param(f"SHA256 (image.raw) = {SHA256}\nMD5 (image.raw) = {MD5}\n", id="two-kinds-turned"),
        pytest.param(f"SHA2-256(image.raw)= {SHA256}\n", id="openssl"),
        pytest.param(f"{SHA256}\n", id="alone"),
        pytest.param(f"{SHA256}  renamed.raw\n", id="the-only-one"),
    ],
)
def test_checksum_from_a_file_of_checksums(web: Web, tmp_path: Path, sums: str) -> None:
    path = tmp_path / "image.raw"
    path.write_bytes(b"image")
    web.answers = [whole(sums.encode())]
    assert locate.from_path(str(path), f"sha256:{web.url}", tmp_path, 5.0).fingerprint.digests["sha256"] == SHA256


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (whole(f"{WRONG}  image.raw\n".encode()), IntegrityError, "Nothing was sent"),
        (whole(f"{WRONG}  a\n{SHA256}  b\n".encode()), InputError, "does not list 'image.raw'"),
        (whole(b"<html>not found</html>"), InputError, "does not list"),
        (whole(b"", 404), InputError, "cannot be fetched: 404"),
        (whole(f"MD5 (image.raw) = {MD5}\n".encode()), InputError, "does not list"),
    ],
)
def test_checksum_that_is_not_right(
    web: Web, tmp_path: Path, answer: Answer, error: type[OaktreeError], message: str
) -> None:
    path = tmp_path / "image.raw"
    path.write_bytes(b"image")
    web.answers = [answer]
    with pytest.raises(error) as caught:
        locate.from_path(str(path), f"sha256:{web.url}", tmp_path, 5.0)
    assert message in f"{caught.value.message} {caught.value.hint}"


def test_a_file_of_checksums_that_comes_too_slowly(web: Web, tmp_path: Path) -> None:
    path = tmp_path / "image.raw"
    path.write_bytes(b"image")
    web.answers = [trickle]
    start = time.monotonic()
    with pytest.raises(InputError, match=r"cannot be fetched: not finished within timeout \(0.3 s\)"):
        locate.from_path(str(path), f"sha256:{web.url}", tmp_path, 0.3)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("checksum", "error"),
    [
        (f"sha256:{SHA256}", None),
        (f"sha256:{SHA256.upper()}", None),
        (f"md5:{MD5}", None),
        (f"sha256:{WRONG}", IntegrityError),
        (f"md5:{SHA256}", IntegrityError),
        (SHA256, InputError),
        ("sha256:", InputError),
        (f"sha1:{WRONG}", InputError),
    ],
)
def test_literal_checksum(tmp_path: Path, checksum: str, error: type[OaktreeError] | None) -> None:
    path = tmp_path / "image.raw"
    path.write_bytes(b"image")
    if error is None:
        assert locate.from_path(str(path), checksum, tmp_path, 5.0).fingerprint.size == 5
        return
    with pytest.raises(error):
        locate.from_path(str(path), checksum, tmp_path, 5.0)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/image", "file:///etc/passwd", "image.raw", ""])
def test_only_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="not an http or https URL"):
        locate.from_url(url, None, tmp_path, 5.0, 5.0)
