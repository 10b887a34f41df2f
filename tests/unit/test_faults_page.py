# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/faults.md has a cell for each fault and scheme that the tests of faults know, and none that they do not know."""

from __future__ import annotations

from pathlib import Path

from tests.integration.image import test_fault_matrix as living
from tests.integration.image import test_faults as first
from tests.robustness import test_image_faults as old

PAGE = (Path(__file__).parents[2] / "docs/faults.md").read_text(encoding="utf-8")


def table(title: str) -> list[list[str]]:
    """The cells of the table under a title, its head first."""
    _before, _title, text = PAGE.partition(f"{title}\n")
    lines = text.partition("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if row[0].strip("-")]


def test_the_first_table_has_every_case_by_every_scheme() -> None:
    _head, *rows = table("# Faults")
    assert [tuple(row[:3]) for row in rows] == [
        (case.name, scheme, ", ".join(first.REGIONS[scheme]))
        for case in first.CASES
        for scheme in first.REGIONS
        if scheme in case.schemes
    ]
    assert PAGE.startswith(first.HEAD)


def test_the_table_of_living_services() -> None:
    head, *rows = table("## Every scheme")
    assert head == ["fault", *(bench.scheme for bench in living.BENCHES)]
    assert [row[0] for row in rows] == [fault.name for fault in living.FAULTS]


def test_the_table_of_old_clouds() -> None:
    head, *rows = table("## The schemes of old clouds")
    assert head == ["fault", *(bench.name for bench in old.BENCHES)]
    assert [row[0] for row in rows] == [fault.name for fault in old.FAULTS]
