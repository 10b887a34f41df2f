# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older versions of an image: which go, what they are called, and that none is uploaded twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_ID, KEPT_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.retention import expired, next_name
from tests.support.fake_openstack import Answer
from tests.support.image_site import NAME, Site
from tests.support.run_module import run_module
from tests.support.web import Web, whole

TODAY = date(2026, 11, 26)


def kept(number: int, created: str, **properties: str) -> dict[str, Any]:
    return {"id": f"id-{number}", "name": f"thing ({number})", "created_at": created, **properties}


OLD, MIDDLE, NEW = kept(1, "2026-01-01T00:00:00Z"), kept(2, "2026-06-01T00:00:00Z"), kept(3, "2026-11-01T00:00:00Z")


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        pytest.param({}, [], id="all-stay"),
        pytest.param({"keep_last": 3}, [], id="as-many-as-there-are"),
        pytest.param({"keep_last": 1}, ["id-1", "id-2"], id="by-number"),
        pytest.param({"keep_last": 0}, ["id-1", "id-2", "id-3"], id="none-stays"),
        pytest.param({"keep_days": 25}, ["id-1", "id-2"], id="by-age"),
        pytest.param({"keep_days": 24}, ["id-1", "id-2", "id-3"], id="a-day-less"),
        pytest.param({"keep_days": 200, "keep_last": 1}, ["id-1", "id-2"], id="by-both"),
        pytest.param({"keep_last": 1, "keep_names": ("thing (3)",)}, ["id-1"], id="named-ones-do-not-count"),
        pytest.param({"keep_days": 0, "keep_names": ("thing (1)",)}, ["id-2", "id-3"], id="named-ones-stay"),
    ],
)
def test_what_goes(options: dict[str, Any], gone: list[str]) -> None:
    desired = Desired("thing", "present", on_change="keep", **options)
    assert [image["id"] for image in expired([NEW, OLD, MIDDLE], desired, TODAY)] == gone


def test_an_image_that_is_listed_twice_counts_once() -> None:
    desired = Desired("thing", "present", on_change="keep", keep_last=2)
    assert expired([OLD, NEW, {**OLD}, {**NEW}], desired, TODAY) == ()
    assert [image["id"] for image in expired([OLD, MIDDLE, NEW, {**OLD}], desired, TODAY)] == ["id-1"]


def test_the_date_of_the_content_counts_before_that_of_the_upload() -> None:
    desired = Desired("thing", "present", on_change="keep", keep_last=1)
    found = [kept(1, "2026-11-02T00:00:00Z", image_build_date="2025-05-05"), NEW]
    assert [image["id"] for image in expired(found, desired, TODAY)] == ["id-1"]
    found = [kept(1, "2026-11-02T00:00:00Z", image_build_date="lately"), NEW]
    assert [image["id"] for image in expired(found, desired, TODAY)] == ["id-3"]


def test_an_image_without_any_date_is_not_old() -> None:
    desired = Desired("thing", "present", on_change="keep", keep_days=0)
    assert expired([kept(1, "")], desired, TODAY) == ()


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ({"name": "thing", "created_at": "2026-01-01T00:00:00Z"}, "thing-2026-01-01T00:00:00Z"),
        ({"name": "thing", "created_at": "2026-01-01T00:00:00Z", KEPT_NAME: "thing (1)", KEPT_ID: "a"}, "thing (1)"),
        (
            {"name": "snapshot", "created_at": "2026-01-01T00:00:00Z", KEPT_NAME: "thing (1)", KEPT_ID: "b"},
            "snapshot-2026-01-01T00:00:00Z",
        ),
        ({"name": "x" * 255, "created_at": "2026-01-01T00:00:00Z"}, "x" * 234 + "-2026-01-01T00:00:00Z"),
    ],
)
def test_name(image: dict[str, Any], name: str) -> None:
    assert next_name({"id": "a", **image}) == name


def names(site: Site) -> list[str]:
    return sorted(image.fields["name"] for image in site.region.glance.images.values())


