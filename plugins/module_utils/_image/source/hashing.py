# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digests of a file, computed while others send it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ..._core.errors import DeadlineError, OaktreeError
from ..._core.progress import Progress
from ..._core.scatter import no_thread
from ..fingerprint import DIGESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from ..._core.deadline import Deadline
    from ..._object_store.content import Content

POLL = 0.2
"""Seconds until an interrupt is noticed."""


class PendingDigests(Mapping[str, str]):
    """All `DIGESTS` of the content, each computed in a thread of its own, from a reading of its own.

    To ask for one that is not known yet is to wait for it. Work with a deadline waits by `settle` first.
    """

    def __init__(
        self,
        content: Content,
        progress: Progress | None = None,
        when_known: Callable[[Mapping[str, str]], None] = lambda _digests: None,
    ) -> None:
        """Begin. What is read counts for ``progress``; ``when_known`` is called before anybody knows all of them.

        Raises InputError where no thread can be started.
        """
        self._content = content
        self._progress = progress or Progress()
        self._when_known = when_known
        self._stopped = threading.Event()
        self._found: dict[str, str] = {}
        self._lock = threading.Lock()
        self._futures = {name: Future[str]() for name in DIGESTS}
        try:
            for name in DIGESTS:
                threading.Thread(target=self._compute, args=(name,), daemon=True, name=f"digest-{name}").start()
        except RuntimeError as exc:
            self.stop()
            raise no_thread(exc) from exc

    def __getitem__(self, name: str) -> str:
        future = self._futures[name]
        self.settle(None, (name,))
        return future.result()

    def __contains__(self, name: object) -> bool:
        return name in self._futures

    def __iter__(self) -> Iterator[str]:
        return iter(self._futures)

    def __len__(self) -> int:
        return len(self._futures)

    @property
    def known(self) -> bool:
        """Whether nobody would have to wait for one of them."""
        return all(future.done() for future in self._futures.values())

    def settle(self, deadline: Deadline | None, names: Collection[str] = DIGESTS) -> None:
        """Wait for these digests. Raises DeadlineError, and InputError for a file that changed or cannot be read."""
        for name in names:
            error = self._error(name, deadline)
            if isinstance(error, OaktreeError):
                raise error.copied() from error
            if error:
                raise error

    def stop(self) -> None:
        """Compute no more; whoever waits gets a DeadlineError."""
        self._stopped.set()

    def _error(self, name: str, deadline: Deadline | None) -> BaseException | None:
        while True:
            try:
                return self._futures[name].exception(deadline.timeout(POLL) if deadline else POLL)
            except TimeoutError:
                continue

    def _compute(self, name: str) -> None:
        try:
            found = self._digest(name)
            with self._lock:
                self._found[name] = found
                complete = len(self._found) == len(DIGESTS)
            if complete:
                self._when_known(dict(self._found))
        except Exception as exc:  # noqa: BLE001 - it is for those who wait
            self._futures[name].set_exception(exc)
        else:
            self._futures[name].set_result(found)

    def _digest(self, name: str) -> str:
        digest = hashlib.new(name, usedforsecurity=False)
        for chunk in self._content.read(0, self._content.size):
            if self._stopped.is_set():
                raise DeadlineError("interrupted", hint="The task was interrupted; run it again.")
            digest.update(chunk)
            if name == DIGESTS[-1]:
                self._progress.advance(len(chunk))
        return digest.hexdigest()


def known(digests: Mapping[str, str]) -> bool:
    """Whether nobody would have to wait for one of these."""
    return not isinstance(digests, PendingDigests) or digests.known


def settle(digests: Mapping[str, str], deadline: Deadline | None, names: Collection[str] = DIGESTS) -> None:
    """Wait for those of these digests that are computed still; see `PendingDigests.settle`."""
    if isinstance(digests, PendingDigests):
        digests.settle(deadline, names)


def stop(digests: Mapping[str, str]) -> None:
    """Compute no more of these."""
    if isinstance(digests, PendingDigests):
        digests.stop()
