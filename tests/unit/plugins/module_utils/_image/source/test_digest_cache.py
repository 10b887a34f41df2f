# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembered digests: an unchanged file is read once, and one that may have changed again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import digest_cache
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.digest_cache import (
    read_image_file,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    AS_IMAGE,
    Handling,
    ImageFile,
    open_image_file,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_state import file_name

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(os.urandom(MIB) + bytes(MIB))
    return path


class Reads:
    """How often the content of a file is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counted(path: str, handling: Handling, progress: Progress) -> ImageFile:
            self.count += 1
            return open_image_file(path, handling=handling, progress=progress)

        monkeypatch.setattr(digest_cache, "open_image_file", counted)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reads:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Reads(monkeypatch)


def settle(path: Path) -> None:
    """Make the file look as if nobody had written to it for long."""
    os.utime(path, (time.time() - 100, time.time() - 100))


def look(path: Path) -> ImageFile:
    return read_image_file(str(path))


def test_unchanged_file_is_read_once(disk: Path, reads: Reads, tmp_path: Path) -> None:
    settle(disk)
    assert look(disk) == look(disk)
    link = tmp_path / "link"
    link.symlink_to(disk)
    assert look(link).digests == look(disk).digests
    assert reads.count == 1
    files = list((tmp_path / "cache" / "oaktree.multicloud" / "digests").iterdir())
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600]
    assert {path.parent.stat().st_mode & 0o777 for path in files} == {0o700}


def touch(path: Path) -> None:
    settle(path)
    os.utime(path, (time.time() - 50, time.time() - 50))


def same_size(path: Path) -> None:
    times = path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path: Path) -> None:
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("change", [touch, same_size, replaced, grown])
def test_file_that_may_have_changed_is_read_again(disk: Path, reads: Reads, change: Any) -> None:
    settle(disk)
    look(disk)
    change(disk)
    assert look(disk).digests == open_image_file(str(disk)).digests
    assert reads.count == 2


def test_file_written_to_just_now_is_not_remembered(disk: Path, reads: Reads) -> None:
    look(disk)
    look(disk)
    assert reads.count == 2


def shared(cache: Path) -> None:
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)


def unwritable(cache: Path) -> None:
    cache.write_text("a file", encoding="utf-8")


def foreign(cache: Path) -> None:
    cache.mkdir(mode=0o700)
    if os.geteuid():
        pytest.skip("only root can give directories away")
    os.chown(cache, 12345, 12345)


@pytest.mark.parametrize("make", [shared, unwritable, foreign])
def test_cache_that_is_not_ours_alone_is_ignored(disk: Path, reads: Reads, tmp_path: Path, make: Any) -> None:
    (tmp_path / "cache").mkdir()
    make(tmp_path / "cache" / "oaktree.multicloud")
    settle(disk)
    look(disk)
    look(disk)
    assert reads.count == 2
    assert not any(path.suffix == ".json" for path in (tmp_path / "cache").rglob("*"))


def test_what_the_cache_says_is_not_believed_unless_it_is_whole(disk: Path, reads: Reads) -> None:
    settle(disk)
    name = digest_cache._key(file_name(disk), AS_IMAGE)
    private_files.write("digests", name, {"size": 1, "digests": {"md5": "x"}})
    assert look(disk).digests == open_image_file(str(disk)).digests
    assert reads.count == 1


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    disk: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(disk)

    def changed_meanwhile(path: str, handling: Handling, progress: Progress) -> ImageFile:
        reads.count += 1
        read = open_image_file(path, handling=handling, progress=progress)
        same_size(disk)
        return read

    monkeypatch.setattr(digest_cache, "open_image_file", changed_meanwhile)
    assert look(disk).digests != look(disk).digests
    assert reads.count == 2


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^path: .* does not exist"):
        look(tmp_path / "nowhere")
