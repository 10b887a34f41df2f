# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache that the cache section of clouds.yaml configures: private files, or a dogpile.cache backend.

Whoever can reach a backend can read and write what is in it: all entries are sealed, see `sealing`.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import re
import threading
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Any

from .._core.deadline import clock, uncharged, uncharged_seconds
from .._core.errors import InputError
from .._core.text import one_line
from . import private_files
from .cache import DEFAULT_LIFETIME, Cache, FileCache, NoCache
from .sealing import Seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .._core.deadline import Deadline

TIMEOUT = 2.0
"""Seconds within which a server must answer, also when it is connected to."""
WHOLE_TIMEOUT = 4.0
"""Seconds that a process waits for a server's answers in all; beyond that it does without the server."""
LOCK_TIMEOUT = 20
"""Seconds after which a server frees the lock of a process that was killed."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.05
"""Seconds between two attempts to acquire a lock that somebody holds."""

_PREFIX = "oaktree.multicloud"

_FILES = ("dogpile.cache.dbm",)
"""Backends for one machine whose files others can read, or whose locks work for threads only: ours replace them."""
_UNSAFE = ("dogpile.cache.bmemcached",)
_MEMCACHED = ("dogpile.cache.memcached", "dogpile.cache.pylibmc", "dogpile.cache.pymemcache")
"""Always used with pymemcache, the only client that can be kept from unpickling the server's data."""
_LOCKS = {"distributed_lock": True, "lock_timeout": LOCK_TIMEOUT}
_TIMEOUTS = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
_SERVER = {**_LOCKS, "thread_local_lock": False}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "redis": {**_SERVER, **_TIMEOUTS, "redis_expiration_time": int(private_files.DAY)},
    "valkey": {**_SERVER, **_TIMEOUTS, "valkey_expiration_time": int(private_files.DAY)},
    "memcached": {**_LOCKS, "memcached_expire_time": int(private_files.DAY)},
}
"""Default arguments by the first word of a backend's name."""
_RETRYING = ("redis", "valkey")
"""Libraries that would repeat each attempt ten times, with pauses."""

_SECRET = re.compile(r"pass|secret|token|url", re.IGNORECASE)

_opened: dict[str, DogpileStore] = {}
_opening = threading.Lock()


def open_cache(section: Mapping[str, Any] | None) -> Cache | DogpileStore:
    """The cache for the cache section of a clouds.yaml (None: no section); private files where it names no class.

    A backend that cannot be used, or does not answer within `TIMEOUT`, results in a warning and a cache that stores
    nothing. Within a process the same section gives the same cache. Raises InputError for a section that is not a
    mapping.
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
            _opened[key] = DogpileStore(str(name), section.get("arguments") or {}, lifetime)
        return _opened[key]


def _lifetime(section: Mapping[str, Any]) -> float:
    try:
        return float(section.get("expiration_time") or section.get("max_age") or DEFAULT_LIFETIME)
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME


class DogpileStore:
    """A dogpile.cache backend, shared by all who can reach it. After its first error this process stops using it.

    Its answers are awaited in time that counts for no cloud's deadline.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any], lifetime: float) -> None:
        self.name = name
        self._lifetime = lifetime
        self._secrets: list[str] = []
        self._backend: Any = None
        self._before = uncharged_seconds()
        self._lock = threading.Lock()
        self._caches: dict[str, DogpileCache] = {}
        try:
            self._secrets = [str(value) for key, value in arguments.items() if value and _SECRET.search(str(key))]
            seconds = float(arguments.get("socket_timeout") or TIMEOUT)
            configure = _configuration(name, arguments)
            self._backend = _within(seconds, lambda: _answering(configure()))
        except Exception as exc:  # noqa: BLE001 - as in ask
            self._say(exc)

    def of(self, credentials: str, *, secret: bool) -> Cache:
        """See Cache. Nothing is stored for credentials that others can know: anybody could make their entries."""
        if not secret:
            return NoCache(self._lifetime)
        with self._lock:
            return self._caches.setdefault(credentials, DogpileCache(self, credentials, self._lifetime))

    @property
    def is_used(self) -> bool:
        """Whether there was no error yet."""
        return self._backend is not None

    def ask(self, call: Callable[[Any], Any]) -> Any:
        """The backend's answer; None where it cannot be used."""
        backend = self._backend
        if backend is None:
            return None
        try:
            with uncharged():
                answer = call(backend)
        except Exception as exc:  # noqa: BLE001 - whatever a client library raises: a cache never breaks a task
            self.give_up(exc)
            return None
        if uncharged_seconds() - self._before > clock.turned(WHOLE_TIMEOUT):
            self.give_up(TimeoutError(f"its answers took more than {WHOLE_TIMEOUT:g} s in all"))
        return answer

    def give_up(self, exc: Exception) -> None:
        """Stop using the backend; report why, unless another thread has."""
        with self._lock:
            given_up, self._backend = self._backend is None, None
        if not given_up:
            self._say(exc)

    def _say(self, exc: Exception) -> None:
        text = one_line(f"{type(exc).__name__}: {exc}")
        for secret in self._secrets:
            text = text.replace(secret, "...")
        private_files.warn(f"The cache configured in clouds.yaml ({self.name}) is not used: {text}")


