# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.modules import image_info
from tests.support.fake_openstack import Answer, FakeOpenStack, Region, glance_v1, glance_v1_images
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_module import run_module


def add_image(region: Region, number: int, **fields: Any) -> str:
    """Put an active image of the project demo into a region, and return its ID."""
    identifier = hashlib.md5(f"{region.name}{number}".encode(), usedforsecurity=False).hexdigest()
    image = Image(identifier, owner=None, status="active", size=number, properties={"os_distro": "debian"})
    image.fields.update({"visibility": "public", "disk_format": "raw", **fields})
    region.glance.images[identifier] = image
    return identifier


@pytest.fixture
def images(two_clouds: FakeOpenStack) -> dict[str, str]:
    """IDs by place, of images that are not in the order of their names."""
    clouds = two_clouds
    return {
        "cloud2/r1/b": add_image(clouds["cloud2"]["r1"], 1, name="b"),
        "cloud2/r1/a": add_image(clouds["cloud2"]["r1"], 2, name="a"),
        "cloud1/r2/b": add_image(clouds["cloud1"]["r2"], 3, name="b"),
        "cloud1/r1/hidden": add_image(clouds["cloud1"]["r1"], 4, name="hidden", os_hidden=True),
    }


def places(records: list[dict[str, Any]]) -> list[str]:
    return [f"{item['location']['cloud']}/{item['location']['region']}/{item['name']}" for item in records]


def test_all_images_by_location_then_name(images: dict[str, str]) -> None:
    run = run_module("image_info")
    assert run.ok
    assert places(run["images"]) == ["cloud1/r2/b", "cloud2/r1/a", "cloud2/r1/b"]
    assert [visit["count"] for visit in run["locations"]] == [0, 1, 2, 0]
    first = run["images"][0]
    assert first["id"] == images["cloud1/r2/b"]
    assert (first["size"], first["disk_format"], first["properties"]) == (3, "raw", {"os_distro": "debian"})
    assert run["failures"] == []
    assert run["changed"] is False


def test_filters_by_truth_values(two_clouds: FakeOpenStack) -> None:
    region = two_clouds["cloud1"]["r1"]
    add_image(region, 1, name="kept", protected=True)
    add_image(region, 2, name="free")
    for value, names in ((True, ["kept"]), (False, ["free"])):
        run = run_module("image_info", filters={"protected": value}, locations=["cloud1/r1"])
        assert [image["name"] for image in run["images"]] == names


@pytest.mark.parametrize("module", ["image_info", "server_info"])
def test_a_filter_that_is_a_mapping_is_refused_before_any_request(two_clouds: FakeOpenStack, module: str) -> None:
    run = run_module(module, filters={"metadata": {"role": "web"}})
    assert (run.ok, run["kind"]) == (False, "input")
    assert "filters: metadata is a mapping" in run["msg"]
    assert two_clouds.counters.requests() == 0


def test_the_example_lists_the_private_images_that_are_hidden(two_clouds: FakeOpenStack) -> None:
    region = two_clouds["cloud1"]["r1"]
    for number, hidden in enumerate((True, False)):
        for visibility in ("private", "public"):
            name = f"{visibility}{hidden}"
            identifier = add_image(region, 10 * number + len(name), name=name, os_hidden=hidden, visibility=visibility)
            region.glance.images[identifier].owner = two_clouds["cloud1"].keystone.project_id("demo")
    (task,) = (task for task in yaml.safe_load(image_info.EXAMPLES) if "hidden" in task["name"])
    assert places(run_module("image_info", **task["oaktree.multicloud.image_info"])["images"]) == [
        "cloud1/r1/privateTrue"
    ]


def test_name(images: dict[str, str]) -> None:
    assert places(run_module("image_info", name="b")["images"]) == ["cloud1/r2/b", "cloud2/r1/b"]
    assert run_module("image_info", name="B")["images"] == []
    assert len(images) == 4


