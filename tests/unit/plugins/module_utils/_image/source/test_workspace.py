# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private directory of a run, and what becomes of those of killed runs."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import workspace as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.workspace import new_file, workspace
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import FileLock
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import host_digest


def test_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with workspace(str(tmp_path)) as directory:
        assert directory.parent == tmp_path
        assert directory.stat().st_mode & 0o777 == 0o700
        (directory / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RuntimeError), workspace(str(tmp_path)) as directory:
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def _little_space() -> Iterator[None]:
    """No file may have more than 4 KiB: a full disk has another message only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_little_space")
@pytest.mark.parametrize("size", [4097, 1 << 20])
def test_a_disk_that_is_full(tmp_path: Path, size: int) -> None:
    """Also where the last bytes were still in memory when the work ended."""
    with (
        pytest.raises(InputError, match=f"the image cannot be written to {tmp_path}: File too large") as caught,
        new_file(tmp_path, ".download") as (_path, file),
    ):
        file.write(bytes(size))
    assert "temporary_directory" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def dead_name() -> str:
    """As a run of this machine that was killed called it."""
    return f"{module.PREFIX}{host_digest()[:12]}.0123456789ab"


def test_links_and_what_looks_similar_stay(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / dead_name()).symlink_to(target)
    others = [
        "oaktree-image-abcdefgh",
        dead_name().replace(host_digest()[:12], "0" * 12),
        f"x{dead_name()}",
        f"{dead_name()}2",
    ]
    for other in others:
        (tmp_path / other).mkdir()
    (tmp_path / f"{dead_name()}{module.LOCK}").symlink_to(target)
    before = sorted(tmp_path.iterdir())
    with workspace(str(tmp_path)):
        pass
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("left", [["", module.LOCK], [""], [module.LOCK]])
def test_what_a_killed_run_left_goes(tmp_path: Path, left: list[str]) -> None:
    for ending in left:
        path = tmp_path / f"{dead_name()}{ending}"
        path.touch() if ending else path.mkdir()
    with workspace(str(tmp_path)) as directory:
        assert sorted(tmp_path.iterdir()) == [directory, module._lock_of(directory)]


def test_what_another_run_has_locked_stays(tmp_path: Path) -> None:
    """Whatever its process is called in another container."""
    (tmp_path / dead_name()).mkdir()
    with FileLock(tmp_path / f"{dead_name()}{module.LOCK}") as lock:
        lock.acquire()
        with workspace(str(tmp_path)):
            assert (tmp_path / dead_name()).exists()
    with workspace(str(tmp_path)):
        assert not (tmp_path / dead_name()).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give directories away")
def test_those_of_other_users_stay(tmp_path: Path) -> None:
    (tmp_path / dead_name()).mkdir()
    os.chown(tmp_path / dead_name(), 12345, 12345)
    with workspace(str(tmp_path)):
        assert (tmp_path / dead_name()).exists()


@pytest.mark.parametrize("parent", ["/nowhere", "/dev/null"])
def test_where_nothing_can_be_made(parent: str) -> None:
    with pytest.raises(InputError, match="temporary_directory: ") as caught, workspace(parent):
        pass
    assert caught.value.hint == "Name a writable directory."
