# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of images as Glance gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.images import ImageQuery, list_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import ask_one, kinds

Clouds = Callable[..., FakeOpenStack]


def add(region: Region, number: int, **fields: Any) -> str:
    """Put a public image into a region and return its ID."""
    image = Image(str(UUID(int=number)), owner=None, status="active", properties={})
    image.fields.update({"visibility": "public", "name": f"image-{number:03}", **fields})
    region.glance.images[image.id] = image
    return image.id


def listing(clouds: FakeOpenStack, **query: Any) -> Result[list[dict[str, Any]]]:
    return ask_one(clouds, lambda connection: list_images(connection, ImageQuery(**query)))


def names(clouds: FakeOpenStack, **query: Any) -> list[str]:
    result = listing(clouds, **query)
    assert result.error is None
    return [image["name"] for image in result.value or ()]


@pytest.mark.parametrize(("filters", "requests"), [({}, 1), ({"limit": "20"}, 3), ({"limit": "30"}, 3)])
def test_pages(fake_openstack: Clouds, filters: dict[str, str], requests: int) -> None:
    clouds = fake_openstack()
    for number in range(60):
        add(clouds["cloud1"]["r1"], 60 - number)
    found = names(clouds, filters=filters)
    assert found == [f"image-{number:03}" for number in range(1, 61)]
    listed = clouds.counters.requests(service="image", path="/v2/images")
    assert listed - requests in (0, 1)  # a full last page is followed by an empty one


ODD = ["web", "WEB", "a b", "^web$", "ünï", "a&b=c", "web%", "a", "in:a,web", "debian:12", "eq:a", 'q"uo"te']


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_names_are_exact(fake_openstack: Clouds, name: str) -> None:
    clouds = fake_openstack()
    for number, known in enumerate(ODD, 1):
        add(clouds["cloud1"]["r1"], number, name=known)
    assert names(clouds, name=name) == [name]


def test_filters_are_sent_as_they_are(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    add(clouds["cloud1"]["r1"], 1, disk_format="raw")
    add(clouds["cloud1"]["r1"], 2, disk_format="qcow2")
    add(clouds["cloud1"]["r1"], 3, disk_format="raw", os_hidden=True)
    assert names(clouds, filters={"disk_format": "raw"}) == ["image-001"]
    assert names(clouds, filters={"disk_format": "raw", "os_hidden": True}) == ["image-003"]


def test_one_by_its_id(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    identity = add(clouds["cloud1"]["r1"], 7)
    assert names(clouds, id=identity) == ["image-007"]
    assert clouds.counters.requests(path="/v2/images") == 0


@pytest.mark.parametrize("image_id", [str(UUID(int=9)), "", "../images", "a/b", "?limit=1", "é"])
def test_an_id_that_is_not_there_finds_nothing(fake_openstack: Clouds, image_id: str) -> None:
    clouds = fake_openstack()
    add(clouds["cloud1"]["r1"], 7)
    assert names(clouds, id=image_id) == []


def test_errors_are_in_words_not_in_html(fake_openstack: Clouds) -> None:
    result = listing(fake_openstack(), filters={"limit": "many"})
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "limit param must be an integer" in result.error.message
    assert "<" not in result.error.message


@pytest.mark.parametrize("body", [{"images": [5]}, {"images": [{"name": "x"}]}, {"images": 5}, {}])
def test_answers_that_make_no_sense(fake_openstack: Clouds, body: dict[str, Any]) -> None:
    clouds = fake_openstack()
    answer = Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
    clouds["cloud1"]["r1"].fault("GET", "/v2/images", answer)
    assert kinds([listing(clouds)]) == {"cloud1/r1/demo": "server"}