def test_id_is_found_wherever_it_is(images: dict[str, str]) -> None:
    run = run_module("image_info", id=images["cloud2/r1/a"])
    assert run.ok
    assert places(run["images"]) == ["cloud2/r1/a"]


def test_filters_go_to_glance(images: dict[str, str]) -> None:
    run = run_module("image_info", filters={"os_hidden": True})
    assert [image["id"] for image in run["images"]] == [images["cloud1/r1/hidden"]]
    assert run["images"][0]["is_hidden"] is True


@pytest.mark.usefixtures("images")
def test_query() -> None:
    run = run_module("image_info", locations=["cloud2"], query="[*].name")
    assert run["images"] == ["a", "b"]


@pytest.mark.usefixtures("images")
def test_fields_and_a_query_over_them() -> None:
    run = run_module("image_info", locations=["cloud2"], fields=["name"])
    assert [image.keys() for image in run["images"]] == [{"name", "location"}] * 2
    run = run_module("image_info", locations=["cloud2"], fields=["status"], query="[*].[status, name]")
    assert run["images"] == [["active", None]] * 2


@pytest.mark.usefixtures("images")
def test_a_location_that_fails_leaves_the_others(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud2"]["r1"].fault("GET", "/v2/images", Answer(403))
    run = run_module("image_info")
    assert not run.ok
    assert places(run["images"]) == ["cloud1/r2/b"]
    assert [failure["kind"] for failure in run["failures"]] == ["refused"]
    assert run["failures"][0]["location"]["region"] == "r1"
    assert run["failures"][0]["hint"]


@pytest.mark.usefixtures("two_clouds")
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"id": "1", "name": "a"}, "mutually exclusive"),
        ({"id": "1", "filters": {"status": "active"}}, "mutually exclusive"),
        ({"query": "["}, "query:"),
        ({"fields": ["flavor"]}, "fields: 'flavor' is not known. Known are checksum, container_format,"),
        ({"locations": ["nowhere"]}, "'nowhere' matches none of the configured clouds"),
    ],
)
def test_wrong_options(params: dict[str, Any], message: str) -> None:
    run = run_module("image_info", **params)
    assert not run.ok
    assert message in run["msg"]


@pytest.fixture
def v1(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeOpenStack:
    """A cloud with version 1 of the image API only, and two images there."""
    clouds = fake_openstack(image_api="v1")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    for name, disk_format in (("b", "raw"), ("a", "qcow2")):
        image = glance_v1_images.Image(name * 36, "somebody")
        image.name, image.disk_format, image.is_public, image.status = name, disk_format, True, "active"
        image.properties["os_distro"] = "debian"
        clouds["cloud1"]["r1"].glance_v1.images[image.id] = image
    return clouds


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["a", "b"]),
        ({"name": "b"}, ["b"]),
        ({"id": "a" * 36}, ["a"]),
        ({"id": "c" * 36}, []),
        ({"id": ""}, []),
        ({"filters": {"disk_format": "raw"}}, ["b"]),
    ],
)
def test_version_1_of_the_image_api(v1: FakeOpenStack, options: dict[str, Any], names: list[str]) -> None:
    found = run_module("image_info", **options)["images"]
    assert [image["name"] for image in found] == names
    for image in found:
        assert (image["visibility"], image["properties"], image["tags"]) == ("public", {"os_distro": "debian"}, [])
    assert v1.counters.requests(method="POST", service="image") == 0


@pytest.mark.usefixtures("v1")
def test_version_1_with_pages_of_the_clouds_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance_v1, "MAX_PAGE", 1)
    assert [image["name"] for image in run_module("image_info")["images"]] == ["a", "b"]


def test_version_1_does_not_filter_by_what_it_lacks(v1: FakeOpenStack) -> None:
    (failure,) = run_module("image_info", filters={"tag": "blue", "status": "active"})["failures"]
    assert failure["kind"] == "refused"
    assert failure["error"] == "the image API is v1, which does not filter by tag"
    assert "disk_format" in failure["hint"]
    assert v1.counters.requests(service="image") == 0
