# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.local_clouds import stamps, state
from tests.support.local_clouds.errors import CloudsError
from tests.support.local_clouds.files import make_private, write_private
from tests.support.local_clouds.layout import REPOSITORY, Layout

HOLD = """
import os, sys
from tests.support.local_clouds import state
from tests.support.local_clouds.layout import Layout
with state.locked(Layout.from_environment(os.environ), print):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_password_is_made_once_for_each_state_directory(layout: Layout) -> None:
    password = state.password(layout)
    assert len(password) >= 20
    assert state.password(layout) == password
    assert layout.password_file.stat().st_mode & 0o777 == 0o600
    assert state.password(replace(layout, root=layout.root / "other")) != password


def test_data_fit_the_layout_they_were_made_for_only(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    state.claim(replace(layout, port_base=31001))
    state.claim(layout)  # There are no data yet.
    make_private(layout.data("north"))
    state.claim(layout)
    with pytest.raises(CloudsError, match=r"another port base \(31000, now 31001\).*reset"):
        state.claim(replace(layout, port_base=31001))
    monkeypatch.setattr(state, "versions", lambda: "new")
    with pytest.raises(CloudsError, match="another set of versions"):
        state.claim(layout)


def test_delete_leaves_the_environment(layout: Layout) -> None:
    write_private(layout.python, "")
    write_private(layout.clouds_yaml, "")
    state.password(layout)
    state.delete(layout)
    assert [path.name for path in layout.root.iterdir()] == ["venv"]


def test_a_directory_with_other_things_is_refused_and_left_alone(layout: Layout) -> None:
    layout.root.mkdir(mode=0o755)
    (layout.root / "thesis.txt").touch()
    with pytest.raises(CloudsError, match=r"thesis\.txt"), state.locked(layout, print):
        pass
    assert layout.root.stat().st_mode & 0o777 == 0o755


def test_a_directory_with_only_the_environment_is_taken(layout: Layout) -> None:
    layout.venv.mkdir(parents=True)
    with state.locked(layout, print):
        assert layout.root.stat().st_mode & 0o777 == 0o700


def test_an_impossible_directory_is_one_clear_error(tmp_path: Path, layout: Layout) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(CloudsError, match="OAKTREE_CLOUDS_DIR"),
        state.locked(replace(layout, root=tmp_path / "file" / "clouds"), print),
    ):
        pass


def test_only_one_at_a_time_changes_a_state_directory(layout: Layout) -> None:
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=layout.to_environment(),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == b"held\n"

        def say(text: str) -> None:
            said.append(text)
            assert other.poll() is None
            assert other.stdin
            other.stdin.write(b"\n")
            other.stdin.flush()

        with state.locked(layout, say):
            assert other.wait(5) == 0
    assert len(said) == 1
    assert "waiting for another run" in said[0]


def test_a_lock_ends_with_its_holder(layout: Layout) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=layout.to_environment(),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        other.kill()
    with state.locked(layout, pytest.fail):
        pass


def test_a_stamp_covers_what_was_added(layout: Layout) -> None:
    stamp = stamps.identity(layout, "alpha")
    assert not stamp.covers(["nova"])
    stamp.add(["nova", "glance"])
    stamp.add(["swift"])
    assert stamp.covers(["swift", "nova"])
    assert not stamp.covers(["swift", "neutron"])
