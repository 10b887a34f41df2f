# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement knows of a Location, and what it cannot remove there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError, QuotaError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.boot import unanswered
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import Blueprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import (
    Allowance,
    Assignment,
    PlaceOptions,
    Room,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Space
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.site import ZONE, Site
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import WantedServer
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import connect

pytestmark = pytest.mark.usefixtures("fast_clock")

WANTED = WantedServer(
    "web", count=3, flavor={"name": "small"}, image={"name": "debian"}, networks=(), wait_timeout=1000.0
)
MINE: dict[str, Any] = {"metadata": {KEY: "mine"}}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    region = clouds["cloud1"]["r1"]
    flavor(region.nova.resources, "small")
    add_image(region.glance, b"x", name="debian")
    return region


@pytest.fixture
def site(clouds: FakeOpenStack, region: Region) -> Site:
    assert region.name == "r1"
    return Site(connect(clouds, timeout=2000.0), 0)


def names(servers: list[Any]) -> list[str]:
    return sorted(server["name"] for server in servers)


def test_room_is_what_is_left_of_it(site: Site) -> None:
    site.space = Space(Blueprint({}), (Allowance("cores", 10, 4, 2), Allowance("ram", None, 1, 512)), ("a", "b"))
    site.items = {"web-1": ({"name": "web-1", ZONE: "b"},), "web-2": ({"name": "web-2", ZONE: None},)}
    site.given = 2
    allowances = (Allowance("cores", 10, 8, 2), Allowance("ram", None, 1025, 512))
    assert site.room() == Room(0, 2, {"a": 0, "b": 1}, allowances)
    site.close(QuotaError("no"))
    site.close(QuotaError("no more"))
    assert site.room().closed
    assert str(site.error) == "no"


def test_a_location_that_was_not_asked_has_room() -> None:
    site = Site(connection=None, position=3)  # type: ignore[arg-type]
    assert site.room() == Room(3)


def test_what_is_found(site: Site, region: Region) -> None:
    region.add_server("web-1")
    region.add_server("web-2", status="ERROR", launched=False, **MINE)
    region.add_server("web-3", status="BUILD", **MINE)
    region.add_server("web-4")
    site.look(WANTED)
    assert sorted(site.items) == ["web-1", "web-3"]
    assert (names(site.doomed), names(site.begun)) == (["web-2"], ["web-3"])


def test_what_others_build_is_not_waited_for(site: Site, region: Region) -> None:
    region.add_server("web-1", status="BUILD", metadata={})
    site.look(WANTED)
    assert (site.begun, site.doomed) == ([], [])


def test_what_failed_and_cannot_be_removed(site: Site, region: Region) -> None:
    """Nobody may place another one of the name meanwhile."""
    region.add_server("web-2", status="ERROR", launched=False, **MINE)
    region.fault("DELETE", "/servers/", Answer(403))
    site.look(WANTED)
    site.settle(WANTED)
    assert list(site.doubtful) == ["web-2"]
    assert site.error is site.doubtful["web-2"]
    assert "could not be removed" in str(site.error)
    assert not site.items


def test_build_ends_with_the_first_that_is_refused(site: Site, region: Region, clouds: FakeOpenStack) -> None:
    project = clouds["cloud1"].keystone.project_id("demo")
    site.survey(WANTED, PlaceOptions(), check_mode=False)
    region.nova.resources.quotas[project] = {"instances": 1}
    site.build(WANTED, [Assignment(name, 0) for name in WANTED.names], 1000.0)
    assert list(site.built) == ["web-1"]
    assert (site.error.kind if site.error else None, site.doubtful) == ("quota", {})
    assert clouds.counters.requests(method="POST", path="/v2.1/servers") == 2


def test_what_failed_to_build_and_cannot_be_removed(site: Site, region: Region) -> None:
    region.nova.builds.fails = lambda _server: "No valid host was found. "
    region.fault("DELETE", "/servers/", Answer(403))
    site.survey(WANTED, PlaceOptions(), check_mode=False)
    site.build(WANTED, [Assignment("web-1", 0)], 1000.0)
    assert (list(site.built), list(site.items), list(site.doubtful)) == ([], [], ["web-1"])


def appeared(site: Site, region: Region) -> None:
    """The answer to a creation is lost, the server is not found, and then it is there."""
    region.fault("POST", "/servers$", LoseAnswer(), times=1)
    region.fault("GET", "/servers/detail", Answer(403), times=1)
    site.survey(WANTED, PlaceOptions(), check_mode=False)
    site.build(WANTED, [Assignment("web-1", 0)], 1000.0)
    assert list(unanswered(site.connection).values()) == ["web-1"]
    assert len(region.nova.servers) == 1


def test_what_has_appeared_and_is_elsewhere(site: Site, region: Region) -> None:
    appeared(site, region)
    region.add_server("web-1", metadata={})  # somebody else's
    site.recheck(["web-2"])
    assert len(region.nova.servers) == 2
    site.recheck(["web-1"])
    assert [server.metadata for server in region.nova.servers] == [{}]
    assert site.wrong is None


def test_what_has_appeared_and_cannot_be_removed(site: Site, region: Region) -> None:
    appeared(site, region)
    region.fault("DELETE", "/servers/", Answer(403))
    site.recheck(["web-1"])
    assert isinstance(site.wrong, OaktreeError)
    assert site.wrong.kind == "conflict"


def test_check_mode_takes_what_is_missing_for_something_to_come(site: Site) -> None:
    wanted = replace(WANTED, image={"name": "new"})
    site.survey(wanted, PlaceOptions(), check_mode=True)
    site.plan(wanted, [Assignment("web-1", 0, "a")])
    assert site.built["web-1"].notes == ("there is no image 'new' here: it has to be created first",)
    assert site.built["web-1"].after["availability_zone"] == "a"
    assert not site.room().closed
