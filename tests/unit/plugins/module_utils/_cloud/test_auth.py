# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that outlive a task: one for each cloud and project and all processes, until it is refused or old."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1.identity import Password

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.auth import SharedAuth
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds as CloudsYaml
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.settings import DEFAULT_API_TIMEOUT
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache import NoCache
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target, gather
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    DistortAnswer,
    FakeOpenStack,
    LoseAnswer,
    TrickleAnswer,
)
from tests.support.run_core import ask, ask_one, entries, kinds
from tests.support.wait import until
from tests.support.web import Web, whole

Clouds = Callable[..., FakeOpenStack]
Config = dict[str, Any]
JSON = {"Content-Type": "application/json"}
SERVERS = "/servers"

pytestmark = pytest.mark.usefixtures("fast_clock")


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", "/servers")["servers"])


def images(connection: Connection) -> int:
    return len(service_at(connection, "image").json("GET", "/images")["images"])


def count(clouds: FakeOpenStack, **wanted: str) -> int:
    return clouds.counters.requests(**wanted)


def token_files() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", "tokens").glob("*"))


# Warm


def test_a_second_run_sends_one_request_for_each_location(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=1)
    ask(clouds, lambda connection: (servers(connection), images(connection)))
    clouds.counters.reset()
    results = ask(clouds, lambda connection: (servers(connection), images(connection)))
    assert [result.value for result in results] == [(1, 0)] * 4
    assert [result.requests for result in results] == [2] * 4
    assert (clouds.counters.tokens, count(clouds)) == (0, 8)


def test_a_cold_run_sends_one_token_request_for_each_cloud_beside_the_lists(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=7, regions=2, servers=1)
    results = ask(clouds, servers)
    assert sum(result.requests for result in results) == count(clouds) == 14 + 7
    assert clouds.counters.tokens == 7


@pytest.mark.parametrize("form", ["/v3", "/v3/", "", "/"])
def test_keystone_is_not_asked_for_its_versions_again(fake_openstack: Clouds, form: str) -> None:
    clouds = fake_openstack(servers=1)
    config = entries(clouds)
    config["cloud1"]["auth"]["auth_url"] = f"{clouds['cloud1'].keystone.url}{form}"
    ask_one(config, servers)
    assert count(clouds, service="identity") == (1 if "v3" in form else 2)
    clouds["cloud1"].revoke_tokens()
    clouds.counters.reset()
    assert ask_one(config, servers).value == 1
    assert (count(clouds, service="identity"), clouds.counters.tokens) == (1, 1)


@pytest.mark.parametrize("words", ["password", "v3password", "v3applicationcredential"])
def test_every_way_to_authenticate_that_can_be_kept_is(fake_openstack: Clouds, words: str) -> None:
    clouds = fake_openstack(servers=1)
    entry = clouds["cloud1"].entry(application_credential=words == "v3applicationcredential")
    config = {"cloud1": {**entry, "auth_type": words}}
    first, second = ask_one(config, servers), ask_one(config, servers)
    assert first.location == second.location
    assert second.location.project.name == "demo"
    assert (second.requests, clouds.counters.tokens) == (1, 1)


