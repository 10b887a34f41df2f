# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of every Location, written as it changes to a pipe that the action plugin reads.

One line of JSON for each change: ``{"count": 3}`` once, then ``{"who": "alpha/north", "phase": "sending", "done": 1,
"total": 2, "detail": ""}``. Nothing here delays or fails the work: what the pipe has no room for is written later.
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
    from collections.abc import Iterator, Sequence

    from .._cloud.connection import Connection
    from .._core.progress import Stage

VARIABLE = "OAKTREE_PROGRESS"
"""The environment variable with the path of the pipe."""

_paths: list[str] = []
"""The path, once it was taken from there: a task may work on its Locations more than once."""

INTERVAL = 0.5
"""Seconds between looks at what has changed."""


@contextmanager
def reported(connections: Sequence[Connection]) -> Iterator[None]:
    """Report the connections' progress while the work inside goes on, if somebody reads it."""
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
        with _Writer(pipe, connections):
            yield
    finally:
        os.close(pipe)


class _Writer:
    """A thread that writes what has changed; at its end the last stages, as far as the pipe has room."""

    def __init__(self, pipe: int, connections: Sequence[Connection]) -> None:
        self._pipe = pipe
        self._connections = connections
        self._written: dict[int, Stage] = {}
        self._counted = False
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
                os.write(self._pipe, _line({"count": len(self._connections)}))
                self._counted = True
            for number, connection in enumerate(self._connections):
                stage = connection.progress.stage
                if stage is not None and stage is not self._written.get(number):
                    os.write(self._pipe, _line(_message(str(connection.region.location), stage)))
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
