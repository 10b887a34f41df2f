# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample has each fault once and each scheme; the full product is the full product."""

from __future__ import annotations

import pytest

from tests.robustness import test_image_faults as fakes
from tests.support.sampling import sample


def test_each_row_comes_once_and_each_column_as_often_as_the_others() -> None:
    pairs = sample("abcdef", "xyz", lambda row, column: row + column != "ax", full=False)
    assert [row for row, _column in pairs] == list("abcdef")
    assert sorted(column for _row, column in pairs) == list("xxyyzz")
    assert ("a", "x") not in pairs


def test_all_of_it() -> None:
    pairs = sample("ab", "xy", lambda row, column: row + column != "ax", full=True)
    assert pairs == [("a", "y"), ("b", "x"), ("b", "y")]


@pytest.mark.parametrize("full", [False, True])
def test_no_fault_and_no_scheme_is_left_out(*, full: bool) -> None:
    pairs = sample(fakes.FAULTS, fakes.BENCHES, fakes.applies, full=full)
    assert {fault.name for fault, _bench in pairs} == {fault.name for fault in fakes.FAULTS}
    assert {bench.name for _fault, bench in pairs} == {bench.name for bench in fakes.BENCHES}
