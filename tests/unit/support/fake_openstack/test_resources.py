# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in services take what the real ones take, and refuse what those refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import ask_one, entries


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("network", "dns"))


def ended(clouds: FakeOpenStack, service: str, method: str, path: str, body: Any = None, user: str = "admin") -> str:
    """What the service made of the request: the kind of the error, or nothing."""

    def work(connection: Connection) -> None:
        kwargs = {} if body is None else {"json": body}
        service_at(connection, service).request(method, path, microversion=None, **kwargs)

    error = ask_one(entries(clouds, user), work).error
    return error.kind if error else ""


NET = {"name": "a"}
FLAVOR = {"name": "a", "ram": 1, "vcpus": 1, "disk": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "path", "body", "kind"),
    [
        ("network", "/networks", {"network": NET}, ""),
        ("network", "/networks", {"network": {**NET, "colour": "blue"}}, "refused"),
        ("network", "/networks", {"network": {**NET, "admin_state_up": "yes"}}, "refused"),
        ("network", "/networks", {"network": {**NET, "mtu": "1400"}}, "refused"),
        ("network", "/networks", {"network": {**NET, "mtu": True}}, "refused"),
        ("network", "/networks", NET, "refused"),
        ("network", "/subnets", {"subnet": {"name": "a"}}, "refused"),
        ("network", "/subnets", {"subnet": {"network_id": "x", "cidr": "10.0.0.0/24", "ip_version": 4}}, "refused"),
        ("compute", "/flavors", {"flavor": FLAVOR}, ""),
        ("compute", "/flavors", {"flavor": {**FLAVOR, "extra_specs": {}}}, "refused"),
        ("compute", "/os-server-groups", {"server_group": {"name": "a", "policy": "affinity"}}, "refused"),
        ("identity", "/projects", {"project": {"name": "a", "whatever": 1}}, ""),
        ("dns", "/zones", {"name": "a."}, ""),
        ("dns", "/zones", {"name": "a"}, "refused"),
        ("dns", "/zones", {"zone": {"name": "a."}}, "refused"),
    ],
)
def test_new_ones(clouds: FakeOpenStack, service: str, path: str, body: Any, kind: str) -> None:
    assert ended(clouds, service, "POST", path, body) == kind


def test_what_is_there_already(clouds: FakeOpenStack) -> None:
    assert ended(clouds, "network", "POST", "/networks", {"network": NET}) == ""
    assert ended(clouds, "network", "POST", "/networks", {"network": NET}) == ""
    assert ended(clouds, "identity", "POST", "/projects", {"project": {"name": "demo"}}) == "conflict"
    assert ended(clouds, "dns", "POST", "/zones", {"name": "a."}) == ""
    assert ended(clouds, "dns", "POST", "/zones", {"name": "a."}) == "conflict"


def test_what_members_may_do(clouds: FakeOpenStack) -> None:
    neutron = clouds["cloud1"]["r1"].neutron
    public = network(neutron, "somebody", "public", **{"router:external": True})
    private = network(neutron, "somebody", "private")
    for path, kind in ((public["id"], "refused"), (private["id"], "refused")):
        change = {"network": {"name": "b"}}
        assert ended(clouds, "network", "PUT", f"/networks/{path}", change, user="demo") == kind
    assert ended(clouds, "network", "GET", f"/networks/{public['id']}", user="demo") == ""
    assert ended(clouds, "network", "GET", f"/networks/{private['id']}", user="demo") == "refused"
    assert ended(clouds, "compute", "POST", "/flavors", {"flavor": FLAVOR}, user="demo") == "refused"
    assert ended(clouds, "identity", "GET", "/projects", user="demo") == "refused"


def test_what_is_in_use(clouds: FakeOpenStack) -> None:
    neutron = clouds["cloud1"]["r1"].neutron
    made = network(neutron, "somebody", "web")
    neutron.add("ports", "somebody", network_id=made["id"])
    assert ended(clouds, "network", "DELETE", f"/networks/{made['id']}") == "conflict"
