# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer
from tests.support.run_module import run_module

ALL = ["cloud1/r1", "cloud1/r2", "cloud2/r1", "cloud2/r2"]
KEYPAIR = {"keypair": {"name": "web", "public_key": "ssh-rsa AAAA"}}


def places(run: Any) -> list[str]:
    return [item["location"]["name"].rpartition("/")[0] for item in run["results"]]


def keypairs(clouds: FakeOpenStack) -> int:
    return sum(
        len(region.nova.resources.items["os-keypairs"])
        for cloud in clouds.clouds.values()
        for region in cloud.regions.values()
    )


def test_reading_needs_no_selection_and_changes_nothing(two_clouds: FakeOpenStack) -> None:
    run = run_module("rest", service_type="compute", path="/flavors")
    assert (run.ok, run["changed"], places(run)) == (True, False, ALL)
    for item in run["results"]:
        nova = two_clouds[item["location"]["cloud"]][item["location"]["region"]].nova
        assert item["url"] == f"{nova.url}/v2.1/flavors"
        assert (item["sent"], item["status"], item["body"]) == (True, 200, {"flavors": []})
        assert item["headers"]["content-type"].startswith("application/json")
    assert (two_clouds.counters.requests(service="compute"), two_clouds.counters.tokens) == (4, 2)


def test_a_change_is_sent_each_time(two_clouds: FakeOpenStack) -> None:
    options = {"service_type": "compute", "path": "/os-keypairs", "method": "POST", "body": KEYPAIR}
    run = run_module("rest", locations=["cloud1", "cloud2/r1"], **options)
    assert (run.ok, run["changed"], places(run)) == (True, True, ALL[:3])
    assert keypairs(two_clouds) == 3
    again = run_module("rest", locations=["cloud1/r1", "cloud2/r2"], **options)
    assert (again.ok, again["changed"], places(again)) == (False, True, ["cloud2/r2"])
    assert [failure["kind"] for failure in again["failures"]] == ["conflict"]
    assert again["failures"][0]["error"].startswith("keypair web already exists. (HTTP 409)")
    gone = run_module(
        "rest", service_type="compute", path="/os-keypairs/web", method="DELETE", locations="*", status="202,204,404"
    )
    assert (gone.ok, gone["changed"], keypairs(two_clouds)) == (True, True, 0)


def test_check_mode(two_clouds: FakeOpenStack) -> None:
    options = {"service_type": "compute", "path": "/os-keypairs", "method": "POST", "body": KEYPAIR}
    run = run_module("rest", locations=["*"], _ansible_check_mode=True, **options)
    assert (run.ok, run["changed"], {item["sent"] for item in run["results"]}) == (True, False, {False})
    assert two_clouds.counters.requests(service="compute") == 0
    read = run_module("rest", service_type="compute", path="/flavors", _ansible_check_mode=True)
    assert {item["sent"] for item in read["results"]} == {True}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_everywhere_by_leaving_an_option_out(
    two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("OS_CLOUD", "cloud1")
    run = run_module("rest", service_type="compute", path="/os-keypairs", method=method)
    assert (run.ok, run["kind"]) == (False, "input")
    assert run["msg"] == f"locations: required for {method}. Name Locations, or write '*' for all of them."
    assert two_clouds.counters.requests() == 0


@pytest.mark.parametrize(
    "options", [{"path": "/../v3"}, {"headers": {"X-Auth-Token": "x"}}, {"body": {}}, {"microversion": "2"}]
)
def test_what_cannot_be_sent_is_sent_nowhere(two_clouds: FakeOpenStack, options: dict[str, Any]) -> None:
    run = run_module("rest", **{"service_type": "compute", "path": "/flavors", **options})
    assert (run.ok, run["kind"]) == (False, "input")
    assert run["msg"].startswith(f"{next(iter(options))}: ")
    assert two_clouds.counters.requests() == 0


@pytest.mark.usefixtures("fast_clock")
def test_a_dead_cloud_hides_no_other(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud1"]["r2"].refuse_connections()
    options = {"service_type": "compute", "path": "/flavors"}
    failed = run_module("rest", **options)
    assert (failed.ok, places(failed)) == (False, [ALL[0], *ALL[2:]])
    assert [failure["kind"] for failure in failed["failures"]] == ["unreachable"]
    warned = run_module("rest", on_failure="warn", **options)
    assert (warned.ok, len(warned["results"]), len(warned.warnings)) == (True, 3, 1)


@pytest.mark.usefixtures("fast_clock")
def test_an_answer_that_got_lost_is_a_failure_and_no_second_request(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud1"]["r1"].fault("POST", "/os-keypairs", LoseAnswer())
    options = {"service_type": "compute", "path": "/os-keypairs", "method": "POST", "body": KEYPAIR}
    run = run_module("rest", locations=["cloud1/r1"], **options)
    assert (run.ok, run["failures"][0]["kind"], keypairs(two_clouds)) == (False, "unreachable", 1)
    assert two_clouds.counters.requests(service="compute", method="POST") == 1


def test_secrets_are_shown_nowhere(two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, *said, **more: logged.append(f"{said} {more}"))
    words = json.dumps({"x": {"message": "op3n-sesame and gAAAA-other are wrong"}}).encode()
    two_clouds["cloud1"]["r1"].fault("POST", "/things", Answer(400, {"Content-Type": "application/json"}, words))
    two_clouds["cloud1"]["r2"].fault("POST", "/things", Answer(200, {"Content-Type": "application/json"}, words))
    run = run_module(
        "rest",
        service_type="compute",
        path="/things",
        method="POST",
        locations=["cloud1"],
        body={"user": {"name": "joe"}},
        secrets={"user": {"password": "op3n-sesame"}},
        headers={"X-Subject-Token": "gAAAA-other", "X-Meta": "shown"},
    )
    assert run["failures"][0]["error"].startswith("... and ... are wrong (HTTP 400)")
    assert "path=/things" in logged[0], "nothing was written to the system's log"
    shown = "".join([run.printed, *logged])
    assert [secret for secret in ("op3n-sesame", "gAAAA-other") if secret in shown] == []
    assert run["invocation"]["module_args"]["headers"]["X-Meta"] == "shown"
    tokens = [token for cloud in two_clouds.clouds.values() for token in cloud.keystone._tokens]
    assert [token for token in tokens if token in shown] == []
    assert len(tokens) == 1
