# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.wait import until
from tests.tools import run_parts

MAKEFILE = """\
good:
\t@true
bad:
\t@exit 3
slow:
\t@sleep 60 & echo $$! > pid; wait
first:
\t@echo 1 of first; touch one; until test -e two; do sleep 0.1; done; echo 2 of first
tested:
\t@echo FAILED tests/test_one.py::test_it; echo other; echo "ERROR: a.py:1:1: E1"
\t@printf '\\033[0;31mfatal: [localhost]: FAILED!\\033[0m\\n\\033[32mstack : \\033[31mfailed=0\\033[0m\\n'
\t@printf '\\033[31mport\\033[0m : \\033[31mfailed=1\\033[0m\\n'; exit 1
second:
\t@echo 1 of second; touch two; until test -e one; do sleep 0.1; done; echo 2 of second >&2
"""


@pytest.fixture(autouse=True)
def makefile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    monkeypatch.chdir(tmp_path)
    # The tests may run under make themselves.
    for name in ("MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)


def test_all_parts_run_and_one_failure_fails_the_whole(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_parts.main(["bad:10", "good:10"]) == 1
    ended = [line.split() for line in capfd.readouterr().out.splitlines()[-3:]]
    assert [(name, rest) for name, _seconds, _s, *rest in ended] == [
        ("bad", ["failed", "(2)"]),
        ("good", ["passed"]),
        ("total", []),
    ]


def test_success() -> None:
    assert run_parts.main(["good:10"]) == 0


@pytest.mark.slow
def test_parts_that_run_at_the_same_time_are_shown_one_after_the_other(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_parts.main(["first:60,second:60,slow:1"]) == 1
    out = capfd.readouterr().out
    for part in ("first", "second"):
        assert f"\n===== make {part}\n1 of {part}\n2 of {part}\n" in out
    ended = [line.split() for line in out.splitlines()[-4:]]
    assert [line[3:] for line in ended] == [["passed"], ["passed"], ["ended", "after", "1", "s"], []]


@pytest.mark.slow
def test_a_part_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    (outcome,) = run_parts.run({"slow": 1})
    assert outcome.result == "ended after 1 s"
    assert outcome.seconds < 30  # half of what it would take
    child = Path("/proc") / (tmp_path / "pid").read_text().strip()
    until(lambda: not child.exists())


@pytest.mark.parametrize("parts", [["tested:10", "good:10"], ["tested:10,good:10"]])
def test_what_failed_is_said_again_at_the_end(parts: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run_parts.main(parts) == 1
    summary = capfd.readouterr().out.partition("===== make tested: what failed\n")[2].splitlines()
    assert summary[:4] == [
        "FAILED tests/test_one.py::test_it",
        "ERROR: a.py:1:1: E1",
        "fatal: [localhost]: FAILED!",
        "port : failed=1",
    ]
    assert summary[4].startswith("make: *** [Makefile:")
    assert [line.split()[0] for line in summary[6:]] == ["tested", "good", "total"]


def test_a_part_that_runs_alone_is_shown_while_it_runs(capfd: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(run_parts.run, {"first": 60})
        seen: list[str] = []

        def is_shown() -> bool:
            seen.append(capfd.readouterr().out)
            return "1 of first" in "".join(seen)

        until(is_shown)
        Path("two").touch()
        assert running.result()[0].result == "passed"
    assert "2 of first" in "".join(seen) + capfd.readouterr().out
