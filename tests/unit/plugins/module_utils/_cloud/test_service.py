# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one service over real HTTP: what is retried, broken answers, endpoints, pages and paths."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from keystoneauth1.access import AccessInfoV3
from keystoneauth1.exceptions import CatalogException

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds as Config
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import (
    find_version,
    next_marker,
    segment,
    service_at,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, ServerError
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    FakeOpenStack,
    FaultProxy,
    LoseAnswer,
    TrickleAnswer,
)
from tests.support.run_core import ask, ask_one, entries, kinds

Clouds = Callable[..., FakeOpenStack]
JSON = {"Content-Type": "application/json"}
SERVERS = "/servers"
IMAGES = "/images"

pytestmark = pytest.mark.usefixtures("fast_clock")


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", SERVERS)["servers"])


def images(connection: Connection) -> int:
    return len(service_at(connection, "image").json("GET", IMAGES)["images"])


def count(clouds: FakeOpenStack, **wanted: str) -> int:
    return clouds.counters.requests(**wanted)


# Retries


PERHAPS_DONE = Answer(503, {"Retry-After": "0"}, after="work")
FAILED: list[tuple[Action, str]] = [
    (Answer(503), "server"),
    (Answer(500), "server"),
    (LoseAnswer(), "unreachable"),
    (BreakAnswer(0.5, cut=True), "unreachable"),
]


@pytest.mark.parametrize(("action", "kind"), FAILED)
def test_a_read_is_tried_again(fake_openstack: Clouds, action: Action, kind: str) -> None:
    clouds = fake_openstack(servers=1)
    region = clouds["cloud1"]["r1"]
    region.fault("GET", SERVERS, action, times=2)
    result = ask_one(clouds, servers)
    assert (result.value, count(clouds, service="compute")) == (1, 3)
    assert result.requests == count(clouds)
    clouds.counters.reset()
    region.fault("GET", SERVERS, action)
    assert kinds([ask_one(clouds, servers, timeout=1)]) == {"cloud1/r1/demo": kind}
    if action == Answer(503):  # until the deadline
        assert count(clouds, service="compute") > 3
    else:
        assert count(clouds, service="compute") == 3


@pytest.mark.parametrize(("action", "kind"), [*FAILED, (PERHAPS_DONE, "throttled")])
def test_a_write_is_not_tried_again(fake_openstack: Clouds, action: Action, kind: str) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("POST", IMAGES, action, times=1)
    result = ask_one(
        clouds, lambda connection: service_at(connection, "image").json("POST", IMAGES, json={"name": "x"})
    )
    assert kinds([result]) == {"cloud1/r1/demo": kind}
    assert count(clouds, method="POST", service="image") == 1


def test_a_caller_with_a_body_of_its_own_retries_itself(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", IMAGES, Answer(429, {"Retry-After": "0"}), times=1)
    result = ask_one(clouds, lambda connection: service_at(connection, "image").request("GET", IMAGES, retry=False))
    assert kinds([result]) == {"cloud1/r1/demo": "throttled"}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409])
def test_a_refusal_is_not_tried_again(fake_openstack: Clouds, status: int) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(status))
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "conflict" if status == 409 else "refused"}
    assert count(clouds, service="compute") == 1


# Deadlines and broken answers, of a service whose URL the catalog gives with its version and of one without


@pytest.mark.parametrize("work", [servers, images])
@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (BlackHole(), "timeout"),
        (TrickleAnswer(20), "timeout"),
        (None, "unreachable"),
        (Answer(503), "server"),
        (LoseAnswer(), "unreachable"),
        (BreakAnswer(0.5), "server"),
        (BreakAnswer(0.5, cut=True), "unreachable"),
        (Answer(200, JSON, b"null"), "server"),
        (Answer(200, JSON, b"[]"), "server"),
        (Answer(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"), "server"),
    ],
)
def test_a_region_in_trouble_fails_in_time_and_alone(
    fake_openstack: Clouds, fast_clock: Clock, work: Callable[[Connection], int], action: Action | None, kind: str
) -> None:
    clouds = fake_openstack(regions=3, servers=1)
    if action is None:
        clouds["cloud1"]["r2"].refuse_connections()
    else:
        clouds["cloud1"]["r2"].fault("*", "", action)
    start = time.monotonic()
    results = ask(clouds, work, timeout=0.6)
    assert time.monotonic() - start < 2.0
    assert kinds(results) == {"cloud1/r1/demo": None, "cloud1/r2/demo": kind, "cloud1/r3/demo": None}
    assert fast_clock.real(max(results[0].seconds, results[2].seconds)) < 0.55
    error = results[1].error
    assert error is not None
    assert error.hint
    assert "object at 0x" not in error.message


# Endpoints


