# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.tools import matrix
from tests.tools.matrix import LINES, SCENARIOS, SMOKE, Row, Runner

ROOT = Path(__file__).parents[3]
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that is on PATH."""
    directory = tmp_path / "commands"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def own_python(path: Path) -> Path:
    return script(path, f'exec "{sys.executable}" "$@"')


def pyenv(commands: Path, *versions: str) -> None:
    """pyenv that has these versions, each of which is the Python of these tests, and a command that it refuses."""
    for version in versions:
        own_python(commands.parent / version / "bin" / "python")
    listed = " ".join(("system", *versions))
    script(
        commands / "pyenv",
        f'if [ "$1" = versions ]; then printf "%s\\n" {listed}; else echo "{commands.parent}/$2"; fi',
    )
    script(commands / f"python{OWN}", "exit 127")


def test_a_python_on_the_path_is_found(commands: Path) -> None:
    python = own_python(commands / f"python{OWN}")
    assert matrix.interpreter(OWN) == str(python)


def test_the_newest_that_pyenv_has_is_found_where_its_command_refuses(commands: Path, tmp_path: Path) -> None:
    pyenv(commands, "2.7.18", f"{OWN}.2", f"{OWN}.10", f"{OWN}-dev")
    assert matrix.interpreter(OWN) == str(tmp_path / f"{OWN}.10" / "bin" / "python")


def test_another_python_than_its_name_says_is_none(commands: Path) -> None:
    own_python(commands / "python3.99")
    with pytest.raises(matrix.Skipped, match=r"python3\.99 is neither on PATH nor among the versions of pyenv"):
        matrix.interpreter("3.99")


@pytest.mark.usefixtures("commands")
def test_a_line_whose_python_is_missing_is_skipped_and_a_run_of_nothing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matrix.main(["--line", "2.20-py3.13"], tmp_path / "matrix") == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.split(r"\s{2,}", last) == [
        "2.20-py3.13",
        "all",
        "0 s",
        "skipped: python3.13 is neither on PATH nor among the versions of pyenv",
    ]


def test_the_checkout_is_tested_also_where_another_one_was(tmp_path: Path) -> None:
    link = tmp_path / "ansible_collections" / "oaktree" / "multicloud"
    for before in (None, tmp_path, tmp_path / "removed"):
        if before:
            link.unlink()
            link.symlink_to(before)
        matrix.link_checkout(tmp_path)
        assert link.resolve() == ROOT.resolve()


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (["passed: 12 passed", "skipped: there is no release"], 0),
        (["passed", "failed: report"], 1),
        (["skipped: x", "skipped: y"], 1),
        ([], 1),
    ],
)
def test_the_exit_code_is_1_if_a_part_failed_or_nothing_ran(results: list[str], code: int) -> None:
    assert matrix.code([Row("2.20", "unit", result) for result in results]) == code


@pytest.mark.parametrize(
    ("lines", "good"),
    [
        (["echo all is well"], True),
        (["echo all is well", "exit 2"], False),
        (["echo '[DEPRECATION WARNING]: x will be removed.' >&2"], False),
    ],
)
def test_a_command_that_fails_or_warns_of_a_deprecation_is_not_good(
    lines: list[str], commands: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, good: bool
) -> None:
    script(commands / "ansible-doc", *lines)
    ended, last = Runner(commands, tmp_path / "logs").run("docs", ["ansible-doc"])
    assert ended == good
    assert (tmp_path / "logs" / "docs.log").read_text().splitlines() == last
    assert (last[-1] in capsys.readouterr().out) != good


def test_a_scenario_is_cleaned_up_after_a_failure(commands: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script(commands / "ansible-playbook", f'echo "$@" >> "{log}"', 'case "$*" in *converge*) exit 2;; esac')
    assert not matrix.scenario(Runner(commands, tmp_path / "logs"), "stack")
    ran = [[Path(word).stem for word in line.split()[1:]] for line in log.read_text().splitlines()]
    assert ran == [["converge", "verify"], ["cleanup"]]


def test_the_smoke_set_names_scenarios_that_exist() -> None:
    assert [name for name in SMOKE if not (SCENARIOS / name / "converge.yml").exists()] == []


def test_the_first_line_is_the_oldest_that_is_supported() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    config = yaml.safe_load((ROOT / "tests" / "config.yml").read_text())
    assert runtime["requires_ansible"] == f">={LINES[0].core}.0"
    assert config["modules"]["python_requires"] == f">={LINES[0].python}"


def test_the_workflow_tests_every_line() -> None:
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]["matrix"]
    assert job["strategy"]["matrix"]["line"] == [line.name for line in LINES]
    installed = job["steps"][1]["with"]["python-version"].split()
    assert {line.python for line in LINES} <= set(installed)
    assert job["steps"][-1]["run"].startswith("make matrix ")
