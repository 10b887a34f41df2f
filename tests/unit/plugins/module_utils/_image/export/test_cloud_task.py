# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export by the cloud's own task, as Rackspace had it and as the specification of 2013 has it."""

from __future__ import annotations

import hashlib
import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import Answer, FakeOpenStack, Region, edit_answer
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_module import ModuleRun, run_module

DATA = os.urandom(300_000)

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(image_api="rackspace")


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def image(clouds: FakeOpenStack, region: Region) -> Image:
    made = Image(str(uuid.uuid4()), clouds["cloud1"].keystone.project_id("demo"))
    made.fields |= {"name": "thing", "disk_format": "vhd", "container_format": "ovf", "visibility": "private"}
    region.glance.data.path(made.id).write_bytes(DATA)
    made.size, made.checksum = len(DATA), hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    made.os_hash_value = hashlib.sha512(DATA).hexdigest()
    made.status = "active"
    region.glance.images[made.id] = made
    return made


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module takes over signals, which in this process belong to pytest."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)


@pytest.fixture
def export(clouds: FakeOpenStack, tmp_path: Path) -> Callable[..., ModuleRun]:
    """Run the module, to the container ``exports``."""
    clouds_yaml = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    common = {"image": "thing", "container": "exports", "locations": ["*"], "clouds_yaml": clouds_yaml}
    return lambda **options: run_module("image_export", **{**common, **options})


def containers(region: Region) -> dict[str, list[str]]:
    """What is in the object store."""
    accounts = region.swift.store.accounts.values()
    return {name: sorted(one.objects) for account in accounts for name, one in account.containers.items()}


@pytest.mark.parametrize("style", ["rackspace", "spec2013"])
def test_the_cloud_exports(
    clouds: FakeOpenStack, export: Callable[..., ModuleRun], region: Region, image: Image, style: Any
) -> None:
    region.glance.task_api.style = style
    region.glance.task_api.seconds = 0.05
    (first,) = export()["results"]
    assert (first["action"], first["method"], first["export_format"]) == ("created", "export_task", "vhd")
    assert first["export_location"].endswith(f"/exports/{image.id}.vhd")
    assert first["size"] == len(DATA)
    assert containers(region) == {"exports": [f"{image.id}.vhd"]}
    assert clouds.counters.requests(path="/v2/images/{image_id}/file") == 0
    tasks = len(region.glance.task_api.tasks)
    (again,) = export()["results"]
    assert again == {**first, "action": "unchanged", "method": None, "notes": again["notes"]}
    assert len(region.glance.task_api.tasks) == tasks


def test_what_the_cloud_exports_expires_and_can_be_fetched(
    export: Callable[..., ModuleRun], region: Region, image: Image
) -> None:
    (result,) = export(expires_in=600, tempurl=True)["results"]
    assert result["expires_at"]
    assert f"/exports/{image.id}.vhd?temp_url_sig=" in result["tempurl"]
    (container,) = (one for account in region.swift.store.accounts.values() for one in account.containers.values())
    (stored,) = container.objects.values()
    assert stored.headers["X-Delete-At"]


def test_a_task_that_fails_leaves_nothing(export: Callable[..., ModuleRun], region: Region, image: Image) -> None:
    image.owner = "somebody else"
    image.fields["visibility"] = "public"
    region.glance.images[image.id] = image
    region.fault("GET", "/file$", Answer(403))
    (failure,) = export()["failures"]
    assert failure["kind"] == "refused"
    assert f"the export task ended as failure: Image {image.id} cannot be exported." in failure["error"]
    assert containers(region) == {}


@pytest.mark.usefixtures("image")
def test_tasks_that_are_refused_give_way_to_a_stream(export: Callable[..., ModuleRun], region: Region) -> None:
    region.fault("POST", "/v2/tasks$", Answer(403))
    (result,) = export()["results"]
    assert (result["method"], result["checksum"]["md5"]) == ("stream", hashlib.md5(DATA).hexdigest())  # noqa: S324
    assert result["notes"][0].startswith("export_task failed, stream instead: Forbidden")
    assert containers(region) == {"exports": ["thing.vhd"]}


@pytest.mark.usefixtures("image")
def test_a_stuck_task_ends_with_its_clock(export: Callable[..., ModuleRun], region: Region) -> None:
    region.glance.task_api.stuck = True
    (failure,) = export(transfer_timeout=10.0)["failures"]
    region.glance.task_api.stuck = False
    assert failure["kind"] == "timeout"
    assert "the export task is still running; the cloud offers no way to cancel it" in failure["error"]
    assert containers(region) == {}


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("edit", [lambda _task: {"status": "pending"}, lambda task: {**task, "id": None}])
def test_a_task_without_an_id_gives_way_to_a_stream(
    export: Callable[..., ModuleRun], region: Region, edit: Callable[[Any], Any]
) -> None:
    region.fault("POST", "/v2/tasks$", edit_answer(edit))
    (result,) = export()["results"]
    assert result["method"] == "stream"
    assert "the export task cannot be parsed" in result["notes"][0]


@pytest.mark.usefixtures("image")
def test_a_lost_connection_to_a_task_is_taken_up(export: Callable[..., ModuleRun], region: Region) -> None:
    region.glance.task_api.seconds = 0.1
    region.fault("GET", "/v2/tasks/", Answer(503), times=2)
    (result,) = export()["results"]
    assert result["method"] == "export_task"


@pytest.mark.usefixtures("image")
def test_a_name_of_the_users_is_for_a_stream(export: Callable[..., ModuleRun], region: Region) -> None:
    (result,) = export(object="mine")["results"]
    assert result["method"] == "stream"
    assert containers(region) == {"exports": ["mine"]}
    assert not region.glance.task_api.tasks
