# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache section of clouds.yaml: a backend that cannot be used is a warning, and fails no task."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import entries

Clouds = Callable[..., FakeOpenStack]
Section = dict[str, Any]


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", "/servers")["servers"])


def ask(clouds: FakeOpenStack, section: Any, work: Callable[[Connection], int] = servers) -> list[Result[int]]:
    return gather(Target(clouds_config={"clouds": entries(clouds), "cache": section}, timeout=20), work)


def kept() -> list[str]:
    """The names of the files that are left, without those of locks."""
    base = Path(os.environ["XDG_CACHE_HOME"])
    return [path.name for path in base.rglob("*.json")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"class": "dogpile.cache.nothing"}, "Couldn't find cache plugin to load: dogpile.cache.nothing"),
        ({"class": 5}, ""),
        ({"class": "dogpile.cache.bmemcached", "arguments": {"url": "x"}}, "unpickles"),
        ({"class": "dogpile.cache.pymemcache"}, "url"),
        ({"class": "dogpile.cache.redis", "arguments": {"host": "127.0.0.1", "port": 1}}, "refused"),
        ({"class": "dogpile.cache.redis", "arguments": {"url": "redis://me:hunter2@127.0.0.1:1/0"}}, "refused"),
        ({"class": "dogpile.cache.redis", "arguments": {"url": "hunter2://"}}, "URL"),
        ({"class": "dogpile.cache.redis", "arguments": 5}, ""),
        ({"class": "dogpile.cache.pymemcache", "arguments": {"url": "127.0.0.1:1"}}, "refused"),
    ],
)
def test_a_backend_that_cannot_be_used_is_a_warning(
    fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch, section: Section, reason: str
) -> None:
    monkeypatch.setattr("redis.retry.sleep", lambda _seconds: None)  # the library's own, between attempts to connect
    clouds = fake_openstack(clouds=2, regions=2, servers=1)
    assert [result.value for result in ask(clouds, section)] == [1] * 4
    (warning,) = private_files.warnings()
    assert warning.startswith(f"The cache configured in clouds.yaml ({section['class']}) is not used: ")
    assert reason in warning
    assert "hunter2" not in warning
    assert kept() == []


def test_a_missing_library_is_a_warning(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    clouds = fake_openstack(servers=1)
    assert [result.value for result in ask(clouds, {"class": "dogpile.cache.redis"})] == [1]
    assert "redis" in str(private_files.warnings())


def test_without_the_library_that_seals_nothing_is_stored(
    fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    clouds = fake_openstack(clouds=2, servers=1)
    assert [result.value for result in ask(clouds, {"class": "dogpile.cache.memory"})] == [1, 1]
    (warning,) = private_files.warnings()
    assert warning.startswith("The cache configured in clouds.yaml (dogpile.cache.memory) is not used: ")
    assert "cryptography" in warning


@pytest.mark.parametrize(
    ("section", "tokens", "in_files"),
    [
        (None, 1, True),
        ({}, 1, True),
        ({"expiration_time": 3600}, 1, True),
        ({"max-age": "soon"}, 1, True),
        ({"class": "dogpile.cache.dbm", "arguments": {"filename": "/nowhere/at/all"}}, 1, True),
        ({"class": "dogpile.cache.null"}, 2, False),
        ({"class": "dogpile.cache.memory"}, 1, False),
        ({"class": "dogpile.cache.memory_pickle"}, 1, False),
    ],
)
def test_the_other_backends(fake_openstack: Clouds, section: Any, tokens: int, *, in_files: bool) -> None:
    clouds = fake_openstack()
    for _time in range(2):
        ask(clouds, section)
    assert clouds.counters.tokens == tokens
    assert bool(kept()) is in_files
    assert private_files.warnings() == []


def test_a_section_that_is_not_a_mapping_is_an_error(fake_openstack: Clouds) -> None:
    with pytest.raises(InputError, match="cache must be a mapping, not 'nonsense'"):
        ask(fake_openstack(), "nonsense")
