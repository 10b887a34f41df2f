# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that another thread can break off, whatever they wait for."""

from __future__ import annotations

import errno
import socket
import threading
import weakref
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from .tls import SharedTLSAdapter

if TYPE_CHECKING:
    from urllib3 import ProxyManager
    from urllib3.connection import HTTPConnection
else:
    HTTPConnection = object  # the one that it is mixed into stands behind it

PATIENCE = 3.0
"""Seconds until a host that does not take a connection is asked anew: nobody can break off the asking."""


class AbortableAdapter(SharedTLSAdapter):
    """What sends the requests of a session. Once it is broken off all of them end, with ConnectionError of requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._broken = False
        super().__init__()

    def break_off(self) -> None:
        """End all requests in flight, those that read an answer's body too, and let no more through."""
        with self._lock:
            self._broken = True
            sockets = list(self._sockets)
        for sock in sockets:
            with suppress(OSError):  # closed by now
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS has one of its own, which would not end a read

    def check(self) -> None:
        """Raise OSError where everything has been broken off."""
        if self._broken:
            raise ConnectionAbortedError(errno.ECONNABORTED, "broken off")

    def watch(self, sock: object) -> None:
        """Break this off too; raises as `check`."""
        with self._lock:
            self.check()
            if isinstance(sock, socket.socket):  # not TLS within TLS, to a proxy
                self._sockets.add(sock)

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
    """What `_abortable` makes of urllib3's connections."""

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
        sock = self._taken()
        self._opening = sock.dup()  # TLS takes the socket itself over, and shows its own after the handshake
        self._adapter.watch(self._opening)
        return sock

    def _taken(self) -> socket.socket:
        """The socket of a connection that the host has taken within the timeout."""
        from urllib3.exceptions import ConnectTimeoutError

        timeout: Any = self.timeout
        left = timeout
        try:
            while True:
                self._adapter.check()
                self.timeout = min(left, PATIENCE)
                try:
                    sock = super()._new_conn()
                except ConnectTimeoutError:
                    left -= PATIENCE
                    if left <= 0:
                        raise
                else:
                    sock.settimeout(timeout)
                    return sock
        finally:
            self.timeout = timeout
