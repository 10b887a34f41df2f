# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks: created, unchanged, changed, unchanged, deleted, unchanged; and what Ansible is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from tests.support.fake_openstack import Answer, DistortAnswer, FakeOpenStack, LoseAnswer
from tests.support.fake_openstack.faults import edit_answer
from tests.support.fake_openstack.glance_images import Image
from tests.support.fake_openstack.heat import Heat
from tests.support.run_core import entries
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

VERSION = {"heat_template_version": "2018-08-31"}
TEMPLATE: dict[str, Any] = {
    **VERSION,
    "parameters": {
        "size": {"type": "number", "default": 1},
        "password": {"type": "string", "hidden": True, "default": "none"},
        "fail": {"type": "string", "default": ""},
        "zone": {"type": "string", "default": "a", "immutable": True},
    },
    "resources": {
        "db": {"type": "OS::Heat::Value", "properties": {"value": {"get_param": "password"}}},
        "w": {
            "type": "OS::Heat::RandomString",
            "properties": {"length": {"get_param": "size"}, "fail": {"get_param": "fail"}},
        },
    },
    "outputs": {"size": {"value": {"get_param": "size"}}},
}
FAILING = {"parameters": {"fail": "it broke"}}


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds, one region each, with orchestration."""
    made = fake_openstack(clouds=2, more=("orchestration",))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    return made


@pytest.fixture
def heat(clouds: FakeOpenStack) -> Heat:
    return clouds["cloud1"]["r1"].heat


def run(**params: Any) -> ModuleRun:
    options = {"name": "app", "locations": ["*"], "timeout": 3000.0, "api_timeout": 600.0}
    if params.get("state") != "absent" and "template" not in params:
        options["template_body"] = TEMPLATE
    return run_module("stack", **{**options, **params})


def one(**params: Any) -> ModuleRun:
    return run(**{"locations": ["cloud1"], **params})


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


def error(done: ModuleRun) -> dict[str, Any]:
    assert not done.ok
    (failure,) = done["failures"]
    return dict(failure)


def writes(clouds: FakeOpenStack) -> int:
    counted = (clouds.counters.requests(service="orchestration", method=method) for method in ("POST", "PUT", "DELETE"))
    return sum(counted)


def resources(done: ModuleRun) -> list[tuple[str, str]]:
    return [(each["name"], each["action"]) for each in done["results"][0]["resources"]]


@pytest.mark.slow
def test_the_life_of_a_stack(clouds: FakeOpenStack, heat: Heat) -> None:
    options = {"secrets": {"password": "geheim-1"}, "tags": ["web"]}
    planned = run(_ansible_check_mode=True, **options)
    assert actions(planned) == ["created"] * 2
    assert resources(planned) == [("db", "created"), ("w", "created")]
    assert heat.stacks == []
    created = run(**options)
    assert actions(created) == ["created"] * 2
    assert resources(created) == resources(planned)
    assert created["results"][0]["outputs"] == {"size": 1}
    assert created["results"][0]["stack"]["status"] == "CREATE_COMPLETE"
    clouds.counters.reset()
    again = run(**options)
    assert (actions(again), again["changed"], resources(again)) == (["unchanged"] * 2, False, [])
    assert again["results"][0]["outputs"] == {"size": 1}
    assert writes(clouds) == 0
    asked = clouds.counters.requests(service="orchestration", cloud="cloud1")
    assert asked - clouds.counters.requests(service="orchestration", cloud="cloud1", path="/") == 4
    changed = {**options, "parameters": {"size": 2}}
    planned = run(_ansible_check_mode=True, _ansible_diff=True, **changed)
    assert (actions(planned), resources(planned)) == (["updated"] * 2, [("w", "updated")])
    assert json.loads(planned["diff"][0]["before"]) == {"parameters": {}}
    assert json.loads(planned["diff"][0]["after"]) == {"parameters": {"size": 2}}
    done = run(**changed)
    assert (actions(done), resources(done)) == (["updated"] * 2, [("w", "updated")])
    assert actions(run(**{**changed, "parameters": {"size": "2"}})) == ["unchanged"] * 2
    assert "web" in heat.stacks[0].tags
    gone = {"state": "absent"}
    planned = run(_ansible_check_mode=True, **gone)
    assert (actions(planned), resources(planned)) == (["deleted"] * 2, [("db", "deleted"), ("w", "deleted")])
    done = run(**gone)
    assert (actions(done), resources(done)) == (["deleted"] * 2, resources(planned))
    assert actions(run(**gone)) == ["unchanged"] * 2


def test_a_change_of_what_is_hidden_is_seen_and_shown_nowhere(heat: Heat) -> None:
    assert actions(one(secrets={"password": "geheim-1"})) == ["created"]
    assert actions(one(secrets={"password": "geheim-1"})) == ["unchanged"]
    changed = {"secrets": {"password": "anders-2"}, "_ansible_diff": True}
    planned = one(_ansible_check_mode=True, **changed)
    done = one(**changed)
    assert (actions(planned), actions(done)) == (["updated"], ["updated"])
    assert resources(done) == [("db", "updated")]
    assert heat.stacks[0].content.value("password") == "anders-2"
    for text in (planned.printed, done.printed):
        assert "anders-2" not in text
        assert "geheim-1" not in text
    assert actions(one(secrets={"password": "anders-2"})) == ["unchanged"]


def test_a_change_of_outputs_alone_is_an_update(heat: Heat) -> None:
    one()
    template = {**TEMPLATE, "outputs": {**TEMPLATE["outputs"], "more": {"value": "x"}}}
    planned = one(template_body=template, _ansible_check_mode=True)
    assert (actions(planned), resources(planned)) == (["updated"], [])
    done = one(template_body=template)
    assert (actions(done), done["results"][0]["outputs"]) == (["updated"], {"size": 1, "more": "x"})
    assert actions(one(template_body=template)) == ["unchanged"]
    assert len(heat.stacks) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "meddle",
    [
        lambda stack: stack.content.environment["parameters"].update(size=3),
        lambda stack: stack.content.template.update(description="x"),
        lambda stack: stack.content.environment["parameter_defaults"].update(size=3),
        lambda stack: stack.content.environment["resource_registry"].update({"A::B": "x.yaml"}),
    ],
    ids=["parameter", "template", "default", "registry"],
)
def test_what_another_tool_has_changed_is_changed_back(heat: Heat, meddle: Callable[[Any], None]) -> None:
    """A PATCH leaves the tags alone, so that only what Heat shows tells of it."""
    one(parameters={"size": 2})
    meddle(heat.stacks[0])
    assert actions(one(parameters={"size": 2})) == ["updated"]
    assert actions(one(parameters={"size": 2})) == ["unchanged"]


def test_a_stack_that_another_tool_has_sent_is_compared_by_what_heat_shows(heat: Heat) -> None:
    """A PUT without tags removes them."""
    one(secrets={"password": "geheim-1"})
    heat.stacks[0].tags = []
    done = one(secrets={"password": "geheim-1"})
    assert (actions(done), len(done["results"][0]["notes"])) == (["updated"], 1)
    heat.stacks[0].tags = []
    heat.stacks[0].content.environment["parameters"] = {}
    assert actions(one()) == ["unchanged"]  # nothing is hidden: what is shown says it all


def test_the_key_of_the_digest_can_be_given(clouds: FakeOpenStack, tmp_path: Path) -> None:
    """So users with credentials of their own leave each other's stacks alone."""
    other = {"clouds_yaml": str(clouds.clouds_yaml(tmp_path / "other.yaml", application_credential=True))}
    options = {"secrets": {"password": "geheim-1"}}
    assert actions(one(**options)) == ["created"]
    done = one(**options, **other)
    assert actions(done) == ["updated"]
    assert "other credentials" in done["results"][0]["notes"][0]
    shared = {**options, "digest_key": "between us"}
    assert actions(one(**shared)) == ["updated"]
    assert actions(one(**shared, **other)) == ["unchanged"]


