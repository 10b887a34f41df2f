# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Region
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    ConfigError,
    DeadlineError,
    InputError,
    OaktreeError,
    QuotaError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.last_known import KIND, LastKnown

OPTIONS = {"stale_for": 3600.0, "token_cache": True, "filters": {}, "all_projects": False}
LISTING = ["keystone", [{"id": "1"}]]
NAME = "a/r/demo"


def region(password: str = "one", user: str = "u") -> Region:
    auth = {
        "auth_url": "https://k.example.com/v3",
        "username": user,
        "password": password,
        "project_name": "demo",
        "user_domain_name": "d",
        "project_domain_name": "d",
    }
    (only,) = Clouds(clouds_config={"clouds": {"a": {"auth": auth, "region_name": "r"}}}).regions("a")
    return only


def last_known(*, ask_all: bool = False) -> LastKnown:
    return LastKnown(OPTIONS, None, ask_all=ask_all)


def recalled(error: OaktreeError, where: Region | None = None) -> Any:
    """What a run remembers of a Location that fails."""
    known = last_known()
    known.known_failure(where or region())
    found = known.recall(NAME, error)
    return found and found.listing


def files() -> dict[str, tuple[int, int]]:
    """Inode and size of each file."""
    directory = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", KIND)
    return {path.name: (path.stat().st_ino, path.stat().st_size) for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (UnreachableError("x"), True),
        (DeadlineError("x"), True),
        (ThrottledError("x"), True),
        (ServerError("x"), True),
        (AuthError("x"), False),
        (ConfigError("x"), False),
        (InputError("x"), False),
        (OaktreeError("x"), False),
        (QuotaError("x"), False),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_only_passing_failures_keep_hosts(error: OaktreeError, *, kept: bool) -> None:
    last_known().keep(region(), LISTING)
    assert recalled(error) == (LISTING if kept else None)


def test_another_user_has_no_memory_and_a_new_password_keeps_it() -> None:
    last_known().keep(region(), LISTING)
    assert recalled(ServerError("x"), region(password="two")) == LISTING
    assert recalled(ServerError("x"), region(user="v")) is None


def test_a_listing_is_written_only_if_it_has_changed() -> None:
    last_known().keep(region(), LISTING)
    before = set(files().values())
    assert len(before) == 2
    last_known().keep(region(), LISTING)
    assert len(set(files().values()) & before) == 1
    last_known().keep(region(), [*LISTING, "more"])
    assert len(files()) == 2
    assert recalled(ServerError("x")) == [*LISTING, "more"]


def test_an_unchanged_listing_outlives_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    last_known().keep(region(), LISTING)
    directory = private_files.private_directory(KIND)
    assert directory
    for path in directory.iterdir():
        os.utime(path, (0, time.time() - private_files.MONTH - 60))
    last_known().keep(region(), LISTING)
    monkeypatch.setattr(private_files, "_swept", set())
    private_files.write(KIND, "another", 1)
    assert recalled(ServerError("x")) == LISTING


def test_other_files_of_this_kind_live_for_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    last_known().keep(region(), LISTING)
    directory = private_files.private_directory(KIND)
    assert directory
    for path in directory.iterdir():
        os.utime(path, (0, time.time() - private_files.MONTH + 60))
    monkeypatch.setattr(private_files, "_swept", set())
    private_files.write(KIND, "another", 1)
    assert len(files()) == 3


@pytest.mark.parametrize("damage", [b"", b"{", b'["keystone",[]]'])
def test_a_damaged_file_means_that_nothing_is_known_until_the_next_answer(damage: bytes) -> None:
    last_known().keep(region(), LISTING)
    directory = private_files.private_directory(KIND)
    assert directory
    for path in directory.iterdir():
        path.write_bytes(damage)
    assert recalled(ServerError("x")) is None
    last_known().keep(region(), LISTING)
    assert recalled(ServerError("x")) == LISTING


def test_a_listing_of_which_one_bit_has_changed_is_not_used_and_written_again() -> None:
    last_known().keep(region(), LISTING)
    directory = private_files.private_directory(KIND)
    assert directory
    for path in directory.iterdir():
        path.write_bytes(path.read_bytes().replace(b'"id":"1"', b'"id":"2"'))
    assert recalled(ServerError("x")) is None
    last_known().keep(region(), LISTING)
    assert recalled(ServerError("x")) == LISTING


def test_a_failure_is_remembered_only_where_there_are_hosts_to_keep() -> None:
    assert recalled(ServerError("x")) is None
    assert last_known().known_failure(region()) is None
    last_known().keep(region(), LISTING)
    recalled(ServerError("x"))
    known = last_known().known_failure(region())
    assert known
    assert (known.kind, known.message) == ("server", "x")
    assert last_known(ask_all=True).known_failure(region()) is None
    last_known().keep(region(), LISTING)
    assert last_known().known_failure(region()) is None


def test_a_location_that_is_not_known_has_no_listing() -> None:
    assert last_known().recall("b/r/demo", ServerError("x")) is None
