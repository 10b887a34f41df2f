# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose unfinished upload it is, and whether anybody still works on it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import (
    container_name,
    is_leftover,
    session_expiry,
    session_marker,
    upload_marker,
)

HOUR = 3600.0


def marked(text: str, age: float = 0.0) -> dict[str, str]:
    changed = datetime.now(UTC) - timedelta(seconds=age)
    return {UPLOAD: text, "updated_at": changed.strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_own_live_process_is_no_leftover_however_old() -> None:
    assert not is_leftover(marked(upload_marker(), age=100 * HOUR), HOUR)


def test_process_that_inherited_the_number_is_another_one() -> None:
    host, boot, pid, started = upload_marker().split("/")
    assert pid == str(os.getpid())
    assert is_leftover(marked(f"{host}/{boot}/{pid}/{int(started) - 1}"), HOUR)


def test_process_before_the_reboot_is_dead() -> None:
    host, _boot, pid, started = upload_marker().split("/")
    assert is_leftover(marked(f"{host}/00000000/{pid}/{started}"), HOUR)


@pytest.mark.parametrize(("age", "left"), [(0, False), (HOUR - 60, False), (HOUR + 60, True)])
def test_other_machines_go_by_age(age: float, *, left: bool) -> None:
    assert is_leftover(marked("elsewhere/12345678/1/1", age), HOUR) is left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "////////",
        "x",
        f"{platform.node()}",
        f"{platform.node()}/b/²/1",
        f"{platform.node()}/b/-1/1",
        "a/b/c/d/e/f",
    ]
    + [
        f"{platform.node()}/{upload_marker().split('/')[1]}/{pid}/1"
        for pid in ("²", "-1", "0", "9" * 200, "9" * 5000, "../self", "self")
    ],
)
def test_malformed_mark_is_left_behind_once_old_and_never_a_crash(text: str) -> None:
    assert is_leftover(marked(text, age=2 * HOUR), HOUR)


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-01-01T00:00:00", None])
def test_without_a_usable_time_another_machine_is_believed(moment: str | None) -> None:
    assert not is_leftover({UPLOAD: "elsewhere/1/1/1", "updated_at": moment}, HOUR)
    assert not is_leftover({UPLOAD: "elsewhere/1/1/1"}, HOUR)


NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    ("expires", "leftover"),
    [(NOW + timedelta(minutes=5), False), (NOW - timedelta(minutes=1), False), (NOW - timedelta(hours=1), True)],
)
def test_time_decides_whether_an_upload_session_is_in_use(expires: datetime, *, leftover: bool) -> None:
    image = marked(session_marker(expires))
    assert session_expiry(image) == expires
    assert is_leftover(image, 600) is leftover


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(upload_marker(), id="a-live-run"),
        "session until ",
        "session until soon",
        "a session until 2026-01-01",
        "session until 0001-01-01T00:00:00+14:00",
        "",
    ],
)
def test_other_markers_are_no_sessions(text: str) -> None:
    assert session_expiry({UPLOAD: text}) is None


def test_containers_of_one_image_name_and_purpose_have_one_name() -> None:
    assert container_name("upload", "thing") == "oaktree-upload-5de94d691ae3039a"
    names = {
        container_name(purpose, name) for purpose in ("upload", "session") for name in ("thing", "thing2", "\u00fc")
    }
    assert len(names) == 6
    assert all(name.isascii() and len(name) < 64 and "/" not in name for name in names)
