# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.run_module import ModuleRun, run_module


def places(run: ModuleRun) -> list[tuple[str, str | None]]:
    return [(item["location"]["cloud"], item["location"]["region"]) for item in run["locations"]]


def test_configuration_alone_asks_nobody(two_clouds: FakeOpenStack) -> None:
    run = run_module("location_info")
    assert run.ok
    assert places(run) == [("cloud1", "r1"), ("cloud1", "r2"), ("cloud2", "r1"), ("cloud2", "r2")]
    assert {item["answers"] for item in run["locations"]} == {None}
    assert run["locations"][0]["location"]["project"]["name"] == "demo"
    assert two_clouds.counters.as_dict()["requests"] == []


def test_selection(two_clouds: FakeOpenStack) -> None:
    assert places(run_module("location_info", locations=["*/r2", "!cloud1"])) == [("cloud2", "r2")]
    assert len(two_clouds.clouds) == 2


PROJECTS = ["team/prod", "a[1]", "*", "!lab", "a, b", "50%", "-"]


@pytest.mark.slow
def test_every_location_is_selected_by_what_records_hold(two_clouds: FakeOpenStack) -> None:
    entry = two_clouds["cloud1"].entry()
    clouds = {
        name: {**entry, "auth": {**entry["auth"], "project_name": name}, "regions": ["r1", "r2/*"]} for name in PROJECTS
    }
    text = yaml.safe_dump({"clouds": clouds})
    found = [item["location"] for item in run_module("location_info", clouds_config=text)["locations"]]
    assert len(found) == 2 * len(PROJECTS)
    for location in found:
        for form in (location, location["name"], [location], json.dumps([location])):
            again = run_module("location_info", clouds_config=text, locations=form)
            assert [item["location"] for item in again["locations"]] == [location], form
        named = f"*/*/{location['name'].rpartition('/')[2]}"
        assert len(run_module("location_info", clouds_config=text, locations=named)["locations"]) == 2


def test_the_location_of_a_record_that_the_token_completed_selects_it(two_clouds: FakeOpenStack) -> None:
    entry = two_clouds["cloud1"].entry(application_credential=True)
    config = {"clouds": {"mine": {**entry, "regions": ["r1"]}, "other": {**entry, "regions": ["r2"]}}}
    run = run_module("location_info", clouds_config=config, probe=True)
    for item in run["locations"]:
        assert item["location"]["project"]["name"] == "demo"
        again = run_module("location_info", clouds_config=config, locations=item["location"])
        assert places(again) == [(item["location"]["cloud"], item["location"]["region"])]


def test_the_environment_names_the_cloud(two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "cloud2")
    assert places(run_module("location_info")) == [("cloud2", "r1"), ("cloud2", "r2")]
    assert len(run_module("location_info", locations="*")["locations"]) == 4
    inline = {"clouds": {"cloud1": two_clouds["cloud1"].entry()}}
    assert places(run_module("location_info", clouds_config=inline)) == [("cloud1", "r1"), ("cloud1", "r2")]
    monkeypatch.setenv("OS_CLOUD", "cloud9")
    ended = run_module("location_info")
    assert ended["msg"] == (
        "OS_CLOUD: 'cloud9' matches none of the configured clouds. Configured clouds: cloud1, cloud2."
    )


