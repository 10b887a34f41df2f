# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server_info as Ansible runs it: results, failures, queries, secrets, the same bytes every time."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils._internal import _traceback
from ansible.template import Templar, trust_as_template

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts import records
from ansible_collections.oaktree.multicloud.plugins.modules import server_info
from tests.support.fake_openstack import Answer, BlackHole, BreakAnswer, FakeOpenStack
from tests.support.run_core import entries
from tests.support.run_module import run_module

Clouds = Callable[..., FakeOpenStack]


def config(clouds: FakeOpenStack, user: str = "demo") -> dict[str, Any]:
    return {"clouds": entries(clouds, user)}


def places(records: list[dict[str, Any]]) -> list[str]:
    return [f"{record['location']['cloud']}/{record['location']['region']}" for record in records]


def without_times(result: dict[str, Any]) -> str:
    result = copy.deepcopy(result)
    for visit in result["locations"]:
        assert visit.pop("seconds") >= 0
    return json.dumps(result)


def test_results(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=3)
    run = run_module("server_info", clouds_config=config(clouds))
    assert run.ok
    assert (run["changed"], run["failures"], run.warnings) == (False, [], [])
    assert places(run["servers"]) == sorted(places(run["servers"]))
    assert len(run["servers"]) == 12
    names = [server["name"] for server in run["servers"]]
    assert names[:3] == sorted(names[:3])
    assert [(visit["location"]["region"], visit["count"]) for visit in run["locations"]] == [("r1", 3), ("r2", 3)] * 2
    assert sum(visit["requests"] for visit in run["locations"]) == clouds.counters.requests()


def test_the_examples_count_the_servers_of_each_project(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=3)
    clouds["cloud1"]["r1"].add_server("foreign", project="demo2")
    examples = {task["name"]: task for task in yaml.safe_load(server_info.EXAMPLES)}
    options = examples["List the project of every server of one cloud, as its administrator"]
    config = {"clouds": {"alpha-admin": clouds["cloud1"].entry("admin")}}
    owned = run_module("server_info", clouds_config=config, **options["oaktree.multicloud.server_info"]).result
    counting = examples["Count the servers of each project"]
    items = Templar(variables={"owned": owned}).template(trust_as_template(counting["loop"]))
    message = trust_as_template(counting["ansible.builtin.debug"]["msg"])
    ids = clouds["cloud1"].keystone.project_id
    assert {Templar(variables={"item": item}).template(message) for item in items} == {
        f"{ids('demo')}: 3",
        f"{ids('demo2')}: 1",
    }


def test_the_examples_list_servers_where_another_was_found(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=2)
    found = run_module("server_info", clouds_config=config(clouds), locations="cloud2/r1").result
    location = trust_as_template(
        next(
            task["oaktree.multicloud.server_info"]["locations"]
            for task in yaml.safe_load(server_info.EXAMPLES)
            if "found.servers" in str(task)
        )
    )
    again = Templar(variables={"found": found}).template(location)
    assert run_module("server_info", clouds_config=config(clouds), locations=again)["servers"] == found["servers"]


@pytest.mark.usefixtures("fast_clock")
def test_two_runs_give_the_same_bytes(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=3, regions=2, servers=4)
    clouds["cloud2"]["r1"].refuse_connections()
    runs = []
    for latency in (0.0, 0.05):
        for region in clouds["cloud1"].regions.values():
            region.latency = latency
        run = run_module("server_info", clouds_config=config(clouds), on_failure="warn", api_timeout=3)
        for visit in run["locations"]:
            del visit["requests"]  # which region fetches the token of its cloud is the fastest's affair
        runs.append((without_times(run.result), run.warnings))
    assert runs[0] == runs[1]


