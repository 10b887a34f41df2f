# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An import task from its start to the image that it made, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    OaktreeError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.import_task import ImportTask
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer
from tests.support.fake_openstack.glance_tasks import TaskApi
from tests.support.run_core import ask_one

TASKS = r"/v2/tasks$"
NAME = "thing.uploading"

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    made = fake_openstack()
    made["cloud1"]["r1"].glance.task_api.style = "upstream"
    return made


def api(clouds: FakeOpenStack) -> TaskApi:
    found: TaskApi = clouds["cloud1"]["r1"].glance.task_api
    return found


def run(clouds: FakeOpenStack, source: str = "", timeout: float = 1000.0) -> str:
    """Import, and return the ID of the image. What the cloud fetches is one of its own public pages."""

    def work(connection: Any) -> str:
        properties = {"name": NAME, "disk_format": "raw", "container_format": "bare"}
        owner = {"owner": connection.location.project.id}
        url = source or f"{clouds['cloud1'].keystone.url}/v3"
        task = ImportTask(Glance(connection), url, "raw", {**properties, **owner})
        try:
            task.start()
            with connection.within(timeout, "import_timeout"):
                return task.finish()
        except OaktreeError as error:
            error.add_residue(task.residue)
            raise

    result = ask_one(clouds, work, timeout=20.0)
    if result.error:
        raise result.error
    return str(result.value)


def images(clouds: FakeOpenStack) -> dict[str, Any]:
    found: dict[str, Any] = clouds["cloud1"]["r1"].glance.images
    return found


def test_the_image_of_a_task(clouds: FakeOpenStack) -> None:
    api(clouds).seconds = 0.05
    image_id = run(clouds)
    assert list(images(clouds)) == [image_id]
    assert (images(clouds)[image_id].status, images(clouds)[image_id].fields["name"]) == ("active", NAME)


@pytest.mark.parametrize("action", [LoseAnswer(), Answer(502, after="work")])
def test_a_lost_answer_starts_no_second_task(clouds: FakeOpenStack, action: Any) -> None:
    clouds["cloud1"]["r1"].fault("POST", TASKS, action, times=1)
    assert run(clouds) in images(clouds)
    assert len(api(clouds).tasks) == 1


def test_a_task_that_never_began_is_not_found(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r1"].fault("POST", TASKS, Answer(502), times=1)
    with pytest.raises(ServerError, match="502"):
        run(clouds)
    assert api(clouds).tasks == {}


def test_the_task_of_an_image_in_use_is_not_taken_for_ours(clouds: FakeOpenStack) -> None:
    images(clouds)[run(clouds)].fields["name"] = "thing"
    clouds["cloud1"]["r1"].fault("POST", TASKS, Answer(502), times=1)
    with pytest.raises(ServerError, match="502"):
        run(clouds)


def test_a_task_that_fails_for_no_reason_is_started_again(clouds: FakeOpenStack) -> None:
    api(clouds).hiccups = 2
    assert run(clouds) in images(clouds)
    assert len(api(clouds).tasks) == 3


def test_it_is_not_started_for_ever(clouds: FakeOpenStack) -> None:
    api(clouds).hiccups = 10
    with pytest.raises(ServerError, match="396"):
        run(clouds)
    assert len(api(clouds).tasks) == 3


def test_a_failure_is_reported_without_secrets(clouds: FakeOpenStack) -> None:
    url = f"{clouds['cloud1'].keystone.url}/nothing?temp_url_sig=secret"
    with pytest.raises(ServerError, match="the import task failed: ") as failed:
        run(clouds, url)
    assert "secret" not in failed.value.message
    assert "temp_url_sig=..." in failed.value.message


def test_a_task_that_does_not_end_in_time(clouds: FakeOpenStack) -> None:
    api(clouds).stuck = True
    with pytest.raises(DeadlineError) as failed:
        run(clouds, timeout=25.0)
    api(clouds).stuck = False
    task_id = next(iter(api(clouds).tasks))
    assert f"the import task {task_id} may still be running" in failed.value.message


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "success"}',
        b'{"status": "success", "result": []}',
        b'{"status": "success", "result": {"image_id": null}}',
    ],
)
def test_a_result_that_cannot_be_parsed(clouds: FakeOpenStack, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    clouds["cloud1"]["r1"].fault("GET", r"/v2/tasks/", Answer(200, headers, body))
    with pytest.raises(ServerError, match="the import task cannot be parsed"):
        run(clouds)


@pytest.mark.parametrize("listed", [b"{}", b'{"tasks": [null]}', b'{"tasks": [{"id": 7}]}', b'{"tasks": 7}'])
def test_an_answer_without_an_id_looks_for_the_task(clouds: FakeOpenStack, listed: bytes) -> None:
    region, headers = clouds["cloud1"]["r1"], {"Content-Type": "application/json"}
    region.fault("POST", TASKS, Answer(201, headers, b'{"id": null}', after="work"), times=2)
    assert run(clouds) in images(clouds)
    region.fault("GET", r"/v2/tasks\?", Answer(200, headers, listed))
    with pytest.raises(ServerError, match="the list of import tasks cannot be parsed"):
        run(clouds)
