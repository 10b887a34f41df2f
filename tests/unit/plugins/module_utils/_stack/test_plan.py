# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned, by what was found and what is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.desired import HEAT_MASK, DesiredStack, Sent
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.digest import Mark
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.plan import (
    NO_KEY,
    NO_MARK,
    OTHER_KEY,
    SHOWN,
    FoundStack,
    changed_resources,
    make_plan,
    previewed,
    with_preview,
)

TEMPLATE = {"heat_template_version": "2018-08-31", "resources": {"n": {"type": "n.yaml"}}}
SENT = Sent(TEMPLATE, {"parameter_defaults": {"d": 1}}, {"n.yaml": "x"}, {"a": 5}, frozenset(), frozenset())
HIDING = replace(SENT, parameters={"a": 5, "pw": "x"}, hidden=frozenset({"pw"}), masked=frozenset({"pw"}))
MARK = Mark("key", "digest")
OTHER = Mark("other", "digest")
ENVIRONMENT = {
    "parameters": {"a": "5"},
    "parameter_defaults": {"d": 1},
    "resource_registry": {"resources": {}, "n.yaml": "n.yaml"},
    "event_sinks": [],
    "encrypted_param_names": [],
}


def found(status: str = "CREATE_COMPLETE", tags: tuple[str, ...] = (MARK.tag,), **changes: Any) -> FoundStack:
    item = {"id": "1", "stack_name": "app", "stack_status": status, "tags": list(tags)}
    return replace(FoundStack(item, TEMPLATE, ENVIRONMENT, {"n.yaml": "x"}), **changes)


def plan(there: FoundStack, sent: Sent = SENT, mark: Mark | None = MARK, **options: Any) -> Any:
    return make_plan(DesiredStack("app", **options), there, sent, mark)


@pytest.mark.parametrize(
    ("there", "options", "action"),
    [
        (FoundStack(), {}, "created"),
        (found(), {}, "unchanged"),
        (found("UPDATE_COMPLETE"), {}, "unchanged"),
        (found("CHECK_COMPLETE"), {}, "unchanged"),
        (found("SUSPEND_COMPLETE"), {}, "unchanged"),
        (found("CREATE_IN_PROGRESS"), {}, "unchanged"),
        (found("DELETE_IN_PROGRESS"), {}, "created"),
        (found("CREATE_FAILED"), {}, "updated"),
        (found("UPDATE_FAILED"), {}, "updated"),
        (found("CHECK_FAILED"), {}, "updated"),
        (found("ROLLBACK_COMPLETE"), {}, "updated"),
        (found("ROLLBACK_FAILED"), {}, "updated"),
        (found("CREATE_FAILED"), {"replace": True}, "replaced"),
        (found("UPDATE_FAILED"), {"replace": True}, "updated"),
        (found("DELETE_FAILED"), {"replace": True}, "replaced"),
        (found(tags=(Mark("key", "else").tag,)), {}, "updated"),
        (found(tags=()), {}, "unchanged"),
        (found(tags=(OTHER.tag,)), {}, "unchanged"),
        (found(tags=(), environment=None), {}, "updated"),
        (found(environment=None), {}, "unchanged"),
        (found(tags=("a", MARK.tag)), {}, "unchanged"),
        (found(tags=("a", MARK.tag)), {"tags": ("a",)}, "unchanged"),
        (found(tags=("a", MARK.tag)), {"tags": ()}, "updated"),
        (found(template={**TEMPLATE, "outputs": {}}), {}, "updated"),
        (found(files={"n.yaml": "y"}), {}, "updated"),
        (found(environment={**ENVIRONMENT, "parameters": {}}), {}, "updated"),
        (found(environment={**ENVIRONMENT, "parameters": {"a": 5, "b": 1}}), {}, "updated"),
        (found(environment={**ENVIRONMENT, "parameter_defaults": {}}), {}, "updated"),
        (found(environment={**ENVIRONMENT, "resource_registry": {"A": "n.yaml"}}), {}, "updated"),
    ],
)
def test_the_action(there: FoundStack, options: dict[str, Any], action: str) -> None:
    assert plan(there, **options).action == action


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETE", "DELETE_FAILED", "DELETE_IN_PROGRESS", "CREATE_FAILED"])
def test_absent(status: str) -> None:
    there = found(status) if status else FoundStack()
    wanted = "unchanged" if status in ("", "DELETE_IN_PROGRESS") else "deleted"
    assert make_plan(DesiredStack("app", "absent"), there, None, None).action == wanted


