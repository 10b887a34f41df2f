# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of what is exported, and where it goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.paths import (
    file_name,
    target_path,
)
from tests.support import image_samples as samples


@pytest.mark.parametrize(
    ("name", "expected"), [("thing", "thing.raw"), ("a/b", "a_b.raw"), (None, "id-1.raw"), ("..", "...raw")]
)
def test_file_name(name: str | None, expected: str) -> None:
    assert file_name(samples.image(name=name), "raw", 255) == expected


def test_a_name_that_is_too_long_for_a_file_is_cut_and_stays_another() -> None:
    names = [file_name(samples.image(name="ü" * 200 + end), "raw", 255) for end in "ab"]
    assert [len(name.encode()) <= 255 and name.startswith("ü" * 100) and name.endswith(".raw") for name in names] == [
        True,
        True,
    ]
    assert names[0] != names[1]


def test_a_directory_gets_a_named_file_and_a_file_stays(tmp_path: Path) -> None:
    image = samples.image(name="a/b")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert target_path(str(tmp_path), image, "qcow2") == tmp_path / "a_b.qcow2"
    assert target_path(f"{tmp_path}/", image, "qcow2") == tmp_path / "a_b.qcow2"
    assert target_path(f"{tmp_path}/image", image, "qcow2") == tmp_path / "image"
    assert target_path(f"{tmp_path}/link", image, "qcow2") == tmp_path / "real"


def test_a_link_within_the_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "thing.raw").symlink_to("real")
    assert target_path(f"{tmp_path}/", samples.image(), "raw") == tmp_path / "real"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere/image", "there is no directory"),
        ("nowhere/", "there is no directory"),
        ("fifo", "is not a file"),
        ("leaving/", "is a link to a file in another directory"),
    ],
)
def test_where_no_file_can_be(tmp_path: Path, path: str, message: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "leaving").mkdir()
    (tmp_path / "leaving" / "thing.raw").symlink_to("../fifo")
    with pytest.raises(InputError, match=message):
        target_path(f"{tmp_path}/{path}", samples.image(), "raw")
