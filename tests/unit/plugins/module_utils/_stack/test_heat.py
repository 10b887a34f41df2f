# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    OaktreeError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.heat import Heat, ImmutableParameterError
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.run_core import connect

TEMPLATE = {"heat_template_version": "2018-08-31", "resources": {"w": {"type": "T"}}}
BODY = {"stack_name": "a/b", "template": TEMPLATE, "tags": "x"}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("orchestration",))


@pytest.fixture
def heat(clouds: FakeOpenStack) -> Heat:
    return Heat(connect(clouds))


def test_what_is_asked_about_a_stack(clouds: FakeOpenStack, heat: Heat) -> None:
    assert heat.find("a/b") is None
    identity = heat.create(BODY)
    item = heat.find("a/b")
    assert item is not None
    assert (item["id"], item["stack_status"], item["tags"]) == (identity, "CREATE_IN_PROGRESS", ["x"])
    clouds["cloud1"]["r1"].heat.looks = 2
    assert heat.in_progress(0.0) == {identity}
    assert [heat.in_progress(0.0) for _time in range(2)][-1] == set()
    assert heat.part(item, "template") == TEMPLATE
    assert [each["resource_name"] for each in heat.resources(item)] == ["w"]
    assert [each["resource_status"] for each in heat.events(item)] == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"]
    heat.delete(item)
    heat.in_progress(0.0)
    assert [heat.in_progress(0.0) for _time in range(2)][-1] == set()
    assert heat.show(item) is None
    heat.delete({**item, "id": "no-such"})


def test_a_name_that_is_taken(heat: Heat) -> None:
    heat.create(BODY)
    with pytest.raises(ConflictError):
        heat.create(BODY)


def test_an_immutable_parameter(clouds: FakeOpenStack, heat: Heat) -> None:
    clouds["cloud1"]["r1"].fault("PUT", "/stacks", Answer(400, {}, b'{"error": {"message": "p is immutable"}}'))
    with pytest.raises(ImmutableParameterError) as caught:
        heat.update({"stack_name": "a", "id": "b"}, {})
    assert caught.value.hint.startswith("replace: true")


def test_what_the_user_may_not_see_is_not_known(clouds: FakeOpenStack, heat: Heat) -> None:
    clouds["cloud1"]["r1"].fault("GET", "/environment", Answer(403))
    assert heat.part({"stack_name": "a", "id": "b"}, "environment") is None


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"stacks": [1]}',
        b'{"stacks": [{"id": "../x", "stack_name": "a", "stack_status": "b"}]}',
        b'{"stacks": [{"id": "x", "stack_name": 1, "stack_status": "b"}]}',
        b'{"stacks": [{"id": "x", "stack_name": "a", "stack_status": "b", "tags": [1]}]}',
    ],
)
def test_lists_that_are_none(clouds: FakeOpenStack, heat: Heat, body: bytes) -> None:
    clouds["cloud1"]["r1"].fault("GET", "/stacks", Answer(200, {}, body))
    for ask in (lambda: heat.find("a"), lambda: heat.in_progress(0.0)):
        with pytest.raises(ServerError):
            ask()


@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("GET", lambda heat, item: heat.show(item)),
        ("GET", lambda heat, item: heat.resources(item)),
        ("GET", lambda heat, item: heat.events(item)),
        ("POST", lambda heat, _item: heat.preview(BODY)),
        ("POST", lambda heat, _item: heat.create(BODY)),
        ("PUT", lambda heat, item: heat.preview_update(item, BODY)),
    ],
)
@pytest.mark.parametrize("answer", [b"{}", b"[]", b'{"stack": 1, "resources": 1, "events": [1]}'])
def test_answers_that_are_none(
    clouds: FakeOpenStack, heat: Heat, method: str, ask: Callable[[Heat, Any], Any], answer: bytes
) -> None:
    clouds["cloud1"]["r1"].fault(method, "/stacks", Answer(200, {}, answer))
    with pytest.raises(OaktreeError) as caught:
        ask(heat, {"stack_name": "a", "id": "b"})
    assert caught.value.kind == "server"