@pytest.mark.slow
def test_three_regions_in_trouble_at_once(fake_openstack: Clouds, fast_clock: Clock) -> None:
    clouds = fake_openstack(clouds=2, regions=3, servers=2)
    clouds["cloud1"]["r1"].fault("*", "", BlackHole())
    clouds["cloud1"]["r3"].refuse_connections()
    clouds["cloud2"]["r2"].fault("*", "", BreakAnswer())
    start = time.monotonic()
    run = run_module("server_info", clouds_config=config(clouds), timeout=fast_clock.turned(1))
    assert time.monotonic() - start < 3
    assert not run.ok
    assert places(run["servers"]) == [
        place for place in ("cloud1/r2", "cloud2/r1", "cloud2/r3") for _server in range(2)
    ]
    assert places(run["failures"]) == ["cloud1/r1", "cloud1/r3", "cloud2/r2"]
    assert [failure["kind"] for failure in run["failures"]] == ["timeout", "unreachable", "server"]
    assert run["msg"].startswith("3 of 6 Locations failed: cloud1/r1/demo: ")
    for failure in run["failures"]:
        assert failure["error"] in run["msg"]
        assert failure["hint"] in run["msg"]
    assert "exception" not in run.result


def test_failures_may_be_warnings(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(regions=2, servers=1)
    clouds["cloud1"]["r1"].fault("GET", "/servers", Answer(403))
    run = run_module("server_info", clouds_config=config(clouds), on_failure="warn")
    assert run.ok
    assert (len(run["servers"]), len(run["failures"]), len(run.warnings)) == (1, 1, 1)
    assert run.warnings[0].startswith("cloud1/r1/demo: ")
    assert "(refused)" in run.warnings[0]
    assert "msg" not in run.result


def test_a_cloud_that_cannot_be_configured_is_a_failure_like_others(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    broken = {"clouds": {**entries(clouds), "zzz": None}}
    run = run_module("server_info", clouds_config=broken, on_failure="warn")
    assert (len(run["servers"]), places(run["failures"])) == (1, ["zzz/None"])
    assert run["failures"][0]["kind"] == "config"


def test_a_defect_carries_its_traceback(fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(records, "_flavor")
    monkeypatch.setattr(_traceback, "_is_traceback_enabled", lambda _event: True)
    run = run_module("server_info", clouds_config=config(fake_openstack(servers=1)))
    assert not run.ok
    assert run["failures"][0]["kind"] == "internal"
    assert "report it" in run["failures"][0]["hint"]
    assert "Traceback" in run["exception"]
    assert "NameError" in run["exception"]
    assert "server_record" in run["exception"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("[].name", ["web-cloud1-r1-0000", "web-cloud2-r1-0000"]),
        ("[?location.cloud=='cloud2'].{n: name, s: status}", [{"n": "web-cloud2-r1-0000", "s": "ACTIVE"}]),
        ("[?name=='nobody']", []),
        ("[[0].status]", ["ACTIVE"]),
    ],
)
def test_queries(fake_openstack: Clouds, query: str, expected: list[Any]) -> None:
    clouds = fake_openstack(clouds=2, servers=1)
    run = run_module("server_info", clouds_config=config(clouds), query=query)
    assert run.ok
    assert run["servers"] == expected
    assert [visit["count"] for visit in run["locations"]] == [1, 1]


def test_fields(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, servers=2)
    run = run_module("server_info", clouds_config=config(clouds), fields=["status", "id"])
    assert run.ok
    assert [server.keys() for server in run["servers"]] == [{"id", "status", "location"}] * 4
    whole = run_module("server_info", clouds_config=config(clouds))
    assert [server["id"] for server in run["servers"]] == [server["id"] for server in whole["servers"]]
    assert places(run["servers"]) == places(whole["servers"])


def test_a_query_sees_the_fields_that_are_kept(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    run = run_module("server_info", clouds_config=config(clouds), fields=["status"], query="[].[status, name]")
    assert run["servers"] == [["ACTIVE", None]]


def test_a_name_is_found_whether_it_is_kept_or_not(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=3)
    run = run_module("server_info", clouds_config=config(clouds), fields=[], name="db-cloud1-r1-0001")
    assert [server.keys() for server in run["servers"]] == [{"location"}]


@pytest.mark.parametrize(
    ("query", "said", "asked"),
    [
        ("[?name==", "query: ", False),
        ("[?name=='a'", "query: ", False),
        ("nonsense(@)", "query: Unknown function: nonsense()", True),
        ("[].name | join(',', [1])", "query: ", True),
        ("[0]", "query: the result is not a list. Wrap the expression: [[0]]", True),
        ("[0].nothing", "query: the result is not a list", True),
    ],
)
def test_queries_that_cannot_be_used(fake_openstack: Clouds, query: str, said: str, *, asked: bool) -> None:
    clouds = fake_openstack(servers=1)
    run = run_module("server_info", clouds_config=config(clouds), query=query)
    assert not run.ok
    assert run["msg"].startswith(said)
    assert run["kind"] == "input"
    assert (clouds.counters.requests() > 0) is asked


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"locations": ["nowhere"]}, "'nowhere' matches none of the configured clouds. Configured clouds: cloud1."),
        ({"locations": ["cloud1/r9"]}, "Configured Locations: cloud1/r1/demo."),
        ({"locations": ["!cloud1"]}, "nothing is selected, there are only exclusions"),
        ({"locations": []}, "nothing is selected"),
        ({"timeout": 0}, "timeout: must be greater than zero"),
        ({"timeout": -1}, "timeout: must be greater than zero"),
        ({"timeout": "inf"}, "timeout: must be greater than zero and less than"),
        ({"timeout": "nan"}, "timeout: must be greater than zero and less than"),
        ({"api_timeout": 0}, "api_timeout: must be greater than zero"),
        ({"concurrency": 0}, "concurrency: must be greater than zero"),
        ({"rate_limit": 0}, "rate_limit: must be greater than zero"),
        ({"rate_limit": "nan"}, "rate_limit: must be greater than zero"),
        ({"request_concurrency": -1}, "request_concurrency: must be greater than zero"),
        ({"on_failure": "stale"}, "value of on_failure must be one of: fail, warn"),
        ({"fields": ["id", "nmae"]}, "fields: 'nmae' is not known. Known are access_ipv4, access_ipv6, addresses,"),
        ({"id": "a", "name": "b"}, "mutually exclusive: id|name"),
        ({"id": "a", "filters": {"status": "ACTIVE"}}, "mutually exclusive: id|filters"),
        ({"clouds_yaml": "clouds.yaml"}, "mutually exclusive: clouds_yaml|clouds_config"),
    ],
)
def test_options_that_cannot_be_used(fake_openstack: Clouds, params: dict[str, Any], said: str) -> None:
    clouds = fake_openstack()
    run = run_module("server_info", clouds_config=config(clouds), **params)
    assert not run.ok
    assert said in run["msg"]
    assert clouds.counters.requests() == 0


