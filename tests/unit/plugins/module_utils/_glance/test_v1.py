# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of version 1 of the image service, over HTTP: images look as those of version 2 do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import ImageCapabilities
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v1 import GlanceV1, unfit
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_ID, pointer
from tests.support.fake_openstack import Answer, FakeOpenStack, Region, glance_v1
from tests.support.fake_openstack.glance_v1_images import Image
from tests.support.run_core import connect

ID = str(UUID(int=1))


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack], monkeypatch: pytest.MonkeyPatch) -> FakeOpenStack:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    return fake_openstack(image_api="v1")


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def glance(clouds: FakeOpenStack) -> GlanceV1:
    return GlanceV1(connect(clouds))


def add(glance: GlanceV1, region: Region, number: int, **fields: Any) -> Image:
    """Put an active image of the member's project into the region."""
    image = Image(str(UUID(int=number)), glance.connection.location.project.id, status="active", **fields)
    region.glance_v1.images[image.id] = image
    return image


WHOLE: dict[str, Any] = {
    "name": "wéb",
    "disk_format": "qcow2",
    "container_format": "bare",
    "size": 4,
    "checksum": "0" * 32,
    "min_disk": 1,
    "min_ram": 2,
    "protected": True,
    "is_public": True,
    "properties": {"size_name": "Größe", "os_distro": "fedora", "unset": None},
    "created_at": datetime(2016, 1, 2, 3, 4, 5, tzinfo=UTC),
    "updated_at": datetime(2017, 1, 2, 3, 4, 5, tzinfo=UTC),
}
SHOWN = {
    "id": ID,
    "name": "wéb",
    "status": "active",
    "disk_format": "qcow2",
    "container_format": "bare",
    "size": 4,
    "checksum": "0" * 32,
    "min_disk": 1,
    "min_ram": 2,
    "protected": True,
    "visibility": "public",
    "size_name": "Größe",
    "os_distro": "fedora",
    "created_at": "2016-01-02T03:04:05Z",
    "updated_at": "2017-01-02T03:04:05Z",
    "tags": [],
    "os_hash_algo": None,
    "os_hash_value": None,
}


def test_images_look_the_same_by_themselves_and_in_lists(region: Region, glance: GlanceV1) -> None:
    add(glance, region, 1, **WHOLE)
    expected = {**SHOWN, "owner": glance.connection.location.project.id}
    assert glance.get(ID) == expected
    assert glance.poll(ID, 0.0) == expected
    assert list(glance.all(None, {})) == [expected]


def test_an_image_without_any_fields(region: Region, glance: GlanceV1) -> None:
    add(glance, region, 1)
    shown = glance.get(ID)
    assert shown is not None
    assert (shown["name"], shown["size"], shown["visibility"], shown["protected"]) == (None, 0, "private", False)


@pytest.mark.parametrize("image_id", [ID, "", "../images", "a/b", "é"])
def test_an_id_that_no_image_has(region: Region, glance: GlanceV1, image_id: str) -> None:
    add(glance, region, 7)
    assert glance.get(image_id) is None


def test_a_deleted_image_is_none(region: Region, glance: GlanceV1) -> None:
    """Version 1 goes on to show it."""
    image = add(glance, region, 1)
    image.status = "deleted"
    assert glance.get(ID) is None


def test_only_404_means_that_there_is_no_such_image(region: Region, glance: GlanceV1) -> None:
    region.fault("HEAD", "/v1/images/", Answer(403))
    with pytest.raises(RefusedError):
        glance.get(ID)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-image-meta-protected": "False"},
        {
            "x-image-meta-protected": "False",
            "x-image-meta-is_public": "False",
            "x-image-meta-created_at": "2026",
            "x-image-meta-updated_at": "2026",
            "x-image-meta-size": "many",
        },
    ],
)
def test_headers_that_cannot_be_parsed(region: Region, glance: GlanceV1, headers: dict[str, str]) -> None:
    region.fault("HEAD", "/v1/images/", Answer(200, headers))
    with pytest.raises(ServerError, match="cannot be parsed"):
        glance.get(ID)


# Changes


