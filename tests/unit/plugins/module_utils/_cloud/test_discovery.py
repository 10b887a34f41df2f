# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services and catalogs once said is believed for a while, and given up as soon as it turns out wrong."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import auth
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import RestQuery, rest_record
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target, gather
from tests.support.fake_openstack import Answer, FakeOpenStack, FaultProxy
from tests.support.run_core import ask, ask_one, entries, kinds
from tests.support.web import Web, whole

Clouds = Callable[..., FakeOpenStack]
Proxies = Callable[..., FaultProxy]
JSON = {"Content-Type": "application/json"}


pytestmark = pytest.mark.usefixtures("fast_clock")


def images(connection: Connection) -> int:
    return len(service_at(connection, "image").json("GET", "/images")["images"])


def image_url(connection: Connection) -> str:
    return service_at(connection, "image").endpoint


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", "/servers")["servers"])


def files(kind: str) -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", kind).glob("*"))


def announced(url: str) -> Answer:
    version = {"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": url}]}
    return Answer(300, JSON, json.dumps({"versions": [version]}).encode())


def through(clouds: FakeOpenStack, proxy: FaultProxy) -> dict[str, Any]:
    """Return a configuration in which the image service is named without its version, at the proxy."""
    config = entries(clouds)
    config["cloud1"]["image_endpoint_override"] = proxy.url
    return config


def test_versions_are_asked_for_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    assert [result.requests for result in ask(clouds, images)] != [1, 1]
    assert [result.requests for result in ask(clouds, images)] == [1, 1]


def test_the_facts_of_rest_info_and_microversions_are_asked_for_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()

    def work(connection: Connection) -> list[Any]:
        records = [rest_record(connection, RestQuery(kind)) for kind in ("compute", "image", "identity")]
        return [*records, service_at(connection, "compute").newest_microversion()]

    first, second = ask_one(clouds, work), ask_one(clouds, work)
    assert first.value == second.value
    assert first.value is not None
    assert first.value[-1] == "2.96"
    assert (first.requests > 3, second.requests) == (True, 0)