@pytest.mark.parametrize(
    ("there", "hint"),
    [
        (found("DELETE_FAILED"), "replace: true"),
        (found("SUSPEND_COMPLETE", template={}), "Resume it first"),
        (found("SUSPEND_FAILED"), "Resume it first"),
    ],
)
def test_conflicts(there: FoundStack, hint: str) -> None:
    with pytest.raises(ConflictError) as caught:
        plan(there)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("tags", "mark", "notes"),
    [
        ((MARK.tag,), MARK, None),
        ((), MARK, (NO_MARK,)),
        ((OTHER.tag,), MARK, (OTHER_KEY,)),
        ((MARK.tag,), None, (NO_KEY,)),
    ],
)
def test_what_is_hidden_is_sent_where_it_cannot_be_compared(
    tags: tuple[str, ...], mark: Mark | None, notes: tuple[str, ...] | None
) -> None:
    there = found(tags=tags, environment={**ENVIRONMENT, "parameters": {"a": 5, "pw": HEAT_MASK}})
    planned = plan(there, HIDING, mark)
    assert planned.action == ("unchanged" if notes is None else "updated")
    assert planned.notes == (notes or ())


def test_diffs_show_what_differs_and_no_secret() -> None:
    there = found(environment={**ENVIRONMENT, "parameters": {"a": 4, "pw": HEAT_MASK}})
    planned = plan(there, HIDING)
    assert (planned.before, planned.after) == ({"parameters": {"a": 4}}, {"parameters": {"a": 5}})
    planned = plan(FoundStack(), HIDING)
    assert planned.after["parameters"] == {"a": 5, "pw": MASK}
    shown = {**ENVIRONMENT, "parameters": {"a": 5, "pw": HEAT_MASK}}
    changed = found(tags=(Mark("key", "else").tag,), environment=shown)
    planned = plan(changed, HIDING)
    assert (planned.action, planned.before.keys()) == ("updated", {"hidden"})


def test_a_secret_that_heat_shows_is_compared_masked_and_noted() -> None:
    sent = replace(SENT, masked=frozenset({"a"}))
    planned = plan(found(environment={**ENVIRONMENT, "parameters": {"a": 4}}), sent)
    assert (planned.before, planned.after) == ({"parameters": {"a": MASK}}, {"parameters": {"a": MASK}})
    assert planned.notes == (f"a {SHOWN}",)


def test_resources_of_previews() -> None:
    changes = {
        "added": [{"resource_name": "b", "resource_type": "T"}],
        "replaced": [{"resource_name": "a", "resource_type": "T"}],
        "unchanged": [{"resource_name": "c", "resource_type": "T"}],
    }
    planned = with_preview(plan(FoundStack()), changes)
    assert [(each["name"], each["action"]) for each in planned.resources] == [("a", "replaced"), ("b", "created")]


def test_resources_of_previews_of_what_is_new() -> None:
    plain = {"resource_name": "a", "resource_type": "T"}
    nested: list[Any] = [[[{"resource_name": "y", "parent_resource": "0"}]], plain]
    assert [(each["name"], each["type"]) for each in previewed(TEMPLATE, nested)] == [("a", "T"), ("n", "n.yaml")]
    conditional = {"resources": {"n": {"type": "n.yaml"}, "m": {"type": "n.yaml", "condition": "never"}}}
    nested = [[{"resource_name": "y", "parent_resource": "n"}], plain]
    assert [each["name"] for each in previewed(conditional, nested)] == ["a", "n"]


def test_resources_by_two_lists() -> None:
    def resource(name: str, physical: str, updated: str = "1") -> dict[str, str]:
        return {"resource_name": name, "physical_resource_id": physical, "updated_time": updated, "resource_type": "T"}

    before = [resource("a", "1"), resource("b", "1"), resource("c", "1"), resource("d", "1")]
    after = [resource("b", "2"), resource("c", "1", "2"), resource("d", "1"), resource("e", "1")]
    found_ = [(each["name"], each["action"]) for each in changed_resources(before, after)]
    assert found_ == [("a", "deleted"), ("b", "replaced"), ("c", "updated"), ("e", "created")]
