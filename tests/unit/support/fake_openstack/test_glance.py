# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Glance keeps images as Glance does, the awkward ways included."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests

from tests.support import image_formats
from tests.support.fake_openstack import FakeOpenStack, Region

DATA = b"all the bytes of an image" * 1000
OCTETS = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


class Images:
    """A plain client of one stand-in Glance."""

    def __init__(self, region: Region, session: requests.Session) -> None:
        self.region = region
        self.session = session

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.region.glance.url}/v2/{path}", timeout=5, **kwargs)

    def create(self, **fields: Any) -> str:
        wanted = {"name": "x", "disk_format": "raw", "container_format": "bare"} | fields
        answer = self("POST", "images", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, image_id: str, status: str) -> dict[str, Any]:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            image: dict[str, Any] = self("GET", f"images/{image_id}").json()
            if image["status"] == status:
                return image
            time.sleep(0.02)
        pytest.fail(f"{image_id} has not become {status}")


@pytest.fixture
def images(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> Images:
    cloud = fake_openstack()["cloud1"]
    return Images(cloud["r1"], client(cloud))


def test_openstacksdk_uploads_an_image(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    clouds = fake_openstack()
    path = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    config = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False)
    connection = openstack.connection.Connection(config=config.get_one("cloud1", region_name="r1"))
    created = connection.image.create_image(
        "x", data=DATA, disk_format="raw", container_format="bare", validate_checksum=True
    )
    image = connection.image.get_image(created.id)
    assert (image.status, image.size) == ("active", len(DATA))
    assert image.checksum == hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert image.hash_value == hashlib.sha512(DATA).hexdigest()
    assert connection.image.download_image(created.id).content == DATA
    assert clouds.counters.requests(method="PUT", path="/v2/images/{image_id}/file") == 1
    assert clouds.counters.bytes_received > len(DATA)


def test_an_empty_put_makes_an_empty_active_image(images: Images) -> None:
    image_id = images.create()
    assert images("PUT", f"images/{image_id}/file", headers=OCTETS).status_code == 204
    image = images("GET", f"images/{image_id}").json()
    assert (image["status"], image["size"]) == ("active", 0)


def test_data_is_refused_in_the_wrong_state_and_type(images: Images) -> None:
    image_id = images.create()
    assert images("PUT", f"images/{image_id}/file", data=DATA).status_code == 415
    assert images("PUT", f"images/{image_id}/file", data=DATA, headers=OCTETS).status_code == 204
    assert images("PUT", f"images/{image_id}/file", data=DATA, headers=OCTETS).status_code == 409
    assert images("PUT", "images/nothing/file", data=DATA, headers=OCTETS).status_code == 404


def test_a_body_that_breaks_off_reverts_to_queued(images: Images) -> None:
    def half() -> Any:
        yield DATA
        raise OSError("the disk is gone")

    image_id = images.create()
    with pytest.raises(OSError, match="the disk is gone"):
        images("PUT", f"images/{image_id}/file", data=half(), headers=OCTETS)
    images.wait(image_id, "queued")
    assert not images.region.glance.data.path(image_id).exists()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"id": "short"}, 400),
        ({"disk_format": "tape"}, 400),
        ({"hw_disk_bus": 7}, 400),
        ({"min_disk": "1"}, 400),
        ({"status": "active"}, 403),
        ({"os_glance_import_task": "x"}, 403),
        ({"owner": "somebody else"}, 403),
        ({"visibility": "public"}, 403),
    ],
)
def test_create_is_strict(images: Images, fields: dict[str, Any], status: int) -> None:
    answer = images("POST", "images", json=fields, headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert answer.json()["code"].startswith(str(status))
    assert images("GET", "images").json()["images"] == []


def test_a_protected_image_stays(images: Images) -> None:
    image_id = images.create(protected=True)
    assert images("DELETE", f"images/{image_id}").status_code == 403
    change = [{"op": "replace", "path": "/protected", "value": False}]
    assert images("PATCH", f"images/{image_id}", json=change).status_code == 415
    assert images("PATCH", f"images/{image_id}", json=change, headers=PATCH).status_code == 200
    assert images("DELETE", f"images/{image_id}").status_code == 204
    assert images("GET", f"images/{image_id}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"op": "add", "path": "/hw_disk_bus", "value": "virtio"}, 200),
        ({"op": "replace", "path": "/hw_disk_bus", "value": "virtio"}, 409),
        ({"op": "remove", "path": "/hw_disk_bus"}, 409),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "replace", "path": "/size", "value": 1}, 403),
        ({"op": "add", "path": "/hw_disk_bus", "value": 1}, 400),
        ({"op": "move", "path": "/name"}, 400),
        ({"op": "replace", "path": "name", "value": "y"}, 400),
    ],
)
def test_patch_is_strict(images: Images, change: dict[str, Any], status: int) -> None:
    image_id = images.create()
    assert images("PATCH", f"images/{image_id}", json=[change], headers=PATCH).status_code == status


