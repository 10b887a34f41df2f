# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data in the formats that Locations need: each made once, whoever asks for it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    InputError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import image_data
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_data import ImageData
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    ImageFile,
    open_image_file,
)
from tests.support.image_samples import source


def soon() -> Deadline:
    return Deadline(30)


class Maker:
    """In place of `convert`: counts, takes its time, and may fail."""

    def __init__(self, error: OaktreeError | None = None, seconds: float = 0.05) -> None:
        self.made: list[str] = []
        self.error = error
        self.seconds = seconds

    def __call__(self, _origin: ImageFile, disk_format: str, _workspace: Path, deadline: Deadline) -> ImageFile:
        self.made.append(disk_format)
        deadline.sleep(self.seconds)
        if self.error:
            raise self.error
        return source(disk_format)


def ask(made: ImageData, *wishes: tuple[str, Deadline]) -> list[ImageFile | OaktreeError]:
    def one(wish: tuple[str, Deadline]) -> ImageFile | OaktreeError:
        try:
            return made.source(*wish)
        except OaktreeError as error:
            return error

    with ThreadPoolExecutor(len(wishes)) as pool:
        return list(pool.map(one, wishes))


def supply_by(maker: Maker, monkeypatch: pytest.MonkeyPatch, fetched: list[Any] | None = None) -> ImageData:
    monkeypatch.setattr(image_data, "convert", maker)

    def fetch(_deadline: Deadline) -> ImageFile:
        if fetched is not None:
            fetched.append(1)
        return source("raw")

    return ImageData(source("raw"), fetch, Path())


def test_each_format_is_made_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    maker, fetched = Maker(), list[int]()
    made = ask(
        supply_by(maker, monkeypatch, fetched),
        *((name, soon()) for name in ("qcow2", "vhd", "raw", "iso") for _n in range(5)),
    )
    assert sorted(maker.made) == ["qcow2", "vhd"]
    assert fetched == [1]
    assert [one.disk_format for one in made if isinstance(one, ImageFile)] == [
        name for name in ("qcow2", "vhd", "raw", "iso") for _n in range(5)
    ]


def test_failure_is_told_to_all_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(InputError("no space"))
    made = supply_by(maker, monkeypatch)
    errors = ask(made, *[("qcow2", soon())] * 4)
    assert [str(error) for error in errors] == ["no space"] * 4
    said = []
    for error in errors:
        assert isinstance(error, OaktreeError)
        error.add_residue("and an image is left")
        said.append(error.message)
    assert said == ["no space; and an image is left"] * 4
    assert maker.made == ["qcow2"]
    assert isinstance(ask(made, ("raw", soon()))[0], ImageFile)


def test_deadline_of_one_location_is_not_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(seconds=0.3)
    made = supply_by(maker, monkeypatch)
    hasty, patient = ask(made, ("qcow2", Deadline(0.1)), ("qcow2", soon()))
    assert isinstance(hasty, DeadlineError)
    assert isinstance(patient, ImageFile)


def test_formats_of_plain_bytes_need_no_conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    disk = tmp_path / "disk.raw"
    disk.write_bytes(os.urandom(1000))
    made = ImageData(open_image_file(str(disk)), lambda _deadline: open_image_file(str(disk)), tmp_path)
    assert made.source("raw", soon()).path == disk
    assert (made.source("iso", soon()).path, made.source("iso", soon()).disk_format) == (disk, "iso")
