# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import (
    RestQuery,
    rest_record,
    service_types,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service_types import official_type
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.run_core import ask_one


@pytest.fixture
def cloud(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


def ask(clouds: FakeOpenStack, query: RestQuery, timeout: float = 20.0, **entry: Any) -> Result[dict[str, Any]]:
    config = {"clouds": {"cloud1": {**clouds["cloud1"].entry(), **entry}}}
    target = Target(clouds_config=config, timeout=timeout)
    (result,) = gather(target, lambda connection: rest_record(connection, query))
    return result


def record(clouds: FakeOpenStack, query: RestQuery, **entry: Any) -> dict[str, Any]:
    result = ask(clouds, query, **entry)
    assert result.value is not None, result.error
    return result.value


@pytest.mark.parametrize(
    ("given", "official"),
    [
        ("compute", "compute"),
        ("volumev3", "block-storage"),
        ("volume", "block-storage"),
        ("object_store", "object-store"),
        ("metering", "meter"),
        ("of-our-own", "of-our-own"),
    ],
)
def test_official_type(given: str, official: str) -> None:
    assert official_type(given) == official


def test_compute(cloud: FakeOpenStack) -> None:
    url = cloud["cloud1"]["r1"].nova.url
    found = record(cloud, RestQuery("compute"))
    assert found["url"] == f"{url}/v2.1"
    assert (found["service_type"], found["catalog_type"], found["interface"]) == ("compute", "compute", "public")
    assert found["region"] == "r1"
    assert found["api_version"] == "2.1"
    assert found["min_microversion"] == "2.1"
    assert found["max_microversion"] == found["versions"][-1]["max_microversion"]
    assert found["headers"] == {"Accept": "application/json"}
    assert found["location"]["project"]["name"] == "demo"


def test_url_names_the_version_where_the_catalog_does_not(cloud: FakeOpenStack) -> None:
    found = record(cloud, RestQuery("image"))
    assert found["url"] == f"{cloud['cloud1']['r1'].glance.url}/v2"
    assert found["api_version"] == found["versions"][-1]["version"]
    assert found["max_microversion"] is None


def test_without_versions_the_service_is_not_asked(cloud: FakeOpenStack) -> None:
    found = record(cloud, RestQuery("compute", versions=False))
    assert found["url"] == f"{cloud['cloud1']['r1'].nova.url}/v2.1"
    assert (found["versions"], found["api_version"], found["max_microversion"]) == ([], None, None)
    assert cloud.counters.requests(service="compute") == 0


def test_the_url_of_clouds_yaml_wins(cloud: FakeOpenStack) -> None:
    found = record(cloud, RestQuery("compute", versions=False), compute_endpoint_override="http://127.0.0.1:9/v2.1/")
    assert found["url"] == "http://127.0.0.1:9/v2.1"


@pytest.mark.parametrize("path", ["http://inner/v2.1/", "http://inner/compute/v2.1"])
def test_versions_are_known_behind_a_proxy_that_services_do_not_know(cloud: FakeOpenStack, path: str) -> None:
    version = {
        "id": "v2.1",
        "status": "CURRENT",
        "version": "2.90",
        "min_version": "2.1",
        "links": [{"rel": "self", "href": path}],
    }
    body = json.dumps({"versions": [version]}).encode()
    cloud["cloud1"]["r1"].fault("GET", r"^/(v2.1/?)?$", Answer(200, {"Content-Type": "application/json"}, body))
    found = record(cloud, RestQuery("compute"))
    assert (found["api_version"], found["max_microversion"]) == ("2.1", "2.90")
    assert found["url"] == f"{cloud['cloud1']['r1'].nova.url}/v2.1"


def test_a_service_without_a_version_document_has_the_version_of_the_url(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault("GET", r"^/(v2.1/?)?$", Answer(401))
    found = record(cloud, RestQuery("compute"))
    assert [version["version"] for version in found["versions"]] == ["2.1"]
    assert found["max_microversion"] is None


def test_versions_of_a_service_that_fails_are_not_made_up(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault("GET", r"^/(v2.1/?)?$", Answer(500))
    result = ask(cloud, RestQuery("compute"))
    assert result.error is not None
    assert result.error.kind == "server"
    assert record(cloud, RestQuery("compute", versions=False))["url"] == f"{cloud['cloud1']['r1'].nova.url}/v2.1"


def test_a_service_that_asks_for_a_pause_asks_for_its_own_requests_only(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault("GET", r"^/(v2.1/?)?$", Answer(429, {"Retry-After": "600"}))
    ask(cloud, RestQuery("compute"))
    result = ask_one(cloud, lambda connection: service_at(connection, "identity").request("GET", "/auth/projects"))
    assert result.error is None
    result = ask_one(cloud, lambda connection: service_at(connection, "compute").request("GET", "/servers"))
    assert result.error is not None
    assert result.error.message.startswith("the compute service asked clients to wait")


@pytest.mark.parametrize("documents", [5, [5], [{"id": 5}], [{"id": "v2.1", "links": [{"rel": 5}]}], {"values": None}])
def test_version_documents_of_another_shape(cloud: FakeOpenStack, documents: object) -> None:
    body = json.dumps({"versions": documents}).encode()
    cloud["cloud1"]["r1"].fault("GET", r"^/(v2.1/?)?$", Answer(200, {"Content-Type": "application/json"}, body))
    result = ask_one(cloud, lambda connection: rest_record(connection, RestQuery("compute")))
    assert result.error is None or result.error.kind == "server"


def test_the_token_comes_on_request_and_works(cloud: FakeOpenStack) -> None:
    found = record(cloud, RestQuery("compute", with_token=True))
    assert cloud["cloud1"].keystone.identify(found["headers"]["X-Auth-Token"]) is not None


def test_a_location_without_the_service_says_what_it_has(cloud: FakeOpenStack) -> None:
    result = ask(cloud, RestQuery("volumev3"))
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "'block-storage'" in result.error.message
    assert "compute, identity, image" in result.error.hint


def test_interface(cloud: FakeOpenStack) -> None:
    assert record(cloud, RestQuery("compute", interface="internal", versions=False))["interface"] == "internal"
    assert record(cloud, RestQuery("compute", versions=False), interface="admin")["interface"] == "admin"


def test_a_silent_service_costs_the_location_its_time(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault("*", ".", BlackHole())
    result = ask(cloud, RestQuery("compute"), timeout=0.5)
    assert result.error is not None
    assert result.error.kind == "timeout"


def test_service_types_of_the_region(cloud: FakeOpenStack) -> None:
    config = {"clouds": {"cloud1": cloud["cloud1"].entry()}}
    (result,) = gather(Target(clouds_config=config), service_types)
    assert result.value == ["compute", "identity", "image"]


@pytest.mark.parametrize("path", ["/v2.1", "/v2.1/", ""])
def test_a_url_of_clouds_yaml_that_does_not_answer_is_given_without_versions(cloud: FakeOpenStack, path: str) -> None:
    url = f"http://127.0.0.1:9{path}"
    found = record(cloud, RestQuery("baremetal"), baremetal_endpoint_override=url)
    assert (found["url"], found["versions"]) == (url.rstrip("/"), [])
