# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Those parts of the runtime that need no service."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.support.local_clouds.runtime import cache, qemu_img, sparse


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the cache sees; change its one element."""
    now = [1000.0]
    monkeypatch.setattr(cache, "_now", lambda: now[0])
    return now


def test_the_cache_forgets_in_time(clock: list[float]) -> None:
    memcached = cache.Cache()
    memcached.set("short", {"a": 1}, time=10)
    memcached.set("long", b"b", serialize=False)
    clock[0] += 9
    assert memcached.get("short", raise_on_error=True) == {"a": 1}
    clock[0] += 2
    assert memcached.get("short") is None
    assert memcached.get("long") == b"b"
    memcached.delete("long")
    assert memcached.get("long") is None


@pytest.mark.usefixtures("clock")
def test_the_cache_counts_from_zero_and_never_below() -> None:
    memcached = cache.Cache()
    assert memcached.incr("n", delta=5) == 5
    assert memcached.decr("n", delta=2) == 3
    assert memcached.decr("n", delta=9) == 0
    assert memcached.incr("n") == 1


def test_the_cache_is_bounded() -> None:
    memcached = cache.Cache()
    for number in range(cache._MOST_ENTRIES + 1):
        memcached.set(str(number), number)
    assert memcached.get("0") is None
    assert memcached.get(str(cache._MOST_ENTRIES)) == cache._MOST_ENTRIES


def test_applications_find_the_cache() -> None:
    def application(environ: dict[str, object], start_response: object) -> list[bytes]:
        assert start_response is None
        assert isinstance(environ["swift.cache"], cache.Cache)
        return [b"ok"]

    for wrapped in (cache.cached(application), cache.filter_factory({})(application)):
        assert wrapped({}, None) == [b"ok"]


def test_the_stand_in_tells_raw_from_qcow2(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"QF" * 10)
    assert qemu_img.info(raw) == {"filename": str(raw), "format": "raw", "actual-size": 20, "virtual-size": 20}
    backing = b"/etc/passwd"
    qcow2 = tmp_path / "qcow2"
    qcow2.write_bytes(struct.pack(">4sIQIIQ", b"QFI\xfb", 3, 32, len(backing), 16, 1 << 30) + backing)
    found = qemu_img.info(qcow2)
    assert (found["format"], found["virtual-size"], found["backing-filename"]) == ("qcow2", 1 << 30, "/etc/passwd")


def test_a_copy_has_the_same_data_and_holes(tmp_path: Path) -> None:
    original, copied = tmp_path / "original", tmp_path / "copied"
    copied.write_bytes(b"more than there will be" * 100_000)
    with original.open("wb") as file:
        file.write(b"begin" * 1000)
        file.seek(20 << 20)
        file.write(b"middle" * 1000)
        file.truncate(40 << 20)
    sparse.copy(original, copied)
    assert copied.read_bytes() == original.read_bytes()
    assert copied.stat().st_blocks <= original.stat().st_blocks


def test_a_copy_of_a_hole_is_a_hole(tmp_path: Path) -> None:
    original, copied = tmp_path / "original", tmp_path / "copied"
    with original.open("wb") as file:
        file.truncate(1 << 30)
    sparse.copy(original, copied)
    assert (copied.stat().st_size, copied.stat().st_blocks) == (1 << 30, 0)