def test_clouds_as_text_are_as_secret_as_a_mapping(two_clouds: FakeOpenStack) -> None:
    entry = {**two_clouds["cloud1"].entry(), "regions": ["r1"]}
    entry["auth"]["password"] = "wr0ng-secret"
    entry["compute_endpoint_override"] = "https://joe:0pen-sesame@127.0.0.1:9/"
    text = yaml.safe_dump({"clouds": {"mine": entry}})
    for given in (text, text + "  x: [", text.replace("clouds:", "clowds:")):
        ended = run_module("location_info", clouds_config=given, probe=True)
        assert not ended.ok
        shown = json.dumps(ended.result)
        assert [secret for secret in ("wr0ng-secret", "0pen-sesame") if secret in shown] == []
        assert ended["invocation"]["module_args"]["clouds_config"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    ended = run_module("location_info", clouds_config=text, probe=True)
    assert ended["failures"][0]["location"]["name"] == "mine/r1/demo"


def test_probe(two_clouds: FakeOpenStack) -> None:
    run = run_module("location_info", probe=True, locations=["cloud1"])
    assert run.ok
    first = run["locations"][0]
    keystone = two_clouds["cloud1"].keystone
    assert first["answers"] is True
    assert first["location"]["project"]["id"] == keystone.project_id("demo")
    assert first["user"] == {
        "id": keystone.user_id("demo"),
        "name": "demo",
        "domain_id": "default",
        "domain_name": "Default",
    }
    assert first["roles"] == ["member", "reader"]
    assert first["token_expires_at"].endswith("Z")
    assert first["service_types"] == ["compute", "identity", "image"]
    assert first["image_upload"]["import_methods"] == ["glance-direct", "web-download"]
    assert two_clouds.counters.tokens == 1


def test_probe_of_parts(two_clouds: FakeOpenStack) -> None:
    whole = run_module("location_info", probe=True, locations=["cloud1/r1"])
    (found,) = whole["locations"]
    assert (found["external_networks"], found["quotas"]["network"], found["missing"]) == (None, None, {})
    assert found["quotas"]["compute"]["instances"] == {"limit": 10, "used": 1, "reserved": 0, "free": 9}
    assert [item["service_type"] for item in found["services"]] == ["compute", "identity", "image"]
    assert found["image_upload"]["schemes"] == ["web_download", "v2_put", "glance_direct"]
    two_clouds.counters.reset()
    (part,) = run_module("location_info", probe=True, gather_subset="quotas, ", locations=["cloud1/r1"])["locations"]
    assert (part["image_upload"], part["services"], part["quotas"]) == (None, None, found["quotas"])
    assert two_clouds.counters.requests(service="compute") == 1
    assert two_clouds.counters.requests(service="image") == 0
    two_clouds.counters.reset()
    (alone,) = run_module("location_info", probe=True, gather_subset=[], locations=["cloud1/r1"])["locations"]
    assert (alone["answers"], alone["quotas"]) == (True, None)
    assert two_clouds.counters.requests() == 0
    unknown = run_module("location_info", probe=True, gather_subset="quotas, flavors")
    assert unknown["msg"].startswith("gather_subset: 'flavors' is not known. Known are external_networks, ")


def test_regions_that_nobody_has_configured(two_clouds: FakeOpenStack) -> None:
    config = {"clouds": {"mine": {**two_clouds["cloud1"].entry(), "regions": ["r2"]}}}
    assert run_module("location_info", clouds_config=config)["unconfigured_regions"] is None
    run = run_module("location_info", clouds_config=config, probe=True, gather_subset=[])
    assert run["unconfigured_regions"] == [{"cloud": "mine", "region": "r1"}]
    assert run_module("location_info", probe=True, gather_subset=[], locations="*/r1")["unconfigured_regions"] == []


def test_probe_holds_no_token(two_clouds: FakeOpenStack) -> None:
    run = run_module("location_info", probe=True)
    text = str(run.result)
    assert [token for cloud in two_clouds.clouds.values() for token in cloud.keystone._tokens if token in text] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "kind"), [(Answer(401), "auth"), (Answer(500), "server"), (BlackHole(), "timeout")]
)
def test_a_cloud_that_does_not_let_us_in(
    two_clouds: FakeOpenStack, fast_clock: Clock, trouble: Answer | BlackHole, kind: str
) -> None:
    two_clouds["cloud2"].fault("POST", "/auth/tokens", trouble)
    waited = {"timeout": fast_clock.turned(1.0), "gather_subset": "quotas", "on_failure": "warn"}
    run = run_module("location_info", probe=True, **waited)
    assert run.ok
    assert [item["answers"] for item in run["locations"]] == [True, True, False, False]
    assert run["locations"][2]["quotas"] is None
    assert {failure["kind"] for failure in run["failures"]} == {kind}
    assert len(run.warnings) == 2


@pytest.mark.usefixtures("fast_clock")
def test_a_cloud_that_is_off(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud1"].refuse_connections()
    run = run_module("location_info", probe=True)
    assert not run.ok
    assert [item["answers"] for item in run["locations"]] == [False, False, True, True]
    assert {failure["kind"] for failure in run["failures"]} == {"unreachable"}
    assert "2 of 4 Locations failed" in run["msg"]


@pytest.mark.parametrize("probe", [False, True])
def test_a_cloud_that_cannot_be_configured(two_clouds: FakeOpenStack, tmp_path: Path, *, probe: bool) -> None:
    path = tmp_path / "broken.yaml"
    entries: dict[str, Any] = {"broken": {"auth_type": "nonsense", "auth": {}}, "cloud1": two_clouds["cloud1"].entry()}
    path.write_text(yaml.safe_dump({"clouds": entries}))
    run = run_module("location_info", probe=probe, clouds_yaml=str(path), on_failure="warn")
    assert run.ok
    assert places(run) == [("broken", None), ("cloud1", "r1"), ("cloud1", "r2")]
    assert run["locations"][0]["answers"] is False
    assert [failure["kind"] for failure in run["failures"]] == ["config"]


def test_a_missing_clouds_yaml(tmp_path: Path) -> None:
    run = run_module("location_info", clouds_yaml=str(tmp_path / "none.yaml"))
    assert not run.ok
    assert run["kind"] == "input"
    assert "clouds_yaml" in run["msg"]


def test_inline_clouds(two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    run = run_module("location_info", clouds_config={"clouds": {"mine": two_clouds["cloud1"].entry()}}, probe=True)
    assert run.ok
    assert places(run) == [("mine", "r1"), ("mine", "r2")]


def test_version_1_of_the_image_api(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "OS_CLIENT_CONFIG_FILE", str(fake_openstack(image_api="v1").clouds_yaml(tmp_path / "clouds.yaml"))
    )
    run = run_module("location_info", probe=True)
    assert run.ok
    offered = run["locations"][0]["image_upload"]
    assert (offered["image_versions"], offered["import_methods"], offered["tasks"]) == (["1.0", "1.1"], [], False)
    assert offered["missing"]["import_methods"] == "the image service offers no version 2"
