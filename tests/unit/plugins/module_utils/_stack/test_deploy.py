# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the stages are put together; what they do to stacks is a matter of the module's tests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.deploy import (
    StackStep,
    StackSurvey,
    ensure_stack,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.desired import DesiredStack
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.plan import FoundStack, StackPlan
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.template import load
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import entries

TEMPLATE = {"heat_template_version": "2018-08-31", "resources": {"w": {"type": "T"}}}
BUSY = FoundStack({"id": "1", "stack_name": "app", "stack_status": "UPDATE_IN_PROGRESS", "tags": []})


@pytest.mark.parametrize(
    ("action", "found", "options", "needed", "seconds"),
    [
        ("created", FoundStack(), {}, True, 260),
        ("unchanged", FoundStack(), {}, False, 260),
        ("unchanged", BUSY, {}, True, 260),
        ("unchanged", BUSY, {"wait": False}, False, 260),
        ("updated", BUSY, {"wait": False}, True, 260),
        ("updated", BUSY, {"replace": True}, True, 390),
        ("deleted", FoundStack(), {}, True, 390),
    ],
)
def test_what_a_step_takes(action: str, found: FoundStack, options: Any, needed: bool, seconds: float) -> None:  # noqa: FBT001
    wanted = DesiredStack("app", wait_timeout=100.0, **options)
    step = StackStep(StackSurvey(wanted, found, plan=StackPlan(action)), Location("a", "b"), 30.0)
    assert (step.needed, step.timeout) == (needed, seconds)


@pytest.mark.slow
@pytest.mark.usefixtures("fast_clock")
def test_tasks_at_once_make_one_stack(fake_openstack: Any) -> None:
    clouds: FakeOpenStack = fake_openstack(more=("orchestration",))
    clouds["cloud1"]["r1"].latency = 0.05
    target = Target(clouds_config={"clouds": entries(clouds)}, timeout=3000.0, api_timeout=600.0)
    desired = DesiredStack("app", sources=load(None, TEMPLATE))
    with ThreadPoolExecutor(5) as pool:
        tasks = [pool.submit(ensure_stack, target, desired, check_mode=False) for _number in range(5)]
        ended = [task.result() for task in tasks]
    actions = sorted(result.value.action if result.value else str(result.error) for (result,) in ended)
    assert actions == ["created", *["unchanged"] * 4]
    assert len(clouds["cloud1"]["r1"].heat.stacks) == 1
