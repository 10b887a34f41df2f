# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TLS context for all connections of a process that trust the same certificates.

requests parses the bundle of all authorities for each connection. That takes 10 to 20 ms of CPU, with many Locations
more than all other work for them.
"""

from __future__ import annotations

import threading
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keystoneauth1.session import TCPKeepAliveAdapter
    from requests import PreparedRequest
else:
    try:
        from keystoneauth1.session import TCPKeepAliveAdapter
    except ImportError:  # reported by `_run.module`
        TCPKeepAliveAdapter = object

_contexts: dict[str, SSLContext] = {}
_lock = threading.Lock()


class SharedTLSAdapter(TCPKeepAliveAdapter):
    """keystoneauth1's adapter for requests, with a shared context if a file of authorities is trusted.

    Proxies, client certificates, directories of authorities and unverified servers are left to requests, and so is
    everything with requests older than 2.32.2, which does not call this method.
    """

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        from requests.exceptions import SSLError
        from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

        url = request.url or ""
        bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else verify
        plain = not cert and not select_proxy(url, proxies)
        if not (plain and url.lower().startswith("https:") and bundle and Path(bundle).is_file()):
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        host, _tls = self.build_connection_pool_key_attributes(request, verify)
        try:
            context = _context(bundle)
        except OSError as exc:
            raise SSLError(exc, request=request) from exc
        pool = {"ssl_context": context, "cert_reqs": "CERT_REQUIRED"}
        return self.poolmanager.connection_from_host(**host, pool_kwargs=pool)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Set the trusted authorities of a connection, unless its context has them."""
        if not isinstance(conn.conn_kw.get("ssl_context"), _SharedContext):
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]


class _SharedContext(SSLContext):
    """A context that connections in several threads share, which OpenSSL allows while it is not modified."""

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Do nothing: urllib3 would set the same protocols for each connection."""


def _context(bundle: str) -> SSLContext:
    from urllib3.util.ssl_ import create_urllib3_context

    with _lock:
        if bundle not in _contexts:
            context = create_urllib3_context()
            context.load_verify_locations(bundle)
            context.set_alpn_protocols(["http/1.1"])
            context.__class__ = _SharedContext
            _contexts[bundle] = context
        return _contexts[bundle]
