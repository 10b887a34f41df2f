# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the collection with every line of ansible-core that it supports, each in an environment of its own.

The environments are in .build/matrix and have the newest ansible-core of their line and what requirements-dev.txt has
beside it; what each part wrote is in .build/matrix/logs. A part is: `docs`, all documentation read by ansible-doc;
`unit`, the unit tests; `smoke`, scenarios and the demonstration against the clouds of OS_CLIENT_CONFIG_FILE. A line
is skipped where its Python is missing or no release of it exists. Arguments narrow the run; the exit code is 1 if a
part failed or nothing ran.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools.tree import BUILD, CHECKOUT

LINK = BUILD / "link"
SCENARIOS = CHECKOUT / "extensions" / "molecule"
SMOKE = ("clouds_config", "object", "report", "resource", "rest", "server", "stack")
DEPRECATED = "[DEPRECATION WARNING]"
SHOWN = 40  # lines of a part that failed
NO_RELEASE = "No matching distribution found for ansible-core"


@dataclass(frozen=True)
class Line:
    """A minor version of ansible-core, a Python that it supports, and what pip is asked for."""

    core: str
    python: str
    requirement: str

    @property
    def name(self) -> str:
        """Names it in arguments, paths and the table."""
        return f"{self.core}-py{self.python}"


LINES = (
    Line("2.19", "3.11", "ansible-core~=2.19.0"),
    Line("2.20", "3.13", "ansible-core~=2.20.0"),
    Line("2.21", "3.13", "ansible-core~=2.21.0"),
    Line("2.21", "3.14", "ansible-core~=2.21.0"),
    # What comes next, as soon as there is a beta of it.
    Line("next", "3.13", "ansible-core>=2.22.0b1"),
)


@dataclass(frozen=True)
class Row:
    """One row of the table: `result` begins with `passed`, `failed` or `skipped`."""

    line: str
    part: str
    result: str
    seconds: float = 0


class Skipped(Exception):  # noqa: N818 - no error: the line cannot be tested here
    """A line cannot be tested on this machine, and why."""


def serves(python: str, version: str) -> bool:
    """Whether this command is a Python of that minor version that can make environments."""
    code = f"import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0


def candidates(version: str) -> Iterator[str]:
    """Name what may be a Python of this minor version: on the path, and the newest first of those that pyenv has."""
    if found := shutil.which(f"python{version}"):
        yield found
    if not shutil.which("pyenv"):
        return
    listed = subprocess.run(["pyenv", "versions", "--bare"], check=False, capture_output=True, text=True).stdout.split()
    matching = [name for name in listed if re.fullmatch(rf"{re.escape(version)}\.\d+", name)]
    for name in sorted(matching, key=lambda name: int(name.rpartition(".")[2]), reverse=True):
        asked = subprocess.run(["pyenv", "prefix", name], check=False, capture_output=True, text=True)
        if asked.returncode == 0:
            yield str(Path(asked.stdout.strip()) / "bin" / "python")


def interpreter(version: str) -> str:
    """Find a Python of this minor version, or raise Skipped."""
    for python in candidates(version):
        if serves(python, version):
            return python
    raise Skipped(f"python{version} is neither on PATH nor among the versions of pyenv")


