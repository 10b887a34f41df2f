# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Glance v1 takes metadata from headers and data from bodies, and is as strict as the real one was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack, Region

DATA = b"all the bytes of an image" * 1000
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
OCTETS = {"Content-Type": "application/octet-stream"}
BASE = {"x-image-meta-name": "x", "x-image-meta-disk_format": "raw", "x-image-meta-container_format": "bare"}


class Images:
    """A plain client of one stand-in Glance v1."""

    def __init__(self, region: Region, session: requests.Session) -> None:
        self.region = region
        self.session = session

    def __call__(self, method: str, path: str = "", **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.region.glance_v1.url}/v1/images{path}", timeout=5, **kwargs)

    def create(self, headers: dict[str, str] | None = None, data: bytes | None = None) -> str:
        answer = self("POST", data=data, headers=BASE | (OCTETS if data else {}) | (headers or {}))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["image"]["id"])

    def status(self, image_id: str) -> str:
        return self("HEAD", f"/{image_id}").headers["x-image-meta-status"]


@pytest.fixture
def images(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> Images:
    cloud = fake_openstack(image_api="v1")["cloud1"]
    return Images(cloud["r1"], client(cloud))


def test_data_come_with_the_record_or_later(images: Images) -> None:
    at_once = images.create(data=DATA)
    later = images.create()
    assert images.status(later) == "queued"
    assert images("PUT", f"/{later}", data=DATA, headers=OCTETS).status_code == 200
    for image_id in (at_once, later):
        shown = images("HEAD", f"/{image_id}").headers
        assert (shown["x-image-meta-status"], shown["x-image-meta-size"]) == ("active", str(len(DATA)))
        assert shown["x-image-meta-checksum"] == MD5
        assert images("GET", f"/{image_id}").content == DATA
    assert images("PUT", f"/{later}", data=DATA, headers=OCTETS).status_code == 409


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"name": "x"}},
        {"data": DATA},
        {"data": DATA, "headers": {"Content-Type": "application/octet-stream", "x-image-meta-checksum": "0" * 32}},
        {"data": DATA, "headers": {"Content-Type": "application/octet-stream", "x-image-meta-size": "1"}},
    ],
)
def test_a_body_that_is_no_good_kills_the_image(images: Images, sent: dict[str, Any]) -> None:
    image_id = images.create()
    assert images("PUT", f"/{image_id}", **sent).status_code == 400
    assert images.status(image_id) == "killed"
    assert images("DELETE", f"/{image_id}").status_code == 200
    assert images("HEAD", f"/{image_id}").status_code == 404


def test_a_body_that_breaks_off_kills_the_image(images: Images) -> None:
    def half() -> Iterator[bytes]:
        yield DATA
        raise OSError("the disk is gone")

    image_id = images.create()
    with pytest.raises(OSError, match="the disk is gone"):
        images("PUT", f"/{image_id}", data=half(), headers=OCTETS)
    assert images.status(image_id) in ("saving", "killed")
    assert not images.region.glance_v1.data.path(image_id).exists()


def test_names_of_properties_lose_their_case_and_their_dashes(images: Images) -> None:
    image_id = images.create({"X-Image-Meta-Property-OS-Distro": "fedora", "x-image-meta-property-empty": ""})
    (shown,) = images("GET", "/detail").json()["images"]
    assert shown["properties"] == {"os_distro": "fedora", "empty": None}
    assert "x-image-meta-property-empty" not in images("HEAD", f"/{image_id}").headers


def test_properties_that_are_not_named_go_unless_they_are_to_stay(images: Images) -> None:
    image_id = images.create({"x-image-meta-property-a": "1", "x-image-meta-property-b": "2"})
    keep = {"x-glance-registry-purge-props": "false", "x-image-meta-property-c": "3"}
    assert images("PUT", f"/{image_id}", headers=keep).json()["image"]["properties"] == {"a": "1", "b": "2", "c": "3"}
    assert images("PUT", f"/{image_id}", headers={"x-image-meta-property-b": "4"}).json()["image"]["properties"] == {
        "b": "4"
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-image-meta-visibility": "private"}, 400),
        ({"x-image-meta-disk_format": "tape"}, 400),
        ({"x-image-meta-min_disk": "many"}, 400),
        ({"x-image-meta-id": "short"}, 400),
        ({"x-image-meta-name": "x" * 256}, 400),
        ({"x-image-meta-is_public": "True"}, 403),
    ],
)
def test_create_is_strict(images: Images, headers: dict[str, str], status: int) -> None:
    assert images("POST", headers=BASE | headers).status_code == status
    assert images("GET", "/detail").json()["images"] == []


def test_what_stays_of_an_active_image(images: Images) -> None:
    image_id = images.create({"x-image-meta-protected": "True"}, DATA)
    assert images("PUT", f"/{image_id}", headers={"x-image-meta-size": "1"}).status_code == 403
    assert images("DELETE", f"/{image_id}").status_code == 403
    assert images("PUT", f"/{image_id}", headers={"x-image-meta-protected": "False"}).status_code == 200
    assert images("DELETE", f"/{image_id}").status_code == 200


def test_lists_are_filtered_and_paged(images: Images) -> None:
    for number in range(4):
        images.create({"x-image-meta-name": f"i{number}", "x-image-meta-property-kind": str(number % 2)})
    page = images("GET", "/detail?limit=3").json()["images"]
    assert [image["name"] for image in page] == ["i3", "i2", "i1"]
    assert [image["name"] for image in images("GET", f"?marker={page[-1]['id']}").json()["images"]] == ["i0"]
    assert [image["name"] for image in images("GET", "/detail?name=i2").json()["images"]] == ["i2"]
    assert len(images("GET", "/detail?property-kind=1").json()["images"]) == 2


def test_it_speaks_of_version_1_only(images: Images) -> None:
    found = requests.get(images.region.glance_v1.url, timeout=5)
    assert (found.status_code, {version["id"] for version in found.json()["versions"]}) == (300, {"v1.0", "v1.1"})
    del images.session.headers["X-Auth-Token"]
    assert images("GET").status_code == 401