def test_the_life_of_an_image(clouds: FakeOpenStack, region: Region, glance: GlanceV1) -> None:
    fields = {"name": "wéb", "disk_format": "raw", "container_format": "bare", "visibility": "private", "tags": []}
    made = glance.create({"id": ID, **fields, "os_distro": "Größe", "gone": "x"})
    assert (made["id"], made["name"], made["status"], made["os_distro"]) == (ID, "wéb", "queued", "Größe")
    glance.put(f"/images/{ID}", b"data", (5.0, 5.0))
    with glance.data(ID, {}, 5.0) as response:
        assert response.content == b"data"
    clouds.counters.reset()
    changed = glance.patch(ID, [{"op": "add", "path": pointer("os_version"), "value": "44"}])
    assert (changed["os_version"], changed["os_distro"], changed["gone"]) == ("44", "Größe", "x")
    assert clouds.counters.requests(service="image") == 1
    changed = glance.patch(ID, [{"op": "remove", "path": pointer("gone")}, {"path": "/min_disk", "value": 3}])
    assert (changed["os_version"], changed["os_distro"], changed["min_disk"]) == ("44", "Größe", 3)
    assert "gone" not in changed
    assert clouds.counters.requests(service="image") == 3
    assert region.glance_v1.images[ID].properties == {"os_distro": "Größe", "os_version": "44"}
    assert (glance.delete(ID), glance.delete(ID)) == (True, False)


@pytest.mark.parametrize("body", [b"{}", b'{"image": []}', b'{"image": {}}', b"[]", b"{"])
def test_an_answer_to_a_change_that_cannot_be_parsed(region: Region, glance: GlanceV1, body: bytes) -> None:
    region.fault("PUT", "/v1/images/", Answer(200, {"Content-Type": "application/json"}, body))
    with pytest.raises(ServerError, match="cannot be parsed"):
        glance.patch(ID, [{"op": "add", "path": "/a", "value": "b"}])


def test_members(region: Region, glance: GlanceV1) -> None:
    add(glance, region, 1)
    for project in ("b", "a", "a"):
        glance.share(ID, project)
    assert glance.members(ID) == {"a": "accepted", "b": "accepted"}
    for _time in range(2):
        glance.unshare(ID, "a")
    assert glance.members(ID) == {"b": "accepted"}


FITS: list[dict[str, Any]] = [
    {"tags": []},
    {"os_hidden": False},
    {"visibility": "private"},
    {"visibility": "public"},
    {"a": None},
    {"a_b.c": "d e"},
    {"min_disk": 0, "min_ram": 5, "size": 7},
    {"protected": True},
]


@pytest.mark.parametrize("fields", FITS)
def test_what_version_1_can_hold(fields: dict[str, Any]) -> None:
    assert unfit(fields) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tags": ["a"]}, "it has no tags"),
        ({"os_hidden": True}, "it has no hidden images"),
        ({"visibility": "shared"}, "there is no visibility shared"),
        ({"visibility": "community"}, "there is no visibility community"),
        ({"OS": "x"}, "name of the property 'OS'"),
        ({"a-b": "x"}, "name of the property 'a-b'"),
        ({"": "x"}, "name of the property ''"),
        ({"a": ""}, "value of 'a'"),
        ({"a": " x"}, "value of 'a'"),
        ({"a": "x "}, "value of 'a'"),
        ({"a": "x\ny"}, "value of 'a'"),
    ],
)
def test_what_version_1_cannot_hold_is_not_sent(
    clouds: FakeOpenStack, glance: GlanceV1, fields: dict[str, Any], reason: str
) -> None:
    assert reason in (unfit(fields) or "")
    with pytest.raises(RefusedError, match="the image API is v1: "):
        glance.create(fields)
    assert clouds.counters.requests(service="image") == 0


def test_what_version_1_does_not_have(clouds: FakeOpenStack, glance: GlanceV1) -> None:
    for refused in (
        lambda: glance.start_import(ID, {"name": "web-download"}, {}),
        lambda: glance.act(ID, "deactivate"),
        lambda: glance.all(None, {"tag": "x"}),
    ):
        with pytest.raises(RefusedError, match="v1"):
            refused()
    assert glance.import_task(ID) == ("", "")
    assert glance.capabilities() == ImageCapabilities((), ())
    assert glance.named(["web"], None, hidden=True) == []
    assert clouds.counters.requests(service="image") == 0


