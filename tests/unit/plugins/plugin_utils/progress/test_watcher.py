# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress import lines
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress import watcher as watcher_module
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress.watcher import Watcher
from tests.support.wait import until

DONE = {"who": "alpha", "phase": "done", "done": 0, "total": 0, "detail": ""}


def state(child: int) -> str:
    """The state of a process as ps has it; empty if there is none."""
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


class Shown:
    """A file to which the watcher's process writes what it shows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def __call__(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{text}\n")

    @property
    def lines(self) -> list[str]:
        return self._path.read_text().splitlines()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.setattr(lines, "QUIET", 0.0)
    return Shown(tmp_path / "shown")


def report(path: Path, *messages: object) -> None:
    with path.open("w") as pipe:
        for message in messages:
            pipe.write((message if isinstance(message, str) else json.dumps(message)) + "\n")


def test_what_is_reported_is_shown_at_once(shown: Shown, tmp_path: Path) -> None:
    watcher = Watcher(shown, str(tmp_path), others=False)
    report(watcher.path, DONE)
    until(lambda: shown.lines == ["alpha: done"])
    watcher.stop()
    assert not watcher.path.parent.exists()


def test_the_last_lines_are_shown_before_it_ends(shown: Shown, tmp_path: Path) -> None:
    watcher = Watcher(shown, str(tmp_path), others=False)
    report(watcher.path, DONE)
    watcher.stop()
    assert shown.lines == ["alpha: done"]


def test_what_is_no_message_is_not_shown(shown: Shown, tmp_path: Path) -> None:
    watcher = Watcher(shown, str(tmp_path), others=False)
    report(watcher.path, "nonsense", "[]", "5", {"who": "beta"}, {"count": []}, "x" * 200_000, DONE)
    watcher.stop()
    assert shown.lines == ["alpha: done"]


def test_a_line_that_cannot_be_shown_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "QUIET", 0.0)

    def show(_text: str) -> None:
        raise BrokenPipeError

    watcher = Watcher(show, str(tmp_path), others=False)
    report(watcher.path, DONE)
    watcher.stop()


@pytest.mark.parametrize(("others", "modes"), [(False, (0o700, 0o600)), (True, (0o711, 0o622))])
def test_others_may_write_only_where_they_must(
    shown: Shown, tmp_path: Path, *, others: bool, modes: tuple[int, int]
) -> None:
    watcher = Watcher(shown, str(tmp_path), others=others)
    try:
        assert tuple(stat.S_IMODE(path.stat().st_mode) for path in (watcher.path.parent, watcher.path)) == modes
    finally:
        watcher.stop()


def test_it_is_no_thread_of_the_worker(shown: Shown, tmp_path: Path) -> None:
    before = threading.active_count()
    watcher = Watcher(shown, str(tmp_path), others=False)
    try:
        assert threading.active_count() == before
    finally:
        watcher.stop()


class Slow:
    """Shows a line in two halves, the second one when it may."""

    def __init__(self, path: Path, may: Path) -> None:
        self.shown = Shown(path)
        self.may = may

    def __call__(self, text: str) -> None:
        self.shown(text)
        until(self.may.exists)
        self.shown("all of it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_the_line_that_is_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Else a lock of Ansible's display would never be released."""
    monkeypatch.setattr(lines, "QUIET", 0.0)
    slow = Slow(tmp_path / "shown", tmp_path / "may")
    watcher = Watcher(slow, str(tmp_path), others=False)
    report(watcher.path, DONE)
    until(lambda: slow.shown.lines)
    os.kill(watcher._child, number)
    slow.may.touch()
    until(lambda: state(watcher._child) == "Z")
    assert slow.shown.lines == ["alpha: done", "all of it"]
    watcher.stop()


@pytest.mark.slow
def test_a_line_that_nobody_takes_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "QUIET", 0.0)
    monkeypatch.setattr(watcher_module, "_LONGEST_LINE", 1)
    slow = Slow(tmp_path / "shown", tmp_path / "may")
    watcher = Watcher(slow, str(tmp_path), others=False)
    report(watcher.path, DONE)
    until(lambda: slow.shown.lines)
    watcher.stop()
    until(lambda: state(watcher._child) in {"Z", ""})
    assert slow.shown.lines == ["alpha: done"]
    assert not watcher.path.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_at_once_between_lines(shown: Shown, tmp_path: Path, number: signal.Signals) -> None:
    watcher = Watcher(shown, str(tmp_path), others=False)
    report(watcher.path, DONE)
    until(lambda: shown.lines)
    os.kill(watcher._child, number)
    until(lambda: state(watcher._child) == "Z")
    watcher.stop()


def test_a_directory_that_cannot_be_used(shown: Shown, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Watcher(shown, str(tmp_path / "none"), others=False)


PARENT = """
import os, sys
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress.watcher import Watcher
watcher = Watcher(print, sys.argv[1], others=False)
print(watcher._child, flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())

    until(lambda: state(child) in {"Z", ""})
    assert os.getpid() != child


WORKER = """
import os, subprocess, sys
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress.watcher import Watcher
os.setsid()
watcher = Watcher(print, sys.argv[1], others=False)
module = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], stdout=subprocess.PIPE)
module.stdout.readline()
os.kill(os.getpid(), 9)
"""
MODULE = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print(flush=True)
    time.sleep(120)
except KeyboardInterrupt:
    pathlib.Path(sys.argv[1], "interrupted").touch()
"""


def test_the_module_is_interrupted_if_its_worker_has_ended_without_a_word(tmp_path: Path) -> None:
    """As a worker of Ansible does that gets two signals at once."""
    subprocess.run([sys.executable, "-c", WORKER, str(tmp_path), MODULE], check=False)
    until((tmp_path / "interrupted").exists)
