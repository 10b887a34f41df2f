# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of quotas: one record for each, one request for each service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.run_module import ModuleRun, run_module


@pytest.fixture(autouse=True)
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    made = fake_openstack(more=("network",))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    project = made["cloud1"].keystone.project_id("demo")
    made["cloud1"]["r1"].neutron.quotas[project] = {"network": 3, "port": -1}
    network(made["cloud1"]["r1"].neutron, project, "web")
    return made


def run(**params: Any) -> ModuleRun:
    return run_module("quota_info", **params)


def test_what_is_left() -> None:
    done = run()
    assert done.ok, done["msg"]
    quotas = {(quota["service"], quota["name"]): quota for quota in done["quotas"]}
    assert list(quotas) == sorted(quotas)
    networks = quotas["network", "networks"]
    assert {key: networks[key] for key in ("limit", "used", "reserved", "free")} == {
        "limit": 3,
        "used": 1,
        "reserved": 0,
        "free": 2,
    }
    assert (quotas["network", "ports"]["limit"], quotas["network", "ports"]["free"]) == (None, None)
    assert quotas["compute", "cores"]["location"]["cloud"] == "cloud1"
    assert quotas["compute", "cores"]["project_id"] == networks["location"]["project"]["id"]
    (location,) = done["locations"]
    assert location["offered"] is True
    assert location["count"] == len(quotas)


def test_services_fields_and_query() -> None:
    done = run(services=["network"], fields=["name", "free"], query="[?free && free < `5`].[name, free]")
    assert done["quotas"] == [["networks", 2]]
    assert "fields" in run(fields=["nmae"])["msg"]
    assert run(services="network, compute")["quotas"] == run(services=["network", "compute"])["quotas"]
    assert run(services=["netwrok"])["msg"].startswith("services: 'netwrok' is not known")


def test_a_project_of_no_such_name_has_none(clouds: FakeOpenStack, tmp_path: Path) -> None:
    path = str(clouds.clouds_yaml(tmp_path / "admin.yaml", "admin"))
    assert run(project="nobody", clouds_yaml=path)["quotas"] == []
    project = clouds["cloud1"].keystone.project_id("demo")
    found = run(project="demo", clouds_yaml=path)["quotas"]
    assert {quota["location"]["project"]["id"] for quota in found} == {project}


@pytest.mark.parametrize("project", [{"nmae": "demo"}, ["demo"], {"name": ""}])
def test_what_names_no_project_is_refused_before_any_cloud_is_asked(clouds: FakeOpenStack, project: Any) -> None:
    done = run(project=project)
    assert not done.ok
    assert done["msg"].startswith("project ")
    assert clouds.counters.requests() == 0


def test_a_location_without_these_services_offers_none() -> None:
    done = run(services=["block_storage"])
    assert (done["quotas"], done["locations"][0]["offered"]) == ([], False)
