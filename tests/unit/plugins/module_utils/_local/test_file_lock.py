# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between threads and forked children that wait, and find the file removed."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Cancellation, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import file_lock, private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import (
    FileLock,
    claim,
    fork_safe_lock,
    key_lock,
)

PLUGINS = Path(file_lock.__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def held(path: Path) -> Iterator[FileLock]:
    """The lock, held exclusively by somebody else: a second open of the file is as good as another process."""
    with FileLock(path) as lock:
        lock.acquire()
        yield lock


def is_free(path: Path, *, shared: bool = False) -> bool:
    with FileLock(path) as lock:
        return lock.try_acquire(shared=shared)


def in_child(check: Callable[[], bool]) -> bool:
    """What the check returns in a forked child."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = 0 if check() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def is_inherited(path: Path) -> bool:
    """Whether this process has the file open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(entry.readlink())
        except FileNotFoundError:  # the directory itself, while it was listed
            continue
    return path in found


# Exclusive and shared


def test_an_exclusive_lock_has_one_holder_at_a_time(path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def run(number: int) -> None:
        for _time in range(20):
            with FileLock(path) as lock:
                lock.acquire(Deadline(10))
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


@pytest.mark.parametrize(("one", "other", "free"), [(0, 0, False), (0, 1, False), (1, 0, False), (1, 1, True)])
def test_a_shared_lock_excludes_exclusive_ones_only(path: Path, one: int, other: int, *, free: bool) -> None:
    with FileLock(path) as lock:
        assert lock.try_acquire(shared=bool(one))
        assert is_free(path, shared=bool(other)) is free
    assert is_free(path)


def test_a_lock_is_converted(path: Path) -> None:
    with FileLock(path) as lock:
        lock.acquire(shared=True)
        assert lock.try_acquire()
        assert not is_free(path, shared=True)
        assert lock.try_acquire(shared=True)
        assert is_free(path, shared=True)


def test_a_lock_that_could_not_be_converted_is_lost(path: Path) -> None:
    with FileLock(path) as one, FileLock(path) as other:
        one.acquire(shared=True)
        other.acquire(shared=True)
        assert not one.try_acquire()
        assert other.try_acquire()


# Waiting


def test_waiting_ends_with_the_deadline(held: FileLock, path: Path) -> None:
    start = time.monotonic()
    with FileLock(path) as lock:
        with pytest.raises(DeadlineError, match="not finished within timeout"):
            lock.acquire(Deadline(0.3))
        assert lock.fileno() == -1
    assert 0.2 < time.monotonic() - start < 2
    assert held.is_current()


@pytest.mark.usefixtures("held")
def test_waiting_ends_with_the_cancellation(path: Path) -> None:
    cancelled = Cancellation()
    threading.Timer(0.1, cancelled.set).start()
    with FileLock(path) as lock, pytest.raises(DeadlineError, match="interrupted"):
        lock.acquire(Deadline(30, cancelled=cancelled))


@pytest.mark.usefixtures("held")
def test_without_a_deadline_waiting_ends_soon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "SHORT_WAIT", 0.05)
    with FileLock(path) as lock, pytest.raises(TimeoutError, match=r"has been locked for 0\.05 s"):
        lock.acquire()


def test_a_lock_is_acquired_when_its_holder_releases_it(held: FileLock, path: Path) -> None:
    threading.Timer(0.1, held.close).start()
    with FileLock(path) as lock:
        lock.acquire(Deadline(10))
        assert not is_free(path)


# Forks


def test_a_child_holds_nothing_and_does_not_release_what_its_parent_holds(held: FileLock, path: Path) -> None:
    def leave() -> bool:
        inherited, descriptor = is_inherited(path), held.fileno()
        held.close()
        return not inherited and descriptor == -1 and not held.is_current()

    assert in_child(leave)
    assert held.is_current()
    assert not is_free(path)


def test_a_child_does_not_close_a_file_of_its_own_under_the_same_number(held: FileLock, path: Path) -> None:
    number = held.fileno()

    def leave() -> bool:
        with path.open() as file:
            os.dup2(file.fileno(), number)
            held.close()
            return bool(os.fstat(number))

    assert in_child(leave)


def test_a_child_can_acquire_the_lock_for_itself(path: Path) -> None:
    with FileLock(path) as lock:
        lock.acquire(shared=True)
        assert in_child(lambda: lock.try_acquire(shared=True) and not is_free(path))
        assert in_child(lambda: not lock.try_acquire())


def test_no_child_inherits_a_file_that_is_just_being_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = threading.Event()
    open_private = private_files.open_private

    def slowly(name: str, flags: int) -> int:
        descriptor = open_private(name, flags)
        opened.set()
        time.sleep(0.2)
        return descriptor

    monkeypatch.setattr(private_files, "open_private", slowly)
    with FileLock(path) as lock:
        thread = threading.Thread(target=lock.acquire)
        thread.start()
        assert opened.wait(10)
        assert in_child(lambda: not is_inherited(path))
        thread.join()


def test_a_child_finds_a_lock_between_threads_free() -> None:
    lock = fork_safe_lock()
    inside, done = threading.Event(), []

    def work() -> None:
        with lock:
            inside.set()
            time.sleep(0.2)
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    assert in_child(lambda: lock.acquire(timeout=5) and done == [1])
    assert lock.acquire(timeout=5)
    lock.release()
    thread.join()


# The file


def test_the_file_is_private(path: Path) -> None:
    before = os.umask(0)
    try:
        assert is_free(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_links_are_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with FileLock(path) as lock, pytest.raises(OSError, match="symbolic links"):
        lock.try_acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_not_to_be_created(path: Path) -> None:
    with FileLock(path, create=False) as lock:
        with pytest.raises(FileNotFoundError):
            lock.try_acquire()
        assert not path.exists()
        path.touch()
        assert lock.try_acquire()


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    path.with_suffix(".new").touch()
    path.with_suffix(".new").replace(path)


def move(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))


@pytest.mark.parametrize("change", [remove, replace, move])
def test_a_lock_counts_only_for_the_file_at_the_path(
    held: FileLock, path: Path, change: Callable[[Path], None]
) -> None:
    with FileLock(path) as lock:
        assert not lock.try_acquire()
        change(path)
        assert not held.is_current()
        held.close()
        lock.acquire(Deadline(5))
        assert lock.is_current()
        assert path.exists()
        assert not is_free(path)


@pytest.mark.usefixtures("held")
def test_the_file_is_open_even_when_somebody_else_holds_the_lock(path: Path) -> None:
    with FileLock(path) as lock:
        assert (lock.fileno(), lock.is_current()) == (-1, False)
        assert not lock.try_acquire()
        assert os.path.samestat(os.fstat(lock.fileno()), path.stat())
        assert os.pwrite(lock.fileno(), b"x", 0) == 1


def test_files_are_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "SHORT_WAIT", 0.01)
    before, known = len(list(Path("/proc/self/fd").iterdir())), set(file_lock._open_locks)
    for _number in range(20):
        with FileLock(path) as one, FileLock(path) as other:
            one.acquire()
            with pytest.raises(TimeoutError):
                other.acquire()
        one.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert file_lock._open_locks == known  # those that a process keeps as long as it lives


