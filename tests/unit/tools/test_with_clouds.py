# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools import with_clouds

# Notes what it is asked for, and answers with the exit code in the file of that name, or 0.
CLOUDS = """\
import pathlib, sys
with open("log", "a") as log:
    print(*sys.argv[1:], sep="/", file=log)
code = pathlib.Path(sys.argv[1])
sys.exit(int(code.read_text()) if code.exists() else 0)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with clouds that are down."""
    package = tmp_path / "tests" / "support" / "local_clouds"
    package.mkdir(parents=True)
    for init in (package.parent / "__init__.py", package / "__init__.py"):
        init.touch()
    (package / "__main__.py").write_text(CLOUDS)
    (tmp_path / "status").write_text("1")
    return tmp_path


def start(directory: Path, script: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, with_clouds.__file__, *options, "sh", "-c", f"echo ran >> log; {script}"]
    return subprocess.Popen(command, cwd=directory)


def log(directory: Path) -> list[str]:
    path = directory / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_clouds_that_were_down_are_down_again_afterwards(directory: Path) -> None:
    assert start(directory, "exit 0").wait(20) == 0
    assert log(directory) == ["status", "up", "ran", "down"]


def test_clouds_that_were_up_stay_up(directory: Path) -> None:
    (directory / "status").unlink()
    assert start(directory, "exit 5").wait(20) == 5
    assert log(directory) == ["status", "ran"]


def test_services_that_were_asked_for_are_started_beside_what_runs(directory: Path) -> None:
    assert start(directory, "exit 0", "--with", "designate barbican").wait(20) == 0
    assert log(directory) == ["status", "up/--with/designate barbican", "ran", "down"]
    (directory / "log").unlink()
    (directory / "status").unlink()
    assert start(directory, "exit 5", "--with", "barbican").wait(20) == 5
    assert log(directory) == ["status", "up/--with/barbican", "ran"]


def test_the_exit_code_is_that_of_the_command(directory: Path) -> None:
    assert start(directory, "exit 5").wait(20) == 5
    assert log(directory) == ["status", "up", "ran", "down"]


def test_nothing_runs_when_the_clouds_do_not_start(directory: Path) -> None:
    (directory / "up").write_text("7")
    assert start(directory, "exit 0").wait(20) == 7
    assert log(directory) == ["status", "up", "down"]


def test_clouds_that_do_not_stop_are_a_failure(directory: Path) -> None:
    (directory / "down").write_text("9")
    assert start(directory, "exit 0").wait(20) == 9


def test_sigterm_takes_the_clouds_down(directory: Path) -> None:
    process = start(directory, "exec sleep 60")
    deadline = time.monotonic() + 20
    while "ran" not in log(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert log(directory) == ["status", "up", "ran", "down"]
