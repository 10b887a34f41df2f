# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens and discovery documents shared between processes: in private files, or the cache that clouds.yaml configures.

Values are JSON, never pickles: whoever can write to a shared cache must not be able to run code here. A cache that does
not work never fails a task: it behaves like an empty one.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.deadline import clock
from .._core.errors import DeadlineError, OaktreeError, record_of, restored
from . import private_files
from .file_lock import key_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.deadline import Deadline

Value = TypeVar("Value")

DEFAULT_LIFETIME = 3600.0

_FAILURES = "failures"


@dataclass(frozen=True)
class Entry:
    """A stored value, and the seconds since it was stored: less than zero where clocks do not agree."""

    value: Any
    age: float


class Cache(ABC):
    """Values of plain JSON types by kind and key, and locks between all processes that use the cache.

    ``lifetime`` (seconds) is how long values are used that may change without notice.
    """

    def __init__(self, lifetime: float = DEFAULT_LIFETIME) -> None:
        self.lifetime = lifetime

    def of(self, _credentials: str, *, secret: bool) -> Cache:  # noqa: ARG002 - shared stores need to know
        """The cache for those who have these credentials; ``secret`` is whether others cannot know them."""
        return self

    def entry(self, kind: str, key: str) -> Entry | None:
        """What `set` stored under this key, and its age by the clocks of the machines that store and read it."""
        data = self._read(kind, key)
        if not data:
            return None
        try:
            stored = json.loads(data)
            return Entry(stored["value"], clock.time() - stored["time"])
        except (KeyError, TypeError, ValueError):
            self._warn_of_damage(kind, key)
            return None

    def get(self, kind: str, key: str, lifetime: float | None = None) -> Any:
        """The value that `set` stored under this key; None if there is none, or it is ``lifetime`` seconds old."""
        entry = self.entry(kind, key)
        return entry.value if entry and (lifetime is None or 0 <= entry.age < lifetime) else None

    def set(self, kind: str, key: str, value: Any) -> None:
        """Store a value, and the time."""
        self._write(kind, key, json.dumps({"time": clock.time(), "value": value}).encode())

    @abstractmethod
    def delete(self, kind: str, key: str) -> None:
        """Remove a value, if there is one."""

    @abstractmethod
    def lock(self, kind: str, key: str, deadline: Deadline) -> AbstractContextManager[object]:
        """A lock, as a context manager, with one holder among all that use the cache.

        Raises DeadlineError when the deadline expires first.
        """

    def once(
        self,
        kind: str,
        key: str,
        deadline: Deadline,
        look_up: Callable[[], Value | None],
        fetch: Callable[[], Value],
    ) -> Value:
        """The value that ``look_up`` finds, else the one that ``fetch`` fetches and stores while all others wait.

        If the fetch fails, those that wait fail with the same error: fifty processes do not send the same wrong
        password. Later calls try again.
        """
        value = look_up()
        if value is not None:
            return value
        before = self.get(_FAILURES, key)
        with self.lock(kind, key, deadline):
            value = look_up()
            if value is not None:
                return value
            failure = self.get(_FAILURES, key)
            error = restored(failure) if failure != before else None
            if error:
                raise error
            try:
                return fetch()
            except OaktreeError as error:
                if _applies_to_all(error, deadline):
                    # The ID tells this failure from the one that a waiting process saw before.
                    self.set(_FAILURES, key, {"id": os.urandom(8).hex(), **record_of(error)})
                raise

    @abstractmethod
    def _read(self, kind: str, key: str) -> bytes | None:
        """The data that `_write` stored; None where there is none."""

    @abstractmethod
    def _write(self, kind: str, key: str, data: bytes) -> None:
        """Store the data, if possible."""

    @abstractmethod
    def _warn_of_damage(self, kind: str, key: str) -> None:
        """Report that a stored value cannot be parsed."""


class NoCache(Cache):
    """Stores nothing."""

    def delete(self, kind: str, key: str) -> None:
        """Nothing to remove."""

    def lock(self, _kind: str, _key: str, _deadline: Deadline) -> AbstractContextManager[object]:
        """Nothing to lock: nothing is shared."""
        return nullcontext()

    def _read(self, _kind: str, _key: str) -> bytes | None:
        return None

    def _write(self, kind: str, key: str, data: bytes) -> None:
        pass

    def _warn_of_damage(self, kind: str, key: str) -> None:
        pass


class FileCache(Cache):
    """Private files, shared by all processes of the user on this machine."""

    def delete(self, kind: str, key: str) -> None:
        """See Cache."""
        private_files.delete(kind, key)

    def lock(self, kind: str, key: str, deadline: Deadline) -> AbstractContextManager[object]:
        """See Cache."""
        return key_lock(kind, key, deadline)

    def _read(self, kind: str, key: str) -> bytes | None:
        return private_files.read_bytes(kind, key)

    def _write(self, kind: str, key: str, data: bytes) -> None:
        private_files.write_bytes(kind, key, data)

    def _warn_of_damage(self, kind: str, key: str) -> None:
        private_files.warn_of_damage(kind, key)


def _applies_to_all(error: OaktreeError, deadline: Deadline) -> bool:
    """Whether those that wait would fail likewise, unlike after an expired deadline or a defect in this process."""
    try:
        deadline.remaining()
    except DeadlineError:
        return False
    return error.kind != OaktreeError.kind
