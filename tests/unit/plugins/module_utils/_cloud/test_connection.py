# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on one Location over real HTTP: project and region of its token, pauses that services ask for, deadlines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import auth
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    FakeOpenStack,
    LoseAnswer,
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


# What the token tells


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


def test_a_token_without_a_catalog_is_a_clear_failure(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    token = {"methods": ["password"], "user": {"id": "u", "name": "demo", "domain": {"id": "default", "name": "D"}}}
    token |= {"expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z"}
    answer = Answer(201, {**JSON, "X-Subject-Token": "t"}, json.dumps({"token": token}).encode())
    clouds["cloud1"].fault("POST", "/auth/tokens", answer)
    result = ask_one(clouds, servers)
    assert result.error is not None
    assert result.error.kind == "config"
    assert result.error.message == "the token has no service catalog: it is not scoped to a project"
    assert "project_name" in result.error.hint
    assert result.requests == count(clouds)


# Regions


def test_the_only_region_of_a_catalog_need_not_be_configured(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    del config["cloud1"]["regions"]
    result = ask_one(config, servers)
    assert (str(result.location), result.location.region, result.value) == ("cloud1/-/demo", "r1", 1)


def test_one_of_several_regions_is_not_guessed(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    config = entries(clouds)
    del config["cloud1"]["regions"]
    result = ask_one(config, servers)
    assert result.error is not None
    assert result.error.kind == "config"
    assert result.error.message == "no region is configured, and the catalog has several: r1, r2"
    assert "region_name" in result.error.hint


@pytest.mark.parametrize("name", ["r9", "R1"])
def test_a_region_that_the_catalog_does_not_have(fake_openstack: Clouds, name: str) -> None:
    clouds = fake_openstack(regions=2)
    config = entries(clouds)
    config["cloud1"]["regions"] = [name, "r2"]
    failed, found = sorted(ask(config, servers), key=lambda result: result.location.region == "r2")
    assert found.error is None
    assert failed.error is not None
    assert (failed.error.kind, failed.error.message) == ("config", f"region {name!r} is not in the catalog")
    assert failed.error.hint.startswith("The catalog has r1, r2. Names are case-sensitive: correct region_name")
    assert clouds.counters.tokens == 1


def test_a_region_may_be_newer_than_the_token(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = fake_openstack(regions=2)
    cloud = clouds["cloud1"]
    everything = cloud.keystone._catalog
    known = {kind: {"r1": urls["r1"]} for kind, urls in everything().items()}
    monkeypatch.setattr(auth, "RECENT", 0.0)
    monkeypatch.setattr(cloud.keystone, "_catalog", lambda: known)
    assert [result.error and result.error.kind for result in ask(clouds, servers)] == [None, "config"]
    assert clouds.counters.tokens == 2
    monkeypatch.setattr(cloud.keystone, "_catalog", everything)
    assert [result.error for result in ask(clouds, servers)] == [None, None]


def test_a_region_that_only_the_entry_knows(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=2)
    region = clouds["cloud1"]["r1"]
    config = entries(clouds)
    config["cloud1"] |= {"regions": ["mine"], "compute_endpoint_override": f"{region.nova.url}/v2.1"}
    assert ask_one(config, servers).value == 2


# Slow down


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 429), ("GET", 413), ("GET", 498), ("GET", 503), ("POST", 429), ("POST", 413)]
)
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


@pytest.mark.parametrize("skew", [0, 3600])
def test_retry_after_as_a_date_is_honoured(fake_openstack: Clouds, skew: float) -> None:
    clouds = fake_openstack(servers=1)
    now = time.time() - skew
    headers = {"Retry-After": formatdate(now + 2, usegmt=True), "Date": formatdate(now, usegmt=True)}
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(429, headers), times=1)
    result = ask_one(clouds, servers)
    assert result.value == 1
    assert result.seconds >= 2


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


@pytest.mark.slow
def test_a_cloud_that_says_slow_down_for_ever_is_not_asked_for_ever(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(429, {"Retry-After": "0"}))
    assert kinds([ask_one(clouds, servers, timeout=1.2)]) == {"cloud1/r1/demo": "throttled"}
    assert 8 <= fault.struck <= 14


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_busy_service_is_asked_until_the_deadline(fake_openstack: Clouds, method: str, status: int) -> None:
    clouds = fake_openstack(servers=1)
    place = clouds["cloud1"] if method == "POST" else clouds["cloud1"]["r1"]
    place.fault(method, "/auth/tokens" if method == "POST" else SERVERS, Answer(status), times=6)
    result = ask_one(clouds, servers)
    assert result.value == 1
    assert result.seconds > 15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "action", "asked"),
    [
        ({"status_code_retries": 0}, Answer(503), 1),
        ({"status_code_retries": "4"}, Answer(429), 5),
        ({"compute_status_code_retries": 1, "status_code_retries": 4}, Answer(503), 2),
        ({"image_status_code_retries": 1, "status_code_retries": 4}, Answer(503), 5),
        ({"status_code_retries": 4, "retriable_status_codes": [500, 502]}, Answer(502), 5),
        ({"status_code_retries": 4, "retriable_status_codes": "500,502"}, Answer(503), 3),
        ({"status_code_retries": 4, "compute_retriable_status_codes": [409]}, Answer(409), 5),
        ({"connect_retries": 0}, LoseAnswer(), 1),
        ({"connect_retries": 4, "compute_connect_retries": 5}, LoseAnswer(), 6),
        ({"connect_retries": 4}, Answer(500), 3),
    ],
)
def test_clouds_yaml_says_how_often(fake_openstack: Clouds, keys: dict[str, Any], action: Action, asked: int) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"] |= keys
    fault = clouds["cloud1"]["r1"].fault("GET", SERVERS, action)
    assert ask_one(config, servers).error is not None
    assert fault.struck == asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ({"status_code_retry_delay": 20}, Answer(503)),
        ({"compute_status_code_retry_delay": "20", "status_code_retry_delay": 1}, Answer(429, {"Retry-After": "0"})),
        ({"connect_retry_delay": 20.0}, LoseAnswer()),
    ],
)
def test_clouds_yaml_says_after_which_pause(fake_openstack: Clouds, keys: dict[str, Any], action: Action) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    config["cloud1"] |= keys
    clouds["cloud1"]["r1"].fault("GET", SERVERS, action, times=2)
    result = ask_one(config, servers)
    assert result.value == 1
    assert result.seconds >= 40


# Deadlines inside the Location's


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


def test_waiting_for_something_else_costs_a_location_nothing(fake_openstack: Clouds, fast_clock: Clock) -> None:
    def work(connection: Connection) -> tuple[bool, bool, bool]:
        before = connection.deadline.remaining()
        with connection.aside(1000.0, "transfer_timeout"):
            fast_clock.sleep(3.0)
            aside, own = connection.is_aside, connection.deadline.remaining() > 900
        return aside and not connection.is_aside, own, before - connection.deadline.remaining() < 3.0

    assert ask_one(fake_openstack(), work, timeout=20.0).value == (True, True, True)


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


def test_nothing_is_printed(fake_openstack: Clouds, capfd: pytest.CaptureFixture[str]) -> None:
    clouds = fake_openstack(regions=2)
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = clouds["cloud1"].keystone.url
    clouds["cloud1"]["r1"].refuse_connections()
    ask(config, images)
    clouds["cloud1"].refuse_connections()
    ask(config, images)
    assert capfd.readouterr() == ("", "")