@pytest.mark.parametrize("content", [None, "clouds: [", "clouds: {}"])
def test_a_configuration_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "clouds.yaml"
    if content is not None:
        path.write_text(content)
    run = run_module("server_info", clouds_yaml=str(path))
    assert not run.ok
    assert run["msg"].startswith(f"clouds_yaml: {path} ")
    assert run["kind"] == "input"


def test_only_secrets_are_masked(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    inline = config(clouds)
    inline["clouds"]["cloud1"]["auth"]["password"] = "c0rrect-h0rse"
    inline["clouds"]["cloud1"]["api_timeout"] = 1
    inline["clouds"]["other"] = {"auth": {"auth_url": "x", "passwords": {"a": "n3sted-h0rse"}}}
    run = run_module("server_info", clouds_config=inline, on_failure="warn")
    text = json.dumps(run.result)
    assert "c0rrect-h0rse" not in text
    assert "n3sted-h0rse" not in text
    assert places(run["locations"]) == ["cloud1/r1", "other/None"]
    assert "********" not in json.dumps([run["locations"], run["failures"]])
    assert run["locations"][0]["requests"] >= 1


def test_user_data_of_administrators_is_left_out(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    run = run_module("server_info", clouds_config=config(clouds, "admin"), all_projects=True)
    assert run.ok
    assert run["servers"][0]["compute_host"] == "compute-0"
    assert "user_data" not in json.dumps(run["servers"])


def test_a_cache_that_others_can_reach_is_a_warning(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=1)
    run_module("server_info", clouds_config=config(clouds))
    base = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud")
    base.chmod(0o755)
    run = run_module("server_info", clouds_config=config(clouds))
    assert run.ok
    assert len(run["servers"]) == 4
    (warning,) = run.warnings
    assert warning == (
        f"{base} is ignored: others can read or write it (mode 0755). Remove it, or set XDG_CACHE_HOME to a directory "
        "of your own."
    )
    assert clouds.counters.tokens == 4


def test_without_the_token_cache(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    for _time in range(2):
        assert run_module("server_info", clouds_config=config(clouds), token_cache=False).ok
    assert clouds.counters.tokens == 2
