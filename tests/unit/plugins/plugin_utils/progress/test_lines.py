# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress.lines import (
    MANY,
    PAUSE,
    QUIET,
    SUMMARY,
    ProgressLines,
)

MIB = 1 << 20


def message(who: str, phase: str, done: int = 0, total: int = 0, detail: str = "") -> dict[str, Any]:
    return {"who": who, "phase": phase, "done": done, "total": total, "detail": detail}


def test_short_tasks_say_nothing() -> None:
    said = ProgressLines(0.0)
    said.take(message("alpha", "done"), 1.0)
    assert said.due(QUIET - 0.1) == []
    assert said.due(QUIET) == ["alpha: done"]


def test_a_line_for_each_phase_and_ten_percent() -> None:
    said = ProgressLines(0.0)
    shown = []
    for second in range(3, 45):
        said.take(message("alpha", "sending", (second - 3) * 2 * MIB, 80 * MIB), float(second))
        shown += said.due(float(second))
    said.take(message("alpha", "importing"), 45.0)
    said.take(message("beta", "failed", detail="quota: too much"), 45.0)
    shown += said.due(45.0)
    assert said.due(60.0) == []
    assert shown == [
        "alpha: sending 0 % of 80.00 MB",
        *(
            f"alpha: sending {done} % of 80.00 MB, 2.00 MB/s, 0:00:{(100 - done) * 4 // 10:02d} left"
            for done in (12, 25, 37, 50, 62, 75, 87)
        ),
        "alpha: sending 100 % of 80.00 MB, 2.00 MB/s",
        "alpha: importing",
        "beta: failed (quota: too much)",
    ]


def test_a_phase_that_begins_again_has_a_rate_of_its_own() -> None:
    said = ProgressLines(0.0)
    said.take(message("alpha", "sending", 90 * MIB, 100 * MIB), 0.0)
    said.take(message("alpha", "sending", 0, 100 * MIB), 100.0)
    said.take(message("alpha", "sending", 20 * MIB, 100 * MIB), 110.0)
    assert said.due(110.0) == ["alpha: sending 20 % of 100.00 MB, 2.00 MB/s, 0:00:40 left"]


def test_fast_changes_of_one_location_are_not_all_shown() -> None:
    said = ProgressLines(0.0)
    shown = []
    for tenth in range(10):
        now = QUIET + tenth * PAUSE / 10
        said.take(message("alpha", "sending", tenth * 10, 100), now)
        shown += said.due(now)
    assert len(shown) == 1


def test_many_locations_are_summed_up_and_failures_named() -> None:
    said = ProgressLines(0.0)
    said.take({"count": 30}, 0.0)
    for number in range(5):
        said.take(message(f"done{number}", "done", MIB, MIB), 1.0)
    for number in range(MANY + 2):
        said.take(message(f"cloud{number}", "failed", detail="no answer"), 1.0)
    said.take(message("alpha", "sending", MIB, 2 * MIB), 1.0)
    assert said.due(QUIET) == [f"cloud{number}: failed (no answer)" for number in range(MANY)]
    assert said.due(SUMMARY) == ["30 Locations: 5 done, 12 failed, 1 sending, 12 waiting; 6.00 MB transferred"]
    assert said.due(SUMMARY * 2 - 1) == []
    assert len(said.due(SUMMARY * 2)) == 1


def test_a_sum_without_data_says_nothing_of_them() -> None:
    said = ProgressLines(0.0)
    for number in range(MANY + 1):
        said.take(message(f"cloud{number}", "waiting for servers", detail="web"), 1.0)
    assert said.due(SUMMARY) == ["11 Locations: 11 waiting for servers"]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"who": "alpha"}, message("a", "b", "x"), message("a", "b", None), {"count": "x"}],  # type: ignore[arg-type]
)
def test_what_is_no_message_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ProgressLines(0.0).take(wrong, 0.0)


def test_the_task_as_a_whole_has_no_name_and_is_no_location() -> None:
    said = ProgressLines(0.0)
    said.take(message("", "reading", 0, 100 * MIB), 0.0)
    said.take(message("", "reading", 40 * MIB, 100 * MIB), QUIET + 1)
    assert said.due(QUIET + 1) == ["reading 40 % of 100.00 MB, 10.00 MB/s, 0:00:06 left"]
    said.take({"count": MANY + 1}, QUIET + 2)
    said.take(message("", "decompressing", MIB, MIB), SUMMARY)
    said.take(message("alpha", "surveying"), SUMMARY)
    assert said.due(SUMMARY) == [
        "decompressing 100 % of 1.00 MB",
        f"{MANY + 1} Locations: 1 surveying, {MANY} waiting",
    ]
    assert said.due(SUMMARY) == []
