# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose unfinished upload it is, and whether anybody still works on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import (
    container_name,
    is_leftover,
    session_expiry,
    session_marker,
    session_until,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import CLOCK_MARGIN, work_marker
from tests.support import upload_markers

HOUR = 3600.0
MARGIN = CLOCK_MARGIN.total_seconds()


def marked(text: str, age: float = 0.0) -> dict[str, str]:
    changed = datetime.now(UTC) - timedelta(seconds=age)
    return {UPLOAD: text, "updated_at": changed.strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_the_life_of_a_process_decides_and_its_image_may_lack_a_date() -> None:
    assert not is_leftover(marked(work_marker(-100 * HOUR), age=100 * HOUR))
    assert is_leftover(marked(upload_markers.dead()))
    assert not is_leftover({UPLOAD: "x"})


@pytest.mark.parametrize(("until", "left"), [("9999-12-31T23:59:59Z", False), ("0001-01-01T00:00:00Z", True)])
def test_no_moment_is_a_crash(until: str, *, left: bool) -> None:
    assert is_leftover(marked(f"session until {until}, finalized by {until}")) is left


@pytest.mark.parametrize(
    ("expires", "until", "leftover"),
    [(300, 600, False), (-600, -60, False), (-600, 60 - MARGIN, False), (-6000, -60 - MARGIN, True)],
)
def test_time_decides_whether_an_upload_session_is_in_use(expires: float, until: float, *, leftover: bool) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    moments = [now + timedelta(seconds=seconds) for seconds in (expires, until)]
    image = marked(session_marker(*moments), age=100 * HOUR)
    assert [session_expiry(image), session_until(image)] == moments
    assert is_leftover(image) is leftover


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(work_marker(60), id="a-live-run"),
        "session until ",
        "session until soon, finalized by 2026-01-01T00:00:00Z",
        "session until 2026-01-01T00:00:00Z",
        "session until 2026-01-01T00:00:00Z, finalized by ",
        "a session until 2026-01-01T00:00:00Z, finalized by 2026-01-01T00:00:00Z",
        "session until 0001-01-01T00:00:00+14:00, finalized by 2026-01-01T00:00:00Z",
        "",
    ],
)
def test_other_markers_are_no_sessions(text: str) -> None:
    assert session_expiry({UPLOAD: text}) is session_until({UPLOAD: text}) is None


def test_containers_of_one_image_name_and_purpose_have_one_name() -> None:
    assert container_name("upload", "thing") == "oaktree-upload-5de94d691ae3039a"
    names = {
        container_name(purpose, name) for purpose in ("upload", "session") for name in ("thing", "thing2", "\u00fc")
    }
    assert len(names) == 6
    assert all(name.isascii() and len(name) < 64 and "/" not in name for name in names)
