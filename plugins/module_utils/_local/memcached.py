# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dogpile.cache's pymemcache backend, without pickles and with a timeout.

A file of its own: dogpile.cache loads it by its name, and only processes that use memcached import its base class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dogpile.cache.backends.memcached import PyMemcacheBackend
else:
    try:
        from dogpile.cache.backends.memcached import PyMemcacheBackend
    except ImportError:  # as ansible-test imports it; `cache_dogpile` reports that dogpile.cache is missing
        PyMemcacheBackend = object


class Bytes:
    """Values as they are: pymemcache's own serializer would unpickle what the server marks as a pickle."""

    def serialize(self, _key: bytes, value: bytes | int) -> tuple[bytes, int]:
        """Numbers are the values of dogpile.cache's locks."""
        return value if isinstance(value, bytes) else str(value).encode(), 0

    def deserialize(self, _key: bytes, value: bytes, _flags: int) -> bytes:
        return value


class Memcached(PyMemcacheBackend):
    """PyMemcacheBackend with a timeout, for which it has no argument: it would wait forever."""

    timeout = 2.0

    def _create_client(self) -> Any:
        from pymemcache.client.hash import HashClient

        return HashClient(
            self.url,
            serde=Bytes(),
            default_noreply=False,
            connect_timeout=self.timeout,
            timeout=self.timeout,
            tls_context=self.tls_context,
        )
