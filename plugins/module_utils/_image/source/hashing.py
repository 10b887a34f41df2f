# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digests of a file, computed while others send it."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

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

AHEAD = 16
"""Pieces that one digest may be ahead of another."""

_END = EOFError()


class PendingDigests(Mapping[str, str]):
    """All `DIGESTS` of the content, which is read once; each is computed in a thread of its own.

    Reading one that is not known yet waits for it, without a deadline: work that has one calls `settle` first.
    """

    def __init__(
        self,
        content: Content,
        progress: Progress | None = None,
        when_known: Callable[[Mapping[str, str]], None] = lambda _digests: None,
    ) -> None:
        """Begin. What is read counts for ``progress``; ``when_known`` gets all of them before anybody else does.

        Raises InputError where no thread can be started.
        """
        self._content = content
        self._progress = progress or Progress()
        self._when_known = when_known
        self._stopped = False
        self._found: dict[str, str] = {}
        self._lock = threading.Lock()
        self._futures = {name: Future[str]() for name in DIGESTS}
        self._queues = {name: queue.Queue[bytes | BaseException](AHEAD) for name in DIGESTS}
        hashes = {name: hashlib.new(name, usedforsecurity=False) for name in DIGESTS}  # raises here, not in a thread
        try:
            for name, digest in hashes.items():
                threading.Thread(target=self._compute, args=(name, digest), daemon=True, name=f"digest {name}").start()
            threading.Thread(target=self._read, daemon=True, name="digest reader").start()
        except RuntimeError as exc:
            self._give(exc)
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
        """Whether nobody would have to wait for any of them."""
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
        self._stopped = True

    def _error(self, name: str, deadline: Deadline | None) -> BaseException | None:
        while True:
            try:
                return self._futures[name].exception(deadline.timeout(POLL) if deadline else POLL)
            except TimeoutError:
                continue

    def _read(self) -> None:
        try:
            for piece in self._content.read(0, self._content.size):
                self._check()
                self._give(piece)
                self._progress.advance(len(piece))
            self._give(_END)
        except Exception as exc:  # noqa: BLE001 - it is for those who wait
            self._give(exc)

    def _check(self) -> None:
        if self._stopped:
            raise DeadlineError("interrupted", hint="The task was interrupted; run it again.")

    def _give(self, item: bytes | BaseException) -> None:
        for waiting in self._queues.values():
            waiting.put(item)

    def _compute(self, name: str, digest: Any) -> None:
        while isinstance(item := self._queues[name].get(), bytes):
            digest.update(item)
        if item is not _END:
            self._futures[name].set_exception(item)
            return
        with self._lock:
            self._found[name] = digest.hexdigest()
            complete = len(self._found) == len(DIGESTS)
        try:
            if complete:
                self._when_known(dict(self._found))
        finally:
            self._futures[name].set_result(digest.hexdigest())


def known(digests: Mapping[str, str]) -> bool:
    """Whether nobody would have to wait for any of these."""
    return not isinstance(digests, PendingDigests) or digests.known


def settle(digests: Mapping[str, str], deadline: Deadline | None, names: Collection[str] = DIGESTS) -> None:
    """Wait for those of the ``names`` that are still being computed; see `PendingDigests.settle`."""
    if isinstance(digests, PendingDigests):
        digests.settle(deadline, names)


def stop(digests: Mapping[str, str]) -> None:
    """Compute no more of these."""
    if isinstance(digests, PendingDigests):
        digests.stop()
