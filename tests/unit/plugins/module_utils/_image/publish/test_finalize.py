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
