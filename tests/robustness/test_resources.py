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

from ansible_collections.oaktree.multicloud.plugins.modules import keypair, resource
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
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


class KeyPairs:
    """Two clouds: when the task is interrupted, one has created a new key pair, and the other one owes an answer."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds, self._directory = clouds, directory
        self._made, self._owing = (clouds[name]["r1"] for name in ("cloud1", "cloud2"))

    @property
    def there(self) -> dict[str, Any]:
        """The key pairs of the cloud that has answered."""
        return self._made.nova.resources.items["os-keypairs"]

    def interrupted(self, number: signal.Signals, **params: Any) -> str:
        """Start the task, interrupt it, and return what it says."""
        path = self.clouds.clouds_yaml(self._directory / "clouds.yaml")
        fault = self._owing.fault("POST", "/os-keypairs", BlackHole())
        with start_module(keypair, clouds_yaml=str(path), locations=["*"], name="deploy", **params) as task:
            until(lambda: fault.struck > 0 and len(self.there) > 0)
            return interrupt(task, number)

    def keep(self) -> None:
        """Let the cloud that has answered delete nothing."""
        self._made.fault("DELETE", "/os-keypairs", Answer(403))


@pytest.fixture
def key_pairs(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> KeyPairs:
    return KeyPairs(fake_openstack(clouds=2), tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_key_pair_stays_whose_private_key_nobody_has(key_pairs: KeyPairs, number: signal.Signals) -> None:
    assert key_pairs.interrupted(number).endswith("what was incomplete has been removed.")
    assert key_pairs.there == {}


def test_a_key_pair_stays_whose_private_key_is_in_a_file(key_pairs: KeyPairs, tmp_path: Path) -> None:
    """The next run uses the file."""
    path = tmp_path / "deploy"
    assert key_pairs.interrupted(signal.SIGTERM, private_key_path=str(path)).endswith("has been removed.")
    assert path.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert len(key_pairs.there) == 1


def test_a_key_pair_that_cannot_be_removed_is_reported(key_pairs: KeyPairs) -> None:
    key_pairs.keep()
    said = key_pairs.interrupted(signal.SIGTERM)
    assert "cloud1/r1/demo: compute.keypair 'deploy' could not be removed: " in said
    assert "nobody has its private key, so delete it" in said
    assert "cloud2" not in said
    assert len(key_pairs.there) == 1