def test_discovery_only_where_the_catalog_has_no_version(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()

    def work(connection: Connection) -> tuple[str, str]:
        for _time in range(2):
            servers(connection)
            images(connection)
        return service_at(connection, "compute").endpoint, service_at(connection, "image").endpoint

    region = clouds["cloud1"]["r1"]
    assert ask_one(clouds, work).value == (f"{region.nova.url}/v2.1", f"{region.glance.url}/v2")
    assert count(clouds, service="compute") == 2
    assert count(clouds, service="image") == 3


@pytest.mark.parametrize("path", ["", "/v2", "/v2/", "/v1"])
def test_an_endpoint_that_clouds_yaml_names(
    fake_openstack: Clouds, fault_proxy: Callable[..., FaultProxy], path: str
) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    proxy = fault_proxy(region.glance.url)
    config = entries(clouds)
    config["cloud1"]["image_endpoint_override"] = f"{proxy.url}{path}"
    assert ask_one(config, images).value == 0
    assert proxy.counters.requests() == (1 if path.startswith("/v2") else 2)


CATALOG = [
    {
        "type": kind,
        "name": name,
        "endpoints": [
            {"interface": interface, "region": region, "url": f"https://{kind}/{region}/{interface}"}
            for region in ("r1", "r2")
            for interface in ("public", "internal", "admin")
        ],
    }
    for kind, name in {
        "volumev2": "old",
        "volumev3": "new",
        "block-store": "other",
        "workflowv2": "w",
        "own": "",
    }.items()
]


SETTINGS = [{}, {"interface": "internal"}, {"region_name": "r2"}, {"volume_service_name": "old"}]


@pytest.mark.parametrize("service_type", ["block-storage", "volumev3", "volumev2", "volume", "workflow", "own", "none"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_endpoint_is_the_one_that_keystoneauth_finds(service_type: str, setting: dict[str, str]) -> None:
    auth = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}
    (region,) = Config(clouds_config={"clouds": {"a": {"auth": auth, "region_name": "r1", **setting}}}).regions("a")
    connection = Connection(region)
    access = AccessInfoV3({"token": {"catalog": CATALOG, "expires_at": "2099-01-01T00:00:00Z"}}, "token")
    region.auth.plugin.auth_ref = connection.access = access
    service = service_at(connection, service_type)
    answers: list[str | None] = []
    for announced in (service._announced, lambda: service.adapter.get_endpoint(skip_discovery=True)):
        try:
            answers.append(announced())
        except CatalogException as exc:
            answers.append(str(exc))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://v2.images.example.com", None),
        ("https://v2.images.example.com/v2", "https://v2.images.example.com"),
        ("https://host/x/v1/v2.1/r2/compute/v2.1", "https://host/x/v1/v2.1/r2/compute"),
        ("https://host/x/v1/v2.1", "https://host/x/v1"),
        ("https://host:8080/swift/v1/AUTH_v1", "https://host:8080/swift"),
        ("https://host/volumes/", None),
    ],
)
def test_the_version_of_a_url_is_the_last_one_of_its_path(url: str, root: str | None) -> None:
    version = find_version(url)
    assert (url[: version.start()] if version else None) == root


def test_a_service_that_the_catalog_does_not_have(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    result = ask_one(clouds, lambda connection: service_at(connection, "object-store").endpoint)
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "object-store" in result.error.message
    assert count(clouds, service="image") + count(clouds, service="compute") == 0


def test_a_service_without_the_version_we_speak(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    versions = {"versions": [{"id": "v1.1", "status": "CURRENT", "links": [{"rel": "self", "href": "/v1/"}]}]}
    clouds["cloud1"]["r1"].fault("GET", "^/$", Answer(300, JSON, json.dumps(versions).encode()))
    result = ask_one(clouds, images)
    assert result.error is not None
    assert result.error.kind == "refused"
    assert result.error.message == "the image service offers no version 2"


# Pages


@pytest.mark.parametrize(
    "body",
    [
        {"servers": [{"name": "no id"}], "servers_links": [{}]},
        {"servers": [5], "servers_links": [{}]},
        {"servers": [{"id": "same"}], "servers_links": [{}]},
        {"servers": {}},
        {"servers": None},
        {},
    ],
)
def test_pages_that_lead_nowhere(fake_openstack: Clouds, body: dict[str, Any]) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(200, JSON, json.dumps(body).encode()))
    result = ask_one(
        clouds,
        lambda connection: list(service_at(connection, "compute").pages(SERVERS, "servers", {}, "servers_links")),
    )
    assert kinds([result]) == {"cloud1/r1/demo": "server"}
    assert count(clouds, service="compute") <= 2


# Paths


@pytest.mark.parametrize("path", ["/images/..", "/images/../x", "/./images", "/images/%2e%2e/x", "https://host/a/../b"])
def test_a_path_means_what_it_says(fake_openstack: Clouds, path: str) -> None:
    """HTTP libraries resolve dot segments: the request would be for something else."""
    clouds = fake_openstack()
    asked = ask_one(clouds, lambda connection: service_at(connection, "image").request("DELETE", path))
    assert isinstance(asked.error, InputError)
    assert clouds.counters.requests(method="DELETE") == 0


@pytest.mark.parametrize(("name", "expected"), [("a/b", "a%2Fb"), ("x?y#z", "x%3Fy%23z"), (7, "7"), ("..", "..")])
def test_a_name_is_one_segment(name: object, expected: str) -> None:
    assert segment(name) == expected


def test_markers_advance() -> None:
    seen = set[str]()
    assert [next_marker([{"name": name}], "name", seen, "/x") for name in ("a", "b")] == ["a", "b"]
    pages: list[list[Any]] = [[{"name": "a"}], [{"name": None}], [{}], ["a"]]
    for page in pages:
        with pytest.raises(ServerError, match="pagination of GET /x does not advance"):
            next_marker(page, "name", seen, "/x")