@pytest.fixture
def versions(site: Callable[..., Site]) -> Site:
    """A cloud whose image got its second version; the first one is kept."""
    made = site("v2")
    keep = {"on_change": "keep", "visibility": "private"}
    made.act(kept_name="fedora (1)", **keep)
    made.write(b"\x01second" * 50000)
    assert made.act(kept_name="fedora (2)", **keep) == ["replaced"]
    return made


def test_a_replaced_image_gets_the_name_that_it_bears(versions: Site) -> None:
    assert names(versions) == [NAME, "fedora (1)"]


def test_an_older_version_that_is_kept_is_not_uploaded_again(versions: Site) -> None:
    ids = set(versions.region.glance.images)
    versions.write(b"\x01first" * 50000)
    assert versions.act(name="fedora (1)", kept_for=NAME) == ["unchanged"]
    assert set(versions.region.glance.images) == ids


def test_a_version_that_nothing_replaced_yet_is_not_uploaded_again(versions: Site) -> None:
    done = versions.run(name="fedora (2)", kept_for=NAME)
    (result,) = done["results"]
    assert (result["action"], result["image"]["name"]) == ("unchanged", NAME)
    assert "is still called 'fedora'" in result["notes"][0]
    assert names(versions) == [NAME, "fedora (1)"]
    versions.write(b"\x01other" * 50000)
    assert versions.act(name="fedora (2)", kept_for=NAME) == ["created"]  # that one has other content


def test_versions_published_as_such_count_as_kept(versions: Site) -> None:
    versions.write(b"\x01zeroth" * 50000)
    build_date = {"image_build_date": "2001-01-01"}
    assert versions.act(name="fedora (0)", kept_for=NAME, properties=build_date) == ["created"]
    versions.write(b"\x01second" * 50000)
    retention = {"on_change": "keep", "keep_last": 1}
    before = dict(versions.region.glance.images)
    done = versions.run(_ansible_check_mode=True, _ansible_diff=True, **retention)
    assert [result["action"] for result in done["results"]] == ["updated"]
    assert "fedora (0)" in done["diff"][0]["before"]
    assert versions.region.glance.images == before
    assert versions.act(**retention) == ["updated"]
    assert names(versions) == [NAME, "fedora (1)"]
    assert versions.act(**retention) == ["unchanged"]
    assert versions.act(keep_days=0, keep_names=["fedora (1)"], on_change="keep") == ["unchanged"]
    assert versions.act(keep_last=0) == ["unchanged"]  # on_change is not keep
    assert versions.act(on_change="keep", keep_last=0) == ["updated"]
    assert names(versions) == [NAME]


def test_a_snapshot_of_a_server_is_no_version_of_its_image(versions: Site) -> None:
    """Nova copies properties of the image to it."""
    (first,) = [image for image in versions.region.glance.images.values() if image.fields["name"] != NAME]
    bookkeeping = dict(first.properties)
    assert bookkeeping[KEPT_ID] == first.id
    versions.write(b"\x01snapshot" * 50000)
    versions.act(name="snapshot", kept_for="other", kept_name="not called so yet")
    (snapshot,) = [image for image in versions.region.glance.images.values() if image.fields["name"] == "snapshot"]
    snapshot.properties.update({**bookkeeping, KEPT_FOR: NAME})
    versions.write(b"\x01second" * 50000)
    assert versions.act(on_change="keep", keep_last=0) == ["updated"]
    assert names(versions) == [NAME, "snapshot"]


def test_an_older_version_that_has_the_name_again_is_not_one_of_those_that_go(versions: Site) -> None:
    """After somebody gave it the name by hand, to go back to it."""
    images = versions.region.glance.images
    (first,) = [image for image in images.values() if image.fields["name"] == "fedora (1)"]
    (second,) = [image for image in images.values() if image.fields["name"] == NAME]
    second.fields["name"], first.fields["name"], first.fields["os_hidden"] = "fedora (2)", NAME, False
    versions.write(b"\x01first" * 50000)
    assert versions.act(on_change="keep", keep_last=0) == ["unchanged"]
    assert set(images) == {first.id, second.id}
    versions.write(b"\x01third" * 50000)
    assert versions.act(on_change="keep", keep_last=1) == ["replaced"]
    assert names(versions) == [NAME, "fedora (1)", "fedora (2)"]


