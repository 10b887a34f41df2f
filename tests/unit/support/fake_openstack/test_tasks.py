# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Glance's tasks, as Rackspace, upstream and the specification of 2013 have them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.fake_openstack import Cloud, FakeOpenStack
from tests.support.fake_openstack.glance_tasks import Style

VHD = b"disk" * 256 + b"conectix" + bytes(504)


class Tasks:
    """A plain client of the tasks of one Glance, with an object store beside it."""

    def __init__(self, cloud: Cloud, session: requests.Session) -> None:
        self.region = cloud["r1"]
        self.api = self.region.glance.task_api
        self.session = session
        self.project = cloud.keystone.project_id("demo")
        self.store("PUT", "/c")

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.region.glance.url}/v2{path}", timeout=5, **kwargs)

    def store(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        url = f"{self.region.swift.url}/v1/AUTH_{self.project}{path}"
        return self.session.request(method, url, timeout=5, **kwargs)

    def run(self, kind: str, **given: Any) -> dict[str, Any]:
        answer = self("POST", "/tasks", json={"type": kind, "input": given})
        assert answer.status_code == 201, answer.text
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            task: dict[str, Any] = self("GET", f"/tasks/{answer.json()['id']}").json()
            if task["status"] in ("success", "failure"):
                return task
            time.sleep(0.02)
        pytest.fail("the task does not end")

    def rackspace(self, **changes: Any) -> dict[str, Any]:
        return self.run("import", **({"import_from": "c/o", "image_properties": {"name": "x"}} | changes))


@pytest.fixture
def tasks(
    fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]
) -> Callable[[Style], Tasks]:
    def make(style: Style) -> Tasks:
        cloud = fake_openstack(image_api="rackspace")["cloud1"]
        cloud["r1"].glance.task_api.style = style
        return Tasks(cloud, client(cloud))

    return make


def test_rackspace_imports_a_vhd_from_a_container(tasks: Callable[[Style], Tasks]) -> None:
    rackspace = tasks("rackspace")
    rackspace.store("PUT", "/c/o", data=VHD)
    rackspace.api.hiccups = 1
    assert "Error code: '396'" in rackspace.rackspace()["message"]
    image = rackspace("GET", f"/images/{rackspace.rackspace()['result']['image_id']}").json()
    assert (image["name"], image["status"], image["disk_format"], image["size"]) == ("x", "active", "vhd", len(VHD))


def test_rackspace_takes_nothing_else(tasks: Callable[[Style], Tasks]) -> None:
    rackspace = tasks("rackspace")
    assert "404" in rackspace.rackspace()["message"] or "could not be found" in rackspace.rackspace()["message"]
    rackspace.store("PUT", "/c/o", data=b"raw" * 1000)
    assert "not a valid VHD" in rackspace.rackspace()["message"]
    wanted = {"import_from": "c/o", "image_properties": {"name": "x", "min_disk": 1}}
    assert rackspace("POST", "/tasks", json={"type": "import", "input": wanted}).status_code == 400
    fields = {"name": "x", "disk_format": "vhd", "container_format": "bare"}
    image_id = rackspace("POST", "/images", json=fields).json()["id"]
    octets = {"Content-Type": "application/octet-stream"}
    assert rackspace("PUT", f"/images/{image_id}/file", data=VHD, headers=octets).status_code == 403


def test_tasks_are_not_deleted(tasks: Callable[[Style], Tasks]) -> None:
    rackspace = tasks("rackspace")
    assert rackspace("DELETE", f"/tasks/{rackspace.rackspace()['id']}").status_code == 405


def test_exports_write_to_a_container(tasks: Callable[[Style], Tasks]) -> None:
    rackspace = tasks("rackspace")
    rackspace.store("PUT", "/c/o", data=VHD)
    image_id = rackspace.rackspace()["result"]["image_id"]
    done = rackspace.run("export", image_uuid=image_id, receiving_swift_container="c")
    assert rackspace.store("GET", f"/{done['result']['export_location']}").content == VHD
    assert rackspace.run("export", image_uuid=image_id, receiving_swift_container="d")["status"] == "failure"
    rackspace.api.style = "spec2013"
    assert rackspace.run("export", image_uuid=image_id, export_to="c")["result"] == done["result"]


def test_upstream_fetches_a_url_for_the_owner(tasks: Callable[[Style], Tasks]) -> None:
    upstream = tasks("upstream")
    url = f"{upstream.region.swift.url}/info"
    properties = {"name": "x", "disk_format": "raw", "container_format": "bare"}
    wanted = {"import_from": url, "import_from_format": "raw", "image_properties": properties}
    assert "do not own" in upstream.run("import", **wanted)["message"]
    wanted["image_properties"] = properties | {"owner": upstream.project, "a": "1"}
    image = upstream("GET", f"/images/{upstream.run('import', **wanted)['result']['image_id']}").json()
    assert (image["status"], image["size"], image["a"]) == ("active", len(requests.get(url, timeout=5).content), "1")
    refused = {"import_from": "c/o", "import_from_format": "raw", "image_properties": {}}
    assert upstream("POST", "/tasks", json={"type": "import", "input": refused}).status_code == 400


def test_closed_to_ordinary_users(tasks: Callable[[Style], Tasks]) -> None:
    assert tasks("closed")("GET", "/tasks").status_code == 403
