# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Survey, plan, apply: who waits for whom, and what is reported of each Location."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    OaktreeError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._run import ensure as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change, Member, ensure
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target


@dataclass(eq=False)
class FakeConnection:
    """As much of a Connection as orchestration needs; ``answers`` is what the survey does."""

    location: Location
    answers: Callable[[], str] = lambda: "here"
    requests: int = 0
    deadline: Deadline = field(default_factory=lambda: Deadline(0))
    closed: int = 0
    is_aside: bool = False
    progress: Progress = field(default_factory=Progress)

    def authenticate(self) -> None:
        self.requests += 1

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class FakeStep:
    change: Change
    timeout: float = 5.0
    signs: bool = False

    @property
    def needed(self) -> bool:
        return self.change.changed or self.signs


class Noun:
    """A noun that is planned as ``action`` everywhere, and writes down what happened in which order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *connections: FakeConnection, action: str = "created") -> None:
        monkeypatch.setattr(module, "connect", lambda _target, _coalescer: (list(connections), []))
        monkeypatch.setattr(module, "LEAST_GRACE", 0.2)
        self.action = action
        self.planned: list[list[str]] = []
        self.applied: list[str] = []
        self.refuse: set[str] = set()
        self.order = 1
        self.lock = threading.Lock()

    def survey(self, connection: Any) -> str:
        return str(connection.answers())

    def plan(self, members: Sequence[Member[str]]) -> list[tuple[Any, FakeStep | OaktreeError]]:
        self.planned.append([str(member.connection.location) for member in members])
        steps: list[tuple[Any, FakeStep | OaktreeError]] = []
        for member in members[:: self.order]:
            refused = str(member.connection.location) in self.refuse
            change = Change(self.action, after={"found": member.survey})
            steps.append((member.connection, ConflictError("not here") if refused else FakeStep(change)))
        return steps

    def apply(self, connection: Any, step: FakeStep) -> Change:
        with self.lock:
            self.applied.append(str(connection.location))
        return Change(step.change.action, notes=("applied",))

    def run(self, *, check_mode: bool = False, concurrency: int = 10, **options: Any) -> list[Result[Change]]:
        target = Target(timeout=options.pop("timeout", 5.0), concurrency=concurrency, token_cache=False)
        return ensure(target, self.survey, self.plan, self.apply, check_mode=check_mode, cleanup=0.5, **options)


def at(*names: str, **options: Any) -> list[FakeConnection]:
    places = [(*name.split("/"), None)[:2] for name in names]
    return [
        FakeConnection(Location(str(cloud), region, name=name), **options)
        for name, (cloud, region) in zip(names, places, strict=True)
    ]


def cloud(connection: Any) -> str:
    return str(connection.location.cloud)


def actions(results: list[Result[Change]]) -> dict[str, str | None]:
    return {str(r.location): r.value.action if r.value else r.error.kind if r.error else None for r in results}


def test_each_location_is_surveyed_planned_and_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = at("b", "a")
    noun = Noun(monkeypatch, *connections)
    results = noun.run()
    assert actions(results) == {"a": "created", "b": "created"}
    assert [result.value and result.value.notes for result in results] == [("applied",)] * 2
    assert sorted(noun.planned) == [["a"], ["b"]]
    assert [connection.closed > 0 for connection in connections] == [True, True]


def test_check_mode_ends_after_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    noun = Noun(monkeypatch, *at("a", "b"))
    results = noun.run(check_mode=True)
    assert actions(results) == {"a": "created", "b": "created"}
    assert results[0].value == Change("created", after={"found": "here"})
    assert noun.applied == []


def test_what_is_unchanged_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    noun = Noun(monkeypatch, *at("a"), action="unchanged")
    assert actions(noun.run()) == {"a": "unchanged"}
    assert noun.applied == []


def test_a_failure_is_of_its_location_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ServerError("down")

    noun = Noun(monkeypatch, *at("a", "b"), *at("c", answers=broken))
    noun.refuse = {"b"}
    assert actions(noun.run()) == {"a": "created", "b": "conflict", "c": "server"}
    assert noun.applied == ["a"]


def test_a_plan_that_breaks_is_of_its_group_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud's answer may have any shape: the work on others goes on, and a bug keeps its traceback."""
    noun = Noun(monkeypatch, *at("a/1", "b/1", "b/2"))
    plan = noun.plan

    def breaks(members: Sequence[Member[str]]) -> list[tuple[Any, FakeStep | OaktreeError]]:
        steps = plan(members)
        if cloud(members[0].connection) == "b":
            raise KeyError("owner")
        return steps

    monkeypatch.setattr(noun, "plan", breaks)
    results = noun.run(group_by=cloud)
    assert actions(results) == {"a/1": "created", "b/1": "internal", "b/2": "internal"}
    assert noun.applied == ["a/1"]
    errors = [result.error for result in results if result.error]
    assert errors[0] is not errors[1]
    assert all(isinstance(error.__cause__, KeyError) for error in errors)


def test_a_group_is_planned_together_in_the_order_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    noun = Noun(monkeypatch, *at("a/1", "a/2", "a/3", "b/1"))
    noun.order = -1
    noun.run(group_by=cloud, concurrency=1)
    assert sorted(noun.planned) == [["a/1", "a/2", "a/3"], ["b/1"]]
    assert [name for name in noun.applied if name.startswith("a")] == ["a/3", "a/2", "a/1"]


def test_a_plan_does_not_depend_on_who_answers_first(monkeypatch: pytest.MonkeyPatch) -> None:
    last = threading.Event()

    def answers() -> str:
        last.set()
        return "here"

    noun = Noun(monkeypatch, *at("a/1", "a/2", answers=lambda: str(last.wait(5))), *at("a/3", answers=answers))
    noun.run(group_by=cloud)
    assert noun.planned == [["a/1", "a/2", "a/3"]]


