# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a verified upload to the image that users see, and what becomes of the one before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.client import glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import REPLACES, UPLOAD, pointer
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.finalize import claimed, publication
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from tests.support.fake_openstack import Answer, LoseAnswer
from tests.support.image_contexts import OLD, case
from tests.support.image_site import NAME, Site
from tests.support.run_core import ask_one


def test_name_metadata_and_marker_are_one_request() -> None:
    context = case("a", wanted={"properties": {"a": "1"}})
    operations = publication(context.desired, make_plan(context))
    assert operations[0] == {"op": "replace", "path": "/name", "value": "thing"}
    assert operations[-1] == {"op": "remove", "path": pointer(UPLOAD)}
    assert {"op": "add", "path": "/a", "value": "1"} in operations


def test_a_replacement_names_what_it_replaces() -> None:
    operations = publication(Desired("thing", "present"), make_plan(case("a", None, OLD, origin=case("a").origin)))
    assert {"op": "add", "path": pointer(REPLACES), "value": OLD["id"]} in operations


@pytest.fixture
def made(site: Callable[..., Site]) -> Site:
    made = site("v2")
    assert made.act(visibility="private") == ["created"]
    return made


def images(site: Site) -> dict[str, Any]:
    return {image.fields["name"]: image for image in site.region.glance.images.values()}


def test_a_kept_image_is_hidden_and_deactivated_under_another_name(made: Site) -> None:
    (first,) = made.region.glance.images
    made.write(b"second" * 1000)
    assert made.act(on_change="keep", keep_deactivated=True) == ["replaced"]
    kept = made.region.glance.images[first]
    assert kept.fields["name"].startswith(f"{NAME}-20")
    assert (kept.fields["os_hidden"], kept.status) == (True, "deactivated")


def test_only_so_many_are_kept(made: Site) -> None:
    for number in range(3):
        made.write(b"%d" % number * 5000)
        assert made.act(on_change="keep", keep_last=1) == ["replaced"]
    assert len(made.region.glance.images) == 2


def test_an_image_in_use_is_set_aside(made: Site) -> None:
    (first,) = made.region.glance.images
    made.write(b"second" * 1000)
    made.region.fault("DELETE", first, Answer(409))
    done = made.run()
    (result,) = done["results"]
    assert result["action"] == "replaced"
    assert f"the replaced image {first} stays, hidden, as '{NAME}.replaced-{first[:8]}'" in result["notes"][0]
    assert set(images(made)) == {NAME, f"{NAME}.replaced-{first[:8]}"}


PROJECTS = {"a" * 32: "pending", "b" * 32: "pending"}


def test_the_members_of_a_replaced_image_are_not_lost_where_a_run_ends_between(made: Site) -> None:
    """The next run has nothing to upload, and deletes the image that still has them."""
    assert made.act(visibility="shared", members=list(PROJECTS)) == ["updated"]
    made.write(b"second" * 1000)
    made.region.fault("POST", "/members$", Answer(403), times=1)
    made.fail()
    assert len(made.region.glance.images) == 2
    (result,) = made.run()["results"]
    assert [note.split()[3] for note in result["notes"]] == list(PROJECTS)
    assert images(made)[NAME].members == PROJECTS
    assert len(made.region.glance.images) == 1
    assert made.act() == ["unchanged"]


def test_members_that_the_task_names_count_before_those_of_the_replaced_image(made: Site) -> None:
    assert made.act(visibility="shared", members=list(PROJECTS)) == ["updated"]
    made.write(b"second" * 1000)
    made.region.fault("POST", "/members$", Answer(403), times=1)
    made.fail()
    assert made.act(members=["b" * 32]) == ["updated"]
    assert images(made)[NAME].members == {"b" * 32: "pending"}


@pytest.mark.parametrize("status", [403, 409])
def test_an_image_that_cannot_be_deleted_stays_protected(made: Site, status: int) -> None:
    assert made.act(protected=True) == ["updated"]
    (first,) = made.region.glance.images
    made.write(b"second" * 1000)
    made.region.fault("DELETE", first, Answer(status))
    done = made.run(protected=True)
    assert done.ok == (status == 409)
    assert made.region.glance.images[first].fields["protected"]


def test_what_stays_without_protection_is_named(made: Site) -> None:
    assert made.act(protected=True) == ["updated"]
    (first,) = made.region.glance.images
    made.write(b"second" * 1000)
    made.region.fault("DELETE", first, Answer(403))
    made.region.fault("PATCH", first, Answer(403), first=2)
    failure = made.fail(protected=True)
    assert f"the image {first} is no longer protected (Forbidden (HTTP 403))" in failure["error"]


def test_an_image_that_could_not_be_deactivated_is_deactivated_by_the_next_run(made: Site) -> None:
    (first,) = made.region.glance.images
    made.write(b"second" * 1000)
    made.region.fault("POST", "/deactivate$", Answer(403), times=1)
    made.fail(on_change="keep", keep_deactivated=True)
    assert made.act(on_change="keep", keep_deactivated=True) == ["updated"]
    kept = made.region.glance.images[first]
    assert (kept.fields["name"][:9], kept.status) == (f"{NAME}-20", "deactivated")


@pytest.mark.parametrize("hidden", [False, True])
def test_an_image_is_not_published_beside_one_of_another_run(made: Site, *, hidden: bool) -> None:
    """A replaced image may be hidden although the option does not say so: then that of the other run is, too."""
    there = images(made)[NAME]
    there.fields["os_hidden"] = hidden
    removed: list[str] = []

    def remove(image_id: str) -> str:
        removed.append(image_id)
        return ""

    def publish(connection: Connection, seen: set[str]) -> str:
        with claimed(glance_for(connection), Desired(NAME, "present"), "ours", seen, remove):
            return "published"

    first = ask_one(made.clouds, lambda connection: publish(connection, {there.id}), timeout=20)
    assert first.value == "published", first.error
    refused = ask_one(made.clouds, lambda connection: publish(connection, set()), timeout=20)
    assert f"another run has published this image: {there.id}" in str(refused.error)
    assert removed == ["ours"]


def test_a_publication_whose_answer_is_lost_is_no_failure(made: Site) -> None:
    made.act(state="absent")
    made.region.fault("PATCH", "/v2/images/", LoseAnswer(), times=1)
    assert made.act() == ["created"]
    assert set(images(made)) == {NAME}


def test_a_publication_that_is_refused_leaves_nothing(made: Site) -> None:
    made.act(state="absent")
    made.region.fault("PATCH", "/v2/images/", Answer(403))
    assert made.fail()["kind"] == "refused"
    assert made.region.glance.images == {}