class DogpileCache(Cache):
    """What those who have the same credentials share in a store."""

    def __init__(self, store: DogpileStore, credentials: str, lifetime: float) -> None:
        super().__init__(lifetime)
        self._store = store
        self._credentials = credentials
        self._lock = threading.Lock()
        self._made: Seal | None = None

    def delete(self, kind: str, key: str) -> None:
        """See Cache."""
        self._ask(kind, key, lambda backend, _seal, name: backend.delete(name))

    @contextmanager
    def lock(self, kind: str, key: str, deadline: Deadline) -> Iterator[None]:
        """See Cache. The lock of a holder that was killed expires after `LOCK_TIMEOUT`."""
        mutex = self._ask(kind, key, lambda backend, _seal, name: backend.get_mutex(name))
        pause = _FIRST_PAUSE
        while mutex and self._store.ask(lambda _backend: not mutex.acquire(wait=False)):
            deadline.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        try:
            yield
        finally:
            if mutex:
                self._store.ask(lambda _backend: _release(mutex))

    def _read(self, kind: str, key: str) -> bytes | None:
        def read(backend: Any, seal: Seal, name: str) -> bytes | None:
            sealed = backend.get_serialized(name)
            if not isinstance(sealed, bytes):
                return None
            data = seal.open(name, sealed)
            if data is None:
                self._warn_of_damage(kind, key)
            return data

        found: bytes | None = self._ask(kind, key, read)
        return found

    def _write(self, kind: str, key: str, data: bytes) -> None:
        self._ask(kind, key, lambda backend, seal, name: backend.set_serialized(name, seal.seal(name, data)))

    def _warn_of_damage(self, _kind: str, _key: str) -> None:
        private_files.warn(
            f"The cache configured in clouds.yaml ({self._store.name}) holds entries that are damaged, or that a task "
            "with other credentials has made: they are ignored."
        )

    def _ask(self, kind: str, key: str, call: Callable[[Any, Seal, str], Any]) -> Any:
        """The answer of ``call(backend, seal, name)`` with the name of the entry; None where it cannot be used."""
        seal = self._seal()
        if seal is None:
            return None
        name = f"{_PREFIX}:{kind}:{seal.name(kind, key)}"
        return self._store.ask(lambda backend: call(backend, seal, name))

    def _seal(self) -> Seal | None:
        """Made when it is needed first, as it takes time and a library; None where the store cannot be used."""
        with self._lock:
            if self._made is None and self._store.is_used:
                try:
                    self._made = Seal(self._credentials)
                except Exception as exc:  # noqa: BLE001 - a library is missing or broken, or knows no scrypt (FIPS)
                    self._store.give_up(exc)
            return self._made


def _release(mutex: Any) -> None:
    """Release a lock, unless it has expired: then the libraries raise errors of their own."""
    try:
        mutex.release()
    except Exception as exc:
        if isinstance(exc, TimeoutError) or "imeout" in type(exc).__name__:
            raise


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What the call returns or raises; raises TimeoutError where it takes longer. Its thread is abandoned then."""
    answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as exc:  # noqa: BLE001 - raised in the other thread
            answers.put((None, exc))

    threading.Thread(target=run, daemon=True, name="cache").start()
    try:
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"it did not answer within {seconds:g} s") from None
    if error:
        raise error
    return value


def _answering(backend: Any) -> Any:
    """The backend, once it has answered a request."""
    backend.get_serialized(f"{_PREFIX}:probe")
    return backend


def _configuration(name: str, arguments: Mapping[str, Any]) -> Callable[[], Any]:
    """What makes the dogpile.cache backend; both may raise anything. Libraries are imported here: that takes time."""
    from dogpile.cache import make_region, register_backend

    if name in _UNSAFE:
        raise ValueError("its client unpickles what the server sends; use dogpile.cache.pymemcache")
    if name in _MEMCACHED:
        from pymemcache.client import hash as _client  # noqa: F401 - used by Memcached

        from .memcached import Memcached

        name = "oaktree.multicloud.memcached"
        register_backend(name, Memcached.__module__, Memcached.__name__)
    family = re.split(r"[._]", name)[2]
    arguments = {**_DEFAULTS.get(family, {}), **arguments}
    if family in _RETRYING:
        arguments = _without_retries(family, name, arguments)
    return lambda: make_region().configure(name, arguments=arguments).actual_backend


def _without_retries(family: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a backend whose library shall try once, at every server that it asks, and within the timeouts.

    The backends for clusters and sentinels pass on timeouts and retries among these arguments only.
    """
    retry = importlib.import_module(f"{family}.retry")
    backoff = importlib.import_module(f"{family}.backoff")
    once = {key: arguments[key] for key in _TIMEOUTS} | {"retry": retry.Retry(backoff.NoBackoff(), 0)}
    options = ["connection_kwargs", *(["sentinel_kwargs"] if "sentinel" in name else [])]
    return arguments | {option: once | (arguments.get(option) or {}) for option in options}
