# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on loopback that gives prepared answers, whole, cut or late."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


def conditional(data: bytes = DATA, **headers: Any) -> Answer:
    """As `whole`, or 304 for a client that has this version."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        etag, date = handler.headers.get("If-None-Match"), handler.headers.get("If-Modified-Since")
        if (etag and etag == headers.get("ETag")) or (date and date == headers.get("Last_Modified")):
            whole(b"", 304, **{name: value for name, value in headers.items() if name != "Content_Length"})(handler)
        else:
            whole(data, **headers)(handler)

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


def some(data: bytes = DATA, etag: str = '"1"', *, end: int | None = None, told: int | None = None) -> Answer:
    """What is asked for by Range, up to ``end``, whatever If-Range says; the file has ``told`` bytes by the answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        version: dict[str, Any] = {"ETag": etag} if etag else {}
        if not asked:
            whole(data, **version)(handler)
            return
        start, stop = int(asked[1]), len(data) if end is None else end
        content_range = f"bytes {start}-{stop - 1}/{told or len(data)}"
        whole(data[start:stop], 206, Content_Range=content_range, **version)(handler)

    return answer


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _second in range(30):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def silent(handler: BaseHTTPRequestHandler) -> None:
    """The first thousand bytes, then nothing for a while."""
    whole(stop=1000)(handler)
    time.sleep(3)


class Web:
    """Gives the answers in their order, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.ranges: list[str | None] = []
        self.headers: list[dict[str, str]] = []
        self.requests: list[tuple[str, bytes]] = []
        """The method and the body of each."""
        self.paths: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                web.requests.append((self.command, body))
                web.ranges.append(self.headers.get("Range"))
                web.headers.append(dict(self.headers))
                web.paths.append(self.path)
                answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
                answer(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - as http.server calls them

            def log_message(self, *_args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that go away are what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/image.raw"

    @contextmanager
    def running(self) -> Iterator[Web]:
        """Serve until the block ends."""
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
