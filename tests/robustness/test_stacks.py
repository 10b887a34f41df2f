# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks that are created when a task is interrupted, and answers that make no sense."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import stack
from tests.support.fake_openstack import FakeOpenStack, LoseAnswer
from tests.support.fake_openstack.faults import edit_answer
from tests.support.odd_values import DISTORTIONS
from tests.support.run_module import interrupt, run_module, start_module
from tests.support.sampling import sample
from tests.support.wait import until

TEMPLATE = {"heat_template_version": "2018-08-31", "resources": {"w": {"type": "T"}}}


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_removes_what_is_not_complete(
    fake_openstack: Callable[..., FakeOpenStack],
    tmp_path: Path,
    number: signal.Signals,
    keep: bool,  # noqa: FBT001
) -> None:
    clouds = fake_openstack(more=("orchestration",))
    heat = clouds["cloud1"]["r1"].heat
    heat.looks = -1
    path = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    options: dict[str, Any] = {
        "name": "app",
        "template_body": TEMPLATE,
        "keep_failed": keep,
        "clouds_yaml": path,
        "locations": ["*"],
    }
    with start_module(stack, **options) as task:
        until(lambda: clouds.counters.requests(path="/v1/{project}/stacks", method="GET") > 2)
        heat.looks = 1 if not keep else -1
        said = interrupt(task, number)
    assert [each.state for each in heat.stacks] == ["CREATE_IN_PROGRESS" if keep else "DELETE_COMPLETE"]
    assert ("Heat goes on with stack 'app'" in said) is keep


def test_an_answer_that_is_lost_leaves_nothing_behind_when_it_fails(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    """Nobody has the ID of the stack, but its name and its mark."""
    clouds = fake_openstack(more=("orchestration",))
    region = clouds["cloud1"]["r1"]
    region.heat.looks = -1
    region.fault("POST", "/stacks", LoseAnswer(), times=1)
    path = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    with start_module(stack, name="app", template_body=TEMPLATE, clouds_yaml=path, locations=["*"]) as task:
        until(lambda: clouds.counters.requests(path="/v1/{project}/stacks", method="GET") > 3)
        region.heat.looks = 1
        interrupt(task, signal.SIGTERM)
    assert [each.state for each in region.heat.stacks] == ["DELETE_COMPLETE"]


def test_processes_that_wait_share_one_list(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    """Each would ask once a second by itself."""
    clouds = fake_openstack(more=("orchestration",))
    heat = clouds["cloud1"]["r1"].heat
    heat.looks = -1
    path = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))

    def lists(since: float) -> list[float]:
        found = clouds.counters.arrivals(service="orchestration", path="/v1/{project}/stacks", method="GET")
        return [moment for moment in found if moment > since]

    with ExitStack() as stack_:
        tasks = []
        for name in ("a", "b", "c", "d"):
            options: dict[str, Any] = {"name": name, "template_body": TEMPLATE, "clouds_yaml": path, "locations": ["*"]}
            tasks.append(stack_.enter_context(start_module(stack, **options)))
        until(lambda: len(heat.stacks) == len(tasks))
        began = time.monotonic()
        until(lambda: len(lists(began)) >= 8)
        heat.looks = 1
        ended = [json.loads(task.communicate(timeout=60)[0]) for task in tasks]
    assert [run["results"][0]["action"] for run in ended] == ["created"] * len(tasks)
    first, *_others, last = lists(began)[:8]
    assert last - first > 3.0  # 8 lists of four that share none take two seconds


PATHS = (
    "/stacks$",
    "/stacks[?]",
    "/stacks/",
    "/template",
    "/environment",
    "/files",
    "/resources",
    "/events",
    "/preview",
)
MOMENTS = ("planned", "first", "again", "changed", "failing", "listed", "absent")
ROWS = [(path, how) for path in PATHS for how in DISTORTIONS]
RUNS = [(*row, moment) for row, moment in sample(ROWS, MOMENTS, lambda _row, _moment: True)]


@pytest.mark.parametrize(("path", "how", "moment"), RUNS, ids=str)
@pytest.mark.usefixtures("fast_clock")
def test_odd_answers(fake_openstack: Callable[..., FakeOpenStack], path: str, how: str, moment: str) -> None:
    """A failure of that service, and the other cloud is done."""
    clouds = fake_openstack(clouds=2, more=("orchestration",))
    config = {"clouds": {name: cloud.entry("admin") for name, cloud in clouds.clouds.items()}}
    common: dict[str, Any] = {"clouds_config": config, "locations": ["*"], "timeout": 500.0}
    inner = {"content": json.dumps(TEMPLATE)}
    resources = {"n": {"type": "n.yaml"}, "w": {"type": "T", "properties": {"fail": ""}}}
    template = {**TEMPLATE, "resources": resources, "outputs": {"o": {"value": "x"}}}
    options: dict[str, Any] = {"name": "app", "template_body": template, "files": {"n.yaml": inner}, **common}
    if moment not in ("planned", "first", "failing"):
        assert run_module("stack", **options).ok
    edit = DISTORTIONS[how]
    distort = edit_answer(lambda body: {key: edit(value) for key, value in body.items()})
    clouds["cloud1"]["r1"].fault("*", path, distort)
    options |= {"wait_timeout": 100.0}
    if moment == "listed":
        run = run_module("stack_info", details=True, **common)
    elif moment == "absent":
        run = run_module("stack", name="app", state="absent", wait_timeout=100.0, **common)
    elif moment == "failing":
        resources["w"] = {"type": "T", "properties": {"fail": "x"}}
        run = run_module("stack", overrides=[], **{**options, "locations": ["cloud1"]})
    else:
        changed = {**template, "description": "x"} if moment == "changed" else template
        run = run_module("stack", _ansible_check_mode=moment == "planned", **{**options, "template_body": changed})
    failures = [(failure["location"]["cloud"], failure["kind"]) for failure in run["failures"]]
    assert ("cloud1", "internal") not in failures, run.result
    assert [cloud for cloud, _kind in failures if cloud != "cloud1"] == []
