# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations as they are configured, and as they answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import AuthError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._location.locations import (
    PARTS,
    configured,
    location_record,
    probed,
    unconfigured_regions,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target
from tests.support.fake_openstack import Answer, DistortAnswer, FakeOpenStack
from tests.support.run_core import entries

Clouds = Callable[..., FakeOpenStack]
UNKNOWN = dict.fromkeys(
    (
        *("user", "roles", "token_expires_at", "service_types"),
        *("external_networks", "image_upload", "quotas", "services", "missing"),
    )
)


def target(clouds: FakeOpenStack, *locations: str, **more: Any) -> Target:
    return Target(locations or ("*",), clouds_config={"clouds": entries(clouds) | more}, timeout=10.0)


def places(results: list[Result[Any]]) -> list[str]:
    return [str(result.location) for result in results]


def test_the_configuration_is_read_without_asking_anybody(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=2)
    found = configured(target(clouds))
    assert places(found) == [f"cloud{cloud}/r{region}/demo" for cloud in (1, 2) for region in (1, 2)]
    assert {(result.value, result.error) for result in found} == {(None, None)}
    assert clouds.counters.requests() == 0


def test_a_cloud_that_cannot_be_configured_stands_in_its_place(fake_openstack: Clouds) -> None:
    results = configured(target(fake_openstack(clouds=2), cloud1b={"auth": 5}))
    assert places(results) == ["cloud1/r1/demo", "cloud1b", "cloud2/r1/demo"]
    assert [result.error and result.error.kind for result in results] == [None, "config", None]


@pytest.mark.parametrize("listing", [configured, partial(probed, parts=PARTS)], ids=["configured", "probed"])
def test_selections(fake_openstack: Clouds, listing: Callable[[Target], list[Result[Any]]]) -> None:
    clouds = fake_openstack(clouds=2, regions=2)
    assert places(listing(target(clouds, "*/r2", "!cloud1"))) == ["cloud2/r2/demo"]
    assert clouds.counters.requests(cloud="cloud1") == 0
    with pytest.raises(InputError):
        listing(target(clouds, "nowhere"))


@pytest.mark.parametrize("damage", [{"roles": [{}]}, {"roles": [{"name": 5}, {"name": "x"}]}, {"user": {"id": "x"}}])
def test_a_user_of_another_shape(fake_openstack: Clouds, damage: dict[str, Any]) -> None:
    def damaged(answer: Answer) -> Answer:
        return replace(answer, body=json.dumps({"token": json.loads(answer.body)["token"] | damage}).encode())

    clouds = fake_openstack(clouds=2)
    clouds["cloud1"].fault("POST", "/auth/tokens", DistortAnswer(damaged))
    found = probed(target(clouds), PARTS)
    assert [result.error and result.error.kind for result in found] == ["server", None]


def test_probes_tell_who_we_are_and_what_there_is(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(object_store=True)
    keystone = clouds["cloud1"].keystone
    (result,) = probed(target(clouds), PARTS)
    found = result.value or {}
    assert found["user"] == {
        "id": keystone.user_id("demo"),
        "name": "demo",
        "domain_id": "default",
        "domain_name": "Default",
    }
    assert found["roles"] == ["member", "reader"]
    assert found["service_types"] == ["compute", "identity", "image", "object-store"]
    assert found["image_upload"]["object_store"]["slo"] is True
    assert found["token_expires_at"].endswith("Z")
    assert result.requests == clouds.counters.requests()


def test_a_location_in_trouble_does_not_hide_the_others(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2)
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401))
    records = [location_record(result) for result in probed(target(clouds), PARTS)]
    assert [record["answers"] for record in records] == [False, True]
    assert {key: records[0][key] for key in UNKNOWN} == UNKNOWN
    assert records[0]["requests"] >= 1


@pytest.mark.parametrize(
    ("value", "error", "answers"),
    [(None, None, None), (None, AuthError("who?"), False), ({"roles": ["a"]}, None, True)],
)
def test_records_have_every_key(value: dict[str, Any] | None, error: AuthError | None, answers: object) -> None:
    here = Location("a", "r")
    record = location_record(Result(here, 1.23456, 7, value, error))
    expected = {"location": here.to_dict(), "answers": answers, **UNKNOWN, **(value or {})}
    assert record == {**expected, "seconds": 1.235, "requests": 7}


def test_regions_that_nobody_has_configured(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=3, regions=3)
    found = target(clouds, "cloud1/r2", "cloud2/*", "cloud3")
    config: Any = found.clouds_config
    config["clouds"]["cloud1"]["regions"] = ["r1", "r2"]
    config["clouds"]["cloud3"]["regions"] = ["r3"]
    results = probed(found, ())
    sent = clouds.counters.requests()
    assert unconfigured_regions(found, results) == [
        {"cloud": "cloud1", "region": "r3"},
        {"cloud": "cloud3", "region": "r1"},
        {"cloud": "cloud3", "region": "r2"},
    ]
    assert clouds.counters.requests() == sent


def test_a_region_that_the_token_names_is_none_that_is_missing(fake_openstack: Clouds) -> None:
    found = target(fake_openstack())
    config: Any = found.clouds_config
    del config["clouds"]["cloud1"]["regions"]
    results = probed(found, ())
    assert [result.location.region for result in results] == ["r1"]
    assert unconfigured_regions(found, results) == []


def test_a_cloud_that_does_not_answer_has_no_regions_to_tell_of(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401))
    found = target(clouds)
    assert unconfigured_regions(found, probed(found, ())) == []


def test_identity_alone_costs_a_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2)
    results = probed(target(clouds), ())
    assert [record["user"]["name"] for record in map(location_record, results)] == ["demo", "demo"]
    assert (clouds.counters.tokens, clouds.counters.requests()) == (1, 1)
