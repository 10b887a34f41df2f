# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of Locations: which are asked, which one is the reference, and how failures show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.report import DriftReport, find_drift
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import subjects
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import entries


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    """Two clouds with two regions each, of which each has a flavor of its own size."""
    made = fake_openstack(clouds=2, regions=2, more=("network",))
    for number, (cloud, region) in enumerate([("cloud1", "r1"), ("cloud1", "r2"), ("cloud2", "r1"), ("cloud2", "r2")]):
        flavor(made[cloud][region].nova.resources, "m", ram=100 + number)
    return made


def drift(
    clouds: FakeOpenStack | dict[str, Any],
    *types: str,
    locations: tuple[str, ...] = ("*",),
    reference: str | None = None,
    names: tuple[str, ...] = (),
) -> DriftReport:
    config = entries(clouds, "admin") if isinstance(clouds, FakeOpenStack) else clouds
    target = Target(locations, clouds_config={"clouds": config}, timeout=clock.turned(20.0))
    return find_drift(target, subjects(types or ["compute.flavor"], {}), names, reference)


def lines(report: DriftReport) -> list[str]:
    return [
        f"{row['type']} {row['location']['cloud']}/{row['location']['region']} {row['status']} {row['actual']}"
        for row in report.rows
    ]


def test_the_reference_need_not_be_selected(clouds: FakeOpenStack) -> None:
    report = drift(clouds, locations=("cloud1",), reference="cloud2/r2")
    assert lines(report) == ["compute.flavor cloud1/r1 differs 100", "compute.flavor cloud1/r2 differs 101"]
    assert {row["expected"] for row in report.rows} == {103}
    assert [visit["count"] for visit in report.to_dict()["locations"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("locations", "reference", "said"),
    [
        (("*",), "cloud1", "reference: 'cloud1' matches 2 Locations"),
        (("*",), "cloud3", "reference: 'cloud3' matches none of the configured clouds"),
        (("*",), "cloud1/r3", "reference: 'cloud1/r3' matches none of the configured Locations"),
        (("*", "!cloud2"), "cloud2/r1", "reference: cloud2/r1/admin is excluded by locations"),
    ],
)
def test_a_reference_that_cannot_be_used(
    clouds: FakeOpenStack, locations: tuple[str, ...], reference: str, said: str
) -> None:
    with pytest.raises(InputError) as raised:
        drift(clouds, locations=locations, reference=reference)
    assert said in raised.value.message
    assert clouds.counters.requests() == 0


def test_keystone_is_compared_once_for_each(clouds: FakeOpenStack) -> None:
    clouds["cloud2"].keystone.resources.add("roles", name="auditor")
    report = drift(clouds, "identity.role", "compute.flavor")
    assert lines(report)[3:] == ["identity.role cloud1/None missing None"]
    assert report.rows[3]["name"] == "auditor"
    assert clouds.counters.requests(path="/v3/roles") == 2
    assert [visit["location"]["region"] for visit in report.to_dict()["locations"]] == [None, "r1", "r2"] * 2


@pytest.mark.parametrize("reference", ["cloud1/r1", "cloud1/r2", "cloud2/r2"])
def test_a_region_as_reference_stands_for_its_keystone(clouds: FakeOpenStack, reference: str) -> None:
    clouds["cloud2"].keystone.resources.add("roles", name="auditor")
    report = drift(clouds, "identity.role", reference=reference)
    extra = reference.startswith("cloud1")
    assert lines(report) == [f"identity.role cloud{2 if extra else 1}/None {'extra' if extra else 'missing'} None"]


def test_two_users_of_one_keystone_count_once(clouds: FakeOpenStack) -> None:
    clouds["cloud2"].keystone.resources.add("roles", name="auditor")
    again = clouds["cloud2"].entry("admin")
    again["auth"] |= {"project_name": "demo"}
    config = {"again": again, **entries(clouds, "admin")}
    assert lines(drift(config, "identity.role")) == ["identity.role cloud1/None missing None"]
    assert clouds.counters.requests(path="/v3/roles") == 3


def test_of_several_users_of_one_keystone_the_first_counts_that_is_answered(clouds: FakeOpenStack) -> None:
    """An ordinary user may list no roles, which stays a failure."""
    clouds["cloud2"].keystone.resources.add("roles", name="auditor")
    config = {"again": clouds["cloud2"].entry("demo"), **entries(clouds, "admin")}
    report = drift(config, "identity.role", reference="cloud1/r1")
    assert lines(report) == ["identity.role cloud2/None extra None"]
    assert [result.error is not None for result in report.results] == [True, False, False]


def test_a_type_that_fails_leaves_the_others(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r2"].fault("GET", "/networks", Answer(403))
    report = drift(clouds, "compute.flavor", "network.network", names=("m",))
    unknown = [row for row in report.rows if row["status"] == "unknown"]
    found = [(row["type"], row["location"]["region"], row["name"]) for row in unknown]
    assert found == [("network.network", "r2", "m")]
    assert len([row for row in report.rows if row["type"] == "compute.flavor"]) == 3
    (error,) = [result.error for result in report.results if result.error]
    assert error.message.startswith("network.network: ")
    assert unknown[0]["reason"] in error.message
    assert report.to_dict()["locations"][1]["not_offered"] == []


@pytest.mark.usefixtures("fast_clock")
def test_a_service_that_cannot_be_reached_is_tried_for_one_type(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r1"].fault("GET", "/networks", LoseAnswer())
    report = drift(clouds, "compute.flavor", "network.network", "network.subnet", locations=("cloud1",))
    unknown = [(row["type"], row["location"]["region"]) for row in report.rows if row["status"] == "unknown"]
    assert unknown == [("network.network", "r1"), ("network.subnet", "r1")]
    assert clouds.counters.requests(path="/v2.0/subnets") == 1  # the other region's


@pytest.mark.usefixtures("fast_clock")
def test_a_service_that_is_only_referred_to_leaves_the_types_of_others(clouds: FakeOpenStack) -> None:
    """Without Glance, nobody knows the names of servers' images."""
    clouds["cloud1"]["r1"].add_server("web", project="admin", image_id="1")
    clouds["cloud1"]["r1"].fault("GET", "/v2/images", LoseAnswer())
    report = drift(clouds, "compute.flavor", "compute.server", "compute.server_group", locations=("cloud1/r1",))
    assert [(row["type"], row["status"]) for row in report.rows] == [("compute.server", "unknown")]


def test_a_cloud_that_cannot_be_configured_is_unknown(clouds: FakeOpenStack) -> None:
    config = {**entries(clouds), "broken": {"auth_type": "password", "auth": {"auth_url": "http://127.0.0.1:9/v3"}}}
    report = drift(config, locations=("cloud1/r1", "broken"))
    assert [(row["location"]["cloud"], row["status"]) for row in report.rows] == [("broken", "unknown")]
    assert report.to_dict()["consistent"] is False
    assert report.to_dict()["locations"][0]["not_offered"] is None
    report = drift(config, locations=("cloud1/r1",), reference="broken")
    assert {row["status"] for row in report.rows} == {"unknown"}
    assert len(report.rows) == 2


def test_two_runs_return_the_same(clouds: FakeOpenStack) -> None:
    first, second = (drift(clouds, "compute.flavor", "identity.role", "network.network").rows for _run in range(2))
    assert first == second
    assert first
