# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server under the WSGI services: cheroot in one process with threads.

It hands request bodies on as they come, so that an image is never held in memory.
"""

from __future__ import annotations

import importlib
from typing import Any

from tests.support.local_clouds.layout import LOOPBACK

from .cache import WsgiApplication, cached
from .service import Here

MODULE = "cheroot.wsgi"
"""To be imported before the fork."""

# Clients with connection pools keep their sockets open.
_IDLE_CONNECTIONS = 200


def listen(application: str | WsgiApplication, here: Here, threads: int) -> Any:
    """Bind the server's port for a WSGI application, or the one in a module of that name.

    Connections wait until serve() of the result.
    """
    from cheroot import wsgi

    _patch_chunked_bodies()
    served: WsgiApplication
    served = importlib.import_module(application).application if isinstance(application, str) else application
    server = wsgi.Server(
        (LOOPBACK, here.server.port),
        cached(served),
        numthreads=threads,
        request_queue_size=128,
        timeout=120,
        server_name=LOOPBACK,
    )
    server.max_request_body_size = 0
    server.keep_alive_conn_limit = _IDLE_CONNECTIONS
    server.prepare()
    return server


def serve(application: str | WsgiApplication, here: Here, threads: int) -> None:
    """Serve a WSGI application, or the one in a module of that name."""
    server = listen(application, here, threads)
    here.ready()
    server.serve()


def _patch_chunked_bodies() -> None:
    """Mend two faults that make the request after one with a chunked body fail.

    cheroot leaves the CRLF after the last chunk in the socket, where the next request is then looked for. And webob
    closes the input of the application, which cheroot passes on to the socket.
    """
    from cheroot.server import ChunkedRFile

    fetch = ChunkedRFile._fetch  # noqa: SLF001 - there is no public way

    def fetch_with_trailer(self: Any) -> None:
        was_closed = self.closed
        fetch(self)
        if self.closed and not was_closed:
            for _line in self.read_trailer_lines():
                pass

    ChunkedRFile._fetch = fetch_with_trailer  # noqa: SLF001
    ChunkedRFile.close = lambda _self: None
