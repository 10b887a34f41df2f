# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_module import run_module


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds with two regions each."""
    made = fake_openstack(clouds=2, regions=2, more=("network",))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml", "admin")))
    return made


def places(records: list[dict[str, Any]]) -> list[str]:
    return [f"{item['location']['cloud']}/{item['location']['region']}/{item['name']}" for item in records]


def test_by_location_then_name(clouds: FakeOpenStack) -> None:
    for place, name in (("r2", "b"), ("r1", "b"), ("r1", "a")):
        flavor(clouds["cloud1"][place].nova.resources, name, ram=1024)
    run = run_module("resource_info", type="compute.flavor")
    assert run.ok
    assert places(run["resources"]) == ["cloud1/r1/a", "cloud1/r1/b", "cloud1/r2/b"]
    assert [visit["count"] for visit in run["locations"]] == [2, 1, 0, 0]
    assert [visit["offered"] for visit in run["locations"]] == [True] * 4
    first = run["resources"][0]
    assert (first["ram"], first["extra_specs"], first["is_public"]) == (1024, {}, True)
    assert clouds.counters.requests(service="compute") == 4


def test_two_runs_return_the_same(clouds: FakeOpenStack) -> None:
    for number in range(3):
        flavor(clouds["cloud1"]["r1"].nova.resources, "same", vcpus=number, **{f"vendor:{number}": 1, "x": 2})
    first, second = (run_module("resource_info", type="compute.flavor")["resources"] for _time in range(2))
    assert [list(record) for record in first] == [list(record) for record in second]
    assert first == second


def test_query_and_fields(clouds: FakeOpenStack) -> None:
    for name, ram in (("small", 512), ("large", 8192)):
        flavor(clouds["cloud1"]["r1"].nova.resources, name, ram=ram)
    run = run_module("resource_info", type="compute.flavor", fields=["ram"], query="[?ram > `600`].ram")
    assert run["resources"] == [8192]


def test_what_a_location_does_not_offer_is_no_failure(clouds: FakeOpenStack) -> None:
    clouds["cloud2"]["r1"].fault("GET", "/trunks", Answer(404))
    run = run_module("resource_info", type="network.trunk")
    assert run.ok
    assert (run["resources"], run["failures"]) == ([], [])
    assert {visit["offered"] for visit in run["locations"]} == {False}
    assert run_module("resource_info", type="dns.zone")["locations"][0]["offered"] is False


def test_a_location_that_fails(clouds: FakeOpenStack) -> None:
    clouds["cloud2"]["r1"].fault("GET", "/networks", Answer(403))
    network(clouds["cloud1"]["r1"].neutron, clouds["cloud1"].keystone.project_id("admin"), "web")
    run = run_module("resource_info", type="network.network", on_failure="warn")
    assert run.ok
    assert places(run["resources"]) == ["cloud1/r1/web"]
    assert [failure["kind"] for failure in run["failures"]] == ["refused"]
    assert [visit["offered"] for visit in run["locations"]] == [True, True, None, True]


def test_keystone_is_asked_once_for_all_regions_of_a_cloud(clouds: FakeOpenStack) -> None:
    run = run_module("resource_info", type="identity.project", name="demo")
    assert places(run["resources"]) == ["cloud1/None/demo", "cloud2/None/demo"]
    assert [visit["location"]["region"] for visit in run["locations"]] == [None, None]
    assert clouds.counters.requests(path="/v3/projects") == 2


def test_keystone_is_asked_for_a_cloud_of_which_one_region_is_selected(clouds: FakeOpenStack) -> None:
    run = run_module("resource_info", type="identity.role", locations=["cloud1/r2"], name="admin")
    assert places(run["resources"]) == ["cloud1/None/admin"]
    assert clouds.counters.requests(path="/v3/roles") == 1


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"type": "network.prot"}, "type: 'network.prot' is not known; did you mean network.port"),
        ({"type": "image.image"}, "Use oaktree.multicloud.image_info"),
        ({"type": "compute.flavor", "fields": ["rma"]}, "fields: 'rma' is not known. Known are description,"),
        ({"type": "dns.recordset"}, "parents: dns.recordset needs zone_id"),
        ({"type": "compute.flavor", "id": "a", "name": "b"}, "mutually exclusive: id|name"),
        ({"type": "compute.flavor", "id": "a", "filters": {"x": 1}}, "mutually exclusive: id|filters"),
        ({"type": "compute.flavor", "query": "["}, "query:"),
        ({}, "missing required arguments: type"),
    ],
)
def test_options_that_cannot_be_used(clouds: FakeOpenStack, params: dict[str, Any], said: str) -> None:
    run = run_module("resource_info", **params)
    assert not run.ok
    assert said in run["msg"]
    assert clouds.counters.requests() == 0
