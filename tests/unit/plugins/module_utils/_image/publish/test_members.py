# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects with which an image is shared: by ID or name, accepting it where their Locations are selected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.members import find_projects, resolve
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.glance_images import Image
from tests.support.image_site import NAME
from tests.support.run_core import ask_one
from tests.support.run_module import ModuleRun, run_module

HEX = "0123456789abcdef" * 2
KNOWN = [Project("id-1", "demo"), Project("id-2", "demo2", "d1"), Project("id-3", "demo2", "d2"), Project(HEX, "x")]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (("demo",), ("id-1",)),
        (("id-2", "demo", "id-1"), ("id-2", "id-1")),
        ((HEX, "f" * 32), (HEX, "f" * 32)),
        (("01234567-89ab-cdef-0123-456789abcdef",), ("01234567-89ab-cdef-0123-456789abcdef",)),
        (("own", "demo"), ("id-1",)),
        ((), ()),
    ],
)
def test_names_and_ids(members: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert resolve(members, [*KNOWN, Project("id-9", "own")], "id-9") == found


@pytest.mark.parametrize(
    ("member", "said", "hint"),
    [
        ("demo2", "several projects are called 'demo2'", "Name one by ID: id-2, id-3."),
        ("nobody", "no project 'nobody' is known here", "by its ID"),
        ("", "no project '' is known here", "by its ID"),
        (HEX[:31], "no project", "by its ID"),
    ],
)
def test_names_that_do_not_name_one_project(member: str, said: str, hint: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        resolve((member,), KNOWN, None)
    assert hint in raised.value.hint


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(regions=2)


@pytest.mark.parametrize(
    ("user", "members", "names", "requests"),
    [
        ("demo", (HEX,), [], (0, 0)),
        ("demo", ("demo2",), ["demo", "demo2"], (1, 0)),
        ("demo", ("admin",), ["demo", "demo2"], (1, 1)),
        ("admin", ("demo2",), ["admin", "demo", "demo2"], (1, 1)),
    ],
)
def test_keystone_is_asked_for_names_only(
    clouds: FakeOpenStack, user: str, members: tuple[str, ...], names: list[str], requests: tuple[int, int]
) -> None:
    entry = {**clouds["cloud1"].entry(user), "regions": ["r1"]}
    result = ask_one({"cloud1": entry}, lambda connection: find_projects(connection, members))
    assert result.value is not None, result.error
    assert [project.name for project in result.value] == names
    count = clouds.counters.requests
    assert (count(path="/v3/auth/projects"), count(path="/v3/projects")) == requests


Run = Callable[..., ModuleRun]


@pytest.fixture
def share(clouds: FakeOpenStack, tmp_path: Path) -> Run:
    """Publish from the project demo: entry ``sender``; the project demo2 is the entry ``receiver``."""
    sender = clouds["cloud1"].entry()
    receiver = {**sender, "auth": {**sender["auth"], "project_name": "demo2"}}
    (tmp_path / "image").write_bytes(b"data\0" * 1000)
    config = {"clouds": {"sender": sender, "receiver": receiver}}

    def run(*locations: str, **options: Any) -> ModuleRun:
        where = {"locations": list(locations or ["sender/r1"]), "clouds_config": config}
        return run_module("image", **{"name": NAME, "path": str(tmp_path / "image"), **where, **options})

    return run


def images(clouds: FakeOpenStack, region: str = "r1") -> dict[str, Image]:
    """The images of the region, by the names of their projects."""
    cloud = clouds["cloud1"]
    names = {cloud.keystone.project_id(name): name for name in ("demo", "demo2")}
    return {names[str(image.owner)]: image for image in cloud[region].glance.images.values()}


def said(clouds: FakeOpenStack, region: str = "r1") -> dict[str, str]:
    """What demo2 says to the image of demo."""
    (demo2,) = [clouds["cloud1"].keystone.project_id("demo2")]
    members = images(clouds, region)["demo"].members
    assert members.keys() <= {demo2}
    return {"demo2": members[demo2]} if members else {}


def changes(run: ModuleRun) -> dict[str, str]:
    """What was done in each Location, none of which may fail."""
    assert run.ok, run["failures"]
    return {f"{one['location']['cloud']}/{one['location']['region']}": one["action"] for one in run["results"]}


def test_a_project_that_is_selected_as_well_accepts_the_image(clouds: FakeOpenStack, share: Run) -> None:
    first = share("sender/r1", "receiver/r1", members=["demo2"])
    assert changes(first) == {"sender/r1": "created", "receiver/r1": "created"}
    assert said(clouds) == {"demo2": "accepted"}
    assert images(clouds)["demo2"].members == {}  # no image is shared with its own project
    assert [result["notes"] for result in first["results"]] == [[], []]
    again = share("sender/r1", "receiver/r1", members=["demo2"])
    assert changes(again) == {"sender/r1": "unchanged", "receiver/r1": "unchanged"}
    assert clouds.counters.requests(method="PUT", path="/v2/images/{image_id}/members/{member}") == 1


def test_what_is_pending_is_reported_and_accepted_when_the_project_is_selected(
    clouds: FakeOpenStack, share: Run
) -> None:
    demo2 = clouds["cloud1"].keystone.project_id("demo2")
    for action in ("created", "unchanged"):
        (result,) = share(members=[demo2])["results"]
        (note,) = result["notes"]
        assert f"the project {demo2} has not accepted the image (pending)" in note
        assert result["action"] == action
    assert said(clouds) == {"demo2": "pending"}
    planned = share("sender/r1", "receiver/r1", members=[demo2], _ansible_check_mode=True)
    assert changes(planned)["sender/r1"] == "updated"
    assert said(clouds) == {"demo2": "pending"}
    assert changes(share("sender/r1", "receiver/r1", members=[demo2]))["sender/r1"] == "updated"
    assert said(clouds) == {"demo2": "accepted"}


def test_another_region_is_another_image_service(clouds: FakeOpenStack, share: Run) -> None:
    assert share("sender/r1", "receiver/r2", members=["demo2"]).ok
    assert said(clouds) == {"demo2": "pending"}


def test_members_of_a_replaced_image_accept_the_new_one(clouds: FakeOpenStack, share: Run, tmp_path: Path) -> None:
    share("sender/r1", "receiver/r1", members=["demo2"])
    (tmp_path / "image").write_bytes(b"more\0" * 1000)
    assert changes(share("sender/r1", "receiver/r1"))["sender/r1"] == "replaced"
    assert said(clouds) == {"demo2": "accepted"}
    (tmp_path / "image").write_bytes(b"yet more\0" * 1000)
    (result,) = share("sender/r1")["results"]
    assert any("has not accepted the image (pending)" in note for note in result["notes"])


def test_an_acceptance_that_is_refused_is_reported(clouds: FakeOpenStack, share: Run) -> None:
    clouds["cloud1"]["r1"].fault("PUT", "/members/", Answer(403))
    run = share("sender/r1", "receiver/r1", members=["demo2"])
    assert changes(run)["sender/r1"] == "created"
    (note,) = [note for result in run["results"] for note in result["notes"]]
    assert "receiver/r1/demo2 could not accept the image" in note
    assert said(clouds) == {"demo2": "pending"}


def test_a_name_that_nobody_knows_changes_nothing(clouds: FakeOpenStack, share: Run) -> None:
    share(members=["demo2"])
    clouds.counters.reset()
    (failure,) = share(members=["demo3"])["failures"]
    assert failure["kind"] == "input"
    assert "no project 'demo3' is known here" in failure["error"]
    assert said(clouds) == {"demo2": "pending"}
    assert not any(clouds.counters.requests(method=method, service="image") for method in ("POST", "PUT", "DELETE"))


def test_a_name_is_resolved_by_the_selected_locations_where_keystone_does_not_tell(
    clouds: FakeOpenStack, share: Run
) -> None:
    clouds["cloud1"].fault("GET", "/projects", Answer(403))
    assert share("sender/r1", "receiver/r1", members=["demo2"]).ok
    assert said(clouds) == {"demo2": "accepted"}


def test_an_image_that_is_to_go_needs_no_members(clouds: FakeOpenStack, share: Run) -> None:
    share()
    clouds.counters.reset()
    assert changes(share(members=["demo3"], state="absent", path=None)) == {"sender/r1": "deleted"}
    assert clouds.counters.requests(path="/v3/auth/projects") == 0
