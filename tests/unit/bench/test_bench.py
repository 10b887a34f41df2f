# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks make of the runs; the runs themselves are too long for a test."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.__main__ import put_figures, put_table
from tests.bench.clients import crowd
from tests.bench.clouds import Clouds
from tests.bench.measure import Cost, RunFailedError
from tests.bench.report import LOCATIONS, Row, table
from tests.bench.run import Group, rows_of
from tests.bench.servers import counted
from tests.bench.ways import Way


def row(name: str, walls: list[float], **names: Any) -> Row:
    return Row(Way(name, [], None, **names), [Cost(wall, 1.0, 50.0, 0.0) for wall in walls], [])


def test_times_are_compared_with_those_of_other_ways() -> None:
    rows = [
        row("empty", [0.5]),
        row("plain", [0.9, 0.1, 0.2], limit="plain"),
        row("one", [1.0], nothing="empty", limit="plain", one="one"),
        row("many", [1.5], nothing="empty", limit="plain", one="one"),
    ]
    head, _rule, *lines = [line.strip("| ").split(" | ") for line in table(rows, LOCATIONS).splitlines()]
    assert head[:5] == ["way", "wall s", "overhead s", "x limit", "x one"]
    assert [line[:5] for line in lines] == [
        ["empty", "0.50", "", "", ""],
        ["plain", "0.20", "", "1.00", ""],
        ["one", "1.00", "0.50", "2.50", "1.00"],
        ["many", "1.50", "1.00", "5.00", "1.50"],
    ]


def test_groups_run_in_turn_and_a_warm_way_finds_what_its_first_run_left(tmp_path: Path) -> None:
    log, clouds = tmp_path / "log", Clouds(tmp_path / "clouds.yaml")
    note = f"""
import os, pathlib, sys
cache = pathlib.Path(os.environ["XDG_CACHE_HOME"], "seen")
with open({str(log)!r}, "a") as file:
    print(sys.argv[1], cache.exists(), file=file)
cache.parent.mkdir(exist_ok=True)
cache.touch()
print(7)
"""

    def way(name: str, *before: str) -> Way:
        return Way(name, command(name), int, before=[command(name) for name in before])

    def command(name: str) -> list[str]:
        return [sys.executable, "-c", note, name]

    groups = [
        Group(lambda: [way("cold")], clouds, 7),
        Group(lambda: [way("warm", "first")], clouds, 7),
    ]
    rows = rows_of(groups, 2)
    assert log.read_text().split("\n")[:-1] == ["cold False", "first False", "warm True"] * 2
    assert [(row.way.name, len(row.costs)) for row in rows] == [("cold", 2), ("warm", 2)]


def test_a_way_that_does_not_get_everything_has_no_figures(tmp_path: Path) -> None:
    way = Way("half", [sys.executable, "-c", "print(7)"], int)
    with pytest.raises(RunFailedError, match="half got 7 of 14"):
        rows_of([Group(lambda: [way], Clouds(tmp_path / "clouds.yaml"), 14)], 1)


def test_what_several_hosts_got_is_added_up() -> None:
    assert counted('ok: [host1] => {"msg": "count=14"}\nok: [host2] => {"msg": "count=3"}\n') == 17


def test_a_crowd_tells_how_many_failed(tmp_path: Path) -> None:
    once = f"import os, sys; os.mkdir({str(tmp_path / 'first')!r})"
    assert crowd.main(3, [sys.executable, "-c", once]) == 2


def test_tables_and_figures_are_put_beside_others(tmp_path: Path) -> None:
    page, file = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("A\n<!-- begin a -->\nold\n<!-- end a -->\nB\n<!-- begin b -->\nkept\n<!-- end b -->\n")
    put_table(page, "a", "new")
    expected = "A <!-- begin a --> new <!-- end a --> B <!-- begin b --> kept <!-- end b -->"
    assert " ".join(page.read_text().split()) == expected
    with pytest.raises(ValueError, match="no marks for c"):
        put_table(page, "c", "new")
    put_figures(file, "a", {"rows": 1})
    put_figures(file, "b", {"rows": 2})
    put_figures(file, "a", {"rows": 3})
    assert json.loads(file.read_text()) == {"a": {"rows": 3}, "b": {"rows": 2}}
