# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dogpile.cache's memcached back end, with bytes for values and an end to waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dogpile.cache.backends.memcached import PyMemcacheBackend
else:
    try:
        from dogpile.cache.backends.memcached import PyMemcacheBackend
    except ImportError:  # whoever asks for it is told
        PyMemcacheBackend = object


class Bytes:
    """Values as they are: pymemcache's own way would unpickle what the server marks as a pickle."""

    def serialize(self, _key: bytes, value: bytes | int) -> tuple[bytes, int]:
        """Numbers are those of locks."""
        return value if isinstance(value, bytes) else str(value).encode(), 0

    def deserialize(self, _key: bytes, value: bytes, _flags: int) -> bytes:
        return value


class Memcached(PyMemcacheBackend):
    """PyMemcacheBackend has no argument for a timeout, and waits for ever."""

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
