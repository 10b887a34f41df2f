# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers in answers that make no sense: a failure of that service, and the other cloud is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.faults import edit_answer
from tests.support.odd_values import DISTORTIONS
from tests.support.run_module import run_module
from tests.support.sampling import sample
from tests.support.server_clouds import OPTIONS, furnished_clouds

pytestmark = pytest.mark.usefixtures("fast_clock")

PATHS = ("/servers/detail", r"/servers$", "/flavors", "/networks", "/ports", "/floatingips", "/images", "/volumes")
MORE: dict[str, dict[str, Any]] = {
    "present": {},
    "changed": {"metadata": {"role": "web"}, "flavor": "m2", "resize": True, "volumes": ["data"]},
    "absent": {"state": "absent"},
}
ROWS = [(path, how) for path in PATHS for how in DISTORTIONS]
RUNS = [(*row, moment) for row, moment in sample(ROWS, tuple(MORE), lambda _row, _moment: True)]


@pytest.mark.parametrize(("path", "how", "moment"), RUNS)
def test_odd_answers(fake_openstack: Callable[..., FakeOpenStack], path: str, how: str, moment: str) -> None:
    clouds = furnished_clouds(fake_openstack, clouds=2)
    for cloud in clouds.clouds.values():
        cloud["r1"].cinder.add("volumes", cloud.keystone.project_id("demo"), name="data", size=1)
    config = {"clouds": {name: cloud.entry() for name, cloud in clouds.clouds.items()}}
    options: dict[str, Any] = {**OPTIONS, "clouds_config": config, "locations": ["*"], "timeout": 500.0}
    options |= {"floating_ip": "auto", "wait_timeout": 200.0}
    if moment != "present":
        assert run_module("server", **options).ok
    edit = DISTORTIONS[how]
    distort = edit_answer(lambda body: {key: edit(value) for key, value in body.items()})
    clouds["cloud1"]["r1"].fault("*", path, distort)
    run = run_module("server", **{**options, **MORE[moment]})
    failures = [(failure["location"]["cloud"], failure["kind"]) for failure in run["failures"]]
    assert ("cloud1", "internal") not in failures, run.result
    assert [cloud for cloud, _kind in failures if cloud != "cloud1"] == [], run.result
