# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are alive, by the locks that they hold."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local import file_lock, signs_of_life
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock


def test_a_name_is_that_of_one_process() -> None:
    names = {signs_of_life.name(), signs_of_life.name()}
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, signs_of_life.name().encode())
        os._exit(0)
    os.waitpid(child, 0)
    names.add(os.read(reader, 100).decode())
    for descriptor in (reader, writer):
        os.close(descriptor)
    assert len(names) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in names)


def test_a_process_that_never_showed_life_is_dead(tmp_path: Path) -> None:
    assert not signs_of_life.is_alive(tmp_path, "0" * 16)
    assert list(tmp_path.iterdir()) == []


def test_this_process_is_alive_in_each_directory(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for directory in (one, other):
        directory.mkdir()
        assert not signs_of_life.is_alive(directory, signs_of_life.name())
        signs_of_life.show_life(directory)
        assert signs_of_life.is_alive(directory, signs_of_life.name())
        (file,) = directory.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_life_is_shown_again_where_the_file_was_removed(tmp_path: Path) -> None:
    signs_of_life.show_life(tmp_path)
    (file,) = tmp_path.iterdir()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    file.unlink()
    assert not signs_of_life.is_alive(tmp_path, signs_of_life.name())
    signs_of_life.show_life(tmp_path)
    assert signs_of_life.is_alive(tmp_path, signs_of_life.name())
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_life_can_be_shown_while_another_process_checks_it(tmp_path: Path) -> None:
    """Whoever checks holds a shared lock on the file for a moment."""
    path = tmp_path / f"{signs_of_life.name()}.alive"
    with FileLock(path) as lock:
        lock.acquire(shared=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(file_lock, "SHORT_WAIT", 0.05)
            with pytest.raises(OSError, match="has been locked"):
                signs_of_life.show_life(tmp_path)
        path.unlink()
        signs_of_life.show_life(tmp_path)
    assert signs_of_life.is_alive(tmp_path, signs_of_life.name())


def test_a_directory_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        signs_of_life.show_life(tmp_path / "missing")


def test_files_of_ended_processes_and_stale_files_are_removed(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("a.json", 90_000), ("b.pause", 90_000), ("c.json", 80_000), (f"{'d' * 16}.alive", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    signs_of_life.show_life(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"c.json", f"{signs_of_life.name()}.alive"}


def test_the_file_of_a_living_process_is_never_stale(tmp_path: Path) -> None:
    other = tmp_path / f"{'e' * 16}.alive"
    with FileLock(other) as lock:
        lock.acquire()
        os.utime(other, (0, 0))
        signs_of_life.show_life(tmp_path)
        assert other.exists()


def test_the_boot_has_an_id() -> None:
    assert re.fullmatch("[0-9a-f-]{36}", signs_of_life.boot_id())


def test_processes_of_one_boot_have_one_clock_unless_their_time_has_a_namespace() -> None:
    boot, namespace = signs_of_life.clock_id().split("/")
    assert (boot, namespace) == (signs_of_life.boot_id(), str(Path("/proc/self/ns/time").stat().st_ino))


def test_without_a_boot_no_clock_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs_of_life, "boot_id", lambda: "")
    assert signs_of_life.clock_id.__wrapped__() == ""