@pytest.mark.slow
def test_a_location_that_fails_says_why_and_keeps_nothing(clouds: FakeOpenStack, heat: Heat, fast_clock: Clock) -> None:
    fast_clock.turn(5)  # what is removed is awaited for 15 of its seconds, also on a busy machine
    failing = [{"locations": ["cloud1"], **FAILING}]
    done = run(overrides=failing, on_failure="warn")
    assert actions(done) == ["created"]
    (failure,) = done["failures"]
    assert failure["error"] == "stack 'app' could not be created: CREATE_FAILED: w: it broke"
    assert (failure["kind"], failure["location"]["cloud"]) == ("server", "cloud1")
    assert [stack.state for stack in heat.stacks] == ["DELETE_COMPLETE"]
    assert clouds["cloud2"]["r1"].heat.stacks[0].state == "CREATE_COMPLETE"


@pytest.mark.usefixtures("clouds")
def test_the_deepest_reason_is_told() -> None:
    inner = {**VERSION, "resources": {"port": {"type": "OS::Neutron::Port", "properties": {"fail": "Quota exceeded"}}}}
    template = {**VERSION, "resources": {"web": {"type": "web.yaml"}}}
    done = one(template_body=template, files={"web.yaml": {"content": json.dumps(inner)}})
    assert error(done)["error"] == "stack 'app' could not be created: CREATE_FAILED: web.port: Quota exceeded"
    assert error(done)["kind"] == "quota"


