# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on real services, in two clouds at once: built, changed, stopped, deleted; what fails leaves nothing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import floating_ip_mark
from ansible_collections.oaktree.multicloud.plugins.modules import server
from tests.support.run_module import ModuleRun, interrupt, run_module, start_module
from tests.support.wait import until

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

NAME = "engine-server"
PLACES = ["alpha/north", "beta"]
OPTIONS: dict[str, Any] = {"name": NAME, "flavor": "m1.nano", "image": "base", "networks": ["private-demo"]}
DEAD = {"auth": {"auth_url": "http://127.0.0.1:9/v3", "username": "x", "password": "x", "project_name": "x"}}


def run(**params: Any) -> ModuleRun:
    given = {**OPTIONS, "locations": PLACES, "timeout": 300.0, **params}
    return run_module("server", **{name: value for name, value in given.items() if value is not None})


def actions(run: ModuleRun) -> list[str]:
    assert run.ok, run["failures"]
    return [result["action"] for result in run["results"]]


def resources(type_: str, *locations: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_module("resource_info", type=type_, locations=[*locations])["resources"]
    return found


def left() -> list[str]:
    """The servers of these tests, and floating IPs that were made for servers that there are no more."""
    servers = run_module("server_info", locations=PLACES)["servers"]
    marks = {floating_ip_mark(item["id"]) for item in servers}
    made = [str(item["description"]) for item in resources("network.floating_ip", *PLACES)]
    return [item["name"] for item in servers if item["name"].startswith(NAME)] + [
        mark for mark in made if mark.startswith(floating_ip_mark("")) and mark not in marks
    ]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    for options in ({}, {"count": 2}):
        run(**options, state="absent")


def test_two_clouds_and_a_dead_third() -> None:
    known = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    clouds = {"clouds_config": {"clouds": {**known, "dead": DEAD}}, "locations": [*PLACES, "dead"]}
    options = {**clouds, "count": 2, "metadata": {"role": "a"}, "tags": ["x"], "on_failure": "warn"}
    made = run(**options)
    assert [failure["kind"] for failure in made["failures"]] == ["unreachable"], made["failures"]
    assert actions(made) == ["created"] * 4
    assert all(result["server"]["status"] == "ACTIVE" for result in made["results"])
    assert actions(run(**options)) == ["unchanged"] * 4
    change = {**options, "metadata": {"role": "b"}, "description": "of a test", "security_groups": ["default"]}
    assert actions(run(**change, _ansible_check_mode=True)) == ["updated"] * 4
    changed = run(**change)
    assert actions(changed) == ["updated"] * 4
    assert {result["server"]["metadata"]["role"] for result in changed["results"]} == {"b"}
    assert actions(run(**change)) == ["unchanged"] * 4
    for state, status in (("stopped", "SHUTOFF"), ("started", "ACTIVE")):
        done = run(**clouds, count=2, state=state, on_failure="warn")
        assert (actions(done), {result["server"]["status"] for result in done["results"]}) == (
            ["updated"] * 4,
            {status},
        )
    assert actions(run(**options, state="absent")) == ["deleted"] * 4
    assert left() == []


def test_a_server_with_all_there_is() -> None:
    place = {"locations": ["beta"]}
    later = f"{NAME}-later"
    needed = (
        ("block_storage.volume", NAME, {"size": 1}),
        ("block_storage.volume", later, {"size": 1}),
        ("compute.server_group", NAME, {"policy": "soft-affinity"}),
        ("network.port", NAME, {"network_id": {"name": "private-demo"}}),
    )
    for type_, name, attributes in needed:
        assert run_module("resource", **place, type=type_, name=name, attributes=attributes).ok
    options = {
        **place,
        "networks": ["private-demo", {"port": NAME}],
        "flavor": None,
        "ram": 32,
        "boot_volume": {"size": 1},
        "volumes": [NAME],
        "server_group": NAME,
        "config_drive": True,
        "user_data": "#!/bin/sh",
        "floating_ip": "public",
    }
    before = len(resources("block_storage.volume", "beta"))
    try:
        made = run(**options)
        assert actions(made) == ["created"]
        assert made["results"][0]["server"]["public_v4"]
        assert actions(run(**options)) == ["unchanged"]
        assert actions(run(**place, volumes=[NAME, later], flavor="m1.tiny", resize=True)) == ["updated"]
        volumes = {item["name"]: item["status"] for item in resources("block_storage.volume", "beta")}
        assert (volumes[NAME], volumes[later]) == ("in-use", "in-use")
        assert actions(run(**place, state="absent")) == ["deleted"]
        assert left() == []
        until(lambda: len(resources("block_storage.volume", "beta")) == before)
    finally:
        run(**place, state="absent")
        for type_, name, _attributes in needed:
            assert run_module("resource", **place, type=type_, name=name, state="absent").ok


def test_what_no_host_takes_leaves_nothing() -> None:
    huge = {"type": "compute.flavor", "name": NAME, "locations": ["beta-admin"]}
    assert run_module("resource", **huge, attributes={"ram": 10_000_000, "vcpus": 1, "disk": 1}).ok
    try:
        ended = run(locations=["beta"], flavor=NAME)
    finally:
        assert run_module("resource", **huge, state="absent").ok
    (failure,) = ended["failures"]
    assert (failure["kind"], failure["error"]) == (
        "server",
        f"server '{NAME}' could not be built: No valid host was found",
    )
    assert left() == []


def test_several_networks_are_a_conflict() -> None:
    place = {"locations": ["beta"], "type": "network.network", "name": NAME}
    assert run_module("resource", **place).ok
    try:
        subnet = {"network_id": {"name": NAME}, "cidr": "10.76.0.0/24", "ip_version": 4}
        assert run_module("resource", **{**place, "type": "network.subnet"}, attributes=subnet).ok
        ended = run(locations=["beta"], networks=None)
    finally:
        assert run_module("resource", **place, state="absent").ok
    assert [(failure["kind"], "Multiple possible networks" in failure["error"]) for failure in ended["failures"]] == [
        ("conflict", True)
    ]


def test_an_interrupted_task_leaves_nothing() -> None:
    options = {**OPTIONS, "locations": ["beta"], "floating_ip": "public", "timeout": 300.0}
    with start_module(server, **options) as task:
        until(lambda: left() != [])
        said = interrupt(task, signal.SIGTERM)
    assert said == "Interrupted. What was complete stays; what was incomplete has been removed."
    assert left() == []


def test_two_tasks_at_once_build_one() -> None:
    options = {**OPTIONS, "locations": ["beta"], "floating_ip": "public", "timeout": 300.0}
    with ExitStack() as stack:
        tasks = [stack.enter_context(start_module(server, **options)) for _number in range(2)]
        ended = [json.loads(task.communicate(timeout=300)[0]) for task in tasks]
    assert sorted(run["results"][0]["action"] for run in ended) == ["created", "unchanged"]
    assert actions(run(locations=["beta"], state="absent")) == ["deleted"]
    assert left() == []
