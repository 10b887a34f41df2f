# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Caches between processes: what is stored, for how long it is used, and one fetch for all that want the same."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    DeadlineError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache import (
    DEFAULT_LIFETIME,
    Cache,
    FileCache,
    NoCache,
)


@pytest.fixture
def cache() -> FileCache:
    return FileCache()


def file() -> Path:
    (found,) = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", "tokens").iterdir()
    return found


# Values


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, "x", 0, False, []])
def test_a_value_is_found_by_kind_and_key(cache: FileCache, value: Any) -> None:
    cache.set("tokens", "a", value)
    assert FileCache().get("tokens", "a") == value
    assert (cache.get("tokens", "b"), cache.get("discovery", "a")) == (None, None)


def test_a_deleted_value_is_gone(cache: FileCache) -> None:
    cache.set("tokens", "a", 1)
    for _time in range(2):
        cache.delete("tokens", "a")
        assert cache.get("tokens", "a") is None


@pytest.mark.parametrize(
    ("age", "lifetime", "found"),
    [(59, 60, True), (60, 60, False), (59, None, True), (9e9, None, True), (-1, 60, False), (-1, None, True)],
)
def test_a_value_is_used_for_its_lifetime(
    cache: FileCache, monkeypatch: pytest.MonkeyPatch, age: float, lifetime: float | None, *, found: bool
) -> None:
    """A negative age: the system clock was set back, and nobody knows how old the value is."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    cache.set("tokens", "a", 1)
    monkeypatch.setattr(time, "time", lambda: now + age)
    assert cache.get("tokens", "a", lifetime) == (1 if found else None)


def test_the_lifetime_is_an_hour_unless_configured() -> None:
    assert (FileCache().lifetime, FileCache(5).lifetime, DEFAULT_LIFETIME) == (3600, 5, 3600)


@pytest.mark.parametrize("content", ["{", "[]", "7", "{}", '{"time": 0}', '{"value": 1}', '{"time": "x", "value": 1}'])
def test_a_damaged_value_is_reported_and_replaced(cache: FileCache, content: str) -> None:
    cache.set("tokens", "a", 1)
    file().write_text(content)
    assert cache.get("tokens", "a") is None
    assert private_files.warnings() == [f"{file()} is ignored: it is damaged."]
    cache.set("tokens", "a", 2)
    assert cache.get("tokens", "a") == 2


def test_an_unusable_cache_behaves_like_an_empty_one(
    cache: FileCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oaktree.multicloud").mkdir(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.set("tokens", "a", 1)
    cache.delete("tokens", "a")
    assert cache.get("tokens", "a") is None
    assert cache.once("tokens", "a", Deadline(1), lambda: None, lambda: 5) == 5


def test_no_cache_stores_and_locks_nothing() -> None:
    cache = NoCache()
    cache.set("tokens", "a", 1)
    cache.delete("tokens", "a")
    assert cache.get("tokens", "a") is None
    with cache.lock("tokens", "a", Deadline(1)), cache.lock("tokens", "a", Deadline(1)):
        assert list(Path(os.environ["XDG_CACHE_HOME"]).iterdir()) == []


def test_a_lock_has_one_holder_in_all_caches_of_the_user(cache: FileCache) -> None:
    with cache.lock("tokens", "a", Deadline(1)):
        with FileCache().lock("tokens", "b", Deadline(1)):
            pass
        with pytest.raises(DeadlineError), FileCache().lock("tokens", "a", Deadline(0.1)):
            pass


def test_private_files_are_the_same_whatever_the_credentials(cache: FileCache) -> None:
    """Nobody else can read or write them."""
    for secret in (True, False):
        assert cache.of("credentials", secret=secret) is cache


@pytest.mark.parametrize("age", [59.0, -59.0])
def test_the_age_is_by_the_clocks_of_those_who_store_and_read(
    cache: FileCache, wrong_date: Callable[[float], None], age: float
) -> None:
    cache.set("tokens", "a", 1)
    wrong_date(age)
    entry = cache.entry("tokens", "a")
    assert entry
    assert (entry.value, round(entry.age)) == (1, age)
    assert cache.entry("tokens", "b") is None


# One fetch for all


class Fetch:
    """Fetches and stores a value, or fails; counts how often."""

    def __init__(self, cache: Cache, error: Callable[[], Exception] | None = None) -> None:
        self.cache = cache
        self.error = error
        self.times = 0
        self.begun, self.finish = threading.Event(), threading.Event()
        self.finish.set()

    def __call__(self) -> int:
        self.times += 1
        self.begun.set()
        assert self.finish.wait(10)
        if self.error:
            raise self.error()
        self.cache.set("tokens", "a", self.times)
        return self.times

    def once(self, deadline: Deadline | None = None) -> int:
        """Returns what was found or fetched; raises the error."""
        known: Callable[[], int | None] = lambda: self.cache.get("tokens", "a")  # noqa: E731 - typed
        return self.cache.once("tokens", "a", deadline or Deadline(10), known, self)

    def together(self, number: int) -> list[int | BaseException | None]:
        """How so many calls end that all wait for the first of them."""
        self.finish.clear()
        with ThreadPoolExecutor(number) as pool:
            calls = [pool.submit(self.once)]
            assert self.begun.wait(10)
            calls += [pool.submit(self.once) for _number in range(number - 1)]
            time.sleep(0.3)
            self.finish.set()
            return [call.exception() or call.result() for call in calls]


def test_what_is_known_is_not_fetched(cache: FileCache) -> None:
    cache.set("tokens", "a", 7)
    fetch = Fetch(cache)
    assert (fetch.once(), fetch.times) == (7, 0)


def test_all_that_wait_use_what_the_first_fetched(cache: FileCache) -> None:
    fetch = Fetch(cache)
    assert fetch.together(6) == [1] * 6
    assert fetch.times == 1


def test_all_that_wait_fail_with_the_first_and_later_calls_try_again(cache: FileCache) -> None:
    fetch = Fetch(cache, lambda: AuthError("wrong password", hint="Check it."))
    errors = fetch.together(6)
    assert {(type(error), str(error), getattr(error, "hint", "")) for error in errors} == {
        (AuthError, "wrong password", "Check it.")
    }
    assert fetch.times == 1
    with pytest.raises(AuthError):
        fetch.once()
    assert fetch.times == 2


def test_a_second_failure_is_that_of_all_who_wait_as_the_first_was(cache: FileCache) -> None:
    fetch = Fetch(cache, lambda: AuthError("wrong password"))
    for times in (1, 2):
        fetch.begun.clear()
        assert [type(error) for error in fetch.together(4)] == [AuthError] * 4
        assert fetch.times == times


def test_an_earlier_failure_does_not_count(cache: FileCache) -> None:
    fetch = Fetch(cache, lambda: AuthError("wrong password"))
    with pytest.raises(AuthError):
        fetch.once()
    fetch.error = None
    assert fetch.once() == 2


@pytest.mark.parametrize("error", [OaktreeError("a bug"), ValueError("another")])
def test_a_defect_is_of_one_process_alone(cache: FileCache, error: Exception) -> None:
    fetch = Fetch(cache, lambda: error)
    fetch.together(3)
    assert fetch.times == 3


def test_an_expired_deadline_is_of_one_process_alone(cache: FileCache) -> None:
    expired = Fetch(cache, lambda: AuthError("too late"))
    expired.finish.clear()
    patient = Fetch(cache)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(expired.once, Deadline(0.2))
        assert expired.begun.wait(10)
        other = pool.submit(patient.once)
        time.sleep(0.4)
        expired.finish.set()
        assert isinstance(one.exception(), AuthError)
        assert (other.result(), patient.times) == (1, 1)


def test_waiting_for_a_fetch_ends_with_the_deadline(cache: FileCache) -> None:
    fetch = Fetch(cache)
    fetch.finish.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fetch.once)
        assert fetch.begun.wait(10)
        with pytest.raises(DeadlineError):
            fetch.once(Deadline(0.2))
        fetch.finish.set()
        assert (first.result(), fetch.times) == (1, 1)