def test_a_stack_that_failed_can_be_kept_and_is_then_updated_or_replaced(heat: Heat) -> None:
    assert "it broke" in error(one(keep_failed=True, **FAILING))["error"]
    assert [stack.state for stack in heat.stacks] == ["CREATE_FAILED"]
    assert actions(one(replace=True, _ansible_check_mode=True)) == ["replaced"]
    assert actions(one()) == ["updated"]
    assert [stack.state for stack in heat.stacks] == ["UPDATE_COMPLETE"]
    assert "could not be updated: UPDATE_FAILED: w: it broke" in error(one(**FAILING))["error"]
    assert actions(one()) == ["updated"]
    heat.stacks[0].action, heat.stacks[0].status = "CREATE", "FAILED"
    assert actions(one(replace=True)) == ["replaced"]
    assert [stack.state for stack in heat.stacks] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


def test_an_update_that_fails_is_rolled_back_if_the_task_says_so(heat: Heat) -> None:
    one()
    said = error(one(rollback=True, **FAILING))["error"]
    assert said == "stack 'app' could not be updated: ROLLBACK_COMPLETE: w: it broke"
    assert heat.stacks[0].content.value("fail") == ""
    assert actions(one(rollback=True)) == ["updated"]  # Heat has the tags of what failed
    assert actions(one(rollback=True)) == ["unchanged"]


@pytest.mark.slow
def test_what_cannot_be_changed_is_a_conflict_or_replaced(heat: Heat) -> None:
    one()
    moved = {"parameters": {"zone": "b"}}
    for check in (True, False):
        failure = error(one(_ansible_check_mode=check, **moved))
        assert (failure["kind"], "replace: true" in failure["hint"]) == ("conflict", True)
        planned = one(_ansible_check_mode=True, replace=True, **moved)
        assert (actions(planned), resources(planned)) == (["replaced"], [("db", "replaced"), ("w", "replaced")])
    done = one(replace=True, **moved)
    assert (actions(done), resources(done)) == (["replaced"], [("db", "replaced"), ("w", "replaced")])
    assert [stack.state for stack in heat.stacks] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


def test_a_deletion_that_fails_is_tried_once_more(clouds: FakeOpenStack, heat: Heat) -> None:
    one()
    heat.undeletable = 1
    assert actions(one(state="absent")) == ["deleted"]
    one()
    heat.undeletable = 2
    failure = error(one(state="absent"))
    assert failure["error"] == "stack 'app' could not be deleted: DELETE_FAILED: w: it is in use"
    assert error(one())["kind"] == "conflict"
    assert actions(one(replace=True)) == ["replaced"]
    assert clouds.counters.requests(service="orchestration", method="DELETE") == 5


def test_the_name_of_a_deleted_stack_is_taken_for_a_moment(heat: Heat) -> None:
    """Heat says that the deletion is complete before its lists do."""
    heat.lingering = 2
    one()
    assert actions(one(parameters={"zone": "b"}, replace=True)) == ["replaced"]
    assert actions(one(state="absent")) == ["deleted"]
    assert actions(one(state="absent")) == ["unchanged"]
    one()
    assert actions(one(state="absent", wait=False)) == ["deleted"]
    heat.stacks[-1].status, heat.stacks[-1].looks = "COMPLETE", 2
    assert actions(one()) == ["created"]


