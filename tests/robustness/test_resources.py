# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that have the same resource at once, and tasks that are interrupted while a cloud owes an answer."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import resource
from tests.support.fake_openstack import BlackHole, FakeOpenStack
from tests.support.run_module import Started, interrupt, start_module
from tests.support.wait import until

HERD = 5


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("network", "block-storage"))


def start(clouds: FakeOpenStack, directory: Path, type_: str, **params: Any) -> Started:
    path = clouds.clouds_yaml(directory / "clouds.yaml")
    return start_module(resource, clouds_yaml=str(path), locations=["*"], type=type_, name="web", **params)


def test_a_herd_of_tasks_makes_one_thing(clouds: FakeOpenStack, tmp_path: Path) -> None:
    """Names are not unique: each would find nothing, and make it."""
    region = clouds["cloud1"]["r1"]
    region.latency = 0.1
    with ExitStack() as stack:
        tasks = [stack.enter_context(start(clouds, tmp_path, "network.network")) for _number in range(HERD)]
        ended = [json.loads(task.communicate(timeout=60)[0]) for task in tasks]
    actions = sorted(run["results"][0]["action"] for run in ended)
    assert actions == ["created", *["unchanged"] * (HERD - 1)]
    assert len(region.neutron.items["networks"]) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_part_that_gets_no_answer(clouds: FakeOpenStack, tmp_path: Path, number: signal.Signals) -> None:
    """Half a resource would look like one that differs: it is removed."""
    region = clouds["cloud1"]["r1"]
    fault = region.fault("PUT", "/tags", BlackHole())
    with start(clouds, tmp_path, "network.network", attributes={"tags": ["x"]}) as task:
        until(lambda: fault.struck > 0)
        said = interrupt(task, number)
    assert said.startswith("Interrupted. ")
    assert region.neutron.items["networks"] == {}


def test_a_volume_that_is_awaited(clouds: FakeOpenStack, tmp_path: Path) -> None:
    """It is complete but for its state, and the next run finds it."""
    region = clouds["cloud1"]["r1"]
    region.cinder.looks = -1
    with start(clouds, tmp_path, "block_storage.volume", attributes={"size": 1}) as task:
        until(lambda: clouds.counters.requests(service="block-storage", path="/v3/{project}/volumes/{id}") > 1)
        said = interrupt(task, signal.SIGTERM)
    assert said.startswith("Interrupted. ")
    assert len(region.cinder.items["volumes"]) == 1
