# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partial files: whose they are, which are removed, and what one is continued with."""

from __future__ import annotations

import os
import shutil
import uuid
from collections import namedtuple
from collections.abc import Callable, Iterator
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
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.partial_file import Partial, open_partial
from tests.support import image_samples as samples
from tests.support.fake_images import add_image
from tests.support.fake_openstack.glance import Glance
from tests.support.run_module import ModuleRun

DATA = os.urandom(300_000)


def test_file_of_others_is_not_written(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    """A link under the name of the partial file leads to where its maker wants."""
    image = add_image(glance, DATA)
    victim = out.parent / "victim"
    victim.write_text("precious")
    (out / f".image.{image.id}.{str(image.checksum)[:16]}.part").symlink_to(victim)
    (failure,) = export()["failures"]
    assert failure["kind"] == "input"
    assert victim.read_text() == "precious"


def test_partial_files_of_other_targets_stay(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    image = add_image(glance, DATA)
    mine = out / f".image.{uuid.uuid4()}.{'0' * 16}.part"
    others = [out / f".image.raw.{image.id}.{'0' * 16}.part", out / ".image.notes.part"]
    for path in (mine, *others):
        path.write_bytes(b"some")
    assert export().ok
    assert sorted(out.iterdir()) == sorted([*others, out / "image"])


IMAGE = samples.image() | {"id": str(uuid.uuid4())}


class Data:
    """In place of an `ImageStream`: what was asked for, and data that may end early."""

    def __init__(self, data: bytes, error: OaktreeError | None = None) -> None:
        self.size = len(data)
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
    partial.fill(data, Progress())  # type: ignore[arg-type]


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    target = tmp_path / "image"
    broken = Data(DATA, UnreachableError("broken"))
    with pytest.raises(UnreachableError), open_partial(target, IMAGE, "here") as partial:
        fill(partial, broken)
    rest = Data(DATA)
    with open_partial(target, IMAGE, "here") as partial:
        assert partial.size == len(DATA) // 2
        fill(partial, rest)
        assert partial.path.read_bytes() == DATA
        assert partial.path.stat().st_mode & 0o777 == 0o600
        partial.remove()
    assert (broken.asked, rest.asked) == ([0], [len(DATA) // 2])
    assert list(tmp_path.iterdir()) == []


def test_data_of_an_image_without_digests_is_resumed_from_its_own_cloud_only(tmp_path: Path) -> None:
    """Another cloud may have another image of that ID: halves of both would be no image, and nothing would tell."""
    image = {"id": IMAGE["id"], "checksum": None}
    for origin in ("here", "elsewhere"):
        data = Data(DATA, UnreachableError("broken"))
        with pytest.raises(UnreachableError), open_partial(tmp_path / "image", image, origin) as partial:
            fill(partial, data)
        assert data.asked == [0]
    with open_partial(tmp_path / "image", image, "elsewhere") as partial:
        assert partial.size == len(DATA) // 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_partial_file_with_too_much_begins_again(tmp_path: Path) -> None:
    with open_partial(tmp_path / "image", IMAGE, "here") as partial:
        partial.path.write_bytes(DATA + b"x")
        data = Data(DATA)
        fill(partial, data)
        assert (partial.path.read_bytes(), data.asked) == (DATA, [0])
        partial.clear()
        assert partial.size == 0


def test_one_task_at_a_time(tmp_path: Path) -> None:
    with (
        open_partial(tmp_path / "image", IMAGE, "here"),
        pytest.raises(ConflictError, match="another task exports this image to"),
        open_partial(tmp_path / "image", IMAGE, "here"),
    ):
        pass
    with open_partial(tmp_path / "image", IMAGE, "here"):
        pass


def test_that_of_another_image_goes_unless_a_task_uses_it(tmp_path: Path) -> None:
    """Data of the same ID never changes, but a cloud that was set up anew may use an ID again."""
    others = [IMAGE | {"id": str(uuid.uuid4())}, IMAGE | {"checksum": "f" * 32}]
    target = tmp_path / "image"
    for other in others:
        with open_partial(target, other, "here") as used:
            with open_partial(target, IMAGE, "here") as partial:
                assert used.path.exists()
                assert partial.path != used.path
            assert used.path.exists()
        with open_partial(target, IMAGE, "here"):
            assert not used.path.exists()


def test_too_little_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 0, 1000))
    data = Data(DATA)
    with (
        pytest.raises(QuotaError, match=rf"{len(DATA)} bytes are missing, but only 1000 bytes are free in {tmp_path}"),
        open_partial(tmp_path / "image", IMAGE, "here") as partial,
    ):
        fill(partial, data)
    assert data.asked == []


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write in /proc"), open_partial(Path("/proc/image"), IMAGE, "here"):
        pass
    link = tmp_path / "other"
    with open_partial(tmp_path / "image", IMAGE, "here") as partial:
        link.hardlink_to(partial.path)
    with (
        pytest.raises(InputError, match="is not a plain file of this user"),
        open_partial(tmp_path / "image", IMAGE, "here"),
    ):
        pass
