# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store that the cache section of clouds.yaml asks for: private files, or a back end of dogpile.cache."""

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

PATIENCE = 2.0
"""Seconds that a server gets to answer."""
LOCK_TIMEOUT = 20
"""Seconds after which a server frees the lock of a process that was killed."""

_FILES = ("dogpile.cache.dbm",)
"""Back ends for one machine with files that are open to others, or locked for one thread only: ours serve as well."""
_UNSAFE = ("dogpile.cache.bmemcached",)
_MEMCACHED = ("dogpile.cache.memcached", "dogpile.cache.pylibmc", "dogpile.cache.pymemcache")
"""Spoken with pymemcache, the only client that can be kept from unpickling what it is sent."""
_LOCKS = {"distributed_lock": True, "lock_timeout": LOCK_TIMEOUT}
_SERVER = {"thread_local_lock": False, "socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "redis": {**_LOCKS, **_SERVER, "redis_expiration_time": int(private_files.DAY)},
    "valkey": {**_LOCKS, **_SERVER, "valkey_expiration_time": int(private_files.DAY)},
    "memcached": {**_LOCKS, "memcached_expire_time": int(private_files.DAY)},
}
"""Arguments by the first word of a back end's name, for what the user does not say."""

_SECRET = re.compile(r"pass|secret|token|url", re.IGNORECASE)

_opened: dict[str, Cache] = {}
_opening = threading.Lock()


def open_cache(section: Mapping[str, Any] | None) -> Cache:
    """The store for the cache section of a clouds.yaml, None for none; private files where it does not say.

    A back end that cannot be used is a warning and a store that keeps nothing. The same section gives the same store
    in a process. Raises InputError for a section that is none.
    """
    if not isinstance(section, (dict, NoneType)):
        raise InputError(
            f"clouds.yaml: cache is not a mapping but {section!r}", hint="See openstacksdk's documentation."
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
    """In a back end of dogpile.cache, for all who can reach it. The first error ends its use in this process."""

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

    def conceal(self, words: str) -> str:
        """Not a plain digest: those who can list the keys shall not find a password by trying words."""
        return hashlib.scrypt(words.encode(), salt=b"oaktree.multicloud", n=1 << 12, r=8, p=1).hex()

    def delete(self, kind: str, key: str) -> None:
        """Forget a value."""
        self._ask(lambda backend: backend.delete(_name(kind, key)))

    @contextmanager
    def lock(self, kind: str, key: str, deadline: Deadline) -> Iterator[None]:
        """See Cache. A holder that is killed frees the lock after some time."""
        mutex = self._ask(lambda backend: backend.get_mutex(_name(kind, key)))
        pause = private_files.FIRST_PAUSE
        while mutex and self._ask(lambda _backend: not mutex.acquire(wait=False)):
            deadline.sleep(pause)
            pause = min(2 * pause, private_files.LONGEST_PAUSE)
        try:
            yield
        finally:
            if mutex:
                with suppress(Exception):  # it may have run out, or its server be gone
                    mutex.release()

    def _read(self, kind: str, key: str) -> bytes | None:
        data = self._ask(lambda backend: backend.get_serialized(_name(kind, key)))
        return data if isinstance(data, bytes) else None

    def _write(self, kind: str, key: str, data: bytes) -> None:
        self._ask(lambda backend: backend.set_serialized(_name(kind, key), data))

    def _warn_of_damage(self, kind: str, key: str) -> None:
        private_files.warn(f"{self._name}: what it holds as {_name(kind, key)} is damaged, and is not used.")

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """What the back end says; None where it is of no use."""
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
        private_files.warn(f"The cache that clouds.yaml names ({self._name}) is not used: {text}")


def _name(kind: str, key: str) -> str:
    return f"oaktree.multicloud:{kind}:{hashlib.sha256(key.encode()).hexdigest()}"


def _backend(name: str, arguments: Mapping[str, Any]) -> Any:
    """The back end of dogpile.cache; raises what it likes."""
    from dogpile.cache import make_region, register_backend

    if name in _UNSAFE:
        raise ValueError("its client unpickles what the server sends; use dogpile.cache.pymemcache")
    if name in _MEMCACHED:
        from .memcached import Memcached

        name = "oaktree.multicloud.memcached"
        register_backend(name, Memcached.__module__, Memcached.__name__)
    family = re.split(r"[._]", name)[2]
    return make_region().configure(name, arguments={**_DEFAULTS.get(family, {}), **arguments}).actual_backend
