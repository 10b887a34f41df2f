# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of the task and of every Location, written as it changes to a pipe that the action plugin reads.

One line of JSON for each change: ``{"count": 3}`` once, then ``{"who": "alpha/north", "phase": "sending", "done": 1,
"total": 2, "detail": ""}``. ``who`` is empty for the task as a whole. Nothing here delays or fails the work: what the
pipe has no room for is written later.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .._core.deadline import Cancellation
from .._core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from .._cloud.connection import Connection
    from .._core.progress import Progress, Stage

    _Watched: TypeAlias = Sequence[tuple[str, Progress]]

VARIABLE = "OAKTREE_PROGRESS"
"""The environment variable with the path of the pipe."""

_paths: list[str] = []
"""The path, once it was taken from there: a task may work on its Locations more than once."""

INTERVAL = 0.5
"""Seconds between looks at what has changed."""


@contextmanager
def reported(connections: Sequence[Connection]) -> Iterator[None]:
    """Report the connections' progress while the work inside goes on, if somebody reads it."""
    with _written(lambda: [(str(one.region.location), one.progress) for one in connections], counted=True):
        yield


@contextmanager
def task_reported(progress: Progress) -> Iterator[None]:
    """The same for what is done for all Locations together, before or between the work on them."""
    with _written(lambda: [("", progress)], counted=False):
        yield


@contextmanager
def _written(watched: Callable[[], _Watched], *, counted: bool) -> Iterator[None]:
    """``watched`` is asked only if somebody reads."""
    path = os.environ.pop(VARIABLE, None)  # child processes must not inherit it
    if path is not None:
        _paths[:] = [path]
    try:
        pipe = os.open(_paths[0], os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC) if _paths else None
    except OSError:  # nobody reads
        pipe = None
    if pipe is None:
        yield
        return
    try:
        with _Writer(pipe, watched(), counted=counted):
            yield
    finally:
        os.close(pipe)


class _Writer:
    """A thread that writes what has changed; at its end the last stages, as far as the pipe has room."""

    def __init__(self, pipe: int, watched: _Watched, *, counted: bool) -> None:
        """With ``counted`` it first writes how many there are."""
        self._pipe = pipe
        self._watched = watched
        self._written: dict[int, Stage] = {}
        self._counted = not counted
        self._ended = Cancellation()
        self._thread = threading.Thread(target=self._run, daemon=True, name="progress")

    def __enter__(self) -> None:
        with suppress(RuntimeError):  # the process may have no more threads
            self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ended.wait(INTERVAL):
                self._write_changes()
            self._write_changes()
        except BrokenPipeError:
            pass  # the reader is gone

    def _write_changes(self) -> None:
        try:
            if not self._counted:
                os.write(self._pipe, _line({"count": len(self._watched)}))
                self._counted = True
            for number, (who, progress) in enumerate(self._watched):
                stage = progress.stage
                if stage is not None and stage is not self._written.get(number):
                    os.write(self._pipe, _line(_message(who, stage)))
                    self._written[number] = stage
        except BlockingIOError:
            pass  # the rest, or what has become of it, is written next time


def _message(who: str, stage: Stage) -> dict[str, object]:
    return {
        "who": one_line(who),
        "phase": stage.phase,
        "done": stage.done,
        "total": stage.total,
        "detail": one_line(stage.detail),
    }


def _line(message: dict[str, object]) -> bytes:
    """Short enough (two texts of 300 characters) to be written as a whole or not at all: PIPE_BUF is 4096 bytes."""
    return json.dumps(message, ensure_ascii=False).encode(errors="replace") + b"\n"