def test_a_staged_import_passes_through_importing(images: Images) -> None:
    images.region.glance.import_seconds = 0.1
    image_id = images.create()
    wanted = {"method": {"name": "glance-direct"}}
    assert images("POST", f"images/{image_id}/import", json=wanted).status_code == 409
    assert images("PUT", f"images/{image_id}/stage", data=DATA, headers=OCTETS).status_code == 204
    assert images("GET", f"images/{image_id}").json()["status"] == "uploading"
    assert images("POST", f"images/{image_id}/import", json=wanted).status_code == 202
    images.wait(image_id, "importing")
    assert images.wait(image_id, "active")["os_hash_value"] == hashlib.sha512(DATA).hexdigest()


def test_an_image_deleted_during_its_import_leaves_nothing(images: Images) -> None:
    glance = images.region.glance
    glance.import_seconds = 0.2
    image_id = images.create()
    record = glance.images[image_id]
    images("PUT", f"images/{image_id}/stage", data=DATA, headers=OCTETS)
    assert images("POST", f"images/{image_id}/import", json={"method": {"name": "glance-direct"}}).status_code == 202
    assert images("DELETE", f"images/{image_id}").status_code == 204
    deadline = time.monotonic() + 5
    while record.tasks[0].status == "processing" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert record.tasks[0].status == "failure"
    assert not glance.data.path(image_id).exists()


def test_web_download_fetches_or_goes_back_to_queued(images: Images) -> None:
    source = f"{images.region.glance.url}/versions"
    image_id = images.create()
    wanted = {"method": {"name": "web-download", "uri": source}}
    assert images("POST", f"images/{image_id}/import", json=wanted).status_code == 202
    assert images.wait(image_id, "active")["size"] == len(requests.get(source, timeout=5).content)
    image_id = images.create()
    wanted = {"method": {"name": "web-download", "uri": f"{images.region.glance.url}/v2/nothing"}}
    assert images("POST", f"images/{image_id}/import", json=wanted).status_code == 202
    assert images.wait(image_id, "queued")["os_glance_failed_import"] == "fast"
    task = images("GET", f"images/{image_id}/tasks").json()["tasks"][0]
    assert (task["status"], "401" in task["message"]) == ("failure", True)


def test_imports_convert_what_is_not_in_the_format_of_the_site(images: Images) -> None:
    images.region.glance.converts_to = "raw"
    data = image_formats.qcow2()
    image_id = images.create(disk_format="qcow2")
    for _twice in range(2):
        images("PUT", f"images/{image_id}/stage", data=data, headers=OCTETS)
        images("POST", f"images/{image_id}/import", json={"method": {"name": "glance-direct"}})
        image = images.wait(image_id, "active")
        served = images("GET", f"images/{image_id}/file").content
        assert (image["disk_format"], image["os_hash_value"]) == ("raw", hashlib.sha512(served).hexdigest())
        assert (served == data) is (data != image_formats.qcow2())
        data, image_id = served, images.create()


