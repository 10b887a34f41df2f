# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.find import Query
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.listing import Listing
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.heat import Heat
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.listing import list_stacks
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import connect

KIND = kind_of("orchestration.stack")
TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2018-08-31",
    "parameters": {"p": {"type": "string", "default": "x"}},
    "resources": {},
    "outputs": {"o": {"value": "y"}},
}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    """A cloud with two stacks, of which one is deleted."""
    clouds = fake_openstack(more=("orchestration",))
    heat = Heat(connect(clouds))
    for name in ("a", "gone"):
        heat.create({"stack_name": name, "template": TEMPLATE})
    for _time in range(2):
        heat.in_progress(0.0)
    item = heat.find("gone")
    assert item is not None
    heat.delete(item)
    for _time in range(2):
        heat.in_progress(0.0)
    return clouds


def test_details_take_a_request_for_each_stack(clouds: FakeOpenStack) -> None:
    listing = Listing(KIND)
    clouds.counters.reset()
    (brief,) = list_stacks(connect(clouds), listing, details=False) or [{}]
    assert (brief["name"], brief["parameters"], brief["outputs"]) == ("a", None, None)
    assert clouds.counters.requests(path="/v1/{project}/stacks/{name}/{id}") == 0
    (record,) = list_stacks(connect(clouds), listing, details=True) or [{}]
    assert (record["parameters"]["p"], record["outputs"][0]["output_value"]) == ("x", "y")
    assert record.keys() == brief.keys()
    assert clouds.counters.requests(path="/v1/{project}/stacks/{name}/{id}") == 1


def test_fields_are_kept_of_details(clouds: FakeOpenStack) -> None:
    (record,) = list_stacks(connect(clouds), Listing(KIND, fields=["outputs"]), details=True) or [{}]
    assert record.keys() == {"outputs", "location"}


def test_an_administrator_sees_those_of_the_own_project(clouds: FakeOpenStack) -> None:
    """As members of the project do; those of all only if the task asks for them."""
    clouds["cloud1"]["r1"].heat.stacks[0].project = clouds["cloud1"].keystone.project_id("demo2")
    connection = connect(clouds)
    assert list_stacks(connection, Listing(KIND), details=True) == []


def test_where_heat_is_not_offered(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    listing = Listing(KIND, Query(name="a"))
    assert list_stacks(connect(fake_openstack()), listing, details=True) is None
