# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of servers as Nova gives them: pages, filters, names, one by its ID, old clouds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import (
    ServerQuery,
    find_server,
    list_servers,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack import nova as standin_nova
from tests.support.run_core import ask_one, entries, kinds

Clouds = Callable[..., FakeOpenStack]
DETAIL = "/v2.1/servers/detail"


def listing(clouds: FakeOpenStack, user: str = "demo", **query: Any) -> Result[list[dict[str, Any]]]:
    return ask_one(entries(clouds, user), lambda connection: list_servers(connection, ServerQuery(**query)))


def names(clouds: FakeOpenStack, user: str = "demo", **query: Any) -> list[str]:
    result = listing(clouds, user, **query)
    assert result.error is None
    return [server["name"] for server in result.value or ()]


@pytest.mark.parametrize(("page", "requests"), [(1000, 1), (3, 3), (4, 2), (7, 2), (1, 8)])
def test_pages(fake_openstack: Clouds, page: int, requests: int) -> None:
    clouds = fake_openstack(servers=7)
    clouds["cloud1"]["r1"].nova.page = page
    found = names(clouds)
    assert len(set(found)) == 7
    assert found == sorted(found)
    assert clouds.counters.requests(service="compute") == requests


def test_a_page_that_fails_fails_the_list(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=4)
    region = clouds["cloud1"]["r1"]
    region.nova.page = 2
    region.fault("GET", "marker=", Answer(400))
    result = listing(clouds)
    assert (result.value, kinds([result])) == (None, {"cloud1/r1/demo": "refused"})


