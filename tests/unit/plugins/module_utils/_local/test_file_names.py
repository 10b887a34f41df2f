# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files that are written for users."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_names import (
    beside,
    file_at,
    longest_name,
    shortened,
)


@pytest.mark.parametrize(("path", "expected"), [("", "in"), ("/", "in"), ("/file", "file"), ("/link", "real")])
def test_a_directory_gets_a_named_file_and_a_file_stays(tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert file_at("dest", f"{tmp_path}{path}", lambda _directory: "in") == tmp_path / expected


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "leaving", ".."])
def test_what_is_named_in_a_directory_stays_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "leaving").symlink_to("../out")
    with pytest.raises(InputError, match="dest: "):
        file_at("dest", f"{tmp_path}/inner", lambda _directory: name)


def test_the_message_names_the_option(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, message in (("fifo", "dest: .* is not a file"), ("nowhere/x", "dest: there is no directory")):
        with pytest.raises(InputError, match=message):
            file_at("dest", f"{tmp_path}/{path}", lambda _directory: "in")


@pytest.mark.parametrize("name", ["x" * 20, "ü" * 10, "\udcff" * 10])
def test_a_shortened_name_is_short_enough_and_one_that_fits_stays(name: str) -> None:
    length = len(name.encode(errors="surrogatepass"))
    assert shortened(name, length) == name
    assert len(shortened(name, length - 1).encode(errors="surrogatepass")) <= length - 1
    assert shortened(name, length - 1) != shortened(name + "x", length - 1)


def test_hidden_names_beside_a_file_are_short_enough(tmp_path: Path) -> None:
    longest = longest_name(tmp_path)
    assert beside(tmp_path / "image", ".part") == tmp_path / ".image.part"
    long = beside(tmp_path / ("x" * longest), ".part")
    assert (len(long.name), long.name.startswith(".xxx"), long.name.endswith(".part")) == (longest, True, True)
    assert longest_name(tmp_path / "nowhere") == 255
