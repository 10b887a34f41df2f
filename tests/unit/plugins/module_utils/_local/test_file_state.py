# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a file is what it was."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_state import (
    Unchanged,
    file_name,
    file_state,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_text("some")
    os.utime(made, (time.time() - 100,) * 2)
    return made


def test_a_file_that_nobody_writes_is_the_same(file: Path) -> None:
    before = Unchanged(file)
    assert before.still()
    assert before.name == file_name(file) == f"{file}:{file_state(file)}"


@pytest.mark.parametrize("change", ["content", "date", "just written", "another", "gone"])
def test_a_file_that_may_have_changed_is_not(file: Path, change: str) -> None:
    before = Unchanged(file)
    if change == "just written":
        file.touch()
    elif change == "date":
        os.utime(file, (time.time() - 50,) * 2)
    elif change == "gone":
        file.unlink()
    else:
        if change == "another":
            file.rename(file.with_name("old"))
        file.write_text("else")
        os.utime(file, (time.time() - 100,) * 2)
    assert not before.still()


def test_what_is_not_there_has_no_name(tmp_path: Path) -> None:
    assert Unchanged(tmp_path / "nothing").name == ""
    assert not Unchanged(tmp_path / "nothing").still()