def test_a_file_system_without_locks_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = FileLock(path)
    with pytest.raises(OSError, match="No locks available"):
        lock.acquire()
    monkeypatch.undo()
    assert lock.fileno() == -1


# By kind and key


def locks() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", "locks").iterdir())


def test_a_key_has_one_holder_and_other_keys_are_other_locks() -> None:
    with key_lock("tokens", "a", Deadline(1)):
        with key_lock("tokens", "b", Deadline(1)), key_lock("discovery", "a", Deadline(1)):
            assert len(locks()) == 3
        with pytest.raises(DeadlineError), key_lock("tokens", "a", Deadline(0.1)):
            pass
    with key_lock("tokens", "a", Deadline(1)):
        pass


def test_a_claim_is_taken_once_or_not_at_all() -> None:
    release = claim("kind", "key")
    assert release
    assert claim("kind", "key") is None
    with pytest.raises(DeadlineError), key_lock("kind", "key", Deadline(0.01)):
        pass
    other = claim("kind", "other")
    assert other
    other()
    release()
    again = claim("kind", "key")
    assert again
    again()


def test_a_key_lock_is_released_by_an_error_which_passes_through() -> None:
    with pytest.raises(FileNotFoundError, match="mine"), key_lock("tokens", "a", Deadline(1)):
        raise FileNotFoundError("mine")
    with key_lock("tokens", "a", Deadline(0.1)):
        pass


def test_a_lock_file_that_was_swept_is_created_again() -> None:
    with key_lock("tokens", "a", Deadline(1)):
        locks()[0].unlink()
        with key_lock("tokens", "a", Deadline(5)), pytest.raises(DeadlineError), key_lock("tokens", "a", Deadline(0.1)):
            pass


def test_a_lock_file_in_use_is_not_stale() -> None:
    with key_lock("tokens", "a", Deadline(1)):
        pass
    os.utime(locks()[0], (0, 0))
    with key_lock("tokens", "a", Deadline(1)):
        private_files.write("tokens", "a", 1)
        assert len(locks()) == 1


def unusable_base(path: Path) -> None:
    (path / "oaktree.multicloud").mkdir(0o755, parents=True)


def directory_in_the_way(_path: Path) -> None:
    with key_lock("tokens", "a", Deadline(1)):
        pass
    (lock,) = locks()
    lock.unlink()
    lock.mkdir()


@pytest.mark.parametrize("trouble", [unusable_base, directory_in_the_way])
def test_where_nothing_can_be_locked_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trouble(tmp_path / "cache")
    done = []
    with key_lock("tokens", "a", Deadline(0.1)), key_lock("tokens", "a", Deadline(0.1)):
        done.append(1)
    assert done == [1]


def test_there_is_one_lock_between_processes() -> None:
    """Locks of the plugins lie in one file: nobody else makes the system calls."""
    users = [path for path in PLUGINS.rglob("*.py") if "fcntl" in path.read_text(encoding="utf-8")]
    assert users == [Path(file_lock.__file__).resolve()]
