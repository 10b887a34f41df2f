# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has room for, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import Allowance
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Space, survey_room
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import BootVolume, Nic, WantedServer
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack, Region, edit_answer
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import ask_one

SIZE = {"vcpus": 2, "ram": 1024, "disk": 5}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("network", "block-storage"))


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    region = clouds["cloud1"]["r1"]
    flavor(region.nova.resources, "small", **SIZE)
    add_image(region.glance, b"x", name="debian", min_ram=512, min_disk=2)
    network(region.neutron, project(clouds), "private")
    return region


def project(clouds: FakeOpenStack) -> str:
    return clouds["cloud1"].keystone.project_id("demo")


def named(networks: tuple[str, ...] = ("private",), **options: Any) -> WantedServer:
    """A server that is wanted, by names."""
    names = {key: {"name": options.pop(key, usual)} for key, usual in (("flavor", "small"), ("image", "debian"))}
    nics = tuple(Nic({"name": name}) for name in networks)
    return WantedServer("web", networks=nics, **{**names, **options})


def space(clouds: FakeOpenStack, wanted: WantedServer, *, spread: bool = False) -> Space:
    result = ask_one(clouds, lambda connection: survey_room(connection, wanted, spread=spread))
    assert result.value, result.error
    return result.value


def refused(clouds: FakeOpenStack, wanted: WantedServer) -> OaktreeError:
    result = ask_one(clouds, lambda connection: survey_room(connection, wanted, spread=False))
    assert result.error
    return result.error


def test_room(clouds: FakeOpenStack, region: Region) -> None:
    region.add_server(flavor="m1.large")
    region.nova.resources.quotas[project(clouds)] = {"instances": -1}
    region.neutron.add("ports", project(clouds), network_id="x")
    before = clouds.counters.requests(cloud="cloud1", region="r1")
    assert space(clouds, named()).allowances == (
        Allowance("instances", None, 1, 1),
        Allowance("cores", 20, 4, 2),
        Allowance("ram", 51200, 8192, 1024),
        Allowance("ports", 500, 1, 1),
    )
    assert (
        clouds.counters.requests(cloud="cloud1", region="r1") - before == 7 + 1
    )  # Neutron's URL in the catalog says no version


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize(
    ("networks", "ports"),
    [
        (None, ["1"]),
        ((), []),
        ((Nic({"name": "private"}), Nic({"name": "private"}), Nic(port={"id": "p1"})), ["2"]),
        ((Nic(port={"id": "p1"}),), []),
    ],
)
def test_ports_that_are_made(clouds: FakeOpenStack, networks: tuple[Nic, ...] | None, ports: list[str]) -> None:
    found = space(clouds, replace(named(), networks=networks)).allowances
    assert [str(each.need) for each in found if each.name == "ports"] == ports


def test_volumes(clouds: FakeOpenStack, region: Region) -> None:
    region.cinder.add("volumes", project(clouds), size=3)
    assert space(clouds, named(boot_volume=BootVolume(7))).allowances[-2:] == (
        Allowance("volumes", 10, 1, 1),
        Allowance("gigabytes", 1000, 3, 7),
    )


def test_zones_that_are_available(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.limits.zones = {"b": True, "broken": False, "a": True}
    assert space(clouds, named(), spread=True).zones == ("a", "b")
    assert space(clouds, named(availability_zone="b")).zones == ("a", "b")
    assert space(clouds, named(availability_zone="b:host-7")).zones == ("a", "b")
    assert space(clouds, named()).zones == ()
    error = refused(clouds, named(availability_zone="broken"))
    assert (error.kind, error.message) == ("refused", "there is no available zone 'broken' here")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (named(flavor="huge"), "there is no compute.flavor named 'huge' here"),
        (replace(named(), flavor={"id": "f1"}), "there is no flavor with the ID f1 here"),
        (named(image="arch"), "there is no image 'arch' here"),
        (named(networks=("dmz",)), "there is no network.network named 'dmz' here"),
        (named(image="greedy"), "the image needs 4096 MiB of RAM, and there are 1024"),
        (named(image="large"), "the image needs 9 GiB of disk, and there are 5"),
        (named(image="large", boot_volume=BootVolume(8)), "the image needs 9 GiB of disk, and there are 8"),
    ],
)
def test_what_a_location_lacks(clouds: FakeOpenStack, region: Region, wanted: WantedServer, message: str) -> None:
    add_image(region.glance, b"x", name="greedy", min_ram=4096)
    add_image(region.glance, b"x", name="large").size = (8 << 30) + 1
    error = refused(clouds, wanted)
    assert (error.kind, error.message) == ("refused", message)


def test_an_image_that_is_not_ready(clouds: FakeOpenStack, region: Region) -> None:
    image = add_image(region.glance, b"x", name="queued")
    image.status = "queued"
    error = refused(clouds, replace(named(), image={"id": image.id}))
    assert (error.kind, error.message) == ("refused", "the image is queued")


def test_a_flavor_without_a_disk_takes_any_image(clouds: FakeOpenStack, region: Region) -> None:
    flavor(region.nova.resources, "diskless", **{**SIZE, "disk": 0})
    assert space(clouds, named(flavor="diskless")).allowances


@pytest.mark.parametrize("status", [403, 404])
def test_limits_that_may_not_be_asked(clouds: FakeOpenStack, region: Region, status: int) -> None:
    region.fault("GET", "/limits", Answer(status))
    region.fault("GET", "/quotas/", Answer(status))
    assert {each.limit for each in space(clouds, named()).allowances} == set()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/limits", {"limits": []}),
        ("/limits", {"limits": {"absolute": {"maxTotalCores": "many"}}}),
        ("/quotas/", {"quota": {"port": 5}}),
        ("/os-availability-zone", {"availabilityZoneInfo": [{"zoneName": "a"}]}),
    ],
)
def test_answers_that_make_no_sense(clouds: FakeOpenStack, region: Region, path: str, answer: dict[str, Any]) -> None:
    region.fault("GET", path, edit_answer(lambda _shown: answer))
    error = refused(clouds, named(availability_zone="nova"))
    assert error.kind == "server"
    assert "cannot be parsed" in error.message


@pytest.mark.slow
def test_limits_that_cannot_be_asked(clouds: FakeOpenStack, region: Region) -> None:
    """A cloud that fails at the moment is none without limits."""
    region.fault("GET", "/limits", Answer(500))
    assert refused(clouds, named()).kind == "server"
