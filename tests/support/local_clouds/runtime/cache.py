# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Swift and keystonemiddleware ask of memcached, in a dictionary."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

# Seldom reached; emptying the whole is then good enough.
_MOST_ENTRIES = 5000

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Cache:
    """The part of swift.common.memcached.MemcacheRing that is used; times are seconds to live, 0 is for ever."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def set(self, key: str, value: Any, *, time: float = 0, **_unused: object) -> None:
        """Keep a value."""
        with self._lock:
            if len(self._entries) >= _MOST_ENTRIES:
                self._entries.clear()
            self._entries[key] = (_now() + time if time else float("inf"), value)

    def get(self, key: str, **_unused: object) -> Any:
        """The value, or None."""
        end, value = self._entries.get(key, (0.0, None))
        return value if end > _now() else None

    def delete(self, key: str, **_unused: object) -> None:
        """Forget a value."""
        self._entries.pop(key, None)

    def incr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Add to a number that starts at 0 and stays at 0 or above."""
        value: int = max(0, int(self.get(key) or 0) + int(delta))
        self.set(key, value, time=time)
        return value

    def decr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Subtract from a number."""
        return self.incr(key, -int(delta), time)


_now = time.time
_CACHE = Cache()


def cached(application: WsgiApplication) -> WsgiApplication:
    """A middleware that offers the cache where `cache = swift.cache` of [keystone_authtoken] looks for it."""

    def middleware(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["swift.cache"] = _CACHE
        return application(environ, start_response)

    return middleware


def filter_factory(_global: object, **_local: object) -> Callable[[WsgiApplication], WsgiApplication]:
    """The same for Swift's pipeline."""
    return cached
