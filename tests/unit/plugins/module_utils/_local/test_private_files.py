# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files: refused where others may have had a hand in, never in the way of a task; locks between processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Cancellation, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.private_files import Lock

FORKS = multiprocessing.get_context("fork")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away and mount file systems")


@pytest.fixture
def base() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud")


def only_file(base: Path, kind: str = "tokens") -> Path:
    (path,) = (base / kind).iterdir()
    return path


def the_warning() -> str:
    (text,) = private_files.warnings()
    return text


# Files


def test_what_was_written_is_read(base: Path) -> None:
    assert private_files.read("tokens", "a") is None
    private_files.write("tokens", "a", {"x": [1, None]})
    private_files.write("tokens", "b", 2)
    assert (private_files.read("tokens", "a"), private_files.read("tokens", "b")) == ({"x": [1, None]}, 2)
    assert private_files.read("digests", "a") is None
    private_files.delete("tokens", "a")
    private_files.delete("tokens", "a")
    assert private_files.read("tokens", "a") is None
    assert private_files.warnings() == []
    assert stat.S_IMODE(only_file(base).stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in (base, base / "tokens")} == {0o700}


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_files_are_private_whatever_the_umask(base: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        private_files.write("tokens", "a", 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE((base / "tokens").stat().st_mode) & 0o077 == 0
    assert not list((base / "tokens").glob("*")) or stat.S_IMODE(only_file(base).stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_can_reach_is_refused_and_replaced(base: Path, mode: int) -> None:
    private_files.write("tokens", "a", 1)
    only_file(base).chmod(mode)
    assert private_files.read("tokens", "a") is None
    assert f"is not used: others may read or write it (mode {mode:04o})" in the_warning()
    private_files.write("tokens", "a", 2)
    assert private_files.read("tokens", "a") == 2


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
def test_a_directory_that_others_can_reach_is_refused(base: Path, mode: int, inner: bool) -> None:  # noqa: FBT001 - a parameter
    private_files.write("tokens", "a", 1)
    directory = base / "tokens" if inner else base
    directory.chmod(mode)
    private_files.write("tokens", "b", 1)
    assert [private_files.read("tokens", key) for key in "ab"] == [None, None]
    assert str(directory) in the_warning()
    with Lock("tokens", "a", Deadline(1)):
        assert len(list((base / "tokens").iterdir())) == 1
    directory.chmod(0o700)


@as_root
@pytest.mark.parametrize("what", ["base", "directory", "file"])
def test_what_somebody_else_owns_is_refused(base: Path, what: str) -> None:
    private_files.write("tokens", "a", 1)
    path = {"base": base, "directory": base / "tokens", "file": only_file(base)}[what]
    os.chown(path, 12345, -1)
    assert private_files.read("tokens", "a") is None
    assert f"{path} is not used: it belongs to user 12345" in the_warning()


@pytest.mark.parametrize("what", ["base", "directory", "file"])
def test_a_symbolic_link_is_refused(base: Path, tmp_path: Path, what: str) -> None:
    private_files.write("tokens", "a", 1)
    path = {"base": base, "directory": base / "tokens", "file": only_file(base)}[what]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert private_files.read("tokens", "a") is None
    assert str(path) in the_warning()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(base: Path, make: Any) -> None:
    private_files.write("tokens", "a", 1)
    path = only_file(base)
    path.unlink()
    make(path, 0o700)
    assert private_files.read("tokens", "a") is None
    assert str(path) in the_warning()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"\0" * 4096])
def test_a_damaged_file_is_refused_and_replaced(base: Path, content: bytes) -> None:
    private_files.write("tokens", "a", 1)
    only_file(base).write_bytes(content)
    assert private_files.read("tokens", "a") is None
    assert the_warning() == f"{only_file(base)} is damaged, and is not used."
    private_files.write("tokens", "a", 2)
    assert private_files.read("tokens", "a") == 2


def test_two_writers_leave_one_whole_file(base: Path) -> None:
    values = ["x" * 100_000, "y" * 100_000]

    def write(value: str) -> None:
        for _time in range(50):
            private_files.write("tokens", "a", value)

    threads = [threading.Thread(target=write, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert private_files.read("tokens", "a") in [None, *values]
    assert private_files.read("tokens", "a") in values
    assert private_files.warnings() == []
    assert len(list((base / "tokens").iterdir())) == 1


# No place to write


def in_process(code: str, **environment: str) -> tuple[Any, list[str]]:
    """What an expression is, and the warnings, in a process of its own that has tried to keep something."""
    program = (
        "import json, resource\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline\n"
        f"{code}\n"
        "for key in 'ab':\n"
        "    private_files.write('tokens', key, 'x' * 10000)\n"
        "with private_files.Lock('tokens', 'a', Deadline(5)):\n"
        "    print(json.dumps([private_files.read('tokens', 'a'), private_files.warnings()]))\n"
    )
    env = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env | environment, check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    value, warnings = json.loads(done.stdout)
    return value, warnings


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null"])
def test_a_home_that_is_none(home: str) -> None:
    value, warnings = in_process("", HOME=home)
    assert value is None
    assert len(warnings) == 1
    assert "Nothing is kept between tasks" in warnings[0]


def test_a_file_size_limit(tmp_path: Path) -> None:
    value, warnings = in_process("resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))", XDG_CACHE_HOME=str(tmp_path))
    assert value is None
    assert warnings == [
        f"Nothing more is kept between tasks: {tmp_path}/oaktree.multicloud cannot be written to: File too large."
    ]
    assert list((tmp_path / "oaktree.multicloud" / "tokens").iterdir()) == []


@as_root
def test_a_full_disk(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k,nr_inodes=100", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("not allowed to mount")
    try:
        (tmp_path / "big").write_bytes(b"x" * 30000)
        value, warnings = in_process("", XDG_CACHE_HOME=str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert value is None
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]


# What nobody wants any more


def test_old_files_are_removed_by_and_by(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "_swept", set())
    for kind in ("tokens", "digests", "locks"):
        private_files.write(kind, "old", 1)
        os.utime(only_file(base, kind), (0, time.time() - 2 * private_files.DAY))
    monkeypatch.setattr(private_files, "_swept", set())
    for kind in ("tokens", "digests"):
        private_files.write(kind, "new", 1)
    assert [private_files.read(kind, "old") for kind in ("tokens", "digests", "locks")] == [None, 1, None]
    assert [private_files.read(kind, "new") for kind in ("tokens", "digests")] == [1, 1]


# Locks


def hold(path: Path, seconds: float = 60) -> Any:
    """Start a process that takes the lock and says so."""

    def run() -> None:
        with Lock("tokens", "a", Deadline(10)):
            path.touch()
            time.sleep(seconds)

    process = FORKS.Process(target=run)
    process.start()
    while not path.exists():
        time.sleep(0.01)
    return process


def test_a_lock_has_one_holder_at_a_time() -> None:
    inside: list[int] = []
    most: list[int] = []

    def run(number: int) -> None:
        for _time in range(20):
            with Lock("tokens", "a", Deadline(10)):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0)
                inside.remove(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most)) == (1, 100)


def test_locks_of_other_keys_are_others() -> None:
    with Lock("tokens", "a", Deadline(1)), Lock("tokens", "b", Deadline(1)), Lock("discovery", "a", Deadline(1)):
        pass


def test_waiting_for_a_lock_ends_with_the_clock_and_by_cancellation(tmp_path: Path) -> None:
    process = hold(tmp_path / "held")
    try:
        start = time.monotonic()
        with pytest.raises(DeadlineError, match="not finished within timeout"), Lock("tokens", "a", Deadline(0.3)):
            pass
        assert 0.2 < time.monotonic() - start < 2
        cancelled = Cancellation()
        threading.Timer(0.1, cancelled.set).start()
        with (
            pytest.raises(DeadlineError, match="interrupted"),
            Lock("tokens", "a", Deadline(30, cancelled=cancelled)),
        ):
            pass
        assert time.monotonic() - start < 5
    finally:
        process.kill()
        process.join()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    process = hold(tmp_path / "held")
    threading.Timer(0.1, lambda: os.kill(process.pid, signal.SIGKILL)).start()
    with Lock("tokens", "a", Deadline(5)):
        pass
    process.join()


def test_children_do_not_keep_a_lock(tmp_path: Path) -> None:
    children: list[int] = []

    def run() -> None:
        with Lock("tokens", "a", Deadline(5)):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            (tmp_path / "child").write_text(str(child))
            time.sleep(30)

    parent = FORKS.Process(target=run)
    parent.start()
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        time.sleep(0.01)
    children.append(int((tmp_path / "child").read_text()))
    try:
        parent.kill()
        parent.join()
        with Lock("tokens", "a", Deadline(2)):
            pass
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


def test_a_lock_file_that_is_swept_away_is_made_anew(base: Path, tmp_path: Path) -> None:
    process = hold(tmp_path / "held", seconds=0.3)
    only_file(base, "locks").unlink()
    with Lock("tokens", "a", Deadline(5)), pytest.raises(DeadlineError), Lock("tokens", "a", Deadline(0.1)):
        pass
    process.join()


def test_files_of_locks_are_closed() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        with Lock("tokens", str(number), Deadline(1)):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
