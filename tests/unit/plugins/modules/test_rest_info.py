# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_module import run_module


def test_endpoints_by_location(two_clouds: FakeOpenStack) -> None:
    run = run_module("rest_info", service_type="compute")
    assert run.ok
    assert [(item["location"]["cloud"], item["region"]) for item in run["endpoints"]] == [
        ("cloud1", "r1"),
        ("cloud1", "r2"),
        ("cloud2", "r1"),
        ("cloud2", "r2"),
    ]
    urls = [region.nova.url for cloud in two_clouds.clouds.values() for region in cloud.regions.values()]
    assert [item["url"] for item in run["endpoints"]] == [f"{url}/v2.1" for url in urls]
    assert [visit["count"] for visit in run["locations"]] == [1, 1, 1, 1]


def test_no_token_unless_asked_for(two_clouds: FakeOpenStack) -> None:
    without = run_module("rest_info", service_type="compute", versions=False)
    tokens = [token for cloud in two_clouds.clouds.values() for token in cloud.keystone._tokens]
    assert len(tokens) == 2
    assert [token for token in tokens if token in json.dumps(without.result)] == []
    given = run_module("rest_info", service_type="compute", versions=False, with_token=True)
    for item in given["endpoints"]:
        keystone = two_clouds[item["location"]["cloud"]].keystone
        assert keystone.identify(item["headers"]["X-Auth-Token"]) is not None


@pytest.mark.usefixtures("two_clouds")
def test_locations_without_the_service_are_refused() -> None:
    run = run_module("rest_info", service_type="dns", locations=["cloud1"])
    assert not run.ok
    assert run["endpoints"] == []
    assert [failure["kind"] for failure in run["failures"]] == ["refused", "refused"]
    assert "compute, identity, image" in run["failures"][0]["hint"]


@pytest.mark.usefixtures("two_clouds")
def test_service_type_is_required() -> None:
    run = run_module("rest_info")
    assert not run.ok
    assert "service_type" in run["msg"]