@pytest.mark.parametrize(
    ("claimed", "data", "message"),
    [
        ("raw", image_formats.qcow2(), "Image format mismatch"),
        ("raw", image_formats.iso(), "Image has disallowed configuration"),
        ("iso", image_formats.iso(), None),
    ],
)
def test_conversion_believes_no_claim_and_leaves_iso_images_alone(
    images: Images, claimed: str, data: bytes, message: str | None
) -> None:
    images.region.glance.converts_to = "qcow2"
    image_id = images.create(disk_format=claimed)
    images("PUT", f"images/{image_id}/stage", data=data, headers=OCTETS)
    images("POST", f"images/{image_id}/import", json={"method": {"name": "glance-direct"}})
    image = images.wait(image_id, "queued" if message else "active")
    assert image["disk_format"] == claimed
    (task,) = images("GET", f"images/{image_id}/tasks").json()["tasks"]
    assert task["message"] == (f"Import failed: {message}" if message else "")


def test_what_a_site_offers_can_be_changed(images: Images) -> None:
    glance = images.region.glance
    assert images("GET", "info/import").json()["import-methods"]["value"] == ["glance-direct", "web-download"]
    assert images("GET", "info/stores").status_code == 404
    glance.stores, glance.import_methods = ["fast", "slow"], []
    assert [store["id"] for store in images("GET", "info/stores").json()["stores"]] == ["fast", "slow"]
    image_id = images.create()
    assert images("PUT", f"images/{image_id}/stage", data=DATA, headers=OCTETS).status_code == 404
    stores = images("POST", "images", json={}).headers["OpenStack-image-store-ids"].split(",")
    assert stores == ["fast", "slow", "os_glance_staging_store", "os_glance_tasks_store"]
    headers = OCTETS | {"X-Image-Meta-Store": "slow"}
    assert images("PUT", f"images/{image_id}/file", data=DATA, headers=headers).status_code == 204
    assert images("GET", f"images/{image_id}").json()["stores"] == "slow"


def test_lists_are_filtered_and_paged(images: Images) -> None:
    for number in range(5):
        images.create(name=f"i{number}", tags=["even"] if number % 2 == 0 else [])
    first = images("GET", "images?limit=2&sort=name:asc").json()
    assert [image["name"] for image in first["images"]] == ["i0", "i1"]
    second = images("GET", first["next"].removeprefix("/v2/")).json()
    assert [image["name"] for image in second["images"]] == ["i2", "i3"]
    assert "next" not in images("GET", "images?limit=6").json()
    assert len(images("GET", "images?tag=even").json()["images"]) == 3
    assert [image["name"] for image in images("GET", "images?name=i3").json()["images"]] == ["i3"]
    assert len(images("GET", "images?name=in:i3,i4").json()["images"]) == 2


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "marker=x", "sort=colour:asc", "visibility=secret", "os_hidden=perhaps"]
)
def test_bad_queries_are_refused(images: Images, query: str) -> None:
    assert images("GET", f"images?{query}").status_code == 400


def test_tags_and_actions(images: Images) -> None:
    image_id = images.create()
    assert images("PUT", f"images/{image_id}/tags/blue").status_code == 204
    assert images("GET", f"images/{image_id}").json()["tags"] == ["blue"]
    assert images("DELETE", f"images/{image_id}/tags/blue").status_code == 204
    assert images("DELETE", f"images/{image_id}/tags/blue").status_code == 404
    assert images("POST", f"images/{image_id}/actions/deactivate").status_code == 403
    images("PUT", f"images/{image_id}/file", data=DATA, headers=OCTETS)
    assert images("POST", f"images/{image_id}/actions/deactivate").status_code == 204
    assert images("GET", f"images/{image_id}/file").status_code == 403
    assert images("POST", f"images/{image_id}/actions/reactivate").status_code == 204
    assert images("GET", f"images/{image_id}/file").content == DATA


def test_nobody_without_a_token(images: Images) -> None:
    del images.session.headers["X-Auth-Token"]
    assert images("GET", "images").status_code == 401
    assert requests.get(images.region.glance.url, timeout=5).status_code == 300
