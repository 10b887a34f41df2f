# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose unfinished work it is, and whether anybody still works on it."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import work_marker as markers
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import (
    CLOCK_MARGIN,
    is_abandoned,
    is_own,
    work_marker,
)
from tests.support import upload_markers

HOUR = 3600.0
MARGIN = CLOCK_MARGIN.total_seconds()
FIELDS = ("host", "machine", "boot", "namespace", "pid", "started", "until")


def is_left(text: str, age: float = 0.0) -> bool:
    changed = datetime.now(UTC) - timedelta(seconds=age)
    return is_abandoned(text, changed.strftime("%Y-%m-%dT%H:%M:%SZ"))


def marker(seconds: float = HOUR, **changes: str) -> str:
    """The marker of this process with other parts."""
    parts = dict(zip(FIELDS, work_marker(seconds).split("/"), strict=True))
    return "/".join((parts | changes).values())


def parts() -> dict[str, str]:
    return dict(zip(FIELDS, work_marker(HOUR).split("/"), strict=True))


def test_own_live_process_is_no_leftover_however_old() -> None:
    assert not is_left(work_marker(-100 * HOUR), age=100 * HOUR)


def test_a_marker_that_others_may_read_does_not_name_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = parts()["host"]
    monkeypatch.setattr(platform, "node", lambda: "build.example.org")
    assert parts()["host"] != ours
    assert "example" not in work_marker(1)


def test_markers_of_one_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 26, 22, 59, 59, 999999, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    made = {work_marker(HOUR) for _time in range(3)}
    assert len(made) == 3
    assert {one.rpartition("/")[2].partition(".")[0] for one in made} == {"2026-11-26T23:59:59"}


def test_the_marker_is_ours_whatever_its_time() -> None:
    assert is_own(work_marker(1))
    assert is_own(work_marker(HOUR))
    for field in FIELDS[:-1]:
        assert not is_own(work_marker(1).replace(parts()[field], "other", 1))
    for text in ("", "/", "x", None):
        assert not is_own(text)


@pytest.mark.parametrize("seconds", [-100 * HOUR, 100 * HOUR])
def test_a_process_that_is_known_to_be_dead_leaves_leftovers(seconds: float) -> None:
    started = parts()["started"]
    assert is_left(upload_markers.dead(seconds))
    assert is_left(marker(seconds, started=str(int(started) - 1))), "the PID is another process's"


def test_process_before_the_reboot_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markers, "_machine", lambda: "12345678")
    assert is_left(marker(boot="00000000"))


UNKNOWN: list[dict[str, str]] = [
    {"host": "elsewhere"},
    {"machine": "00000000"},
    {"namespace": "4026530000", "pid": str(upload_markers.PID_MAX)},
    {"namespace": "-", "pid": str(upload_markers.PID_MAX)},
    {"boot": "-", "pid": "1"},
    {"pid": "-1"},
    {"pid": "\u00b2"},
]


@pytest.mark.parametrize("changes", UNKNOWN, ids=str)
@pytest.mark.parametrize(
    ("seconds", "left"), [(60, False), (60 - MARGIN, False), (-60 - MARGIN, True), (-100 * HOUR, True)]
)
def test_where_life_cannot_be_told_the_owners_time_decides(
    changes: dict[str, str], seconds: float, *, left: bool
) -> None:
    """However long ago the image was changed, and whatever the timeouts of those who look."""
    assert is_left(marker(seconds, **changes), age=100 * HOUR) is left


@pytest.mark.parametrize("boot", ["00000000", "-"])
def test_machines_that_have_nothing_but_a_host_name_are_not_told_apart(
    monkeypatch: pytest.MonkeyPatch, boot: str
) -> None:
    """Containers without a machine ID, of one name: another boot may be another machine."""
    monkeypatch.setattr(markers, "_machine", lambda: "-")
    assert not is_left(marker(boot=boot))
    assert is_left(marker(-2 * HOUR, boot=boot))


def test_a_process_that_is_hidden_is_not_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """As /proc hides those of other users with its option hidepid."""
    with subprocess.Popen(["sleep", "60"]) as process:
        text = marker(pid=str(process.pid), started="12345")
        assert is_left(text), "the PID is another process's"
        monkeypatch.setattr(markers, "_read", lambda _path: "")
        assert not is_left(text)
        process.kill()
    assert is_left(text)


MALFORMED = ["", "/", "////////", "x", platform.node(), "a/b/c/d/e/f", f"{marker()}/g", marker(until="soon")]


@pytest.mark.parametrize("text", [*MALFORMED, marker(until="2026-01-01T00:00:00")], ids=range(len(MALFORMED) + 1))
@pytest.mark.parametrize(("age", "left"), [(23 * HOUR, False), (25 * HOUR, True)])
def test_malformed_mark_is_left_behind_once_old_and_never_a_crash(text: str, age: float, *, left: bool) -> None:
    assert is_left(text, age) is left


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-01-01T00:00:00", None])
def test_without_a_usable_time_a_malformed_mark_is_believed(moment: str | None) -> None:
    assert not is_abandoned("x", moment)


@pytest.mark.parametrize(("until", "left"), [("9999-12-31T23:59:59Z", False), ("0001-01-01T00:00:00Z", True)])
def test_no_moment_is_a_crash(until: str, *, left: bool) -> None:
    assert is_left(marker(until=until, host="elsewhere")) is left


@pytest.mark.parametrize("pid", ["0", "9" * 200, "9" * 5000, "..", "self"])
def test_a_pid_of_no_process_is_no_crash(pid: str) -> None:
    assert is_left(marker(-2 * HOUR, pid=pid))