def environment(line: Line, directory: Path) -> Path:
    """Make or update the environment of a line in this directory and return that of its commands; raises Skipped."""
    python = directory / "bin" / "python"
    if not (python.exists() and serves(str(python), line.python)):
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run([interpreter(line.python), "-m", "venv", str(directory)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    install += ["--requirement", str(_other_requirements(directory)), line.requirement]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if NO_RELEASE in done.stderr:
        raise Skipped(f"there is no release of {line.requirement}")
    if done.returncode:
        raise RuntimeError(f"pip ended with exit code {done.returncode}:\n{done.stderr}")
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    link_checkout(Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip()))
    return python.parent


def link_checkout(packages: Path) -> None:
    """Make this checkout the collection among these packages, as make does it for .venv, and not the one of a copy."""
    link = packages / "ansible_collections" / "oaktree" / "multicloud"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(CHECKOUT)


def _other_requirements(directory: Path) -> Path:
    """Write what requirements-dev.txt has beside ansible-core to a file of its own."""
    lines = (CHECKOUT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    path = directory / "requirements.txt"
    path.write_text("".join(text for text in lines if not text.startswith("ansible-core==")), encoding="utf-8")
    return path


class Runner:
    """Runs commands of one environment, and keeps what they write."""

    def __init__(self, commands: Path, logs: Path) -> None:
        self._logs = logs
        self._commands = commands
        self._environment = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(LINK),
            "ANSIBLE_DEPRECATION_WARNINGS": "true",
            "PYTHONPATH": "",
        }

    def core(self) -> str:
        """The version of ansible-core that the environment has."""
        code = "from importlib.metadata import version; print(version('ansible-core'))"
        return subprocess.check_output([self._commands / "python", "-c", code], text=True).strip()

    def run(self, name: str, command: Sequence[str], **variables: str) -> tuple[bool, list[str]]:
        """Run a command; returns whether it ended well without a deprecation warning, and its last lines."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("w", encoding="utf-8") as output:
            code = subprocess.run(
                [str(self._commands / command[0]), *command[1:]],
                cwd=CHECKOUT,
                env={**self._environment, **variables},
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ).returncode
        text = log.read_text(encoding="utf-8", errors="replace")
        good = code == 0 and DEPRECATED not in text
        last = list(deque(text.splitlines(), SHOWN))
        if not good:
            print("\n".join([*last, f"All of it is in {log}"]), flush=True)
        return good, last


def _docs(runner: Runner, _paths: list[str]) -> str:
    command = ["ansible-doc", "--metadata-dump", "oaktree.multicloud"]
    return "passed" if runner.run("docs", command)[0] else "failed"


def _unit(runner: Runner, paths: list[str]) -> str:
    good, last = runner.run("unit", ["pytest", "-q", "-n", "4", "-p", "no:cacheprovider", *paths])
    return f"{'passed' if good else 'failed'}: {last[-1].strip('= ') if last else 'no output'}"


def _smoke(runner: Runner, _paths: list[str]) -> str:
    failed = [name for name in SMOKE if not scenario(runner, name)]
    if not runner.run("demo", ["ansible-playbook", "oaktree.multicloud.demo", "-e", "demo_differ=true"])[0]:
        failed.append("demo")
    return f"failed: {', '.join(failed)}" if failed else f"passed: {', '.join([*SMOKE, 'demo'])}"


def scenario(runner: Runner, name: str) -> bool:
    """Run the playbooks of a scenario, its cleanup also after a failure."""
    play = ["ansible-playbook", f"--inventory={SCENARIOS / 'inventory.yml'}"]
    parts = [path for part in ("converge", "verify") if (path := SCENARIOS / name / f"{part}.yml").exists()]
    cleanup = SCENARIOS / name / "cleanup.yml"
    with tempfile.TemporaryDirectory() as ephemeral:
        good, _last = runner.run(name, [*play, *map(str, parts)], MOLECULE_EPHEMERAL_DIRECTORY=ephemeral)
        if cleanup.exists():
            cleaned, _last = runner.run(
                f"{name}-cleanup", [*play, str(cleanup)], MOLECULE_EPHEMERAL_DIRECTORY=ephemeral
            )
            good = good and cleaned
    return good


PARTS: dict[str, Callable[[Runner, list[str]], str]] = {"docs": _docs, "unit": _unit, "smoke": _smoke}


def test(line: Line, parts: Sequence[str], paths: list[str], directory: Path) -> Iterator[Row]:
    """Test one line; yields a row for each part, or one that says why it was skipped."""
    print(f"\n===== {line.name}", flush=True)
    try:
        runner = Runner(environment(line, directory / line.name), directory / "logs" / line.name)
    except Skipped as reason:
        yield Row(line.name, "all", f"skipped: {reason}")
        return
    except (RuntimeError, subprocess.CalledProcessError) as exc:
        print(exc, flush=True)
        yield Row(line.name, "environment", "failed")
        return
    name = f"{line.name} ({runner.core()})"
    for part in parts:
        start = time.monotonic()
        row = Row(name, part, PARTS[part](runner, paths), time.monotonic() - start)
        print(f"{part}: {row.result}", flush=True)
        yield row


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out."""
    width = max(len(row.line) for row in rows)
    return "\n".join(f"{row.line:<{width}}  {row.part:<11}{row.seconds:>6.0f} s  {row.result}" for row in rows)


def code(rows: Sequence[Row]) -> int:
    """Return 1 if a part failed or nothing ran."""
    failed = any(row.result.startswith("failed") for row in rows)
    return 1 if failed or all(row.result.startswith("skipped") for row in rows) else 0


def main(arguments: list[str], directory: Path = BUILD / "matrix") -> int:
    """Test the lines with environments in this directory, and print the table."""
    parser = argparse.ArgumentParser(prog="tests.tools.matrix", allow_abbrev=False)
    parser.add_argument(
        "--line", action="append", choices=[line.name for line in LINES], help="this one; may be repeated"
    )
    parser.add_argument("--part", action="append", choices=list(PARTS), help="this one; may be repeated")
    parser.add_argument("--path", action="append", help="unit tests to run; may be repeated")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for line in LINES:
        if not options.line or line.name in options.line:
            rows += test(line, options.part or list(PARTS), options.path or ["tests/unit"], directory)
    print(f"\n{table(rows)}", flush=True)
    return code(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
