# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that reads what a module reports of its progress, and shows it.

A process and not a thread: a thread may be given the signals of Ansible's worker, and Ctrl-C then waits for the module.
A named pipe and not a socket: datagrams are lost where the queue is short, and the path of a socket must be short.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock

from .lines import ProgressLines

_WAKE = 0.5
"""Seconds between looks at the clock, and at whether the parent still runs."""
_PATIENCE = 1.0
"""Seconds that the process may take to show the last lines."""
_LONGEST_LINE = 5
"""Seconds that one line may take that is being shown when the process is to end."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST = 1 << 16
"""Bytes that are read at once, and kept of a line without an end."""


class Watcher:
    """Shows each line by ``show`` until `stop` is called or the process that made it ends. Raises OSError."""

    def __init__(self, show: Callable[[str], None], directory: str, *, others: bool) -> None:
        """``directory`` is for temporary files; with ``others`` processes of other users may write to the pipe."""
        self._directory = Path(tempfile.mkdtemp(prefix="oaktree-", dir=directory))
        self.path = self._directory / "progress"
        try:
            os.mkfifo(self.path, 0o600)
            if others:
                self._directory.chmod(0o711)
                self.path.chmod(0o622)
            # Read and write: without a writer of its own, the reader would see an end whenever no module writes.
            self._pipe = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            self._end_as_child(show)

    def stop(self) -> None:
        """Show what has been reported, and end the process."""
        with suppress(OSError):
            os.write(self._pipe, b"\n")  # an empty line is the end
        until = clock.monotonic() + _PATIENCE
        while not os.waitpid(self._child, os.WNOHANG)[0]:
            if clock.monotonic() > until:
                os.kill(self._child, signal.SIGTERM)  # not SIGKILL: see _Display
                break
            clock.sleep(0.01)
        os.close(self._pipe)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end_as_child(self, show: Callable[[str], None]) -> None:
        """Never returns: nothing of the worker that was forked may run here."""
        try:
            self._read(_Display(show))
        finally:
            os._exit(0)

    def _read(self, show: Callable[[str], None]) -> None:
        said, rest, ended = ProgressLines(clock.monotonic()), b"", False
        while not ended and os.getppid() == self._parent:
            if select.select([self._pipe], [], [], _WAKE)[0]:
                with suppress(BlockingIOError):
                    rest += os.read(self._pipe, _LONGEST)
            *lines, rest = rest.split(b"\n")
            rest = rest[:_LONGEST]
            for line in lines:
                ended = ended or not line
                with suppress(AttributeError, KeyError, TypeError, ValueError):  # what is no message is not shown
                    said.take(json.loads(line), clock.monotonic())
            for text in said.due(clock.monotonic()):
                show(text)


class _Display:
    """Shows lines, between which signals end the process.

    Whoever displays in Ansible holds a lock that all its processes share. If a process ends while it holds the lock,
    the main process waits for it for ever, and Ctrl-C, which reaches all of them, does not end the run.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._showing = False
        self._told = False
        for number in _SIGNALS:
            signal.signal(number, self._take)

    def __call__(self, text: str) -> None:
        self._showing = True
        self._show(text)
        self._showing = False
        if self._told:
            os._exit(0)

    def _take(self, *_signal: object) -> None:
        if not self._showing:
            os._exit(0)
        self._told = True
        signal.alarm(_LONGEST_LINE)  # where nobody takes the line any more