@pytest.mark.parametrize(("keep", "state"), [(False, "DELETE_COMPLETE"), (True, "CREATE_IN_PROGRESS")])
def test_a_stack_that_is_not_complete_in_time_is_removed(heat: Heat, keep: bool, state: str) -> None:  # noqa: FBT001
    heat.looks = 5
    failure = error(one(wait_timeout=3.0, keep_failed=keep))
    assert failure["kind"] == "timeout"
    assert "wait_timeout (3 s): stack 'app' is still CREATE_IN_PROGRESS" in failure["error"]
    assert ("Heat goes on" in failure["error"]) is keep
    assert [stack.state for stack in heat.stacks] == [state]


@pytest.mark.slow
def test_an_update_whose_end_cannot_be_seen_goes_on(clouds: FakeOpenStack, heat: Heat) -> None:
    one()
    heat.looks = 5
    clouds["cloud1"]["r1"].fault("GET", "status=IN_PROGRESS", Answer(500))
    failure = error(one(parameters={"size": 2}))
    assert (failure["kind"], "Heat goes on with stack 'app'" in failure["error"]) == ("server", True)
    assert [stack.state for stack in heat.stacks] == ["UPDATE_IN_PROGRESS"]


def test_waiting_takes_lists_only(clouds: FakeOpenStack, heat: Heat) -> None:
    heat.looks = 10
    assert actions(one()) == ["created"]
    lists = clouds.counters.requests(service="orchestration", path="/v1/{project}/stacks", method="GET")
    assert lists >= 11
    assert clouds.counters.requests(service="orchestration", path="/v1/{project}/stacks/{name}/{id}") == 1


@pytest.mark.slow
def test_heat_need_not_answer_meanwhile(clouds: FakeOpenStack, heat: Heat) -> None:
    """It goes on with the stack, and what is complete in the end is not removed."""
    region = clouds["cloud1"]["r1"]
    heat.looks = 2
    region.fault("GET", "status=IN_PROGRESS", Answer(502), times=9)
    assert actions(one()) == ["created"]
    region.fault("GET", "status=IN_PROGRESS", Answer(403), times=1)
    assert error(one(parameters={"size": 2}))["kind"] == "refused"
    region.fault("GET", "status=IN_PROGRESS", Answer(502))
    failure = error(one(parameters={"size": 3}))
    assert (failure["kind"], "502" in failure["error"]) == ("server", True)


def test_what_is_in_progress_is_awaited_first(heat: Heat) -> None:
    assert actions(one(wait=False)) == ["created"]
    assert heat.stacks[0].state == "CREATE_IN_PROGRESS"
    assert actions(one(wait=False)) == ["unchanged"]
    assert heat.stacks[0].state == "CREATE_IN_PROGRESS"
    assert actions(one(parameters={"size": 2}, wait=False)) == ["updated"]
    assert actions(one(parameters={"size": 2})) == ["unchanged"]
    assert heat.stacks[0].state == "UPDATE_COMPLETE"
    assert actions(one(state="absent", wait=False)) == ["deleted"]
    assert actions(one()) == ["created"]


def test_what_another_task_has_begun_since_the_survey_is_awaited(clouds: FakeOpenStack, heat: Heat) -> None:
    one(wait=False)
    for wait, state in ((False, "CREATE_IN_PROGRESS"), (True, "CREATE_COMPLETE")):
        clouds["cloud1"]["r1"].fault("GET", "name=app", edit_answer(lambda _stacks: {"stacks": []}), times=1)
        assert actions(one(wait=wait)) == ["unchanged"]
        assert [stack.state for stack in heat.stacks] == [state]


