# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache that the cache section of clouds.yaml configures: private files, or a dogpile.cache backend."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager, suppress
from types import NoneType
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError
from . import private_files
from .cache import DEFAULT_LIFETIME, Cache, FileCache, NoCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .._core.deadline import Deadline

TIMEOUT = 2.0
"""Seconds within which a server must answer."""
LOCK_TIMEOUT = 20
"""Seconds after which a server frees the lock of a process that was killed."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.05
"""Seconds between two attempts to acquire a lock that somebody holds."""

_FILES = ("dogpile.cache.dbm",)
"""Backends for one machine whose files others can read, or whose locks work for threads only: ours replace them."""
_UNSAFE = ("dogpile.cache.bmemcached",)
_MEMCACHED = ("dogpile.cache.memcached", "dogpile.cache.pylibmc", "dogpile.cache.pymemcache")
"""Always used with pymemcache, the only client that can be kept from unpickling the server's data."""
_LOCKS = {"distributed_lock": True, "lock_timeout": LOCK_TIMEOUT}
_SERVER = {"thread_local_lock": False, "socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "redis": {**_LOCKS, **_SERVER, "redis_expiration_time": int(private_files.DAY)},
    "valkey": {**_LOCKS, **_SERVER, "valkey_expiration_time": int(private_files.DAY)},
    "memcached": {**_LOCKS, "memcached_expire_time": int(private_files.DAY)},
}
"""Default arguments by the first word of a backend's name."""

_SECRET = re.compile(r"pass|secret|token|url", re.IGNORECASE)

_opened: dict[str, Cache] = {}
_opening = threading.Lock()


def open_cache(section: Mapping[str, Any] | None) -> Cache:
    """The cache for the cache section of a clouds.yaml (None: no section); private files where it names no class.

    A backend that cannot be used results in a warning and a cache that stores nothing. Within a process the same
    section gives the same cache. Raises InputError for a section that is not a mapping.
    """
    if not isinstance(section, (dict, NoneType)):
        raise InputError(
            f"clouds.yaml: cache must be a mapping, not {section!r}", hint="See openstacksdk's documentation."
        )
    section = {str(key).replace("-", "_"): value for key, value in (section or {}).items()}
    lifetime = _lifetime(section)
    name = section.get("class")
    if not name or name in _FILES:
        return FileCache(lifetime)
    if name == "dogpile.cache.null":
        return NoCache(lifetime)
    key = json.dumps([os.getpid(), section], sort_keys=True, default=str)
    with _opening:
        if key not in _opened:
            _opened[key] = DogpileCache(str(name), section.get("arguments") or {}, lifetime)
        return _opened[key]


def _lifetime(section: Mapping[str, Any]) -> float:
    try:
        return float(section.get("expiration_time") or section.get("max_age") or DEFAULT_LIFETIME)
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME


class DogpileCache(Cache):
    """A dogpile.cache backend, shared by all who can reach it. After its first error this process stops using it."""

    def __init__(self, name: str, arguments: Mapping[str, Any], lifetime: float) -> None:
        super().__init__(lifetime)
        self._name = name
        self._secrets: list[str] = []
        self._backend: Any = None
        try:
            self._secrets = [str(value) for key, value in arguments.items() if value and _SECRET.search(str(key))]
            self._backend = _backend(name, arguments)
        except Exception as exc:  # noqa: BLE001 - as in _ask
            self._give_up(exc)

    def conceal(self, secrets: str) -> str:
        """See Cache. Not a plain digest, which would let those who can list the keys guess passwords quickly."""
        return hashlib.scrypt(secrets.encode(), salt=b"oaktree.multicloud", n=1 << 12, r=8, p=1).hex()

    def delete(self, kind: str, key: str) -> None:
        """See Cache."""
        self._ask(lambda backend: backend.delete(_name(kind, key)))

    @contextmanager
    def lock(self, kind: str, key: str, deadline: Deadline) -> Iterator[None]:
        """See Cache. The lock of a holder that was killed expires after `LOCK_TIMEOUT`."""
        mutex = self._ask(lambda backend: backend.get_mutex(_name(kind, key)))
        pause = _FIRST_PAUSE
        while mutex and self._ask(lambda _backend: not mutex.acquire(wait=False)):
            deadline.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        try:
            yield
        finally:
            if mutex:
                with suppress(Exception):  # the lock may have expired, or its server be down
                    mutex.release()

    def _read(self, kind: str, key: str) -> bytes | None:
        data = self._ask(lambda backend: backend.get_serialized(_name(kind, key)))
        return data if isinstance(data, bytes) else None

    def _write(self, kind: str, key: str, data: bytes) -> None:
        self._ask(lambda backend: backend.set_serialized(_name(kind, key), data))

    def _warn_of_damage(self, kind: str, key: str) -> None:
        private_files.warn(f"{self._name}: the value of {_name(kind, key)} is ignored: it is damaged.")

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """The backend's answer; None where it cannot be used."""
        if self._backend is None:
            return None
        try:
            return call(self._backend)
        except Exception as exc:  # noqa: BLE001 - whatever a client library raises: a cache never breaks a task
            self._give_up(exc)
            return None

    def _give_up(self, exc: Exception) -> None:
        self._backend = None
        text = f"{type(exc).__name__}: {exc}"
        for secret in self._secrets:
            text = text.replace(secret, "...")
        private_files.warn(f"The cache configured in clouds.yaml ({self._name}) is not used: {text}")


def _name(kind: str, key: str) -> str:
    return f"oaktree.multicloud:{kind}:{hashlib.sha256(key.encode()).hexdigest()}"


def _backend(name: str, arguments: Mapping[str, Any]) -> Any:
    """The dogpile.cache backend; may raise anything."""
    from dogpile.cache import make_region, register_backend

    if name in _UNSAFE:
        raise ValueError("its client unpickles what the server sends; use dogpile.cache.pymemcache")
    if name in _MEMCACHED:
        from .memcached import Memcached

        name = "oaktree.multicloud.memcached"
        register_backend(name, Memcached.__module__, Memcached.__name__)
    family = re.split(r"[._]", name)[2]
    return make_region().configure(name, arguments={**_DEFAULTS.get(family, {}), **arguments}).actual_backend