def test_filters_are_sent_as_they_are(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    region.add_server("off", status="SHUTOFF", tags=["blue"])
    region.add_server("on", tags=["blue"])
    region.add_server("red", tags=["red"])
    assert names(clouds, filters={"status": "ACTIVE"}) == ["on", "red"]
    assert names(clouds, filters={"tags": "blue", "status": "active"}) == ["on"]
    assert names(clouds, filters={"limit": 1}) == ["off", "on", "red"]
    assert names(clouds, filters={"name": "^o"}, name="on") == ["on"]


def test_a_filter_that_nova_does_not_take_is_named(fake_openstack: Clouds) -> None:
    result = listing(fake_openstack(), filters={"colour": "blue"})
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "colour" in result.error.message


ODD = ["web", "WEB", "web-1", "web.1", "webx1", "web+", "web*", "(web", "a b", "ünïcode", "^web$", "[web]", "web\\", ""]


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_names_are_exact(fake_openstack: Clouds, name: str) -> None:
    clouds = fake_openstack()
    for known in ODD:
        clouds["cloud1"]["r1"].add_server(known or "-").name = known
    assert names(clouds, name=name) == [name]
    assert names(clouds, name=f"no-{name}") == []


def test_plain_names_are_searched_by_nova(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=30)
    region = clouds["cloud1"]["r1"]
    region.nova.page = 5
    region.add_server("web.1")
    assert names(clouds, name="web.1") == ["web.1"]
    assert clouds.counters.requests(service="compute") == 1


def test_one_by_its_id(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=3)
    server = clouds["cloud1"]["r1"].nova.servers[1]
    assert names(clouds, id=server.id) == [server.name]
    assert clouds.counters.requests(service="compute") == 1


@pytest.mark.parametrize(
    "server_id", ["5c1b7f0e-0000-4000-8000-000000000000", "", "detail", "../servers", "a/b", "?limit=1", "%2e%2e", "é"]
)
def test_an_id_that_is_not_there_finds_nothing(fake_openstack: Clouds, server_id: str) -> None:
    clouds = fake_openstack(servers=3)
    assert names(clouds, id=server_id) == []
    assert clouds.counters.requests(service="compute") == 1


def test_all_projects_is_for_administrators(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    region = clouds["cloud1"]["r1"]
    region.add_server("other", project="demo2")
    assert "other" not in names(clouds)
    result = listing(clouds, "admin", all_projects=True)
    other = next(server for server in result.value or () if server["name"] == "other")
    assert other["project_id"] == other["location"]["project"]["id"] == region._cloud.keystone.project_id("demo2")
    refused = listing(clouds, all_projects=True)
    assert refused.error is not None
    assert refused.error.kind == "refused"
    assert "get_all_tenants" in refused.error.message
    assert "role" in refused.error.hint


def test_without_details(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=2)
    region = clouds["cloud1"]["r1"]
    result = listing(clouds, details=False)
    assert [(server["name"], server["id"], server["status"]) for server in result.value or ()] == sorted(
        (server.name, server.id, None) for server in region.nova.servers
    )
    assert clouds.counters.requests(path="/v2.1/servers") == 1
    assert clouds.counters.requests(path=DETAIL) == 0
    for server in result.value or ():
        assert server["location"]["project"]["name"] == "demo"
        known = {key for key, value in server.items() if value not in (None, {})}
        assert known == {"id", "name", "location", "flavor"}


@pytest.mark.parametrize("options", [{"all_projects": True}, {"filters": {"all_tenants": "1"}}])
def test_without_details_nobody_knows_whose_they_are(fake_openstack: Clouds, options: dict[str, Any]) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"]["r1"].add_server("other", project="demo2")
    result = listing(clouds, "admin", details=False, **options)
    assert [server["location"]["name"] for server in result.value or ()] == ["cloud1/r1/admin"] * 2
    assert [server["location"]["project"] for server in result.value or ()] == [Project().to_dict()] * 2


def test_a_cloud_too_old_for_our_microversion(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standin_nova, "MAX_VERSION", (2, 25))
    clouds = fake_openstack(servers=1)
    result = listing(clouds)
    assert result.value is not None
    (server,) = result.value
    assert (server["flavor"]["id"], server["flavor"]["name"], server["tags"]) == ("m1.large", None, None)
    assert server["is_locked"] is False
    assert clouds.counters.requests(path=DETAIL) == 2
    assert clouds.counters.requests(service="compute") == 3
    assert names(clouds, id=server["id"]) == [server["name"]]


def test_a_cloud_without_microversions(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    region = clouds["cloud1"]["r1"]
    region.fault("GET", "/servers", Answer(406), times=1)
    description = {"id": "v2.1", "status": "CURRENT", "links": [{"rel": "self", "href": f"{region.nova.url}/v2.1/"}]}
    answer = Answer(200, {"Content-Type": "application/json"}, json.dumps({"version": description}).encode())
    region.fault("GET", "/v2.1/?$", answer)
    for requests in (4, 1, 1):  # token, refusal, discovery and list; the list
        result = listing(clouds)
        assert result.value is not None
        (server,) = result.value
        assert (server["name"], server["is_locked"]) == ("web-cloud1-r1-0000", None)
        assert result.requests == requests


@pytest.mark.parametrize("body", [{"servers": [5]}, {"servers": [{"name": "x"}]}, {"servers": {}}, {"server": {}}])
def test_answers_that_make_no_sense(fake_openstack: Clouds, body: dict[str, Any]) -> None:
    clouds = fake_openstack()
    answer = Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
    clouds["cloud1"]["r1"].fault("GET", "/servers", answer)
    for query in ({}, {"name": "web"}):
        assert kinds([listing(clouds, **query)]) == {"cloud1/r1/demo": "server"}


@pytest.mark.parametrize("server", [5, None, {}, {"id": 7}])
def test_one_server_that_makes_no_sense(fake_openstack: Clouds, server: Any) -> None:
    clouds = fake_openstack()
    answer = Answer(200, {"Content-Type": "application/json"}, json.dumps({"server": server}).encode())
    clouds["cloud1"]["r1"].fault("GET", "/servers", answer)
    assert kinds([listing(clouds, id="x")]) == {"cloud1/r1/demo": "server"}


def test_a_server_by_its_name_or_id(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=2)
    region = clouds["cloud1"]["r1"]
    one, other = region.nova.servers
    other.name = one.id  # a name may look like an ID
    region.add_server("twice")
    region.add_server("twice")

    def found(server: str) -> Any:
        result = ask_one(clouds, lambda connection: find_server(connection, server))
        return result.error.kind if result.error else (result.value or {})["id"]

    assert [found(name) for name in (one.name, one.id, other.id)] == [one.id, one.id, other.id]
    assert (found("none"), found("twice"), found(one.name[:-1])) == ("refused", "conflict", "refused")
    region.nova.servers.remove(one)
    assert found(one.id) == other.id