def test_an_update_that_another_task_has_begun_since_the_survey_is_not_repeated(
    clouds: FakeOpenStack, heat: Heat
) -> None:
    one(parameters={"size": 2})
    (stack,) = heat.stacks
    content, tags = stack.content, stack.tags
    one()

    def begun(answer: Answer) -> Answer:
        stack.content, stack.tags, stack.action, stack.status = content, tags, "UPDATE", "IN_PROGRESS"
        return answer

    clouds["cloud1"]["r1"].fault("GET", "/environment", DistortAnswer(begun), times=1)
    before = writes(clouds)
    assert actions(one(parameters={"size": 2})) == ["unchanged"]
    assert (writes(clouds), stack.state) == (before, "UPDATE_COMPLETE")


def test_what_heat_refuses_because_somebody_else_was_first_is_awaited(clouds: FakeOpenStack, heat: Heat) -> None:
    region = clouds["cloud1"]["r1"]
    one(wait=False)
    region.fault("GET", "name=app", edit_answer(lambda _stacks: {"stacks": []}), times=2)
    assert actions(one()) == ["unchanged"]
    (stack,) = heat.stacks

    def deleted(answer: Answer) -> Answer:
        stack.action, stack.status = "DELETE", "IN_PROGRESS"
        return answer

    region.fault("GET", "/resources", DistortAnswer(deleted), times=1)
    assert actions(one(parameters={"size": 2})) == ["created"]
    assert [each.state for each in heat.stacks] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_lost_answer_is_no_failure(clouds: FakeOpenStack, heat: Heat, method: str) -> None:
    if method == "PUT":
        one()
    clouds["cloud1"]["r1"].fault(method, "/stacks", LoseAnswer(), times=1)
    assert actions(one(parameters={"size": 2})) == ["created" if method == "POST" else "updated"]
    assert len(heat.stacks) == 1


@pytest.mark.parametrize(("method", "verb"), [("POST", "created"), ("PUT", "updated")])
def test_what_became_of_a_stack_without_an_answer_is_not_always_known(
    clouds: FakeOpenStack, heat: Heat, method: str, verb: str
) -> None:
    if method == "PUT":
        one()
    region = clouds["cloud1"]["r1"]
    lost = region.fault(method, "/stacks", LoseAnswer(), times=1)
    region.fault("GET", "/stacks", DistortAnswer(lambda answer: Answer(500) if lost.struck else answer))
    assert f"whether Heat has {verb} the stack 'app' is not known: " in error(one(parameters={"size": 2}))["error"]
    region.clear_faults()
    assert actions(one(parameters={"size": 2})) == ["unchanged"]
    assert len(heat.stacks) == 1


def test_an_answer_that_says_nothing_was_done_is_a_failure(clouds: FakeOpenStack, heat: Heat) -> None:
    clouds["cloud1"]["r1"].fault("POST", "/stacks", Answer(500), times=1)
    assert error(one())["kind"] == "server"
    assert heat.stacks == []


def test_an_administrator_does_not_touch_the_stacks_of_other_projects(
    clouds: FakeOpenStack, heat: Heat, tmp_path: Path
) -> None:
    """Heat lists them for administrators, unasked."""
    one()
    admin = {"clouds_yaml": str(clouds.clouds_yaml(tmp_path / "admin.yaml", "admin"))}
    assert actions(one(state="absent", **admin)) == ["unchanged"]
    assert actions(one(**admin)) == ["created"]
    assert [stack.state for stack in heat.stacks] == ["CREATE_COMPLETE"] * 2


def test_references_are_resolved_at_each_location(clouds: FakeOpenStack, heat: Heat) -> None:
    for number, cloud in enumerate(("cloud1", "cloud2")):
        identifier = f"00000000-0000-4000-8000-00000000000{number}"
        owner = clouds[cloud].keystone.project_id("demo")
        image = Image(identifier, owner=owner, status="active")
        image.fields["name"] = "fedora"
        clouds[cloud]["r1"].glance.images[identifier] = image
    parameters = {"zone": {"name": "fedora", "type": "image.image"}}
    assert actions(run(parameters=parameters)) == ["created"] * 2
    found = [heat.stacks[0], clouds["cloud2"]["r1"].heat.stacks[0]]
    assert [stack.content.value("zone")[-1] for stack in found] == ["0", "1"]
    assert actions(run(parameters=parameters)) == ["unchanged"] * 2


