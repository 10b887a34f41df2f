# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found at a Location: images, uploads in progress, leftovers, and what an upload could use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey, survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker
from tests.support import upload_markers
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import ask_one

OTHER_CONTENT = Fingerprint(1, "raw", {"md5": "x"})
DEAD = upload_markers.dead()


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(object_store=True)


def add(clouds: FakeOpenStack, name: str, status: str = "active", **properties: str) -> str:
    cloud = clouds["cloud1"]
    image = Image(str(uuid.uuid4()), cloud.keystone.project_id("demo"))
    image.fields |= {"name": name, "disk_format": "raw", "container_format": "bare"}
    image.status, image.properties, image.size = status, dict(properties), 5
    cloud["r1"].glance.images[image.id] = image
    return image.id


def look(clouds: FakeOpenStack, origin: Fingerprint | None = OTHER_CONTENT, **options: Any) -> Survey:
    def work(connection: Connection) -> Survey:
        return survey(connection, Desired("thing", "present"), origin, "raw", **options)

    result = ask_one(clouds, work, timeout=20)
    assert result.value, result.error
    return result.value


def test_images_leftovers_and_uploads_in_progress(clouds: FakeOpenStack) -> None:
    there, inactive = add(clouds, "thing"), add(clouds, "thing", "deactivated")
    add(clouds, "other")
    dead = add(clouds, "thing.uploading", "queued", **{UPLOAD: DEAD})
    alive = add(clouds, "thing.uploading", "saving", **{UPLOAD: work_marker(60)})
    foreign = add(clouds, "thing", "queued")
    found = look(clouds)
    assert {image["id"] for image in found.images} == {there, inactive}
    assert [image["id"] for image in found.leftovers] == [dead]
    assert {image["id"] for image in found.busy} == {alive, foreign}


def test_what_an_upload_could_use_is_asked_only_where_one_is_needed(clouds: FakeOpenStack) -> None:
    needed = look(clouds)
    assert needed.offers
    assert "web-download" in needed.offers.import_methods
    assert (needed.object_store, needed.tasks, needed.version) == (True, None, "2")
    before = clouds.counters.requests(service="image")
    assert look(clouds, origin=None).offers is None
    assert clouds.counters.requests(service="image") - before == 2


def test_tasks_are_asked_for_on_request(clouds: FakeOpenStack) -> None:
    assert look(clouds, ask_tasks=True).tasks in (True, False)
    assert clouds.counters.requests(service="image", path="/v2/tasks") == 1
