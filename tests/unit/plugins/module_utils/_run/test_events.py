# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._run import events
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.events import VARIABLE, reported, task_reported
from tests.support.wait import until


@dataclass
class Place:
    location: Location


@dataclass
class Worker:
    """What is needed of a connection."""

    region: Place
    progress: Progress = field(default_factory=Progress)


class Pipe:
    """The reader's end."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.rest = b""
        self.messages: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        with suppress(BlockingIOError):
            self.rest += os.read(self._file, 1 << 20)
        *lines, self.rest = self.rest.split(b"\n")
        self.messages += [json.loads(line) for line in lines]
        return self.messages

    def fill(self) -> int:
        """Leave no room; returns the number of bytes that fill it."""
        filled = 0
        while True:
            try:
                filled += os.write(self._file, b"\n" * 4096)
            except BlockingIOError:
                return filled

    def drain(self, count: int) -> None:
        while count:
            count -= len(os.read(self._file, count))

    def close(self) -> None:
        os.close(self._file)


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setattr(events, "INTERVAL", 0.01)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "pipe"))
    pipe = Pipe(tmp_path / "pipe")
    yield pipe
    pipe.close()


def test_the_work_goes_on_where_no_thread_can_be_started(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = []
    with reported(workers("alpha")):
        done.append("work")
    assert done == ["work"]
    assert pipe.read() == []


def workers(*names: str) -> Any:
    return [Worker(Place(Location(name, "north"))) for name in names]


def test_changes_are_reported_while_they_happen(pipe: Pipe) -> None:
    alpha, beta = made = workers("alpha", "beta")
    with reported(made):
        alpha.progress.enter("sending", 10)
        until(lambda: len(pipe.read()) == 2)
        alpha.progress.advance(4)
        until(lambda: len(pipe.read()) == 3)
        beta.progress.enter("failed", detail="no\x1b[1m answer")
    assert pipe.read() == [
        {"count": 2},
        {"who": "alpha/north", "phase": "sending", "done": 0, "total": 10, "detail": ""},
        {"who": "alpha/north", "phase": "sending", "done": 4, "total": 10, "detail": ""},
        {"who": "beta/north", "phase": "failed", "done": 0, "total": 0, "detail": "no\\x1b[1m answer"},
    ]


def test_a_task_reports_all_that_it_does_one_after_another(pipe: Pipe) -> None:
    """First what is done for all Locations, then the Locations, perhaps twice."""
    progress, (alpha,) = Progress(), workers("alpha")
    with task_reported(progress):
        progress.enter("reading", 10)
        progress.advance(10)
    for phase in ("planned", "done"):
        with reported([alpha]):
            alpha.progress.enter(phase)
    said = [(message.get("who"), message.get("phase"), message.get("done")) for message in pipe.read()]
    assert said == [
        ("", "reading", 10),
        (None, None, None),
        ("alpha/north", "planned", 0),
        (None, None, None),
        ("alpha/north", "done", 0),
    ]


def test_a_full_pipe_delays_nothing_and_loses_no_last_stage(pipe: Pipe) -> None:
    filled = pipe.fill()
    (alpha,) = made = workers("alpha")
    with reported(made):
        for number in range(20):
            alpha.progress.enter(f"phase {number}")
        pipe.drain(filled)
        until(lambda: len(pipe.read()) == 2)
    assert [message.get("phase") for message in pipe.read()] == [None, "phase 19"]


def test_the_work_goes_on_without_a_reader(pipe: Pipe) -> None:
    (alpha,) = made = workers("alpha")
    with reported(made):
        until(lambda: bool(pipe.read()))
        pipe.close()
        alpha.progress.enter("sending")
    pipe._file = os.open("/dev/null", os.O_RDONLY)


@pytest.mark.parametrize("path", ["none", "", None])
def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None) -> None:
    if path is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, path and str(tmp_path / path))
    with reported(workers("alpha")):
        pass


def test_children_do_not_inherit_the_pipe(pipe: Pipe) -> None:
    with reported(workers("alpha")):
        assert VARIABLE not in os.environ
    assert pipe.read() == [{"count": 1}]


def test_a_line_is_written_as_a_whole_however_long_its_texts_are(pipe: Pipe) -> None:
    (alpha,) = made = workers("\N{GRINNING FACE}" * 5000)
    with reported(made):
        alpha.progress.enter("failed", detail='"\\\N{GRINNING FACE}' * 5000)
    lines = [json.dumps(message, ensure_ascii=False).encode() for message in pipe.read()]
    assert len(lines) == 2
    assert max(map(len, lines)) < 4096
