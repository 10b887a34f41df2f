# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services and catalogs once said is believed for a while, and given up as soon as it turns out wrong."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import auth
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import has_object_store
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import (
    RestQuery,
    catalog_entry,
    rest_record,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
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


def test_an_accepted_404_is_not_that_of_an_endpoint_that_has_moved(
    fake_openstack: Clouds, fault_proxy: Proxies
) -> None:
    clouds = fake_openstack()
    proxy = fault_proxy(clouds["cloud1"]["r1"].glance.url)
    config = through(clouds, proxy)
    proxy.fault("GET", "^/$", announced(f"{proxy.url}/old/v2/"))
    ask_one(config, image_url)
    proxy.clear_faults()
    proxy.fault("GET", "^/old/", Answer(404))

    def status(connection: Connection) -> int:
        return service_at(connection, "image").request("GET", "/images", accepted=[404]).status_code

    assert ask_one(config, status).value == 200


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


Catalog = list[dict[str, Any]]


def change_catalog(change: Callable[[Catalog], Catalog]) -> None:
    """Store another catalog with the token, as if the cloud had been changed since."""
    (path,) = files("tokens")
    entry = json.loads(path.read_text())
    state = json.loads(entry["value"])
    state["body"]["token"]["catalog"] = change(state["body"]["token"]["catalog"])
    path.write_text(json.dumps({**entry, "value": json.dumps(state)}))


def with_endpoints(change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Callable[[Catalog], Catalog]:
    """Replace each endpoint."""
    return lambda catalog: [
        {**service, "endpoints": [new for end in service["endpoints"] for new in change(end)]} for service in catalog
    ]


def in_region(endpoint: dict[str, Any], name: str) -> dict[str, Any]:
    return {**endpoint, "region": name, "region_id": name}


without_compute: Callable[[Catalog], Catalog] = lambda catalog: [  # noqa: E731 - typed
    service for service in catalog if service["type"] != "compute"
]
elsewhere = with_endpoints(lambda end: [in_region(end, "R1")])
not_public = with_endpoints(lambda end: [end] if end["interface"] == "internal" else [])
empty: Callable[[Catalog], Catalog] = lambda _catalog: []  # noqa: E731 - typed


def test_an_old_catalog_that_leads_nowhere_is_renewed(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    ask_one(clouds, servers)
    change_catalog(with_endpoints(lambda end: [{**end, "url": "http://127.0.0.1:1/v2.1"}]))
    clouds.counters.reset()
    assert ask_one(clouds, servers).value == 1
    assert clouds.counters.tokens == 1


def test_a_dead_service_costs_each_task_one_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"]["r1"].refuse_connections()
    for _task in range(2):
        clouds.counters.reset()
        assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "unreachable"}
        assert clouds.counters.tokens == 1


def test_a_catalog_is_not_new_for_ever(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RECENT", 0.0)
    clouds = fake_openstack(servers=1)

    def work(connection: Connection) -> int:
        clouds["cloud1"]["r1"].refuse_connections("compute")
        return servers(connection)

    assert kinds([ask_one(clouds, work)]) == {"cloud1/r1/demo": "unreachable"}
    assert clouds.counters.tokens > 1


def test_a_dead_region_costs_the_others_no_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2, servers=1)
    ask(clouds, servers)
    clouds["cloud1"].refuse_connections()
    clouds["cloud1"]["r1"].refuse_connections()
    assert kinds(ask(clouds, servers)) == {"cloud1/r1/demo": "unreachable", "cloud1/r2/demo": None}
    assert len(files("tokens")) == 1


REST: list[Callable[[Connection], Any]] = [
    servers,
    lambda connection: rest_record(connection, RestQuery("compute"))["url"],
    lambda connection: catalog_entry(service_at(connection, "compute")).url,
]


@pytest.mark.slow
@pytest.mark.parametrize("find", REST)
@pytest.mark.parametrize("before", [without_compute, elsewhere, not_public, empty])
def test_what_is_new_in_the_catalog_is_found(
    fake_openstack: Clouds, find: Callable[[Connection], Any], before: Callable[[Catalog], Catalog]
) -> None:
    """A service, its region, or its interface, in a catalog that another process fetched a moment ago."""
    clouds = fake_openstack(servers=1)
    expected = ask_one(clouds, find).value
    change_catalog(before)
    clouds.counters.reset()
    result = ask_one(clouds, lambda connection: (find(connection), find(connection)))
    assert result.value == (expected, expected), result.error
    assert clouds.counters.tokens == 1
    clouds.counters.reset()
    assert ask_one(clouds, find).value == expected
    assert clouds.counters.tokens == 0, "the new catalog is everybody's"


def test_a_region_that_was_removed_is_no_longer_a_choice(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    del config["cloud1"]["regions"]
    ask_one(config, servers)
    change_catalog(with_endpoints(lambda end: [end, in_region(end, "r9")]))
    clouds.counters.reset()
    result = ask_one(config, servers)
    assert (result.location.region, result.value, clouds.counters.tokens) == ("r1", 1, 1)


NOT_THERE: list[Callable[[Connection], Any]] = [
    lambda connection: service_at(connection, "dns").endpoint,
    lambda connection: rest_record(connection, RestQuery("dns")),
]


@pytest.mark.parametrize("find", NOT_THERE)
def test_what_the_cloud_does_not_have_costs_one_token_for_all_regions(
    fake_openstack: Clouds, find: Callable[[Connection], Any]
) -> None:
    clouds = fake_openstack(regions=3, servers=1)
    ask(clouds, servers)
    clouds.counters.reset()

    def twice(connection: Connection) -> None:
        with pytest.raises(RefusedError):
            find(connection)
        find(connection)

    assert set(kinds(ask(clouds, twice)).values()) == {"refused"}
    assert clouds.counters.tokens == 1


def test_processes_that_miss_the_same_fetch_one_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1, latency=0.05)
    ask_one(clouds, servers)
    change_catalog(without_compute)
    clouds.counters.reset()
    with ThreadPoolExecutor(6) as pool:
        together = threading.Barrier(6)

        def find(connection: Connection) -> int:
            together.wait(10)
            return servers(connection)

        results = list(pool.map(lambda _number: ask_one(clouds, find, timeout=20), range(6)))
    assert [result.value for result in results] == [1] * 6
    assert clouds.counters.tokens == 1


def test_without_an_object_store_nothing_is_renewed(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, servers)
    clouds.counters.reset()
    assert ask_one(clouds, has_object_store).value is False
    assert clouds.counters.requests() == 0


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
