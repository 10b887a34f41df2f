# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Nova builds servers as Nova does: what it refuses, in which words, and what becomes of servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.server_clouds import furnished_clouds, things

VERSION = {"OpenStack-API-Version": "compute 2.79"}


@dataclass
class Lab:
    """A region, and a session of a member."""

    clouds: FakeOpenStack
    region: Region
    session: requests.Session

    @property
    def url(self) -> str:
        return f"{self.region.nova.url}/v2.1/servers"

    def body(self, **change: Any) -> dict[str, Any]:
        flavor = next(iter(self.region.nova.resources.items["flavors"]))
        image = next(iter(self.region.glance.images))
        sent = {"name": "s", "flavorRef": flavor, "imageRef": image, "networks": "auto", **change}
        return {key: value for key, value in sent.items() if value is not None}

    def create(self, hints: dict[str, Any] | None = None, **change: Any) -> requests.Response:
        sent: dict[str, Any] = {"server": self.body(**change)}
        if hints:
            sent["os:scheduler_hints"] = hints
        return self.session.post(self.url, json=sent, headers=VERSION)

    def shown(self) -> dict[str, Any]:
        (server,) = self.session.get(f"{self.url}/detail", headers=VERSION).json()["servers"]
        return dict(server)


@pytest.fixture
def lab(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> Lab:
    clouds = furnished_clouds(fake_openstack)
    return Lab(clouds, clouds["cloud1"]["r1"], client(clouds["cloud1"]))


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"networks": None}, 400, "'networks' is a required property"),
        ({"unknown": 1}, 400, "'unknown' was unexpected"),
        ({"config_drive": "yes"}, 400, "Invalid input for field/attribute config_drive"),
        ({"metadata": {"a": 1}}, 400, "Invalid input for field/attribute metadata"),
        ({"imageRef": "no"}, 400, "Can not find requested image"),
        ({"imageRef": None}, 400, "Invalid imageRef provided"),
        ({"flavorRef": "no"}, 400, "Flavor no could not be found."),
        ({"networks": [{"uuid": "no"}]}, 400, "Network no could not be found."),
        ({"networks": [{"port": "no"}]}, 400, "Port id no could not be found."),
        ({"networks": [{"net": "no"}]}, 400, "Invalid input for field/attribute networks"),
        ({"key_name": "no"}, 400, "Invalid key_name provided."),
        ({"availability_zone": "no"}, 400, "The requested availability zone is not available"),
        ({"security_groups": [{"name": "no"}]}, 400, "Unable to find security_group with name or id 'no'"),
        ({"user_data": "%"}, 400, "Userdata content cannot be decoded"),
        ({"user_data": "A" * 70000}, 400, "AAAA"),
    ],
)
def test_refusals(lab: Lab, change: dict[str, Any], status: int, said: str) -> None:
    answer = lab.create(**change)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert lab.region.nova.servers == []


def test_several_networks(lab: Lab) -> None:
    network(lab.region.neutron, lab.clouds["cloud1"].keystone.project_id("demo"), "second", "10.1.0.0/24")
    answer = lab.create()
    assert (answer.status_code, "Multiple possible networks found" in answer.text) == (409, True)
    assert lab.create(networks="none").status_code == 202


def test_a_quota(lab: Lab) -> None:
    lab.region.nova.resources.quotas[lab.clouds["cloud1"].keystone.project_id("demo")] = {"instances": 1}
    assert [lab.create().status_code for _number in range(2)] == [202, 403]


def test_older_microversions_know_less(lab: Lab) -> None:
    old = {"OpenStack-API-Version": "compute 2.36"}
    sent = {"server": lab.body(networks=None)}
    assert lab.session.post(lab.url, json=sent, headers=old).status_code == 202
    sent = {"server": lab.body(networks=None, tags=["x"])}
    assert lab.session.post(lab.url, json=sent, headers=old).status_code == 400


def test_a_server_is_built_changed_and_deleted(lab: Lab) -> None:
    answer = lab.create(tags=["x"])
    identity = answer.json()["server"]["id"]
    assert (answer.status_code, lab.shown()["status"], lab.shown()["status"]) == (202, "BUILD", "ACTIVE")
    assert lab.shown()["addresses"]["private"][0]["addr"] == "10.0.0.100"
    action = f"{lab.url}/{identity}/action"
    assert lab.session.post(action, json={"os-start": None}).status_code == 409
    assert lab.session.post(action, json={"os-stop": None}).status_code == 202
    assert lab.session.post(action, json={"os-stop": None}).status_code == 409
    assert [lab.shown()["status"], lab.shown()["status"]] == ["ACTIVE", "SHUTOFF"]
    assert lab.session.delete(f"{lab.url}/{identity}").status_code == 204
    assert lab.shown()["OS-EXT-STS:task_state"] == "deleting"
    assert lab.session.get(f"{lab.url}/detail", headers=VERSION).json()["servers"] == []
    changed = lab.session.get(f"{lab.url}/detail?changes-since=2026-01-01T00:00:00Z", headers=VERSION).json()
    assert [server["status"] for server in changed["servers"]] == ["DELETED"]
    later = lab.session.get(f"{lab.url}/detail?changes-since=2999-01-01T00:00:00Z", headers=VERSION).json()
    assert later["servers"] == []
    assert lab.session.get(f"{lab.url}/detail?changes-since=soon", headers=VERSION).status_code == 400
    assert things(lab.region)["ports"] == 0


def test_a_server_that_no_host_takes(lab: Lab) -> None:
    lab.region.nova.builds.fails = lambda _server: NO_HOST
    assert lab.create().status_code == 202
    lab.shown()
    shown = lab.shown()
    assert (shown["status"], shown["fault"]["message"], shown["OS-SRV-USG:launched_at"]) == ("ERROR", NO_HOST, None)


def test_openstacksdk_builds_one(lab: Lab, tmp_path: Path) -> None:
    path = lab.clouds.clouds_yaml(tmp_path / "clouds.yaml")
    config = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False)
    connection = openstack.connection.Connection(config=config.get_one("cloud1", region_name="r1"))
    sent = lab.body()
    made = connection.compute.create_server(
        name="sdk", flavor_id=sent["flavorRef"], image_id=sent["imageRef"], networks="auto"
    )
    assert [server.status for server in lab.region.nova.servers if server.id == made.id] == ["BUILD"]
    connection.compute.delete_server(made)
    lab.region.nova.builds.look()
    lab.region.nova.builds.look()
    assert lab.region.nova.servers == []