def test_other_projects_users_and_words_get_tokens_of_their_own(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    mine = clouds["cloud1"].entry()
    others = [
        {**mine, "auth": {**mine["auth"], "project_name": "demo2"}},
        clouds["cloud1"].entry("admin"),
        clouds["cloud1"].entry(application_credential=True),
        {**mine, "auth_type": "v3password"},
    ]
    for entry in [mine, *others, mine, *others]:
        ask_one({"cloud1": entry}, servers)
    assert clouds.counters.tokens == 5


def test_a_wrong_password_does_not_get_the_token_of_the_right_one(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    ask_one(clouds, servers)
    config = entries(clouds)
    config["cloud1"]["auth"]["password"] = "wr0ng"
    assert kinds([ask_one(config, servers)]) == {"cloud1/r1/demo": "auth"}


def test_without_the_cache_nothing_is_kept_or_used(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    ask_one(clouds, images)
    clouds.counters.reset()
    assert ask_one(clouds, images, token_cache=False).requests == 3
    assert clouds.counters.tokens == 1
    for path in token_files():
        path.unlink()
    ask_one(clouds, images, token_cache=False)
    assert token_files() == []


# Old, refused


def test_a_token_near_its_end_is_replaced_in_time(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.token_seconds = 3600
    ask_one(clouds, servers)
    (path,) = token_files()
    entry = json.loads(path.read_text())
    for remaining, tokens in ((400, 0), (100, 1)):
        path.write_text(json.dumps({**entry, "time": time.time() - 3600 + remaining}))
        clouds.counters.reset()
        assert ask_one(clouds, servers).value == 1
        assert clouds.counters.tokens == tokens


# Clocks that do not agree


@pytest.mark.parametrize("hours", [-48, -2, 2, 48])
def test_a_clock_that_differs_from_the_clouds_costs_no_tokens(
    fake_openstack: Clouds, wrong_date: Callable[[float], None], hours: int
) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.token_seconds = 3600
    wrong_date(3600.0 * hours)
    for _task in range(2):
        ask_one(clouds, lambda connection: [servers(connection) for _time in range(3)])
    ask_one(clouds, Connection.prepare_long_work)
    assert clouds.counters.tokens == 1


@pytest.mark.parametrize("hours", [-48, -2, 2, 48])
def test_machines_with_other_clocks_share_a_token_or_fetch_one_each(
    fake_openstack: Clouds, wrong_date: Callable[[float], None], hours: int
) -> None:
    """Their home is one. They do not replace each other's token in turn."""
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.token_seconds = 3600
    for _task in range(3):
        wrong_date(0)
        assert ask_one(clouds, servers).value == 1
        wrong_date(3600.0 * hours)
        assert ask_one(clouds, servers).value == 1
    assert clouds.counters.tokens == (2 if hours > 0 else 1 if hours < 0 else 0)


def test_a_token_of_unknown_age_is_used_but_not_for_long_work(
    fake_openstack: Clouds, wrong_date: Callable[[float], None]
) -> None:
    clouds = fake_openstack(servers=1)
    wrong_date(7200)
    ask_one(clouds, servers)
    wrong_date(0)
    clouds.counters.reset()
    assert ask_one(clouds, servers).value == 1
    assert clouds.counters.tokens == 0
    ask_one(clouds, Connection.prepare_long_work)
    assert clouds.counters.tokens == 1


def test_a_token_that_expired_in_spite_of_the_clock_is_replaced(
    fake_openstack: Clouds, wrong_date: Callable[[float], None]
) -> None:
    clouds = fake_openstack(servers=1)
    ask_one(clouds, servers)
    wrong_date(-86400)
    clouds["cloud1"].revoke_tokens()
    assert ask_one(clouds, servers).value == 1
    assert clouds.counters.tokens == 2


@pytest.mark.parametrize(
    "dates",
    [
        {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2025-01-01T00:00:00Z"},
        {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_token_whose_life_is_not_known_is_used_until_it_is_refused(
    fake_openstack: Clouds, dates: dict[str, str]
) -> None:
    clouds = fake_openstack(servers=1)
    ask_one(clouds, servers)
    (path,) = token_files()
    entry = json.loads(path.read_text())
    state = json.loads(entry["value"])
    state["body"]["token"] |= dates
    path.write_text(json.dumps({**entry, "value": json.dumps(state)}))
    for tokens in (1, 2):
        assert ask_one(clouds, lambda connection: [servers(connection), servers(connection)]).value == [1, 1]
        assert clouds.counters.tokens == tokens
        clouds["cloud1"].revoke_tokens()


def test_tokens_that_never_live_long_are_not_renewed_with_every_request(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.token_seconds = 60
    ask_one(clouds, lambda connection: [servers(connection) for _time in range(3)])
    assert clouds.counters.tokens == 1


def test_a_token_that_expires_during_the_work_is_renewed_before_it_is_refused(
    fake_openstack: Clouds, fast_clock: Clock
) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.token_seconds = 1.0

    def work(connection: Connection) -> int:
        servers(connection)
        clouds["cloud1"].keystone.token_seconds = 3600
        connection.deadline.sleep(fast_clock.turned(0.8))
        return servers(connection)

    assert ask_one(clouds, work).value == 1
    assert (clouds.counters.tokens, count(clouds, service="compute")) == (2, 2)


def test_a_kept_token_that_is_refused_is_replaced_for_all(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=3, servers=1)
    ask(clouds, servers)
    clouds["cloud1"].revoke_tokens()
    clouds.counters.reset()
    results = ask(clouds, servers)
    assert kinds(results) == {f"cloud1/r{number}/demo": None for number in (1, 2, 3)}
    assert (clouds.counters.tokens, count(clouds, service="identity")) == (1, 1)
    clouds.counters.reset()
    ask(clouds, servers)
    assert (clouds.counters.tokens, count(clouds)) == (0, 3)


def test_a_token_that_no_service_takes_is_not_kept(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(401))
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "auth"}
    assert token_files() == []


# Within one run


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


def test_entries_with_the_same_credentials_share_a_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    entry = clouds["cloud1"].entry()
    ask({"one": {**entry, "regions": ["r1"]}, "two": {**entry, "regions": ["r2"]}, "three": entry}, servers)
    assert clouds.counters.tokens == 1
    other = {**entry, "auth": {**entry["auth"], "project_name": "demo2"}}
    results = ask({"demo": entry, "demo2": other}, servers)
    assert clouds.counters.tokens == 2
    assert [result.location.project.name for result in results] == ["demo", "demo", "demo2", "demo2"]


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
    assert len({id(result.error) for result in results[:3]}) == 3, "each Location may add to its error"


def test_a_region_that_is_given_up_ends_no_other_one(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2, servers=1)
    first, second = map(Connection, CloudsYaml(clouds_config={"clouds": entries(clouds)}).regions("cloud1"))
    for connection in (first, second):
        connection.deadline = Deadline(1000.0)
    fault = clouds["cloud1"].fault("POST", "/auth/tokens", BlackHole(), times=1)

    def give_up() -> None:
        until(lambda: fault.struck)
        first.deadline.cancelled.set()

    thread = threading.Thread(target=give_up)
    thread.start()
    with pytest.raises(DeadlineError, match="interrupted"):
        first.authenticate()
    thread.join()
    assert servers(second) == 1


def test_who_waits_for_anothers_attempts_is_told_what_they_fail_with(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    first, second = map(Connection, CloudsYaml(clouds_config={"clouds": entries(clouds)}).regions("cloud1"))
    first.deadline = Deadline(1000.0)
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(500), times=1)
    stuck = clouds["cloud1"].fault("POST", "/auth/tokens", BlackHole())
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(first.authenticate)
        until(lambda: stuck.struck)
        second.deadline = Deadline(5.0)
        with pytest.raises(ServerError, match="500"):
            second.authenticate()
        first.deadline.cancelled.set()
        with pytest.raises(DeadlineError, match="interrupted"):
            asking.result()


def test_who_waits_is_told_nothing_of_interrupts_and_of_earlier_attempts(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=3)
    regions = CloudsYaml(clouds_config={"clouds": entries(clouds)}).regions("cloud1")
    first, second, third = map(Connection, regions)
    first.deadline, second.deadline = Deadline(1000.0), Deadline(1000.0)
    stuck = clouds["cloud1"].fault("POST", "/auth/tokens", BlackHole())
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(first.authenticate)
        until(lambda: stuck.struck == 1)
        first.deadline.cancelled.set()
        with pytest.raises(DeadlineError, match="interrupted"):
            asking.result()
        asking = pool.submit(second.authenticate)
        until(lambda: stuck.struck == 2)
        third.deadline = Deadline(5.0)
        with pytest.raises(DeadlineError, match="not finished within timeout"):
            third.authenticate()
        second.deadline.cancelled.set()
        with pytest.raises(DeadlineError, match="interrupted"):
            asking.result()


def test_a_renewal_that_failed_is_not_told_to_who_waits_later(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    first, second = map(Connection, CloudsYaml(clouds_config={"clouds": entries(clouds)}).regions("cloud1"))
    first.deadline = Deadline(1000.0)
    first.authenticate()
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(500), times=1)
    auth = first.region.auth
    auth._renew(first, lambda _token: False)
    assert auth._token
    auth.forget(first, auth._token.access.auth_token)
    stuck = clouds["cloud1"].fault("POST", "/auth/tokens", BlackHole())
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(first.authenticate)
        until(lambda: stuck.struck)
        second.deadline = Deadline(5.0)
        with pytest.raises(DeadlineError, match="not finished within timeout"):
            second.authenticate()
        first.deadline.cancelled.set()
        with pytest.raises(DeadlineError, match="interrupted"):
            asking.result()


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


@pytest.mark.slow
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
    ask({"cloud2": config["cloud2"]}, servers)  # its token is kept, so that it needs little of the timeout
    clouds.counters.reset()
    if action is None:
        clouds["cloud1"].refuse_connections()
    else:
        clouds["cloud1"].fault("*", "", action)
    start = time.monotonic()
    results = ask(config, servers, timeout=1.0)
    assert time.monotonic() - start < DEFAULT_API_TIMEOUT / 2  # by nothing but the timeout of the task
    ended = kinds(results)
    assert [ended[f"cloud2/r{number}/demo"] for number in (1, 2)] == [None, None]
    assert {ended[f"cloud1/r{number}/demo"] for number in (1, 2)} == {kind}
    assert sum(result.requests for result in results) >= count(clouds)


@pytest.mark.parametrize("body", [b'{"token": {}}', b"{}", b"[]", b'{"token": 5}', b"{", b""])
@pytest.mark.parametrize("headers", [JSON, {**JSON, "X-Subject-Token": "t"}])
def test_a_token_that_cannot_be_parsed(fake_openstack: Clouds, headers: dict[str, str], body: bytes) -> None:
    clouds = fake_openstack()
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(201, headers, body))
    result = ask_one(clouds, servers)
    assert kinds([result]) == {"cloud1/r1/demo": "server"}


def without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda token: token["catalog"][1]["endpoints"][0].pop(key)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        without("interface"),
        lambda token: token["catalog"][1].pop("type"),
        lambda token: token["catalog"].append("compute"),
        lambda token: token["catalog"][1].update(endpoints={"url": "x"}),
        lambda token: token["catalog"][1]["endpoints"][0].update(url={"href": "x"}),
        lambda token: token["catalog"][0]["endpoints"][0].update(region_id=5),
        lambda token: token["project"].update(name=["demo"]),
        lambda token: token["project"].update(domain="default"),
        lambda token: token.update(expires_at="2026-13-45T99:99:99Z"),
        lambda token: token.update(expires_at=10**40),
    ],
)
def test_a_token_of_another_shape(fake_openstack: Clouds, damage: Callable[[dict[str, Any]], object]) -> None:
    """Whoever reads it later relies on its shape: it is checked when it comes, and when it comes from the cache."""

    def damaged(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        damage(body["token"])
        return replace(answer, body=json.dumps(body).encode())

    clouds = fake_openstack(clouds=2, servers=1)
    clouds["cloud1"].fault("POST", "/auth/tokens", DistortAnswer(damaged))
    assert kinds(ask(clouds, servers)) == {"cloud1/r1/demo": "server", "cloud2/r1/demo": None}


def test_a_token_that_no_header_can_hold(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    change = DistortAnswer(lambda answer: replace(answer, headers={**answer.headers, "X-Subject-Token": "\u20ac"}))
    clouds["cloud1"].fault("POST", "/auth/tokens", change)
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "server"}


def test_what_was_sent_is_masked_in_what_is_answered(fake_openstack: Clouds) -> None:
    """Debug pages and proxies repeat requests: passwords and tokens."""
    clouds, word = fake_openstack(servers=1), "correct-h0rse-battery"
    config = entries(clouds)
    config["cloud1"]["auth"]["password"] = word
    refusal = json.dumps({"error": {"message": f"no user with {word}"}}).encode()
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401, JSON, refusal))
    refused = ask_one(config, servers)
    assert refused.failure
    assert "no user with ..." in refused.failure["error"]

    clouds["cloud1"].clear_faults()

    def reflected(answer: Answer) -> Answer:
        (token,) = clouds["cloud1"].keystone._tokens
        return replace(answer, status=403, body=json.dumps({"forbidden": {"message": f"not for {token}"}}).encode())

    clouds["cloud1"]["r1"].fault("GET", "/servers", DistortAnswer(reflected))
    forbidden = ask_one(clouds, servers)
    assert forbidden.failure
    assert "not for ..." in forbidden.failure["error"]


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ({"auth_type": "none"}, {}),
        (
            {"auth_type": "http_basic", "auth": {"username": "u", "password": "p4ss", "endpoint": "http://unused"}},
            {"Authorization": "Basic dTpwNHNz"},
        ),
        (
            {"auth_type": "admin_token", "auth": {"endpoint": "http://unused", "token": "t0ken"}},
            {"X-Auth-Token": "t0ken"},
        ),
    ],
    ids=["none", "http_basic", "admin_token"],
)
def test_services_that_clouds_yaml_names_need_no_keystone(
    web: Web, auth: dict[str, Any], headers: dict[str, str]
) -> None:
    web.answers = [whole(b'{"nodes": []}')]
    (result,) = gather(
        Target(clouds_config={"clouds": {"a": {**auth, "baremetal_endpoint_override": web.url}}}),
        lambda connection: service_at(connection, "baremetal").json("GET", "/v1/nodes"),
    )
    assert result.error is None
    assert result.value == {"nodes": []}
    assert headers.items() <= web.headers[-1].items()


# What Keystone refuses


def keystone_says(status: int, message: str, **headers: str) -> Answer:
    body = {"error": {"code": status, "message": message, "title": "x"}}
    return Answer(status, {**JSON, **headers}, json.dumps(body).encode(), after="body")


RECEIPT = {
    "receipt": {"methods": ["password"], "expires_at": "2026-11-26T12:00:00.000000Z", "user": {"id": "7"}},
    "required_auth_methods": [["password", "totp"]],
}
SECOND_FACTOR = {**JSON, "Openstack-Auth-Receipt": "gAAAAA"}


@pytest.mark.slow
@pytest.mark.parametrize("words", ["password", "v3password", "v3applicationcredential"])
@pytest.mark.parametrize(
    ("answer", "said", "hint"),
    [
        (
            keystone_says(404, "Could not find Application Credential: 7."),
            "Could not find Application Credential: 7. (HTTP 404)",
            "create another",
        ),
        (keystone_says(401, "The account is locked for user: 7."), "The account is locked", "Check user, password"),
        (keystone_says(401, "The password is expired for user: 7."), "is expired", "Check user, password"),
        (keystone_says(403, "You are not authorized to perform this."), "not authorized", "Check user, password"),
        (
            keystone_says(400, "Expecting to find domain in user."),
            "Keystone does not take the request for a token: Expecting to find domain in user.",
            "user_domain_name and project_domain_name",
        ),
        (keystone_says(400, "'7' is not of type 'object'"), "is not of type", "Check user, password"),
        (
            Answer(401, SECOND_FACTOR, json.dumps(RECEIPT).encode(), after="body"),
            "Keystone requires more than one factor of this user: [['password', 'totp']]",
            "v3multifactor",
        ),
    ],
    ids=["deleted", "locked", "expired", "forbidden", "domain", "malformed", "second factor"],
)
def test_a_refusal_of_keystone_is_told_by_its_cause_and_not_asked_for_again(
    fake_openstack: Clouds, words: str, answer: Answer, said: str, hint: str
) -> None:
    clouds = fake_openstack(regions=2)
    entry = clouds["cloud1"].entry(application_credential=words == "v3applicationcredential")
    fault = clouds["cloud1"].fault("POST", "/auth/tokens", answer)
    results = ask({"cloud1": {**entry, "auth_type": words, "connect_retries": 5}}, servers)
    assert fault.struck == 1
    for result in results:
        assert result.error is not None
        assert (result.error.kind, said in result.error.message) == ("auth", True)
        assert hint in result.error.hint


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"receipt": 5, "required_auth_methods": 5}'])
def test_a_second_factor_that_is_asked_for_in_other_words_is_not_asked_for_again(
    fake_openstack: Clouds, body: bytes
) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401, SECOND_FACTOR, body, after="body"))
    assert ask_one(clouds, servers).error is not None
    assert fault.struck == 1


