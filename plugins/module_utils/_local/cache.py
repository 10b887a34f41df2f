# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes share of what clouds told them: in private files, or where the cache section of clouds.yaml says.

Values are JSON, never pickles: whoever can write to a shared cache must not be able to run code here. A store that
does not work is as good as none.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.deadline import clock
from .._core.errors import DeadlineError, OaktreeError, record_of, restored
from . import private_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.deadline import Deadline

Value = TypeVar("Value")

DEFAULT_LIFETIME = 3600.0

_FAILURES = "failures"


class Cache(ABC):
    """Values of plain JSON types by kind and key, and locks between all who use them.

    ``lifetime`` (seconds) is how long what may change without notice is believed.
    """

    def __init__(self, lifetime: float = DEFAULT_LIFETIME) -> None:
        self.lifetime = lifetime

    def get(self, kind: str, key: str, lifetime: float | None = None) -> Any:
        """What `set` kept under this key, in the last ``lifetime`` seconds if given; None without it."""
        data = self._read(kind, key)
        if not data:
            return None
        try:
            entry = json.loads(data)
            age = clock.time() - entry["time"]
            return entry["value"] if lifetime is None or 0 <= age < lifetime else None
        except (KeyError, TypeError, ValueError):
            self._warn_of_damage(kind, key)
            return None

    def set(self, kind: str, key: str, value: Any) -> None:
        """Keep a value."""
        self._write(kind, key, json.dumps({"time": clock.time(), "value": value}).encode())

    def conceal(self, words: str) -> str:
        """A key for what belongs to these words, secrets among them."""
        return words

    @abstractmethod
    def delete(self, kind: str, key: str) -> None:
        """Forget a value."""

    @abstractmethod
    def lock(self, kind: str, key: str, deadline: Deadline) -> AbstractContextManager[object]:
        """One holder at a time among all who use the store; raises DeadlineError when that takes too long."""

    def once(
        self,
        kind: str,
        key: str,
        deadline: Deadline,
        known: Callable[[], Value | None],
        make: Callable[[], Value],
    ) -> Value:
        """What is ``known``, else what ``make`` makes (and keeps) while all others who want the same wait for it.

        When it fails those who wait fail with it: fifty processes do not send the same wrong password. Who comes
        later tries anew.
        """
        value = known()
        if value is not None:
            return value
        before = self.get(_FAILURES, key)
        with self.lock(kind, key, deadline):
            value = known()
            if value is not None:
                return value
            failure = self.get(_FAILURES, key)
            error = restored(failure) if failure != before else None
            if error:
                raise error
            try:
                return make()
            except OaktreeError as error:
                if _concerns_all(error, deadline):
                    self.set(_FAILURES, key, {"id": os.urandom(8).hex(), **record_of(error)})
                raise

    @abstractmethod
    def _read(self, kind: str, key: str) -> bytes | None:
        """What `_write` kept; None without it."""

    @abstractmethod
    def _write(self, kind: str, key: str, data: bytes) -> None:
        """Keep it, if possible."""

    @abstractmethod
    def _warn_of_damage(self, kind: str, key: str) -> None:
        """Tell the user that what was kept cannot be read."""


class NoCache(Cache):
    """Keeps nothing."""

    def delete(self, kind: str, key: str) -> None:
        """There is nothing to forget."""

    def lock(self, _kind: str, _key: str, _deadline: Deadline) -> AbstractContextManager[object]:
        """Nobody shares it."""
        return nullcontext()

    def _read(self, _kind: str, _key: str) -> bytes | None:
        return None

    def _write(self, kind: str, key: str, data: bytes) -> None:
        pass

    def _warn_of_damage(self, kind: str, key: str) -> None:
        pass


class FileCache(Cache):
    """In private files of the user's, for all processes of the user on this machine."""

    def delete(self, kind: str, key: str) -> None:
        """Forget a value."""
        private_files.delete(kind, key)

    def lock(self, kind: str, key: str, deadline: Deadline) -> AbstractContextManager[object]:
        """See Cache."""
        return private_files.Lock(kind, key, deadline)

    def _read(self, kind: str, key: str) -> bytes | None:
        return private_files.read_bytes(kind, key)

    def _write(self, kind: str, key: str, data: bytes) -> None:
        private_files.write_bytes(kind, key, data)

    def _warn_of_damage(self, kind: str, key: str) -> None:
        private_files.warn_of_damage(kind, key)


def _concerns_all(error: OaktreeError, deadline: Deadline) -> bool:
    """Whether those who wait would end the same way; a clock that has run out, or a defect, is of one alone."""
    try:
        deadline.remaining()
    except DeadlineError:
        return False
    return error.kind != OaktreeError.kind
