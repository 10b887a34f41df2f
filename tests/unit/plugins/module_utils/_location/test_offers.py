# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location offers: each part alone, what it costs, and what becomes of a part that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._location.locations import PARTS
from ansible_collections.oaktree.multicloud.plugins.module_utils._location.offers import offers
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import ask_one

Clouds = Callable[..., FakeOpenStack]
MORE = ("block-storage", "network")


@pytest.fixture
def clouds(fake_openstack: Clouds) -> FakeOpenStack:
    return fake_openstack(more=MORE, object_store=True)


def found(clouds: FakeOpenStack, *parts: str, **entry: Any) -> dict[str, Any]:
    config = {"cloud1": {**clouds["cloud1"].entry(), **entry}}
    result = ask_one(config, lambda connection: offers(connection, parts), timeout=20.0)
    assert result.error is None, result.error
    assert result.value is not None
    return result.value


def sent(clouds: FakeOpenStack, *parts: str) -> int:
    """The requests of a task that follows another one."""
    for _time in range(2):
        clouds.counters.reset()
        found(clouds, *parts)
    return clouds.counters.requests()


@pytest.mark.parametrize("part", PARTS)
def test_only_what_is_asked_for(clouds: FakeOpenStack, part: str) -> None:
    known = found(clouds, part)
    assert known.keys() == {*PARTS, "missing"}
    assert {name for name in PARTS if known[name] is not None} == {part}
    assert known["missing"] == {}


def test_what_each_part_costs(clouds: FakeOpenStack) -> None:
    costs = {part: sent(clouds, part) for part in ("external_networks", "image_upload", "quotas")}
    assert costs == {"external_networks": 1, "image_upload": 7, "quotas": 3}
    assert sent(clouds, *costs) == sum(costs.values())
    assert sent(clouds) == 0
    assert sent(clouds, "services") <= 2 * 6  # Neutron and Swift have no version document here
    cached = ("block-storage", "compute", "identity", "image")
    assert [kind for kind in cached if clouds.counters.requests(service=kind)] == []


def test_external_networks_are_sorted(clouds: FakeOpenStack) -> None:
    cloud = clouds["cloud1"]
    external = {"router:external": True, "shared": True}
    for name in ("wan", "dmz"):
        network(cloud["r1"].neutron, cloud.keystone.project_id("admin"), name, "203.0.113.0/24", **external)
    network(cloud["r1"].neutron, cloud.keystone.project_id("demo"), "own")
    networks = found(clouds, "external_networks")["external_networks"]
    assert [item["name"] for item in networks] == ["dmz", "wan"]
    assert networks[0].keys() == {"id", "name", "description", "is_default", "status", "subnet_ids"}
    assert networks[0]["id"] in cloud["r1"].neutron.items["networks"]


def test_networks_of_a_service_without_the_filter_are_not_external(clouds: FakeOpenStack) -> None:
    listed = {"networks": [{"id": "n1", "name": "own"}, {"id": "n2", "name": "wan", "router:external": True}]}
    clouds["cloud1"]["r1"].fault("GET", "/v2.0/networks", Answer(200, body=json.dumps(listed).encode()))
    assert [item["name"] for item in found(clouds, "external_networks")["external_networks"]] == ["wan"]


def test_quotas_by_service_and_name(clouds: FakeOpenStack) -> None:
    cloud = clouds["cloud1"]
    project = cloud.keystone.project_id("demo")
    cloud["r1"].neutron.quotas[project] = {"network": 3, "port": -1}
    network(cloud["r1"].neutron, project, "web")
    quotas = found(clouds, "quotas")["quotas"]
    assert quotas["network"]["networks"] == {"limit": 3, "used": 1, "reserved": 0, "free": 2}
    assert quotas["network"]["ports"] == {"limit": None, "used": 0, "reserved": 0, "free": None}
    assert quotas["compute"]["cores"]["limit"] == 20
    assert quotas["block_storage"]["gigabytes"]["free"] == 1000


