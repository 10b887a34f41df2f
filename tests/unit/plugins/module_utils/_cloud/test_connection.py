# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and requests over real HTTP: tokens, clocks, retries, discovery, and answers that make no sense."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from keystoneauth1.access import AccessInfoV3
from keystoneauth1.exceptions import CatalogException

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds as Config
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import segment, service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
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


# Tokens


def test_one_token_for_all_regions_of_a_cloud_started_at_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=7, regions=2, servers=1, latency=0.05)
    results = ask(clouds, servers, timeout=10)
    assert [result.value for result in results] == [1] * 14
    assert [str(result.location) for result in results] == [
        f"cloud{cloud}/r{region}/demo" for cloud in range(1, 8) for region in (1, 2)
    ]
    assert clouds.counters.tokens == 7
    assert count(clouds, service="compute") == 14
    assert sum(result.requests for result in results) == count(clouds)


def test_entries_with_the_same_words_share_a_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    entry = clouds["cloud1"].entry()
    ask({"one": {**entry, "regions": ["r1"]}, "two": {**entry, "regions": ["r2"]}, "three": entry}, servers)
    assert clouds.counters.tokens == 1
    other = {**entry, "auth": {**entry["auth"], "project_name": "demo2"}}
    results = ask({"demo": entry, "demo2": other}, servers)
    assert clouds.counters.tokens == 2
    assert [result.location.project.name for result in results] == ["demo", "demo", "demo2", "demo2"]


def test_the_location_tells_the_project_of_the_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    keystone = clouds["cloud1"].keystone
    entry = clouds["cloud1"].entry(application_credential=True)
    result = ask_one({"cloud1": entry}, servers)
    assert result.location.to_dict()["project"] == {
        "id": keystone.project_id("demo"),
        "name": "demo",
        "domain_id": "default",
        "domain_name": "Default",
    }


def test_a_wrong_password_is_tried_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=3)
    config = entries(clouds)
    config["cloud1"]["auth"]["password"] = "wr0ng"
    results = ask(config, servers)
    assert kinds(results) == {
        **{f"cloud1/r{number}/demo": "auth" for number in (1, 2, 3)},
        **{f"cloud2/r{number}/demo": None for number in (1, 2, 3)},
    }
    assert count(clouds, cloud="cloud1", method="POST") == 1
    assert count(clouds, cloud="cloud1", service="compute") == 0
    error = results[0].error
    assert error is not None
    assert "wr0ng" not in error.message
    assert "password" in error.hint


def test_a_refused_token_is_renewed_once(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=2)

    def work(connection: Connection) -> tuple[int, int]:
        first = servers(connection)
        clouds["cloud1"].revoke_tokens()
        return first, servers(connection)

    result = ask_one(clouds, work)
    assert result.value == (2, 2)
    assert clouds.counters.tokens == 2
    assert count(clouds, service="compute") == 3


def test_regions_that_lose_their_token_at_the_same_time_share_the_new_one(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=8, servers=1)
    together = threading.Barrier(8)

    def work(connection: Connection) -> int:
        servers(connection)
        if together.wait(5) == 0:
            clouds["cloud1"].revoke_tokens()
        together.wait(5)
        return servers(connection)

    results = ask(clouds, work, timeout=10)
    assert [result.error for result in results] == [None] * 8
    assert clouds.counters.tokens == 2


def test_a_cloud_that_never_takes_a_token_is_an_auth_failure(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(401))
    result = ask_one(clouds, servers)
    assert kinds([result]) == {"cloud1/r1/demo": "auth"}
    assert (fault.struck, clouds.counters.tokens) == (2, 2)


# What Keystone may do instead of a token


def auth_urls(clouds: FakeOpenStack) -> list[str]:
    """The forms of auth_url that keystoneauth treats differently when discovery fails."""
    base = clouds["cloud1"].keystone.url
    return [f"{base}/v3", base, f"{base}/identity/v3"]


@pytest.mark.parametrize("form", [0, 1, 2])
@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (BlackHole(), "timeout"),
        (LoseAnswer(), "unreachable"),
        (Answer(503), "server"),
        (Answer(500, JSON, b'{"error": {"message": "Unexpected"}}'), "server"),
        (Answer(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"), "server"),
        (Answer(200, JSON, b"5"), "server"),
        (Answer(200, JSON, b'{"token": {}}'), "server"),
        (BreakAnswer(0.5), "server"),
        (BreakAnswer(0.5, cut=True), "unreachable"),
        (TrickleAnswer(20), "timeout"),
        (None, "unreachable"),
    ],
)
def test_a_keystone_in_trouble(fake_openstack: Clouds, form: int, action: Action | None, kind: str) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=1)
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = auth_urls(clouds)[form]
    if action is None:
        clouds["cloud1"].refuse_connections()
    else:
        clouds["cloud1"].fault("*", "", action)
    start = time.monotonic()
    results = ask(config, servers, timeout=0.6)
    assert time.monotonic() - start < 2.0
    ended = kinds(results)
    assert [ended[f"cloud2/r{number}/demo"] for number in (1, 2)] == [None, None]
    assert {ended[f"cloud1/r{number}/demo"] for number in (1, 2)} == {kind}
    assert sum(result.requests for result in results) >= count(clouds)


@pytest.mark.parametrize("body", [b'{"token": {}}', b"{}", b"[]", b'{"token": 5}', b"{", b""])
@pytest.mark.parametrize("headers", [JSON, {**JSON, "X-Subject-Token": "t"}])
def test_a_token_that_makes_no_sense(fake_openstack: Clouds, headers: dict[str, str], body: bytes) -> None:
    clouds = fake_openstack()
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(201, headers, body))
    result = ask_one(clouds, servers)
    assert kinds([result]) == {"cloud1/r1/demo": "server"}


