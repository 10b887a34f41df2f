# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import tree

FILES = ("committed.py", "deleted.py", "directory/new.py", "ignored.log", ".gitignore")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "directory").mkdir()
    for name in FILES:
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("*.log\n/copies\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "committed.py", "deleted.py"], cwd=tmp_path, check=True)
    (tmp_path / "deleted.py").unlink()
    monkeypatch.setattr(tree, "CHECKOUT", tmp_path)
    monkeypatch.setattr(tree, "COPIES", tmp_path / "copies")
    return tmp_path


def copied(copy: Path) -> set[str]:
    """Name the files of the copy that git finds there."""
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    return set(subprocess.run(command, cwd=copy, check=True, capture_output=True, text=True).stdout.split())


def test_the_copy_has_what_git_would_commit(checkout: Path) -> None:
    copy = tree.refresh("a")
    assert copy == checkout / "copies" / "a" / "ansible_collections" / "oaktree" / "multicloud"
    assert copied(copy) == {"committed.py", "directory/new.py", ".gitignore"}


def test_what_is_gone_from_the_checkout_goes_from_the_copy_for_the_same_purpose(checkout: Path) -> None:
    copy, other = tree.refresh("a"), tree.refresh("b")
    (checkout / "committed.py").unlink()
    (checkout / "directory" / "new.py").write_text("changed")
    assert tree.refresh("a") == copy
    assert copied(copy) == {"directory/new.py", ".gitignore"}
    assert (copy / "directory" / "new.py").read_text() == "changed"
    assert copied(other) == {"committed.py", "directory/new.py", ".gitignore"}


def test_a_command_runs_in_the_copy_and_hands_on_its_exit_code(checkout: Path) -> None:
    assert tree.main(["sh", "-c", "pwd > where; exit 4"]) == 4
    copy = checkout / "copies" / "sh" / "ansible_collections" / "oaktree" / "multicloud"
    assert Path((copy / "where").read_text().strip()) == copy.resolve()