def test_a_service_that_is_not_there_is_no_failure(fake_openstack: Clouds) -> None:
    known = found(fake_openstack(), *PARTS)
    assert known["external_networks"] is None
    assert (known["quotas"]["network"], known["quotas"]["block_storage"]) == (None, None)
    assert known["quotas"]["compute"]["cores"]["limit"] == 20
    assert known["missing"] == {}


def test_services_are_those_of_rest_info(clouds: FakeOpenStack) -> None:
    services = {item["service_type"]: item for item in found(clouds, "services")["services"]}
    assert list(services) == ["block-storage", "compute", "identity", "image", "network", "object-store"]
    assert services["compute"]["url"] == f"{clouds['cloud1']['r1'].nova.url}/v2.1"
    assert services["compute"]["max_microversion"] == "2.96"
    assert "headers" not in services["compute"]


@pytest.mark.parametrize(
    ("part", "path", "key"),
    [
        ("external_networks", "/v2.0/networks", "external_networks"),
        ("quotas", "/os-quota-sets/.*/detail", "quotas.compute"),
        ("quotas", "/v2.0/quotas", "quotas.network"),
    ],
)
def test_a_part_that_fails_hides_no_other(clouds: FakeOpenStack, part: str, path: str, key: str) -> None:
    words = json.dumps({"x": {"message": "not for you"}}).encode()
    headers = {"Content-Type": "application/json", "X-Openstack-Request-Id": "req-1"}
    clouds["cloud1"]["r1"].fault("GET", path, Answer(403, headers, words))
    known = found(clouds, part, "services")
    assert known["missing"] == {key: "not for you (HTTP 403)"}
    assert len(known["services"]) == 6
    value: Any = known
    for name in key.split("."):
        value = value[name]
    assert value is None


@pytest.mark.slow
@pytest.mark.usefixtures("fast_clock")
def test_a_service_that_is_silent_costs_the_location_its_time(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r1"].fault("GET", "/v2.0/quotas", BlackHole())
    result = ask_one(clouds, lambda connection: offers(connection, PARTS), timeout=2.0)
    assert result.error is not None
    assert result.error.kind == "timeout"


# Uploads


def test_formats_and_schemes(clouds: FakeOpenStack) -> None:
    upload = found(clouds, "image_upload")["image_upload"]
    assert {"raw", "qcow2"} <= set(upload["disk_formats"])
    assert {"bare", "ovf"} <= set(upload["container_formats"])
    assert upload["schemes"] == ["web_download", "v2_put", "glance_direct"]


@pytest.mark.parametrize(
    ("methods", "entry", "schemes"),
    [
        ([], {}, ["v2_put"]),
        (["glance-direct"], {}, ["v2_put", "glance_direct"]),
        (["glance-download", "web-download"], {}, ["glance_download", "web_download", "v2_put"]),
        ([], {"image_api_use_tasks": True}, []),
    ],
)
def test_schemes_follow_from_what_there_is(
    fake_openstack: Clouds, methods: list[str], entry: dict[str, Any], schemes: list[str]
) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].glance.import_methods = methods
    assert found(clouds, "image_upload", **entry)["image_upload"]["schemes"] == schemes


@pytest.mark.parametrize(("image_api", "schemes"), [("v1", ["v1_put"]), ("rackspace", ["swift_task"])])
def test_schemes_of_other_kinds_of_clouds(fake_openstack: Clouds, image_api: str, schemes: list[str]) -> None:
    assert found(fake_openstack(image_api=image_api), "image_upload")["image_upload"]["schemes"] == schemes


def test_without_an_image_service_there_are_no_uploads(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = fake_openstack()
    catalog = clouds["cloud1"].keystone._catalog
    monkeypatch.setattr(
        clouds["cloud1"].keystone,
        "_catalog",
        lambda: {kind: urls for kind, urls in catalog().items() if kind != "image"},
    )
    known = found(clouds, *PARTS)
    assert (known["image_upload"], known["missing"]) == (None, {})