@pytest.mark.parametrize("page", [b"<html><h1>Not Found</h1></html>", b'{"error": {"message": "The requested URL"}}'])
def test_another_server_than_keystone(fake_openstack: Clouds, page: bytes) -> None:
    clouds = fake_openstack()
    fault = clouds["cloud1"].fault("POST", "/auth/tokens", Answer(404, JSON, page))
    (error,) = [result.error for result in ask(clouds, servers)]
    assert error is not None
    assert (error.kind, fault.struck) == ("server", 1)
    assert error.message.startswith("no Keystone was found at http")
    assert "auth_url" in error.hint


def test_access_rules_are_named_and_the_token_is_kept(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"].keystone.access_rules = [{"service": "image", "method": "GET", "path": "/v2/images"}]
    config = {"cloud1": clouds["cloud1"].entry(application_credential=True)}
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(401))
    for _task in range(2):
        error = ask_one(config, servers).error
        assert error is not None
        assert error.kind == "auth"
        assert "the access rules of the application credential do not allow GET /v2.1" in error.message
        assert "/servers of the compute service" in error.message
        assert "access rule" in error.hint
    assert ask_one(config, images).error is None
    assert clouds.counters.tokens == 1
    assert len(token_files()) == 1


def test_a_revoked_token_with_access_rules_is_replaced(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    clouds["cloud1"].keystone.access_rules = [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]
    config = {"cloud1": clouds["cloud1"].entry(application_credential=True)}
    assert ask_one(config, servers).value == 1
    clouds["cloud1"].revoke_tokens()
    assert ask_one(config, servers).value == 1
    assert clouds.counters.tokens == 2


def test_a_service_that_rejects_each_token_is_not_taken_for_a_wrong_password(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(401))
    error = ask_one(clouds, servers).error
    assert error is not None
    assert "a token that Keystone has just issued" in error.hint


def test_a_service_that_rejects_a_password_of_clouds_yaml_is_sent_it_once(web: Web) -> None:
    web.answers = [whole(b"{}", 401)]
    auth = {"username": "u", "password": "p4ss", "endpoint": web.url}
    entry = {"auth_type": "http_basic", "auth": auth, "baremetal_endpoint_override": f"{web.url}/v1"}
    (result,) = ask({"a": entry}, lambda connection: service_at(connection, "baremetal").json("GET", "/nodes"))
    assert result.error is not None
    assert (result.error.kind, len(web.headers)) == ("auth", 1)
    assert "password" in result.error.hint


@pytest.mark.parametrize("url", ["https://v3", "https://v3/", "https://v3:5000", "https://a/?x=/v3"])
def test_a_host_that_is_called_like_a_version_is_none(url: str) -> None:
    """Keystone is asked for its versions where auth_url names none."""
    plugin = Password(auth_url=url, username="u", password="p")
    assert SharedAuth(plugin, "k", NoCache())._issuer(session=None) is plugin
