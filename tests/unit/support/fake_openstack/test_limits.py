# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Nova and Neutron tell limits and what is used of them as the real ones do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.service import Refusal

Client = Callable[..., requests.Session]


def test_limits(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    cloud = fake_openstack()["cloud1"]
    region, session = cloud["r1"], client(cloud)
    region.add_server(flavor="m1.large", status="ERROR")
    region.add_server(project="demo2")
    region.nova.resources.quotas[cloud.keystone.project_id("demo")] = {"ram": -1}
    absolute = session.get(f"{region.nova.url}/v2.1/limits").json()["limits"]["absolute"]
    assert {key: absolute[key] for key in ("maxTotalInstances", "totalInstancesUsed")} == {
        "maxTotalInstances": 10,
        "totalInstancesUsed": 1,
    }
    assert (absolute["maxTotalCores"], absolute["totalCoresUsed"]) == (20, 4)
    assert (absolute["maxTotalRAMSize"], absolute["totalRAMUsed"]) == (-1, 8192)


def test_what_is_over_quota(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    cloud = fake_openstack()["cloud1"]
    nova, project = cloud["r1"].nova, cloud.keystone.project_id("demo")
    nova.limits.check(project, {"vcpus": 20, "ram": 51200})
    with pytest.raises(Refusal) as caught:
        nova.limits.check(project, {"vcpus": 21, "ram": 51201})
    assert caught.value.status == 403
    assert caught.value.message == (
        "Quota exceeded for cores, ram: Requested 21, 51201, but already used 0, 0 of 20, 51200 cores, ram"
    )


def test_what_was_deleted_counts_for_a_while(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    cloud = fake_openstack()["cloud1"]
    region, project = cloud["r1"], cloud.keystone.project_id("demo")
    region.nova.resources.quotas[project] = {"instances": 1}
    region.nova.limits.holds = 1
    region.nova.limits.hold(region.add_server("gone", project_id=project))
    region.nova.servers.clear()
    with pytest.raises(Refusal):
        region.nova.limits.check(project, {"vcpus": 1, "ram": 1})
    region.nova.limits.check(project, {"vcpus": 1, "ram": 1})


def test_ports(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    cloud = fake_openstack(more=("network",))["cloud1"]
    project, neutron = cloud.keystone.project_id("demo"), cloud["r1"].neutron
    neutron.add("ports", project, network_id="x")
    neutron.add("ports", "another", network_id="x")
    answer = client(cloud).get(f"{neutron.url}/v2.0/quotas/{project}/details.json")
    assert answer.json()["quota"]["port"] == {"limit": 500, "used": 1, "reserved": 0}
    assert client(cloud).get(f"{neutron.url}/v2.0/quotas/another/details.json").status_code == 403
