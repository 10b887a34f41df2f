# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_module import run_module

TEMPLATE = {"heat_template_version": "2018-08-31", "resources": {"w": {"type": "T"}}, "outputs": {"o": {"value": "y"}}}


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds, one of which has stacks: of a member, and of an administrator."""
    made = fake_openstack(clouds=2, more=("orchestration",))
    for user, name in (("demo", "of-demo"), ("admin", "of-admin")):
        path = made.clouds_yaml(tmp_path / f"{user}.yaml", user)
        options = {"name": name, "template_body": TEMPLATE, "locations": ["cloud1"], "clouds_yaml": str(path)}
        assert run_module("stack", **options).ok
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "demo.yaml"))
    return made


@pytest.mark.slow
@pytest.mark.usefixtures("clouds")
def test_stacks_of_all_locations() -> None:
    done = run_module("stack_info", details=True, query="[].{name: name, outputs: outputs[].output_value}")
    assert done["stacks"] == [{"name": "of-demo", "outputs": ["y"]}]
    assert [(each["offered"], each["count"]) for each in done["locations"]] == [(True, 1), (True, 0)]
    assert run_module("stack_info", name="no such")["stacks"] == []


@pytest.mark.slow
@pytest.mark.usefixtures("clouds")
def test_administrators_see_their_own_and_those_of_all_projects(tmp_path: Path) -> None:
    options = {"clouds_yaml": str(tmp_path / "admin.yaml"), "locations": ["cloud1"], "fields": ["name"]}
    assert [each["name"] for each in run_module("stack_info", **options)["stacks"]] == ["of-admin"]
    found = run_module("stack_info", all_projects=True, **options)["stacks"]
    assert [each["name"] for each in found] == ["of-admin", "of-demo"]


@pytest.mark.slow
@pytest.mark.usefixtures("clouds")
def test_members_are_not_shown_a_part_as_the_whole() -> None:
    """Heat lists the stacks of all projects for administrators only, and says nothing to others."""
    done = run_module("stack_info", all_projects=True, locations=["cloud1"])
    assert [failure["kind"] for failure in done["failures"]] == ["refused"]


@pytest.mark.slow
def test_a_stack_by_its_id_and_none_that_is_deleted(clouds: FakeOpenStack) -> None:
    """Heat shows deleted ones for a while."""
    stack = clouds["cloud1"]["r1"].heat.stacks[0]
    found = run_module("stack_info", id=stack.id)["stacks"]
    assert [(each["name"], each["outputs"][0]["output_value"]) for each in found] == [("of-demo", "y")]
    stack.action = "DELETE"
    done = run_module("stack_info", id=stack.id)
    assert (done.ok, done["stacks"]) == (True, [])


@pytest.mark.slow
@pytest.mark.usefixtures("clouds")
def test_unknown_fields_are_refused() -> None:
    done = run_module("stack_info", fields=["nam"])
    assert (done.ok, "fields: 'nam' is not known" in done["msg"]) == (False, True)
