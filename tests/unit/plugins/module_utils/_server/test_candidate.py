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
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.candidate import Candidate
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import Blueprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.nova import ZONE
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import (
    Allowance,
    Assignment,
    PlaceOptions,
    Room,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.room import Space
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import BootVolume, WantedServer
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
    return furnished(clouds["cloud1"]["r1"])


def furnished(region: Region) -> Region:
    """The region, with what a server needs."""
    flavor(region.nova.resources, "small")
    add_image(region.glance, b"x", name="debian")
    return region


@pytest.fixture
def candidate(clouds: FakeOpenStack, region: Region) -> Candidate:
    assert region.name == "r1"
    return Candidate(connect(clouds, timeout=2000.0), 0)


def names(servers: list[Any]) -> list[str]:
    return sorted(server["name"] for server in servers)


def test_room_is_what_is_left_of_it(candidate: Candidate) -> None:
    candidate.space = Space(Blueprint({}), (Allowance("cores", 10, 4, 2), Allowance("ram", None, 1, 512)), ("a", "b"))
    candidate.items = {"web-1": ({"name": "web-1", ZONE: "b"},), "web-2": ({"name": "web-2", ZONE: None},)}
    candidate.given = 2
    allowances = (Allowance("cores", 10, 8, 2), Allowance("ram", None, 1025, 512))
    assert candidate.room() == Room(0, 2, {"a": 0, "b": 1}, allowances)
    candidate.close(QuotaError("no"))
    candidate.close(QuotaError("no more"))
    assert candidate.room().closed
    assert str(candidate.error) == "no"


def test_a_location_that_was_not_asked_has_room() -> None:
    candidate = Candidate(connection=None, position=3)  # type: ignore[arg-type]
    assert candidate.room() == Room(3)


def test_what_is_found(candidate: Candidate, region: Region) -> None:
    region.add_server("web-1")
    region.add_server("web-2", status="ERROR", launched=False, **MINE)
    region.add_server("web-3", status="BUILD", **MINE)
    region.add_server("web-4")
    candidate.look(WANTED)
    assert sorted(candidate.items) == ["web-1", "web-3"]
    assert (names(candidate.doomed), names(candidate.begun)) == (["web-2"], ["web-3"])


def test_what_others_build_is_not_waited_for(candidate: Candidate, region: Region) -> None:
    region.add_server("web-1", status="BUILD", metadata={})
    candidate.look(WANTED)
    assert (candidate.begun, candidate.doomed) == ([], [])


def test_what_failed_and_cannot_be_removed(candidate: Candidate, region: Region) -> None:
    """Nobody may place another one of the name meanwhile."""
    region.add_server("web-2", status="ERROR", launched=False, **MINE)
    region.fault("DELETE", "/servers/", Answer(403))
    candidate.look(WANTED)
    candidate.settle(WANTED)
    assert list(candidate.doubtful) == ["web-2"]
    assert candidate.error is candidate.doubtful["web-2"]
    assert "could not be removed" in str(candidate.error)
    assert not candidate.items


def test_a_lasting_boot_volume_goes_with_what_failed(
    fake_openstack: Callable[..., FakeOpenStack],
) -> None:
    clouds = fake_openstack(more=("block-storage",))
    region = furnished(clouds["cloud1"]["r1"])
    data = region.cinder.add("volumes", clouds["cloud1"].keystone.project_id("demo"), name="data", size=1)
    wanted = replace(
        WANTED, count=None, volumes=({"name": "data"},), boot_volume=BootVolume(1, delete_on_termination=False)
    )
    candidate = Candidate(connect(clouds, timeout=2000.0), 0)
    candidate.survey(wanted, PlaceOptions(), check_mode=False)
    candidate.build(replace(wanted, wait=False), [Assignment("web", 0)], 1000.0)
    (server,) = region.nova.servers
    server.status, server.then, server.launched = "ERROR", None, False
    assert len(region.cinder.items["volumes"]) == 2
    candidate.look(wanted)
    candidate.settle(wanted)
    kept = [volume["id"] for volume in region.cinder.items["volumes"].values() if volume["status"] != "deleting"]
    assert (region.nova.servers, kept) == ([], [data["id"]])


def test_what_is_gone_but_for_its_boot_volume_may_be_placed_elsewhere(
    fake_openstack: Callable[..., FakeOpenStack],
) -> None:
    clouds = fake_openstack(more=("block-storage",))
    region = furnished(clouds["cloud1"]["r1"])
    wanted = replace(WANTED, count=None, boot_volume=BootVolume(1, delete_on_termination=False))
    region.nova.builds.copies = -1
    region.nova.builds.fails = lambda _server: "Build aborted"
    candidate = Candidate(connect(clouds, timeout=2000.0), 0)
    candidate.survey(wanted, PlaceOptions(), check_mode=False)
    candidate.build(wanted, [Assignment("web", 0)], 1000.0)
    assert candidate.error
    assert "the boot volume of server 'web'" in candidate.error.message
    assert candidate.doubtful == {}


def test_what_stays_of_a_leftover_that_is_gone_is_noted(candidate: Candidate, region: Region) -> None:
    region.add_server("web", status="ERROR", launched=False, volumes=[], fault="Build aborted", **MINE)
    wanted = replace(WANTED, count=None, boot_volume=BootVolume(1, delete_on_termination=False))
    candidate.look(wanted)
    candidate.settle(wanted)
    assert ([note[:26] for note in candidate.notes], candidate.doubtful) == (["the boot volume of server "], {})


def test_build_ends_with_the_first_that_is_refused(candidate: Candidate, region: Region, clouds: FakeOpenStack) -> None:
    project = clouds["cloud1"].keystone.project_id("demo")
    candidate.survey(WANTED, PlaceOptions(), check_mode=False)
    region.nova.resources.quotas[project] = {"instances": 1}
    candidate.build(WANTED, [Assignment(name, 0) for name in WANTED.names], 1000.0)
    assert list(candidate.built) == ["web-1"]
    assert (candidate.error.kind if candidate.error else None, candidate.doubtful) == ("quota", {})
    assert clouds.counters.requests(method="POST", path="/v2.1/servers") == 2


def test_what_failed_to_build_and_cannot_be_removed(candidate: Candidate, region: Region) -> None:
    region.nova.builds.fails = lambda _server: "No valid host was found. "
    region.fault("DELETE", "/servers/", Answer(403))
    candidate.survey(WANTED, PlaceOptions(), check_mode=False)
    candidate.build(WANTED, [Assignment("web-1", 0)], 1000.0)
    assert (list(candidate.built), list(candidate.items), list(candidate.doubtful)) == ([], [], ["web-1"])


def appeared(candidate: Candidate, region: Region) -> None:
    """The answer to a creation is lost, the server is not found, and then it is there."""
    region.fault("POST", "/servers$", LoseAnswer(), times=1)
    region.fault("GET", "/servers/detail", Answer(403), times=1)
    candidate.survey(WANTED, PlaceOptions(), check_mode=False)
    candidate.build(WANTED, [Assignment("web-1", 0)], 1000.0)
    assert list(unanswered(candidate.connection).values()) == ["web-1"]
    assert len(region.nova.servers) == 1


def test_what_has_appeared_and_is_elsewhere(candidate: Candidate, region: Region) -> None:
    appeared(candidate, region)
    region.add_server("web-1", metadata={})  # somebody else's
    candidate.recheck(WANTED, ["web-2"])
    assert len(region.nova.servers) == 2
    candidate.recheck(WANTED, ["web-1"])
    assert [server.metadata for server in region.nova.servers] == [{}]
    assert candidate.wrong is None


def test_what_has_appeared_and_cannot_be_removed(candidate: Candidate, region: Region) -> None:
    appeared(candidate, region)
    region.fault("DELETE", "/servers/", Answer(403))
    candidate.recheck(WANTED, ["web-1"])
    assert isinstance(candidate.wrong, OaktreeError)
    assert candidate.wrong.kind == "conflict"


def test_check_mode_takes_what_is_missing_for_something_to_come(candidate: Candidate) -> None:
    wanted = replace(WANTED, image={"name": "new"})
    candidate.survey(wanted, PlaceOptions(), check_mode=True)
    candidate.plan(wanted, [Assignment("web-1", 0, "a")])
    assert candidate.built["web-1"].notes == ("there is no image 'new' here: it has to be created first",)
    assert candidate.built["web-1"].after["availability_zone"] == "a"
    assert not candidate.room().closed
