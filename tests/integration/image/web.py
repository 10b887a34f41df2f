# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on loopback that publishes files, and that can cut or spoil what the clouds fetch."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

OURS = "python-requests"
"""How the user agent of the module begins; Glance's is another."""


@dataclass
class Published:
    """Files by path, what was fetched, and what happens to the clouds' next requests."""

    files: dict[str, bytes] = field(default_factory=dict)
    fetched: Counter[str] = field(default_factory=Counter)
    """Requests by who asked: ``module`` or ``cloud``."""
    cut: int = 0
    """How many answers to clouds still break off in the middle."""
    spoil: int = 0
    """How many answers to clouds still have a wrong byte."""

    def take(self, fault: str) -> bool:
        left = getattr(self, fault)
        setattr(self, fault, max(0, left - 1))
        return bool(left)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, published: Published, *args: object) -> None:
        self.published = published
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        data = self.published.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        ours = self.headers.get("User-Agent", "").startswith(OURS)
        self.published.fetched["module" if ours else "cloud"] += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not ours and self.published.take("cut"):
            data = data[: len(data) // 2]
        if not ours and self.published.take("spoil"):
            data = bytes([data[0] ^ 1]) + data[1:]
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        pass


class WebServer:
    """Use as a context manager."""

    def __init__(self) -> None:
        self.published = Published()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self.published))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def publish(self, path: str, data: bytes) -> str:
        """Serve the bytes, and return their URL."""
        self.published.files[path] = data
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def heal(self) -> None:
        """No faults and no counts from here on."""
        self.published.cut = self.published.spoil = 0
        self.published.fetched.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
