# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files: ignored where others have access, and never a reason for a task to fail."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import key_lock

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


def test_a_value_that_was_written_can_be_read(base: Path) -> None:
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


def test_directories_above_are_created_for_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else could write there could replace what programs of the user keep in ~/.cache."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "new" / "home"))
    before = os.umask(0)
    try:
        private_files.write("tokens", "a", 1)
    finally:
        os.umask(before)
    assert private_files.read("tokens", "a") == 1
    created = [tmp_path / "new", tmp_path / "new/home", tmp_path / "new/home/.cache"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in created] == [0o700] * 3


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_can_access_is_ignored_and_replaced(base: Path, mode: int) -> None:
    private_files.write("tokens", "a", 1)
    only_file(base).chmod(mode)
    assert private_files.read("tokens", "a") is None
    assert f"is ignored: others can read or write it (mode {mode:04o})" in the_warning()
    private_files.write("tokens", "a", 2)
    assert private_files.read("tokens", "a") == 2


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
def test_a_directory_that_others_can_access_is_ignored(base: Path, mode: int, inner: bool) -> None:  # noqa: FBT001 - a parameter
    private_files.write("tokens", "a", 1)
    directory = base / "tokens" if inner else base
    directory.chmod(mode)
    private_files.write("tokens", "b", 1)
    assert [private_files.read("tokens", key) for key in "ab"] == [None, None]
    assert str(directory) in the_warning()
    with key_lock("tokens", "a", Deadline(1)):
        assert len(list((base / "tokens").iterdir())) == 1
    directory.chmod(0o700)


@as_root
@pytest.mark.parametrize("what", ["base", "directory", "file"])
def test_files_of_another_user_are_ignored(base: Path, what: str) -> None:
    private_files.write("tokens", "a", 1)
    path = {"base": base, "directory": base / "tokens", "file": only_file(base)}[what]
    os.chown(path, 12345, -1)
    assert private_files.read("tokens", "a") is None
    assert f"{path} is ignored: it belongs to user 12345" in the_warning()


@pytest.mark.parametrize("what", ["base", "directory", "file"])
def test_a_symbolic_link_is_ignored(base: Path, tmp_path: Path, what: str) -> None:
    private_files.write("tokens", "a", 1)
    path = {"base": base, "directory": base / "tokens", "file": only_file(base)}[what]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert private_files.read("tokens", "a") is None
    assert str(path) in the_warning()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_anything_but_a_regular_file_is_ignored(base: Path, make: Any) -> None:
    private_files.write("tokens", "a", 1)
    path = only_file(base)
    path.unlink()
    make(path, 0o700)
    assert private_files.read("tokens", "a") is None
    assert str(path) in the_warning()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"\0" * 4096])
def test_a_damaged_file_is_ignored_and_replaced(base: Path, content: bytes) -> None:
    private_files.write("tokens", "a", 1)
    only_file(base).write_bytes(content)
    assert private_files.read("tokens", "a") is None
    assert the_warning() == f"{only_file(base)} is ignored: it is damaged."
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


# Names


SECRET = "correct-h0rse-battery"


def names_key(base: Path) -> Path:
    return base / "keys" / "names"


