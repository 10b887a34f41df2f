# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a stack has failed, by its events, and what is said meanwhile; the module's tests say how it is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.heat import Heat
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.wait import StackWait, failure, reasons
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import connect

ROOT = "root"


def event(name: str, status: str, reason: str = "", physical: str = "", stack: str = ROOT) -> dict[str, Any]:
    return {
        "resource_name": name,
        "resource_status": status,
        "resource_status_reason": reason,
        "physical_resource_id": physical,
        "links": [{"rel": "self", "href": "x"}, {"rel": "stack", "href": f"http://heat/v1/p/stacks/any/{stack}"}],
    }


STARTED = event("app", "UPDATE_IN_PROGRESS", physical=ROOT)
FAILED = event("app", "UPDATE_FAILED", "resources.n: it broke", ROOT)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([FAILED, event("w", "UPDATE_FAILED", "it broke", "1"), STARTED], ["w: it broke"]),
        (
            [
                FAILED,
                event("n", "UPDATE_FAILED", "resources.p: it broke", "inner"),
                event("app-n", "UPDATE_FAILED", "resources.p: it broke", "inner", "inner"),
                event("p", "CREATE_FAILED", "it broke", "2", "inner"),
                STARTED,
            ],
            ["n.p: it broke"],
        ),
        (
            [
                event("app", "ROLLBACK_COMPLETE", "", ROOT),
                event("app", "ROLLBACK_IN_PROGRESS", "", ROOT),
                FAILED,
                event("w", "UPDATE_FAILED", "it broke", "1"),
                STARTED,
            ],
            ["w: it broke"],
        ),
        ([FAILED, STARTED, event("old", "CREATE_FAILED", "before", "1")], []),
        (
            [
                FAILED,
                event("v", "CREATE_FAILED", "UPDATE aborted (user triggered cancel)", "2"),
                event("w", "UPDATE_FAILED", "it broke", "1"),
                event("w", "UPDATE_FAILED", "it broke", "1"),
                STARTED,
            ],
            ["w: it broke"],
        ),
        ([event("v", "CREATE_FAILED", "CREATE aborted", "2"), STARTED], ["v: CREATE aborted"]),
        ([{"resource_status": "CREATE_FAILED", "links": 1}], []),
    ],
    ids=["one", "nested", "rolled back", "before", "cancelled", "only cancelled", "odd"],
)
def test_reasons(events: list[dict[str, Any]], said: list[str]) -> None:
    assert reasons(events, ROOT) == said


@pytest.mark.usefixtures("fast_clock")
def test_progress_says_what_heat_does(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    connection = connect(fake_openstack(more=("orchestration",)), timeout=1000.0)
    heat = Heat(connection)
    heat.create({"stack_name": "app", "template": {"heat_template_version": "2018-08-31", "resources": {}}})
    item = heat.find("app")
    assert item is not None
    settled = StackWait(connection, heat).until_settled(item)
    assert settled is not None
    assert settled["stack_status"] == "CREATE_COMPLETE"
    assert connection.progress.stage is not None
    assert connection.progress.stage.phase == "create in progress"


class _Heat:
    def __init__(self, events: list[dict[str, Any]] | None) -> None:
        self._events = events

    def events(self, _item: Any) -> list[dict[str, Any]]:
        if self._events is None:
            raise ServerError("no")
        return self._events


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (None, "stack 'app' broke: CREATE_FAILED: Heat's own"),
        ([], "stack 'app' broke: CREATE_FAILED: Heat's own"),
        (
            [event(name, "CREATE_FAILED", "x", name) for name in "abcde"],
            "stack 'app' broke: CREATE_FAILED: a: x; b: x; c: x; and 2 more",
        ),
    ],
)
def test_failures(events: list[dict[str, Any]] | None, said: str) -> None:
    item = {"id": ROOT, "stack_name": "app", "stack_status": "CREATE_FAILED", "stack_status_reason": "Heat's own"}
    heat: Any = _Heat(events)
    assert failure(heat, item, "broke").message == said
