# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of three services as one thing: changed, unchanged, reset; nothing is changed where a service refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

LIMITS = {"compute": {"cores": 64}, "network": {"networks": 7}, "block_storage": {"gigabytes": "50"}}


@pytest.fixture(autouse=True)
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    made = fake_openstack(regions=2, more=("network", "block-storage"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml", "admin")))
    return made


def run(**params: Any) -> ModuleRun:
    return run_module("quota", **{"locations": "cloud1", "project": "demo", "timeout": 3000.0, **params})


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


def test_they_are_changed_together_and_reset() -> None:
    assert actions(run(**LIMITS, _ansible_check_mode=True)) == ["updated", "updated"]
    done = run(**LIMITS)
    assert actions(done) == ["updated", "updated"]
    quota = done["results"][0]["quota"]
    assert (quota["compute"]["cores"], quota["network"]["networks"]) == (64, 7)
    assert quota["block_storage"]["gigabytes"] == 50
    assert actions(run(**LIMITS)) == ["unchanged", "unchanged"]
    assert actions(run(compute={}, state="absent")) == ["updated", "updated"]
    assert actions(run(compute={}, state="absent")) == ["unchanged", "unchanged"]
    assert actions(run(state="absent")) == ["updated", "updated"]
    assert actions(run(state="absent")) == ["unchanged", "unchanged"]


def test_a_quota_that_only_the_service_has_a_name_for(clouds: FakeOpenStack) -> None:
    """Cinder has some for each volume type, among the defaults too."""
    clouds["cloud1"]["r1"].cinder.add("types", None, name="ssd")
    limits = {"locations": "cloud1/r1", "block_storage": {"properties": {"gigabytes_ssd": 50}}}
    reset = {"locations": "cloud1/r1", "block_storage": {}, "state": "absent"}
    assert (actions(run(**limits)), actions(run(**limits))) == (["updated"], ["unchanged"])
    (shown,) = run(**reset, _ansible_check_mode=True, _ansible_diff=True)["diff"]
    said = [json.loads(shown[key])["block_storage"]["gigabytes_ssd"] for key in ("before", "after")]
    assert said == [50, -1]
    assert (actions(run(**reset)), actions(run(**reset))) == (["updated"], ["unchanged"])


def test_a_diff_has_the_services(clouds: FakeOpenStack) -> None:
    (shown, *_more) = run(**LIMITS, _ansible_check_mode=True, _ansible_diff=True)["diff"]
    assert json.loads(shown["before"])["compute"] == {"cores": 20}
    assert json.loads(shown["after"])["network"] == {"networks": 7}
    assert clouds.counters.requests(method="PUT") == 0


def test_all_services_are_asked_before_one_is_changed(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r2"].fault("GET", "/v3", Answer(403))
    done = run(**LIMITS)
    assert [failure["location"]["region"] for failure in done["failures"]] == ["r2"]
    assert actions_of(done) == ["updated"]
    clouds["cloud1"]["r2"].clear_faults()
    assert actions(run(**LIMITS)) == ["unchanged", "updated"]


def test_what_was_changed_before_a_service_fails_is_reported(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r1"].fault("PUT", "/v2.0/quotas", Answer(403))
    done = run(locations="cloud1/r1", **LIMITS)
    assert not done.ok
    assert done["changed"]
    (result,) = done["results"]
    assert result["quota"]["compute"]["cores"] == 64
    assert "network" not in result["quota"]
    clouds["cloud1"]["r1"].fault("PUT", "/v2.1", Answer(403))
    again = run(locations="cloud1/r1", compute={"cores": 65}, network={"networks": 7})
    assert (again.ok, again["changed"], again["results"]) == (False, False, [])


def actions_of(done: ModuleRun) -> list[str]:
    return [result["action"] for result in done["results"]]


def test_an_error_names_the_option() -> None:
    done = run(network={"network": 7})
    assert done["msg"].startswith("network: network.quota has no network; did you mean networks")


def test_a_project_that_is_not_there_has_no_quotas_to_reset(clouds: FakeOpenStack) -> None:
    assert actions(run(project="nobody", state="absent")) == ["unchanged", "unchanged"]
    assert clouds.counters.requests(method="DELETE") == 0
    failed = run(project="nobody", **LIMITS)
    assert {failure["error"] for failure in failed["failures"]} == {"there is no identity.project named 'nobody' here"}
    planned = run(project="nobody", **LIMITS, _ansible_check_mode=True)
    assert actions(planned) == ["updated", "updated"]  # an earlier task of the play may be about to create it
    assert "there is no identity.project named 'nobody' here" in str(planned["results"][0]["notes"])


@pytest.mark.parametrize(("project", "unchanged"), [("0123", True), ("demo", False)])
def test_nova_refuses_an_id_that_no_project_has(clouds: FakeOpenStack, project: str, unchanged: bool) -> None:  # noqa: FBT001
    keystone, refusal = clouds["cloud1"].keystone, {"code": 400, "message": "Project ID is not a valid project."}
    identity = project if unchanged else keystone.project_id(project)
    answer = Answer(400, {"Content-Type": "application/json"}, json.dumps({"badRequest": refusal}).encode())
    clouds["cloud1"]["r1"].fault("GET", "/v2.1/os-quota-sets", answer)
    done = run(locations="cloud1/r1", project={"id": identity}, compute={}, state="absent")
    assert done.ok is unchanged, done["msg"]
    assert not done["changed"]
