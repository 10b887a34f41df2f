# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partial files: whose they are, which are removed, and what one is continued with."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    InputError,
    OaktreeError,
    QuotaError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.partial_file import (
    Partial,
    PartialName,
    open_partial,
    put_in_place,
)

DATA = os.urandom(300_000)
NAME = PartialName(str(uuid.uuid4()), "0123456789abcdef", "path", "sends this data")


class Data:
    """A source: what was asked for, and data that may end early."""

    def __init__(self, data: bytes, error: OaktreeError | None = None) -> None:
        self.size = len(data)
        self.resumable: bool | None = None
        self.asked: list[int] = []
        self._data = data
        self._error = error

    def read(self, offset: int = 0) -> Iterator[bytes]:
        self.asked.append(offset)
        end = self.size // 2 if self._error else self.size
        for start in range(offset, end, 1000):
            yield self._data[start : min(start + 1000, end)]
        if self._error:
            raise self._error


def fill(partial: Partial, data: Data) -> None:
    partial.fill(data, Progress())


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    target = tmp_path / "image"
    broken = Data(DATA, UnreachableError("broken"))
    with pytest.raises(UnreachableError), open_partial(target, NAME) as partial:
        fill(partial, broken)
    rest = Data(DATA)
    with open_partial(target, NAME) as partial:
        assert partial.size == len(DATA) // 2
        fill(partial, rest)
        assert partial.path.read_bytes() == DATA
        assert partial.path.stat().st_mode & 0o777 == 0o600
        partial.remove()
    assert (broken.asked, rest.asked) == ([0], [len(DATA) // 2])
    assert list(tmp_path.iterdir()) == []


def test_a_partial_file_with_too_much_begins_again(tmp_path: Path) -> None:
    with open_partial(tmp_path / "image", NAME) as partial:
        partial.path.write_bytes(DATA + b"x")
        data = Data(DATA)
        fill(partial, data)
        assert (partial.path.read_bytes(), data.asked) == (DATA, [0])
        partial.clear()
        assert partial.size == 0


def test_one_task_at_a_time(tmp_path: Path) -> None:
    with (
        open_partial(tmp_path / "image", NAME),
        pytest.raises(ConflictError, match="another task sends this data to"),
        open_partial(tmp_path / "image", NAME),
    ):
        pass
    with open_partial(tmp_path / "image", NAME):
        pass


def test_that_of_other_data_goes_unless_a_task_uses_it(tmp_path: Path) -> None:
    target = tmp_path / "image"
    for other in (replace(NAME, identity=str(uuid.uuid4())), replace(NAME, digest="f" * 16)):
        with open_partial(target, other) as used:
            with open_partial(target, NAME) as partial:
                assert used.path.exists()
                assert partial.path != used.path
            assert used.path.exists()
        with open_partial(target, NAME):
            assert not used.path.exists()


def test_a_directory_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write there can export all the same."""

    def refuse(path: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with open_partial(tmp_path / "image", NAME) as partial:
        fill(partial, Data(DATA))
    assert partial.path.read_bytes() == DATA


def test_too_little_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 0, 1000))
    data = Data(DATA)
    with (
        pytest.raises(QuotaError, match=rf"{len(DATA)} bytes are missing, but only 1000 bytes are free in {tmp_path}"),
        open_partial(tmp_path / "image", NAME) as partial,
    ):
        fill(partial, data)
    assert data.asked == []


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write in /proc"), open_partial(Path("/proc/image"), NAME):
        pass
    link = tmp_path / "other"
    with open_partial(tmp_path / "image", NAME) as partial:
        link.hardlink_to(partial.path)
    with (
        pytest.raises(InputError, match="is not a plain file of this user"),
        open_partial(tmp_path / "image", NAME),
    ):
        pass


@pytest.mark.parametrize(("mode", "kept"), [(None, 0o640), (0o604, 0o604)])
def test_what_is_put_in_place_is_as_private_as_what_it_replaces(tmp_path: Path, mode: int | None, kept: int) -> None:
    made, target = tmp_path / "made", tmp_path / "target"
    made.write_text("new")
    made.chmod(0o600)
    if mode is not None:
        target.write_text("old")
        target.chmod(mode)
    before = os.umask(0o027)
    try:
        put_in_place("dest", made, target)
    finally:
        os.umask(before)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", kept)
    assert not made.exists()
    with pytest.raises(InputError, match="dest: /proc/target cannot be written"):
        put_in_place("dest", target, Path("/proc/target"))
