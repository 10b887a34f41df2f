# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.support.local_clouds.seed import deal


@pytest.mark.parametrize(
    ("count", "have", "dealt"),
    [
        (0, [set(), set()], [[], []]),
        (5, [set(), set(), set()], [["web-01", "web-04"], ["web-02", "web-05"], ["web-03"]]),
        (3, [{"web-01"}, {"web-02"}, {"web-03"}], [[], [], []]),
        (4, [{"web-01"}, {"web-02"}, {"web-03"}], [["web-04"], [], []]),
        (4, [{"web-01", "web-03"}, set()], [[], ["web-02", "web-04"]]),
        (2, [{"web-01", "web-02", "web-03"}, set()], [[], []]),
    ],
)
def test_names_are_dealt_evenly_and_none_twice(count: int, have: list[set[str]], dealt: list[list[str]]) -> None:
    assert deal(count, have) == dealt


def test_names_sort_up_to_99_and_go_on() -> None:
    [dealt] = deal(100, [set()])
    assert (dealt[0], dealt[98], dealt[99]) == ("web-01", "web-99", "web-100")