def test_the_image_can_be_made_again_beside_the_version_before_it(versions: Site) -> None:
    """The ID that it would get is that of the first version, which was made where there was no image either."""
    images = versions.region.glance.images
    (second,) = [image for image in images.values() if image.fields["name"] == NAME]
    del images[second.id]
    versions.write(b"\x01third" * 50000)
    assert versions.act(on_change="keep") == ["created"]
    assert names(versions) == [NAME, "fedora (1)"]


def test_a_name_that_is_taken_is_not_given_twice(versions: Site) -> None:
    versions.write(b"\x01other" * 50000)
    assert versions.act(name="fedora (2)") == ["created"]
    versions.write(b"\x01third" * 50000)
    assert versions.act(on_change="keep") == ["replaced"]
    assert [name[:9] for name in names(versions)] == [NAME, "fedora (1", "fedora (2", "fedora-20"]


def test_an_image_that_is_in_use_stays(versions: Site) -> None:
    used = next(image for image in versions.region.glance.images.values() if image.fields["name"] == "fedora (1)")
    versions.region.fault("DELETE", used.id, Answer(409))
    done = versions.run(on_change="keep", keep_last=0)
    (result,) = done["results"]
    assert f"the kept image {used.id} is in use and stays" in result["notes"][0]


def test_a_version_that_somebody_protected_stays(versions: Site) -> None:
    (first,) = [image for image in versions.region.glance.images.values() if image.fields["name"] == "fedora (1)"]
    first.fields["protected"] = True
    done = versions.run(on_change="keep", keep_last=0)
    (result,) = done["results"]
    assert result["action"] == "unchanged"
    assert result["notes"] == [f"the kept image {first.id} is protected and stays: the task does not set protected"]
    versions.write(b"\x01third" * 50000)
    done = versions.run(on_change="keep", keep_last=0)
    assert "is protected and stays" in done["results"][0]["notes"][0]
    assert names(versions) == [NAME, "fedora (1)"]
    assert versions.act(on_change="keep", keep_last=0, protected=False) == ["updated"]
    assert names(versions) == [NAME]


def test_kept_images_can_stay_visible(site: Callable[..., Site]) -> None:
    made = site("v2")
    made.act(kept_name="fedora (1)")
    made.write(b"\x01second" * 50000)
    assert made.act(on_change="keep", keep_hidden=False, keep_last=5) == ["replaced"]
    hidden = {image.fields["name"]: image.fields["os_hidden"] for image in made.region.glance.images.values()}
    assert hidden == {NAME: False, "fedora (1)": False}
    assert made.act(on_change="keep", keep_last=0) == ["updated"]
    assert names(made) == [NAME]


def test_versions_know_of_each_other_by_properties_that_are_no_custom_ones(versions: Site) -> None:
    (first,) = [image for image in versions.region.glance.images.values() if image.fields["name"] != NAME]
    assert first.properties[KEPT_FOR] == NAME


@pytest.mark.parametrize("option", ["kept_name", "kept_for"])
def test_an_image_is_no_version_of_itself(site: Callable[..., Site], option: str) -> None:
    failed = site("v2").run(**{option: NAME})
    assert f"{option}: is the name itself" in failed["msg"]


def test_a_url_is_not_read_where_the_version_is_there_in_one_way_or_the_other(
    site: Callable[..., Site], web: Web
) -> None:
    """One Location has it under its name and needs other metadata, the other has it under that of the image."""
    made = site("v2", regions=2)
    data = made.write(b"\x01second" * 50000)
    assert made.act(kept_name="fedora (2)", locations=["*/r1"]) == ["created"]
    assert made.act(name="fedora (2)", locations=["*/r2"]) == ["created"]
    web.answers = [whole(b"")]
    checksum = f"sha512:{hashlib.sha512(data).hexdigest()}"
    options = {"name": "fedora (2)", "kept_for": NAME, "url": web.url, "checksum": checksum, "locations": ["*"]}
    for actions in (["unchanged", "updated"], ["unchanged", "unchanged"]):
        assert [result["action"] for result in run_module("image", **options)["results"]] == actions
    assert web.ranges == []
