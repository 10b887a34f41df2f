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


IDLE = """
    "msg": "Everything is there already: nothing to do"
localhost                  : ok=31   changed=0    unreachable=0    failed=0
"""


@pytest.mark.parametrize(
    ("first", "again", "expected"),
    [
        pytest.param("TASK [a] ***", IDLE, 0, id="as it should be"),
        pytest.param("[WARNING]: a", f"[DEPRECATION WARNING]: b{IDLE}", 2, id="warnings"),
        pytest.param("", IDLE.replace("changed=0", "changed=1"), 1, id="changed"),
        pytest.param("", IDLE.replace("Everything", "Second pass"), 1, id="not there already"),
    ],
)
def test_the_second_run_is_to_change_nothing_and_none_is_to_warn(first: str, again: str, expected: int) -> None:
    assert len(installed.complaints(first, again)) == expected
