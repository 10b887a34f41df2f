# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has room for, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import Allowance
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Need, Space, survey_room
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import ask_one

SIZE = {"vcpus": 2, "ram": 1024, "disk": 5}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("network",))


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    region = clouds["cloud1"]["r1"]
    flavor(region.nova.resources, "small", **SIZE)
    add_image(region.glance, b"x", name="debian", min_ram=512, min_disk=2)
    network(region.neutron, project(clouds), "private")
    return region


def project(clouds: FakeOpenStack) -> str:
    return clouds["cloud1"].keystone.project_id("demo")


def named(**options: Any) -> Need:
    """What a server needs, by names."""
    networks = tuple({"name": name} for name in options.pop("networks", ["private"]))
    names = {"flavor": "small", "image": "debian"} | {
        key: options.pop(key) for key in ("flavor", "image") & options.keys()
    }
    references = {key: name and {"name": name} for key, name in names.items()}
    return Need(flavor=references["flavor"], image=references["image"], networks=networks, **options)


def space(clouds: FakeOpenStack, need: Need) -> Space:
    result = ask_one(clouds, lambda connection: survey_room(connection, need))
    assert result.value, result.error
    return result.value


def refused(clouds: FakeOpenStack, need: Need) -> OaktreeError:
    result = ask_one(clouds, lambda connection: survey_room(connection, need))
    assert result.error
    return result.error


def test_room(clouds: FakeOpenStack, region: Region) -> None:
    region.add_server(flavor="m1.large")
    region.nova.resources.quotas[project(clouds)] = {"instances": -1}
    region.neutron.add("ports", project(clouds), network_id="x")
    before = clouds.counters.requests(cloud="cloud1", region="r1")
    assert space(clouds, named(ports=1)) == Space(
        (
            Allowance("instances", None, 1, 1),
            Allowance("cores", 20, 4, 2),
            Allowance("ram", 51200, 8192, 1024),
            Allowance("ports", 500, 1, 1),
        )
    )
    assert clouds.counters.requests(cloud="cloud1", region="r1") - before <= 5 + 2  # and two discoveries


def test_zones_that_are_available(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.limits.zones = {"b": True, "broken": False, "a": True}
    assert space(clouds, named(spread=True)).zones == ("a", "b")
    assert space(clouds, named(zone="b")).zones == ("a", "b")
    assert space(clouds, named()).zones == ()
    error = refused(clouds, named(zone="broken"))
    assert (error.kind, error.message) == ("refused", "there is no available zone 'broken' here")


@pytest.mark.parametrize(
    ("need", "message"),
    [
        (named(flavor="huge"), "there is no compute.flavor named 'huge' here"),
        (Need(flavor="no-such-id"), "there is no compute.flavor with ID 'no-such-id' here"),
        (named(image="arch"), "there is no image.image named 'arch' here"),
        (named(networks=["dmz"]), "there is no network.network named 'dmz' here"),
        (named(image="queued"), "the image is queued"),
        (named(image="greedy"), "the image needs 4096 MiB of RAM, the flavor has 1024"),
        (named(image="large"), "the image needs a disk of 9 GiB, the flavor has 5"),
    ],
)
def test_what_a_location_lacks(clouds: FakeOpenStack, region: Region, need: Need, message: str) -> None:
    add_image(region.glance, b"x", name="queued").status = "queued"
    add_image(region.glance, b"x", name="greedy", min_ram=4096)
    add_image(region.glance, b"x", name="large").size = (8 << 30) + 1
    error = refused(clouds, need)
    assert (error.kind, error.message) == ("refused", message)


def test_by_id_and_without_an_image(clouds: FakeOpenStack, region: Region) -> None:
    (one,) = region.nova.resources.items["flavors"].values()
    assert space(clouds, Need(flavor=one["id"])).allowances[1] == Allowance("cores", 20, 0, 2)


def test_a_flavor_without_a_disk_takes_any_image(clouds: FakeOpenStack, region: Region) -> None:
    flavor(region.nova.resources, "diskless", **{**SIZE, "disk": 0})
    assert space(clouds, named(flavor="diskless")).allowances


@pytest.mark.parametrize("status", [403, 404])
def test_limits_that_may_not_be_asked(clouds: FakeOpenStack, region: Region, status: int) -> None:
    region.fault("GET", "/limits", Answer(status))
    region.fault("GET", "/quotas/", Answer(status))
    assert {each.limit for each in space(clouds, named(ports=1)).allowances} == {None}


def test_limits_that_cannot_be_asked(clouds: FakeOpenStack, region: Region) -> None:
    """A cloud that fails at the moment is none without limits."""
    region.fault("GET", "/limits", Answer(500))
    assert refused(clouds, named()).kind == "server"