# Lists


def test_a_list_begins_again_where_its_marker_is_deleted(
    glance: GlanceV1, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another run, between two pages; each image is listed once."""
    monkeypatch.setattr(glance_v1, "MAX_PAGE", 2)
    for number in range(1, 5):
        add(glance, region, number, name=f"i{number}")
    images = glance.all(None, {})
    first, marker = next(images), next(images)
    del region.glance_v1.images[marker["id"]]
    names = [first["name"], marker["name"], *(image["name"] for image in images)]
    assert sorted(names) == ["i1", "i2", "i3", "i4"]


@pytest.mark.parametrize(("page", "requests"), [(2, 4), (5, 2), (1000, 2)])
def test_pages(
    clouds: FakeOpenStack,
    region: Region,
    glance: GlanceV1,
    monkeypatch: pytest.MonkeyPatch,
    page: int,
    requests: int,
) -> None:
    """A list ends with an empty page."""
    monkeypatch.setattr(glance_v1, "MAX_PAGE", page)
    for number in range(1, 6):
        add(glance, region, number, name=f"web-{number}")
    assert {image["name"] for image in glance.all(None, {})} == {f"web-{number}" for number in range(1, 6)}
    assert clouds.counters.requests(path="/v1/images/detail") == requests


IMAGE = {
    "id": ID,
    "status": "active",
    "protected": False,
    "is_public": False,
    "created_at": "2026",
    "updated_at": "2026",
}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "it has no list 'images'"),
        ({"images": {}}, "it has no list 'images'"),
        ({"images": [5]}, "cannot be parsed: AttributeError"),
        ({"images": [{"id": ID}]}, "cannot be parsed: KeyError"),
        ({"images": [{**IMAGE, "name": ["web"]}]}, "cannot be parsed: TypeError: name is"),
        ({"images": [IMAGE]}, "does not advance"),
    ],
)
def test_lists_that_cannot_be_parsed(region: Region, glance: GlanceV1, body: object, said: str) -> None:
    region.fault("GET", "/detail", Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode()))
    with pytest.raises(ServerError, match=said):
        list(glance.all(None, {}))


def test_filters_are_sent_as_they_are(region: Region, glance: GlanceV1) -> None:
    add(glance, region, 1, name="web", disk_format="raw")
    add(glance, region, 2, name="web", disk_format="qcow2")
    add(glance, region, 3, name="db", disk_format="raw")
    assert [image["id"] for image in glance.all("web", {"disk_format": "raw"})] == [ID]


def test_names_are_exact_and_owners_too(region: Region, glance: GlanceV1) -> None:
    for number, name in enumerate(["web", "WEB", "a b", "db"], 1):
        add(glance, region, number, name=name)
    me = glance.connection.location.project.id
    assert {image["name"] for image in glance.named(["web", "a b"], me, hidden=False)} == {"web", "a b"}
    assert glance.named(["web"], "somebody", hidden=False) == []


def test_images_that_were_replaced(region: Region, glance: GlanceV1) -> None:
    for number, year in ((1, 2015), (2, 2013), (3, 2014)):
        made = datetime(year, 1, 1, tzinfo=UTC)
        kept = {KEPT_FOR: "web", KEPT_ID: str(UUID(int=number))}
        add(glance, region, number, name=f"web-{year}", created_at=made, properties=kept)
    add(glance, region, 4, name="db-2010", properties={KEPT_FOR: "db", KEPT_ID: str(UUID(int=4))})
    add(glance, region, 5, name="snapshot", properties={KEPT_FOR: "web", KEPT_ID: str(UUID(int=3))})
    me = glance.connection.location.project.id
    found = glance.kept_for("web", me, hidden=False)
    assert sorted(image["name"] for image in found) == ["web-2013", "web-2014", "web-2015"]
    assert glance.kept_for("web", me, hidden=True) == []
    assert glance.kept_for("web", "somebody", hidden=False) == []
