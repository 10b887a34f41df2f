# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that many processes want at the same time: one is fetched, and one refusal is that of all."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.run_core import ask, entries, kinds

Clouds = Callable[..., FakeOpenStack]
Config = dict[str, Any]

FORKS = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", "/servers")["servers"])


def count(clouds: FakeOpenStack, **wanted: str) -> int:
    return clouds.counters.requests(**wanted)


def in_processes(number: int, config: Config, work: Callable[[Connection], Any] = servers) -> list[dict[str, Any]]:
    """Start so many processes at once, each with nothing but the files of the cache; how their Locations ended."""
    start = FORKS.Barrier(number)
    results: Any = FORKS.SimpleQueue()

    def run() -> None:
        start.wait(30)
        ended = ask(config, work, timeout=15)
        results.put(json.dumps({"kinds": kinds(ended), "errors": [str(result.error) for result in ended]}))

    processes = [FORKS.Process(target=run) for _number in range(number)]
    for process in processes:
        process.start()
    ended = [json.loads(results.get()) for _process in processes]
    for process in processes:
        process.join(30)
    return ended


def test_fifty_processes_fetch_one_token_for_each_cloud(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=7, servers=1, latency=0.02)
    ended = in_processes(50, entries(clouds))
    assert [set(run["kinds"].values()) for run in ended] == [{None}] * 50
    assert clouds.counters.tokens == 7
    assert count(clouds) == 7 + 350


def test_processes_that_lose_their_token_share_the_new_one(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2, servers=1, latency=0.05)
    ask(clouds, servers)
    clouds["cloud1"].revoke_tokens()
    clouds.counters.reset()
    ended = in_processes(10, entries(clouds))
    assert [set(run["kinds"].values()) for run in ended] == [{None}] * 10
    assert clouds.counters.tokens == 1


@pytest.mark.parametrize(("action", "kind", "asked"), [(None, "auth", 1), (Answer(500), "server", 3)])
def test_a_refusal_is_that_of_all_who_wait(
    fake_openstack: Clouds, action: Answer | None, kind: str, asked: int
) -> None:
    clouds = fake_openstack(regions=2, latency=1.0)
    config = entries(clouds)
    if action:
        clouds["cloud1"].fault("POST", "/auth/tokens", action)
    else:
        config["cloud1"]["auth"]["password"] = "wr0ng"
    ended = in_processes(10, config)
    assert [set(run["kinds"].values()) for run in ended] == [{kind}] * 10
    assert len({error for run in ended for error in run["errors"]}) == 1
    assert count(clouds, method="POST") == asked
    ask(config, servers)
    assert count(clouds, method="POST") == 2 * asked