def test_groups_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    slow = at("slow/1", answers=lambda: str(done.wait(5)))
    noun = Noun(monkeypatch, *at("a/1", "a/2"), *slow)
    apply = noun.apply

    def release(connection: Any, step: FakeStep) -> Change:
        done.set()
        return apply(connection, step)

    monkeypatch.setattr(noun, "apply", release)
    results = noun.run(group_by=cloud)
    assert {str(result.value and result.value.action) for result in results} == {"created"}
    assert noun.applied[-1] == "slow/1"


def test_a_silent_member_is_planned_later_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    silent = at("a/3", answers=lambda: str(done.wait(5)))
    noun = Noun(monkeypatch, *at("a/1", "a/2"), *silent)
    apply = noun.apply

    def release(connection: Any, step: FakeStep) -> Change:
        done.set()
        return apply(connection, step)

    monkeypatch.setattr(noun, "apply", release)
    assert set(actions(noun.run(group_by=cloud)).values()) == {"created"}
    assert noun.planned == [["a/1", "a/2"], ["a/3"]]


@pytest.mark.parametrize("there", ["yes", "no"])
def test_a_silent_member_that_the_plan_depends_on_is_waited_for(monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    """Until its survey has ended, if only by an error; nobody is waited for where another has what they need."""
    asked, done = threading.Event(), threading.Event()

    def waits(members: Sequence[Member[str]]) -> bool:
        asked.set()
        return not any(member.survey == "yes" for member in members)

    def slow() -> str:
        asked.wait(5)
        if there == "no":
            done.wait(0.1)
            raise ServerError("down")
        done.wait(5)
        return "late"

    noun = Noun(monkeypatch, *at("a/1", answers=lambda: there), *at("a/2"), *at("a/3", answers=slow))
    monkeypatch.setattr(module, "LEAST_GRACE", 0.01)
    apply = noun.apply

    def release(connection: Any, step: FakeStep) -> Change:
        done.set()
        return apply(connection, step)

    monkeypatch.setattr(noun, "apply", release)
    results = noun.run(group_by=cloud, waits_for_all=waits)
    assert actions(results)["a/3"] == ("created" if there == "yes" else "server")
    assert noun.planned == ([["a/1", "a/2"], ["a/3"]] if there == "yes" else [["a/1", "a/2"]])


def test_a_member_that_waits_for_something_else_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = threading.Event()
    (waits,) = at("a/3", is_aside=True, answers=lambda: str(waited.wait(0.5)))
    noun = Noun(monkeypatch, *at("a/1", "a/2"), waits)
    noun.run(group_by=cloud, timeout=0.1, patience=5.0)
    assert noun.planned == [["a/1", "a/2", "a/3"]]


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [2, 10])
def test_a_member_that_never_answers_costs_the_others_no_more_than_the_grace(
    monkeypatch: pytest.MonkeyPatch, fast_clock: Clock, concurrency: int
) -> None:
    begun: list[float] = []
    never = at("a/1", answers=lambda: str(threading.Event().wait(30)))
    noun = Noun(monkeypatch, *never, *at("a/2", "a/3"))
    apply = noun.apply

    def note(connection: Any, step: FakeStep) -> Change:
        begun.append(time.monotonic())
        return apply(connection, step)

    monkeypatch.setattr(noun, "apply", note)
    start = time.monotonic()
    results = noun.run(group_by=cloud, timeout=fast_clock.turned(1), concurrency=concurrency)
    assert actions(results) == {"a/1": "timeout", "a/2": "created", "a/3": "created"}
    assert max(begun) - start < 0.8


def test_more_locations_than_connections_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = at("a", "b", "c")
    noun = Noun(monkeypatch, *connections)
    open_now: list[int] = []
    survey = noun.survey

    def count(connection: Any) -> str:
        open_now.append(sum(one.requests > 0 and not one.closed for one in connections))
        return survey(connection)

    monkeypatch.setattr(noun, "survey", count)
    noun.run(concurrency=1)
    assert max(open_now) == 1


@pytest.mark.parametrize(
    ("action", "changed"),
    [("created", True), ("replaced", True), ("updated", True), ("deleted", True), ("unchanged", False)],
)
def test_all_but_unchanged_is_a_change(action: str, *, changed: bool) -> None:
    assert Change(action, notes=("it took long",)).changed is changed


@pytest.mark.parametrize(("parts", "changed"), [((), False), (("unchanged",), False), (("unchanged", "updated"), True)])
def test_things_that_are_counted(parts: tuple[str, ...], *, changed: bool) -> None:
    change = Change("unchanged", parts=tuple(map(Change, parts)))
    assert (change.changed, [part.action for part in change.each]) == (changed, list(parts))
    one = Change("created")
    assert one.each == (one,)


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_location_may_fail_in_part(monkeypatch: pytest.MonkeyPatch, *, check_mode: bool) -> None:
    """What has become of the other things is reported, too."""
    noun = Noun(monkeypatch, *at("a"))
    partly = Change("unchanged", parts=(Change("created"),), error=ConflictError("two of them"))
    monkeypatch.setattr(noun, "plan", lambda members: [(member.connection, FakeStep(partly)) for member in members])
    monkeypatch.setattr(noun, "apply", lambda _connection, _step: partly)
    (result,) = noun.run(check_mode=check_mode)
    assert result.value
    assert ([part.action for part in result.value.each], str(result.error)) == (["created"], "two of them")