def test_documents_are_believed_for_as_long_as_clouds_yaml_says(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()

    def requests(**section: Any) -> int:
        config = {"clouds": entries(clouds), **({"cache": section} if section else {})}
        return gather(Target(clouds_config=config), image_url)[0].requests

    assert requests() == 2
    (path,) = files("discovery")
    for age, section, expected in (
        (3000, {}, 0),
        (3000, {"expiration_time": 2000}, 1),
        (4000, {}, 1),
        (4000, {"expiration_time": 5000}, 0),
        (-100, {}, 1),
    ):
        entry = json.loads(path.read_text())
        path.write_text(json.dumps({**entry, "time": time.time() - age}))
        assert requests(**section) == expected


@pytest.mark.parametrize("status", [300, 404])
def test_an_endpoint_that_has_moved_is_found(fake_openstack: Clouds, fault_proxy: Proxies, status: int) -> None:
    clouds = fake_openstack()
    proxy = fault_proxy(clouds["cloud1"]["r1"].glance.url)
    config = through(clouds, proxy)
    old = proxy.fault("GET", "^/$", announced(f"{proxy.url}/old/v2/"))
    assert ask_one(config, image_url).value == f"{proxy.url}/old/v2"
    proxy.clear_faults()
    proxy.fault("GET", "^/old/", Answer(status))
    result = ask_one(config, images)
    assert (result.value, result.requests) == (0, 3)  # not found, discovery, the list
    assert ask_one(config, images).requests == 1
    assert old.struck == 1


def test_what_is_not_there_costs_one_discovery_at_most(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, images)

    def work(connection: Connection) -> None:
        for _time in range(3):
            service_at(connection, "image").json("GET", "/images/1b2c6b2e-0000-4000-8000-000000000000")

    result = ask_one(clouds, work)
    assert kinds([result]) == {"cloud1/r1/demo": "refused"}
    assert result.requests == 2


def test_damaged_documents_are_asked_for_anew(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, images)
    (path,) = files("discovery")
    for value in (5, [5], {"a": 1}, [{"id": 7, "status": 5, "links": 5}], None):
        path.write_text(json.dumps({**json.loads(path.read_text()), "value": value}))
        ask_one(clouds, images)
    assert ask_one(clouds, images).requests == 1


# Catalogs


def test_the_repeated_request_goes_where_the_new_catalog_says(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(object_store=True)

    def work(connection: Connection) -> tuple[int, str | None]:
        answer = service_at(connection, "object-store").request("HEAD", "")
        return answer.status_code, connection.location.project.id

    keystone = clouds["cloud1"].keystone
    before = keystone.project_id("demo")
    assert ask_one(clouds, work).value == (204, before)
    clouds["cloud1"].rebuild()
    clouds.counters.reset()
    result = ask_one(clouds, work)
    assert result.value == (204, keystone.project_id("demo"))
    assert result.location.project.id == keystone.project_id("demo") != before
    assert (result.requests, clouds.counters.tokens) == (3, 1)


def test_a_cloud_rebuilt_during_the_work(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(object_store=True)

    def work(connection: Connection) -> list[int]:
        store = service_at(connection, "object-store")
        first = store.request("HEAD", "")
        clouds["cloud1"].rebuild()
        return [first.status_code, store.request("HEAD", "").status_code]

    assert ask_one(clouds, work).value == [204, 204]
    assert clouds.counters.tokens == 2


@pytest.mark.parametrize("recent", [0.0, 300.0])
def test_a_catalog_that_leads_nowhere_is_renewed_unless_it_is_new(
    fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch, recent: float
) -> None:
    monkeypatch.setattr(auth, "RECENT", recent)
    clouds = fake_openstack(servers=1)
    region = clouds["cloud1"]["r1"]
    ask_one(clouds, servers)
    (path,) = files("tokens")
    path.write_text(path.read_text().replace(region.nova.url, "http://127.0.0.1:1"))
    clouds.counters.reset()
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": None if recent == 0 else "unreachable"}
    assert clouds.counters.tokens == (1 if recent == 0 else 0)


def test_a_dead_region_costs_the_others_no_token(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = fake_openstack(regions=2, servers=1)
    ask(clouds, servers)
    monkeypatch.setattr(auth, "RECENT", 0.0)
    clouds["cloud1"].refuse_connections()
    clouds["cloud1"]["r1"].refuse_connections()
    assert kinds(ask(clouds, servers)) == {"cloud1/r1/demo": "unreachable", "cloud1/r2/demo": None}
    assert len(files("tokens")) == 1


def test_a_service_that_is_new_in_the_catalog_is_found(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RECENT", 0.0)
    clouds = fake_openstack(servers=1)
    ask_one(clouds, servers)
    (path,) = files("tokens")
    path.write_text(path.read_text().replace("compute", "commute"))
    assert ask_one(clouds, servers).value == 1


# keystoneauth1 takes the path of an announced URL only: behind a proxy, services announce internal hosts, or http


@pytest.mark.parametrize("place", ["https://login.example.com/v3", "http://127.0.0.1:1/v3/"])
def test_a_password_stays_where_auth_url_is(fake_openstack: Clouds, place: str) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = clouds["cloud1"].keystone.url
    version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": place}]}
    body = json.dumps({"versions": {"values": [version]}}).encode()
    fault = clouds["cloud1"].fault("GET", "/", Answer(300, JSON, body))
    assert ask_one(config, servers).value == 1
    assert (fault.struck, clouds.counters.tokens) == (1, 1)


def test_a_token_stays_where_the_catalog_says(fake_openstack: Clouds, web: Web) -> None:
    clouds = fake_openstack()
    web.answers = [whole(b"{}", 200)]
    version = {"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": f"{web.url}/v2/"}]}
    answer = Answer(300, JSON, json.dumps({"versions": [version]}).encode())
    fault = clouds["cloud1"]["r1"].fault("GET", "^/$", answer)
    assert ask_one(clouds, images).value == 0
    assert (fault.struck, web.headers) == (1, [])