def test_a_name_reveals_nothing_about_its_key(base: Path) -> None:
    private_files.write("tokens", SECRET, 1)
    with key_lock("tokens", SECRET, Deadline(1)):
        pass
    key = bytes.fromhex(names_key(base).read_text())
    assert only_file(base).stem == hmac.digest(key, SECRET.encode(), "sha256").hex()
    names = {path.stem for path in base.rglob("*")}
    assert not names & {hashlib.new(name, SECRET.encode()).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")}


def test_two_users_have_other_names_for_the_same(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_files.write("tokens", SECRET, 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    private_files.write("tokens", SECRET, 1)
    other = tmp_path / "oaktree.multicloud"
    assert only_file(base).name != only_file(other).name
    assert [stat.S_IMODE(names_key(place).stat().st_mode) for place in (base, other)] == [0o600, 0o600]


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"0" * 65, b"x" * 64, b"\xff" * 64])
def test_a_damaged_key_stores_nothing_until_it_is_removed(
    base: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    private_files.write("tokens", "a", 1)
    names_key(base).write_bytes(content)
    monkeypatch.setattr(private_files, "_keys", {})
    private_files.write("tokens", "b", 1)
    assert [private_files.read("tokens", key) for key in "ab"] == [None, None]
    assert f"{names_key(base)} is damaged. Remove it" in the_warning()
    assert len(list((base / "tokens").iterdir())) == 1
    names_key(base).unlink()
    private_files.write("tokens", "b", 1)
    assert [private_files.read("tokens", key) for key in "ab"] == [None, 1]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_can_access_stores_nothing(base: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    private_files.write("tokens", "a", 1)
    names_key(base).chmod(mode)
    monkeypatch.setattr(private_files, "_keys", {})
    private_files.write("tokens", "b", 1)
    assert [private_files.read("tokens", key) for key in "ab"] == [None, None]
    assert the_warning().startswith(f"{names_key(base)} is ignored: others can read or write it (mode {mode:04o})")


@as_root
def test_the_key_of_another_user_stores_nothing(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_files.write("tokens", "a", 1)
    os.chown(names_key(base), 12345, -1)
    monkeypatch.setattr(private_files, "_keys", {})
    assert private_files.read("tokens", "a") is None
    assert f"{names_key(base)} is ignored: it belongs to user 12345" in the_warning()


def test_a_key_that_is_a_symbolic_link_stores_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_files.write("tokens", "a", 1)
    names_key(base).rename(tmp_path / "elsewhere")
    names_key(base).symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(private_files, "_keys", {})
    assert private_files.read("tokens", "a") is None
    assert str(names_key(base)) in the_warning()


def test_a_key_may_hold_any_text(base: Path) -> None:
    """A path is text in which bytes that are not UTF-8 are lone surrogates."""
    private_files.write("digests", os.fsdecode(b"/image\xff.raw"), 1)
    assert private_files.read("digests", os.fsdecode(b"/image\xff.raw")) == 1
    assert len(list((base / "digests").iterdir())) == 1


# Nowhere to write


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory that cannot be created, and other directories to fall back to."""
    (tmp_path / "file").touch()
    (tmp_path / "run").mkdir(0o700)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path


def test_an_unwritable_cache_is_reported_once_with_its_path(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead = nowhere / "run" / "oaktree.multicloud"
    for value in (1, 2):
        private_files.write("tokens", "a", value)
        assert private_files.read("tokens", "a") == value
    assert the_warning() == (
        f"Tokens and other data are cached in {instead}: "
        f"the cache directory {nowhere}/file/oaktree.multicloud cannot be used: Not a directory."
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in (instead, instead / "tokens")} == {0o700}
    monkeypatch.setattr(private_files, "_warnings", {})
    assert private_files.read("tokens", "a") == 2
    assert private_files.warnings() == [], "the next task"
    (memory,) = (instead / "warned").iterdir()
    os.utime(memory, (0, time.time() - 2 * private_files.DAY))
    for expected in (1, 0):
        monkeypatch.setattr(private_files, "_warnings", {})
        private_files.read("tokens", "a")
        assert len(private_files.warnings()) == expected, "the next day"


def test_the_temporary_directory_is_the_last_resort(nowhere: Path) -> None:
    (nowhere / "run").rmdir()
    (nowhere / "run").touch()
    private_files.write("tokens", "a", 1)
    assert private_files.read("tokens", "a") == 1
    assert only_file(nowhere / "tmp" / f"oaktree.multicloud-{os.geteuid()}").is_file()


@as_root
def test_a_temporary_directory_of_another_user_is_ignored(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    planted = nowhere / "tmp" / f"oaktree.multicloud-{os.geteuid()}"
    planted.mkdir(0o700)
    os.chown(planted, 12345, -1)
    private_files.write("tokens", "a", 1)
    assert private_files.read("tokens", "a") is None
    assert f"{planted} is ignored: it belongs to user 12345" in the_warning()
    assert list(planted.iterdir()) == []


def test_nothing_can_be_written_anywhere(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(nowhere / "file"))
    for _time in range(2):
        monkeypatch.setattr(private_files, "_warnings", {})
        private_files.write("tokens", "a", 1)
        assert private_files.read("tokens", "a") is None
        assert the_warning().startswith("Nothing is cached between tasks: the cache directory ")
        assert the_warning().endswith("Set XDG_CACHE_HOME to a directory of your own.")


# Stale files


def test_stale_files_are_removed_when_another_is_written(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "_swept", set())
    for kind in ("tokens", "digests", "locks"):
        private_files.write(kind, "old", 1)
        os.utime(only_file(base, kind), (0, time.time() - 2 * private_files.DAY))
    monkeypatch.setattr(private_files, "_swept", set())
    private_files.write("locks", "new", 1)
    for kind in ("tokens", "digests"):
        private_files.write(kind, "new", 1)
    assert [private_files.read(kind, "old") for kind in ("tokens", "digests", "locks")] == [None, 1, None]
    assert [private_files.read(kind, "new") for kind in ("tokens", "digests")] == [1, 1]


def test_stale_files_are_removed_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("old.json", 200), ("new.json", 50), ("old.alive", 200)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    (tmp_path / "directory.json").mkdir()
    os.utime(tmp_path / "directory.json", (0, 0))
    private_files.remove_stale(tmp_path, 100, keep=".alive")
    assert {path.name for path in tmp_path.iterdir()} == {"new.json", "old.alive", "directory.json"}
    private_files.remove_stale(tmp_path / "missing")


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_differs_from_the_file_servers_removes_nothing(
    base: Path, monkeypatch: pytest.MonkeyPatch, wrong_date: Callable[[float], None], days: int
) -> None:
    private_files.write("tokens", "old", 1)
    os.utime(only_file(base), (0, time.time() - private_files.DAY / 2))
    monkeypatch.setattr(private_files, "_swept", set())
    wrong_date(days * private_files.DAY)
    private_files.write("tokens", "new", 1)
    assert [private_files.read("tokens", key) for key in ("old", "new")] == [1, 1]


def test_a_file_from_the_future_does_not_make_the_others_stale(tmp_path: Path) -> None:
    for name, age in (("future", -400 * private_files.DAY), ("new", 50.0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, time.time() - age))
    private_files.remove_stale(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"future", "new"}


# The opener, and what is reported


def test_a_private_file_is_opened_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        open(tmp_path / "link", "w", opener=private_files.open_private)  # noqa: SIM115 - Path.open takes no opener
    assert not (tmp_path / "elsewhere").exists()


def test_a_warning_is_reported_once() -> None:
    for text in ("one", "two", "one"):
        private_files.warn(text)
    assert private_files.warnings() == ["one", "two"]


def test_what_is_touched_counts_as_new(base: Path) -> None:
    assert not private_files.touch("tokens", "key")
    private_files.write("tokens", "key", 1)
    os.utime(only_file(base), (0, 0))
    assert private_files.touch("tokens", "key")
    assert time.time() - only_file(base).stat().st_mtime < 60
