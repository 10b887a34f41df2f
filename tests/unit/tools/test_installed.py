# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import installed


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An environment with a command that shows what it is given, and ends with the code that it is given."""
    command = tmp_path / "venv" / "bin" / "show"
    command.parent.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    command.write_text('#!/bin/sh\npwd\nenv\necho to standard error >&2\nexit "$1"\n')
    command.chmod(0o755)
    return tmp_path


def test_a_new_user_has_nothing_of_the_developer(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/developer")
    monkeypatch.setenv("ANSIBLE_CONFIG", "/developer/ansible.cfg")
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", "/developer/link")
    monkeypatch.setenv("XDG_CACHE_HOME", "/developer/cache")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/clouds.yaml")
    said = installed.run(["show", "0"], directory)
    assert said.splitlines()[0] == str(directory / "home")
    assert f"HOME={directory / 'home'}" in said
    assert "OS_CLIENT_CONFIG_FILE=/clouds.yaml" in said
    assert "to standard error" in said
    assert "/developer" not in said


def test_a_command_that_fails_is_an_error(directory: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        installed.run(["show", "3"], directory)