def test_a_play_that_begins_with_nothing_can_be_checked(clouds: FakeOpenStack) -> None:
    parameters = {"zone": {"name": "no such", "type": "image.image"}}
    checked = one(parameters=parameters, _ansible_check_mode=True)
    assert actions(checked) == ["created"]
    (note,) = checked["results"][0]["notes"]
    assert note.endswith("here: it has to be created first")
    assert error(one(parameters=parameters))["kind"] == "refused"
    assert writes(clouds) == 0


def test_tags_are_those_of_the_task_and_our_own(heat: Heat) -> None:
    one(tags=["a", "b"])
    assert [tag.partition(":")[0] for tag in heat.stacks[0].tags] == ["a", "b", "oaktree"]
    assert (heat.stacks[0].timeout_mins, heat.stacks[0].disable_rollback) == (60, True)
    assert actions(one()) == ["unchanged"]  # not named, so left alone
    assert actions(one(parameters={"size": 2})) == ["updated"]
    assert [tag.partition(":")[0] for tag in heat.stacks[0].tags] == ["a", "b", "oaktree"]
    assert actions(one(parameters={"size": 2}, tags=["b"])) == ["updated"]
    assert [tag.partition(":")[0] for tag in heat.stacks[0].tags] == ["b", "oaktree"]
    assert actions(one(parameters={"size": 2}, tags=["b"])) == ["unchanged"]


def test_where_heat_is_not_offered_there_is_nothing_to_delete(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    config = {"clouds_yaml": str(fake_openstack().clouds_yaml(tmp_path / "clouds.yaml"))}
    done = one(state="absent", **config)
    assert (actions(done), done["results"][0]["notes"]) == (["unchanged"], ["not offered here"])
    assert error(one(**config))["kind"] == "refused"


@pytest.mark.parametrize("inline", [False, True])
def test_secrets_appear_nowhere(clouds: FakeOpenStack, *, inline: bool) -> None:
    """Nor where the credentials are inline, of which only the secrets are masked; also those of overrides."""
    config = {"clouds_config": {"clouds": entries(clouds)}} if inline else {}
    template = {**TEMPLATE, "outputs": {"leak": {"value": {"get_param": "password"}}}}
    overrides = [{"locations": ["cloud1"], "secrets": {"password": "s3cret-two"}}]
    options = {"secrets": {"password": "s3cret-one"}, "overrides": overrides, "digest_key": "s3cret-key", **config}
    clouds["cloud1"]["r1"].fault("POST", "/stacks", Answer(400, {}, b'{"error": {"message": "bad s3cret-two"}}'))
    failed = run(template_body=template, _ansible_diff=True, on_failure="warn", **options)
    clouds["cloud1"]["r1"].clear_faults()
    done = run(template_body=template, _ansible_diff=True, **options)
    assert actions(done) == ["created", "unchanged"]
    for text in (failed.printed, done.printed, *failed.warnings):
        for secret in ("s3cret-one", "s3cret-two", "s3cret-key"):
            assert secret not in text


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"template_body": None}, "template: state present needs it, or template_body"),
        ({"parameters": {"password": "x"}}, "parameters: password is hidden by the template"),
        (
            {"overrides": [{"locations": ["*"], "parameters": {"password": "x"}}]},
            "overrides[].parameters: password is hidden",
        ),
        ({"environments": [{"parameters": {"password": "x"}}]}, "environments: password is hidden by the template"),
        ({"environments": [{"parameter_defaults": {"password": "x"}}]}, "environments: password is hidden"),
        ({"parameters": {"network_id": {"nam": "x"}}}, "parameters: network_id must be an ID, or a reference"),
        ({"parameters": {"zone": {"name": "x", "type": "image.imag"}}}, "type: 'image.imag' is not known"),
        ({"tags": ["x" * 81]}, "is not a tag"),
        ({"name": ""}, "name: must not be empty"),
        ({"wait_timeout": 0}, "wait_timeout: must be greater than zero"),
        ({"environments": [{"parameter_merge_strategies": {}}]}, "environments, number 1: parameter_merge_strategies"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_before_anything_is_tried(
    clouds: FakeOpenStack, params: dict[str, Any], said: str
) -> None:
    done = one(**params)
    assert (done.ok, said in done["msg"]) == (False, True), done["msg"]
    assert clouds.counters.requests() == 0
