# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between processes that are killed while they hold one, and processes that wait for the same fetch."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import signs_of_life
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache import FileCache
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock, key_lock
from tests.support.wait import until

FORKS = multiprocessing.get_context("fork")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def is_free(path: Path) -> bool:
    with FileLock(path) as lock:
        return lock.try_acquire()


@contextmanager
def holder(path: Path, code: str = "time.sleep(60)") -> Iterator[subprocess.Popen[str]]:
    """Run a process of its own that holds the lock, runs the code, and is killed in the end."""
    program = (
        "import os, time\n"
        "from pathlib import Path\n"
        f"from {FileLock.__module__} import FileLock\n"
        f"with FileLock(Path({str(path)!r})) as lock:\n"
        "    lock.acquire()\n"
        "    print('held', flush=True)\n"
        f"    {code}\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_killed_holder_frees_the_lock(path: Path) -> None:
    with holder(path) as process:
        assert not is_free(path)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert is_free(path)


def test_a_child_does_not_keep_the_lock_of_a_killed_parent(path: Path) -> None:
    code = "os.write(1, f'{os.fork()}\\n'.encode()); time.sleep(60)"
    with holder(path, code) as process:
        assert process.stdout
        (child,) = {int(process.stdout.readline()), int(process.stdout.readline())} - {0}
        try:
            assert not is_free(path)
            process.kill()
            process.wait(10)
            os.kill(child, 0)
            assert is_free(path)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_killed_holder_frees_the_key() -> None:
    held = FORKS.Event()

    def run() -> None:
        with key_lock("tokens", "a", Deadline(10)):
            held.set()
            time.sleep(60)

    process = FORKS.Process(target=run)
    process.start()
    assert held.wait(10)
    with pytest.raises(DeadlineError), key_lock("tokens", "a", Deadline(0.1)):
        pass
    process.kill()
    process.join()
    with key_lock("tokens", "a", Deadline(5)):
        pass


FAMILY = """
import json, os, subprocess, sys, time
from pathlib import Path
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import signs_of_life
signs_of_life.show_life(Path(sys.argv[1]))
other = subprocess.Popen(["sleep", "60"], close_fds=False)
child = os.fork()
if child:
    known = {"parent": signs_of_life.name(), "pids": [child, other.pid]}
else:
    signs_of_life.show_life(Path(sys.argv[1]))
    known = {"child": signs_of_life.name()}
os.write(1, json.dumps(known).encode() + b"\\n")
time.sleep(60)
"""


def test_a_child_is_not_taken_for_its_parent(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FAMILY, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        family = {**json.loads(process.stdout.readline()), **json.loads(process.stdout.readline())}
        parent, child = family["parent"], family["child"]
        before = [signs_of_life.is_alive(tmp_path, name) for name in (parent, child)]
        process.kill()
        process.wait()
        after = [signs_of_life.is_alive(tmp_path, name) for name in (parent, child)]
        for pid in family["pids"]:
            os.kill(pid, 9)
    assert (before, after) == ([True, True], [False, True])
    until(lambda: not signs_of_life.is_alive(tmp_path, child))
    assert list(tmp_path.iterdir()) == []


def test_processes_fetch_once() -> None:
    cache = FileCache()
    start = FORKS.Barrier(6)
    results: Any = FORKS.SimpleQueue()

    def fetch() -> int:
        time.sleep(0.2)
        cache.set("tokens", "a", os.getpid())
        return os.getpid()

    def run() -> None:
        start.wait(30)
        results.put(json.dumps(cache.once("tokens", "a", Deadline(20), lambda: cache.get("tokens", "a"), fetch)))

    processes = [FORKS.Process(target=run) for _number in range(6)]
    for process in processes:
        process.start()
    found = {json.loads(results.get()) for _process in processes}
    for process in processes:
        process.join(30)
    assert len(found) == 1
