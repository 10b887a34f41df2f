# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of the image service is spoken, and which image users mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    InputError,
    OaktreeError,
    RefusedError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.client import find_image, glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v1 import GlanceV1
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import connect

AUTH = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}


@pytest.mark.parametrize(
    ("version", "expected"),
    [(None, Glance), ("2", Glance), (2, Glance), ("2.17", Glance), ("1", GlanceV1), (1, GlanceV1), ("1.1", GlanceV1)],
)
def test_the_version_is_that_of_clouds_yaml(version: object, expected: type[Glance]) -> None:
    entry = {"auth": AUTH, "region_name": "r"} | ({} if version is None else {"image_api_version": version})
    (region,) = Clouds(clouds_config={"clouds": {"a": entry}}).regions("a")
    assert glance_for(Connection(region)).__class__ is expected


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return glance_for(connect(clouds))


def add(region: Region, number: int, name: str, status: str = "active", **fields: Any) -> str:
    """Put a public image into the region and return its ID."""
    image = Image(str(UUID(int=number)), owner=None, status=status, size=fields.pop("size", 4))
    image.fields.update({"visibility": "public", "disk_format": "raw", "container_format": "bare"})
    image.fields.update({"name": name, **fields})
    region.glance.images[image.id] = image
    return image.id


def test_an_image_is_found_by_id_or_name(clouds: FakeOpenStack, region: Region, glance: Glance) -> None:
    web, hidden = add(region, 1, "web"), add(region, 2, "old", os_hidden=True)
    for image, expected, requests in ((web, web, 1), ("web", web, 1), ("old", hidden, 2), (hidden, hidden, 1)):
        clouds.counters.reset()
        assert find_image(glance, image)["id"] == expected
        assert clouds.counters.requests(service="image") - clouds.counters.requests(path="/{other:.*}") == requests


def test_a_name_may_look_like_an_id(region: Region, glance: Glance) -> None:
    name = str(UUID(int=9))
    image_id = add(region, 1, name)
    assert find_image(glance, name)["id"] == image_id


def test_of_one_name_the_active_image_is_meant(region: Region, glance: Glance) -> None:
    add(region, 1, "web", "queued")
    active = add(region, 2, "web")
    assert find_image(glance, "web")["id"] == active


@pytest.mark.parametrize(
    ("images", "error", "message", "hint"),
    [
        ([], RefusedError, "'web'", "image_info"),
        ([{"name": "WEB"}], RefusedError, "'web'", "image_info"),
        ([{"status": "queued"}], ConflictError, "'web' is queued", "active"),
        ([{"status": "deactivated"}], ConflictError, "'web' is deactivated", "active"),
        ([{}, {}], InputError, "'web'", f"{UUID(int=0)}, {UUID(int=1)}"),
        ([{"disk_format": "raw; rm -rf"}], ServerError, "disk_format 'raw; rm -rf'", "qcow2, raw"),
        ([{"disk_format": None}], ServerError, "disk_format None", "qcow2, raw"),
        ([{"container_format": "../bare"}], ServerError, "container_format '../bare'", "bare"),
        ([{"size": None}], ServerError, "reports no size", "operator"),
    ],
)
def test_images_that_cannot_be_used(
    region: Region,
    glance: Glance,
    images: list[dict[str, Any]],
    error: type[OaktreeError],
    message: str,
    hint: str,
) -> None:
    for number, fields in enumerate(images):
        add(region, number, **{"name": "web", **fields})
    with pytest.raises(error) as raised:
        find_image(glance, "web")
    assert message in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize("identity", ["../../etc/passwd", "", "7", str(UUID(int=1)) + "/x"])
def test_an_id_that_is_none_is_not_used(region: Region, glance: Glance, identity: str) -> None:
    """It becomes a part of file names and URLs."""
    region.glance.images[add(region, 1, "web")].id = identity
    with pytest.raises(ServerError, match=r"image ID|is not an ID"):
        find_image(glance, "web")
