# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that are computed while others go on: who waits, how long, and what they are told."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Cancellation, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    InputError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import DIGESTS
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.hashing import (
    PendingDigests,
    known,
    settle,
    stop,
)

PIECES = [b"some", b"thing", b"else" * 1000]
DATA = b"".join(PIECES)
RIGHT = {name: hashlib.new(name, DATA).hexdigest() for name in DIGESTS}


@dataclass
class Held:
    """Content whose last piece comes when ``released``, and instead of that the error if there is one."""

    error: Exception | None = None
    released: threading.Event = field(default_factory=threading.Event)
    readings: int = 0
    size: int = len(DATA)

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        assert (offset, length) == (0, self.size)
        self.readings += 1
        yield from PIECES[:-1]
        self.released.wait(10)
        if self.error:
            raise self.error
        yield PIECES[-1]


def free(error: Exception | None = None) -> Held:
    content = Held(error)
    content.released.set()
    return content


def test_a_digest_that_cannot_be_computed_here_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the thread that computes it nobody would see the error, and whoever asks for the digest would wait forever."""

    def refuse(name: str, **_options: object) -> None:
        raise ValueError(f"[digital envelope routines] unsupported: {name}")

    monkeypatch.setattr(hashlib, "new", refuse)
    with pytest.raises(ValueError, match="unsupported: md5"):
        PendingDigests(free())


def test_all_digests_of_one_reading() -> None:
    content, progress = free(), Progress()
    progress.enter("reading", len(DATA))
    digests = PendingDigests(content, progress)
    settle(digests, Deadline(10))
    assert dict(digests) == RIGHT
    assert (len(digests), content.readings, known(digests)) == (3, 1, True)
    assert progress.stage
    assert progress.stage.done == len(DATA)


@pytest.mark.parametrize("name", DIGESTS)
def test_to_ask_for_one_is_to_wait_for_it(name: str) -> None:
    content = Held()
    digests = PendingDigests(content)
    assert name in digests
    assert not known(digests)
    threading.Timer(0.05, content.released.set).start()
    assert digests[name] == RIGHT[name]


def test_other_digests_are_none_of_these() -> None:
    digests = PendingDigests(free())
    assert "sha1" not in digests
    assert digests.get("sha1") is None


def test_what_is_to_be_done_with_all_is_done_before_anybody_knows_them() -> None:
    told: list[Mapping[str, str]] = []
    digests = PendingDigests(free(), None, told.append)
    settle(digests, Deadline(10))
    assert told == [RIGHT]


def test_whoever_waits_has_a_deadline() -> None:
    content = Held()
    digests = PendingDigests(content)
    with pytest.raises(DeadlineError, match="not finished within timeout"):
        settle(digests, Deadline(0.05))
    content.released.set()
    settle(digests, Deadline(10))


def test_whoever_waits_notices_an_interrupt() -> None:
    content, cancelled = Held(), Cancellation()
    digests = PendingDigests(content)
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(DeadlineError, match="interrupted"):
        settle(digests, Deadline(600, cancelled=cancelled))
    content.released.set()


def test_what_nobody_needs_any_more_ends() -> None:
    content, told = Held(), list[Mapping[str, str]]()
    digests = PendingDigests(content, None, told.append)
    stop(digests)
    content.released.set()
    with pytest.raises(DeadlineError, match="interrupted"):
        settle(digests, Deadline(10))
    assert told == []


@pytest.mark.parametrize("error", [InputError("path: it changed"), MemoryError("no memory")])
def test_everybody_who_waits_is_told_what_failed(error: Exception) -> None:
    told: list[Mapping[str, str]] = []
    digests = PendingDigests(free(error), None, told.append)
    raised = []
    for _waiting in range(2):
        with pytest.raises(type(error), match=str(error)) as caught:
            settle(digests, Deadline(10))
        raised.append(caught.value)
    assert told == []
    if isinstance(error, OaktreeError):
        assert raised[0] is not raised[1]  # each Location adds what it left


def test_digests_that_are_known_need_no_waiting() -> None:
    settle(RIGHT, Deadline(0))
    stop(RIGHT)
    assert known(RIGHT)


def test_without_threads_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Mapping[str, str]] = []
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if thread.name == "digest reader":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(InputError, match="no thread can be started"):
        PendingDigests(free(), None, told.append)
    for thread in threading.enumerate():
        if thread.name.startswith("digest"):
            thread.join(10)
    assert told == []