def test_a_token_without_a_catalog_is_a_clear_failure(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    token = {"methods": ["password"], "user": {"id": "u", "name": "demo", "domain": {"id": "default", "name": "D"}}}
    token |= {"expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z"}
    answer = Answer(201, {**JSON, "X-Subject-Token": "t"}, json.dumps({"token": token}).encode())
    clouds["cloud1"].fault("POST", "/auth/tokens", answer)
    result = ask_one(clouds, servers)
    assert result.error is not None
    assert result.error.kind == "config"
    assert result.error.message == "the token has no catalog: it is for no project"
    assert "project_name" in result.error.hint
    assert result.requests == count(clouds)


# Regions


def test_the_only_region_of_a_catalog_need_not_be_configured(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    del config["cloud1"]["regions"]
    result = ask_one(config, servers)
    assert (str(result.location), result.value) == ("cloud1/r1/demo", 1)


def test_one_of_several_regions_is_not_guessed(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    config = entries(clouds)
    del config["cloud1"]["regions"]
    result = ask_one(config, servers)
    assert result.error is not None
    assert result.error.kind == "config"
    assert result.error.message == "no region is configured, and the catalog has several: r1, r2"
    assert "region_name" in result.error.hint


def test_a_region_that_the_catalog_does_not_have(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["regions"] = ["r9"]
    result = ask_one(config, servers)
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "region_name" in result.error.hint


# Slow down


@pytest.mark.parametrize("status", [429, 413, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_retry_after_is_honoured(fake_openstack: Clouds, method: str, status: int) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault(method, IMAGES, Answer(status, {"Retry-After": "0.3"}), times=2)

    def work(connection: Connection) -> int:
        body: dict[str, Any] = {"json": {"name": "x"}} if method == "POST" else {}
        return service_at(connection, "image").request(method, IMAGES, **body).status_code

    result = ask_one(clouds, work)
    assert result.value == (201 if method == "POST" else 200)
    assert result.seconds >= 0.6
    assert count(clouds, method=method, path="/v2/images") == 3


def test_retry_after_as_a_date_is_honoured(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    date = formatdate(time.time() + 2, usegmt=True)
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(429, {"Retry-After": date}), times=1)
    result = ask_one(clouds, servers)
    assert result.value == 1
    assert result.seconds > 0.5


@pytest.mark.parametrize("value", ["60", "inf", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_a_wait_that_would_outlast_the_clock_is_refused_at_once(
    fake_openstack: Clouds, fast_clock: Clock, value: str
) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(429, {"Retry-After": value}))
    result = ask_one(clouds, servers, timeout=1)
    assert kinds([result]) == {"cloud1/r1/demo": "throttled"}
    assert fast_clock.real(result.seconds) < 1
    assert count(clouds, service="compute") == 1


def test_a_cloud_that_says_slow_down_for_ever_is_not_asked_for_ever(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(429, {"Retry-After": "0"}))
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "throttled"}
    assert fault.struck == 3


# Tried again, or not

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
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": kind}
    assert count(clouds, service="compute") == 3


@pytest.mark.parametrize(("action", "kind"), FAILED)
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


# Clocks and broken answers, of a service whose URL the catalog gives with its version and of one without


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


def test_a_request_is_bounded_by_api_timeout(fake_openstack: Clouds, fast_clock: Clock) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, BlackHole())
    result = ask_one(clouds, servers, timeout=20, api_timeout=0.3)
    assert kinds([result]) == {"cloud1/r1/demo": "timeout"}
    assert 0.3 <= fast_clock.real(result.seconds) < 2
    assert count(clouds, service="compute") == 1


def test_work_inside_may_have_a_shorter_clock_but_not_a_longer_one(fake_openstack: Clouds, fast_clock: Clock) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, BlackHole())

    def work(connection: Connection, seconds: float) -> int:
        with connection.within(fast_clock.turned(seconds), "stall_timeout"):
            connection.deadline.sleep(fast_clock.turned(seconds / 2))
            return servers(connection)

    short = ask_one(clouds, lambda connection: work(connection, 0.3), timeout=20)
    long = ask_one(clouds, lambda connection: work(connection, 0.6), timeout=0.5)
    assert kinds([short, long]) == {"cloud1/r1/demo": "timeout"}
    assert fast_clock.real(short.seconds) < 2
    assert fast_clock.real(long.seconds) < 1.1


def test_cleanup_has_a_clock_of_its_own(fake_openstack: Clouds, fast_clock: Clock) -> None:
    clouds = fake_openstack(servers=1)
    done = []

    def work(connection: Connection) -> int:
        try:
            connection.deadline.sleep(30)
            return 0
        finally:
            with connection.grace(fast_clock.turned(2.0)):
                done.append(servers(connection))

    assert kinds([ask_one(clouds, work, timeout=0.5)]) == {"cloud1/r1/demo": "timeout"}
    assert done == [1]


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


def test_nothing_is_printed(fake_openstack: Clouds, capfd: pytest.CaptureFixture[str]) -> None:
    clouds = fake_openstack(regions=2)
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = clouds["cloud1"].keystone.url
    clouds["cloud1"]["r1"].refuse_connections()
    ask(config, images)
    clouds["cloud1"].refuse_connections()
    ask(config, images)
    assert capfd.readouterr() == ("", "")


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
