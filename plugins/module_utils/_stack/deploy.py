# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack in every selected Location: survey, plan, apply."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._cloud.answers import fit_key
from .._cloud.cleanup import CLEANUP_TIMEOUT, removing
from .._core.errors import ConflictError, DeadlineError, OaktreeError, RefusedError, ServerError, ThrottledError
from .._core.retry import PERHAPS_DONE
from .._local.file_lock import key_lock
from .._resource.find import is_offered
from .._resource.kinds import kind_of
from .._resource.plan import NOT_OFFERED
from .._resource.records import resource_record
from .._resource.references import MissingError
from .._run.ensure import Change, Member, ensure
from .desired import STACK
from .digest import mark_of, without_marks
from .heat import Heat, ImmutableParameterError
from .plan import FoundStack, StackPlan, changed_resources, is_busy, make_plan, previewed, with_preview
from .wait import StackWait, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._cloud.connection import Connection
    from .._core.location import Location
    from .._run.gather import Result, Target
    from .desired import DesiredStack, Sent
    from .digest import Mark
    from .heat import Item

_LOCK = "stack"


@dataclass(frozen=True)
class StackSurvey:
    """What a Location has and is to have."""

    wanted: DesiredStack
    """At this Location."""
    found: FoundStack
    plan: StackPlan
    sent: Sent | None = None
    mark: Mark | None = None


@dataclass(frozen=True)
class StackStep:
    """What is planned for one Location."""

    survey: StackSurvey
    location: Location
    request_timeout: float

    @property
    def change(self) -> Change:
        item = None if self.survey.plan.action in ("created", "deleted") else self.survey.found.item
        return self.changed(item, self.survey.plan.resources)

    def changed(self, item: Item | None, resources: Sequence[Any]) -> Change:
        """The change, with the stack and its outputs as they then are."""
        plan = self.survey.plan
        outputs, notes = _outputs(item)
        output = {
            "stack": None if item is None else resource_record(kind_of(STACK), item, self.location, {}),
            "outputs": outputs,
            "resources": list(resources),
        }
        return Change(plan.action, plan.before, plan.after, output, (*plan.notes, *notes))

    @property
    def needed(self) -> bool:
        return self.survey.plan.action != "unchanged" or (self.survey.wanted.wait and is_busy(self.survey.found.status))

    @property
    def busy(self) -> Item | None:
        """The stack, where what is in progress on it is to be awaited first."""
        return self.survey.found.item if self.needed and is_busy(self.survey.found.status) else None

    @property
    def timeout(self) -> float:
        """Seconds: for the requests, and for each operation that may be awaited, also one that another task begins."""
        plan, wanted = self.survey.plan, self.survey.wanted
        times = 2 + (wanted.replace or plan.action == "deleted")
        return times * (self.request_timeout + wanted.wait_timeout)


def ensure_stack(target: Target, wanted: DesiredStack, *, check_mode: bool) -> list[Result[Change]]:
    """Bring every selected Location to what is wanted, or in check mode only report how; see `ensure`."""

    def plan(members: Sequence[Member[StackSurvey]]) -> list[tuple[Connection, StackStep | OaktreeError]]:
        return [
            (member.connection, StackStep(member.survey, member.connection.location, target.timeout))
            for member in members
        ]

    return ensure(
        target,
        lambda connection: _look(connection, wanted, preview=check_mode),
        plan,
        _apply,
        check_mode=check_mode,
        cleanup=CLEANUP_TIMEOUT + 5.0,
    )


def _outputs(item: Item | None) -> tuple[dict[str, Any], list[str]]:
    """The outputs by name, and notes on those that have no value."""
    outputs, notes = {}, []
    for output in (item or {}).get("outputs") or ():
        name = output["output_key"]
        outputs[fit_key(name)] = output.get("output_value")
        if output.get("output_error"):
            notes.append(f"output {name}: {output['output_error']}")
    return outputs, notes


# Survey


def _look(connection: Connection, desired: DesiredStack, *, preview: bool = False) -> StackSurvey:
    """What is there, and what would be done; with ``preview`` also to which resources, as far as Heat knows."""
    wanted, heat = desired.at(connection.location), Heat(connection)
    if wanted.state == "absent":
        if not is_offered(connection, kind_of(STACK)):
            return StackSurvey(wanted, FoundStack(), StackPlan("unchanged", notes=(NOT_OFFERED,)))
        found = FoundStack(heat.find(wanted.name))
        survey = StackSurvey(wanted, found, make_plan(wanted, found, None, None))
        return _with_resources(heat, survey) if preview else survey
    found = FoundStack(heat.find(wanted.name))
    try:
        sent = wanted.sent(connection)
    except MissingError as missing:
        if found.item is not None:
            raise
        return StackSurvey(wanted, found, StackPlan("created", notes=(missing.note,), error=missing))
    if found.item is not None:
        found = _with_parts(heat, found, sent)
    mark = _mark(connection, wanted, sent)
    survey = StackSurvey(wanted, found, make_plan(wanted, found, sent, mark), sent, mark)
    return _with_resources(heat, survey) if preview else survey


def _with_parts(heat: Heat, found: FoundStack, sent: Sent) -> FoundStack:
    """What Heat shows of a stack: three requests, and one more where there are files."""
    item = found.item
    shown = heat.show(item) if item else None
    if item is None or shown is None:
        return FoundStack()
    return FoundStack(
        {**item, **shown},
        heat.part(item, "template"),
        heat.part(item, "environment"),
        heat.part(item, "files") if sent.files else None,
    )


def _mark(connection: Connection, wanted: DesiredStack, sent: Sent) -> Mark | None:
    """The mark of what is sent; None where there is no secret to make a key of."""
    settings = connection.region.settings
    secret = wanted.digest_key or (settings.account_key if settings.has_secret else None)
    return mark_of(secret, sent.content) if secret else None


def _with_resources(heat: Heat, survey: StackSurvey) -> StackSurvey:
    """The survey with the resources that the plan would change, by requests that change nothing."""
    plan, item, sent = survey.plan, survey.found.item, survey.sent
    if plan.action == "unchanged":
        return survey
    if plan.action == "created" and sent:
        if item is None:  # else the name is still taken
            found = heat.preview({"stack_name": survey.wanted.name, **_body(survey)})
            plan = replace(plan, resources=previewed(sent.template, found))
    elif plan.action == "updated" and item and not is_busy(survey.found.status):
        try:
            plan = with_preview(plan, heat.preview_update(item, _body(survey)))
        except ImmutableParameterError:
            if not survey.wanted.replace:
                raise
            plan = replace(plan, action="replaced")
    if plan.action in ("deleted", "replaced") and item:
        found = heat.resources(item)
        there = changed_resources(found, ())
        plan = replace(plan, resources=tuple({**each, "action": plan.action} for each in there))
    return replace(survey, plan=plan)


def _body(survey: StackSurvey) -> dict[str, Any]:
    """What Heat is sent to create or update the stack, but for its name."""
    wanted, item = survey.wanted, survey.found.item
    tags = list(wanted.tags) if wanted.tags is not None else without_marks(item["tags"] if item else ())
    if survey.mark:
        tags.append(survey.mark.tag)
    return {
        **(survey.sent.body if survey.sent else {}),
        **({"tags": ",".join(dict.fromkeys(tags))} if tags else {}),
        "disable_rollback": not wanted.rollback,
        "timeout_mins": max(1, math.ceil(wanted.wait_timeout / 60)),
    }


# Apply


def _apply(connection: Connection, step: StackStep) -> Change:
    return _Work(connection, step).done()


class _Work:
    """The work on one Location."""

    def __init__(self, connection: Connection, step: StackStep) -> None:
        self._connection = connection
        self._step = step
        self._wanted = step.survey.wanted
        self._heat = Heat(connection)

    def done(self) -> Change:
        """Do what is planned, when nothing is in progress on the stack; returns the change.

        What is planned is looked at once more: another task may have begun it meanwhile, or something else.
        """
        while True:
            busy = self._step.busy
            if busy:
                self._awaited(busy)
            with self._requesting():
                self._step = replace(self._step, survey=_look(self._connection, self._wanted))
                if self._step.busy:
                    continue
                plan = self._step.survey.plan
                if plan.error:
                    raise plan.error
                if plan.action == "unchanged":
                    return self._step.change
                try:
                    begun = self._begin()
                except (ConflictError, RefusedError):
                    found = self._heat.find(self._wanted.name)
                    if found and is_busy(str(found["stack_status"])):  # somebody else was first
                        continue
                    raise
            return self._finish(*begun)

    @contextmanager
    def _requesting(self) -> Iterator[None]:
        """Bound requests by ``timeout``; two tasks of one machine do not work on one name at once."""
        key = f"{self._heat.endpoint} {self._wanted.name}"
        with (
            self._connection.within(self._step.request_timeout, "timeout"),
            key_lock(_LOCK, key, self._connection.deadline),
        ):
            yield

    def _awaited(self, item: Item, *, rollback: bool = False) -> Item | None:
        with self._connection.within(self._wanted.wait_timeout, "wait_timeout"):
            return StackWait(self._connection, self._heat).until_settled(item, rollback=rollback)

    def _begin(self) -> tuple[Item, list[Item]]:
        """Send the request that the plan says; returns the stack that is in progress, and the resources it had."""
        plan, item = self._step.survey.plan, self._step.survey.found.item
        if item is None:
            return self._created(), []
        had = self._heat.resources(item)
        if plan.action == "updated":
            try:
                return self._updated(item), had
            except ImmutableParameterError:
                if not self._wanted.replace:
                    raise
                survey = self._step.survey
                self._step = replace(self._step, survey=replace(survey, plan=replace(plan, action="replaced")))
        self._heat.delete(item)
        return item, had

    def _finish(self, item: Item, had: list[Item]) -> Change:
        """Wait for the end of what was begun; returns the change."""
        action, wait = self._step.survey.plan.action, self._wanted.wait
        if action in ("deleted", "replaced"):
            if wait or action == "replaced":
                self._await_end(item)
            gone = [{**each, "action": "deleted"} for each in changed_resources(had, ())]
            if action == "deleted":
                return self._step.changed(None, gone)
            with self._requesting():
                item = self._created_anew()
        if not wait:
            return self._step.changed(self._heat.show(item) or item, ())
        item = self._await_success(item)
        now = self._heat.resources(item)
        if action == "replaced":
            return self._step.changed(item, [{**each, "action": "replaced"} for each in changed_resources((), now)])
        return self._step.changed(item, changed_resources(had, now))

    def _created(self) -> Item:
        name = self._wanted.name
        body = {"stack_name": name, **_body(self._step.survey)}
        try:
            identity = self._heat.create(body)
        except (ThrottledError, *PERHAPS_DONE) as error:
            return self._begun(error, None)
        return {"id": identity, "stack_name": name, "stack_status": "CREATE_IN_PROGRESS"}

    def _created_anew(self) -> Item:
        """Create what has been deleted to be replaced; if that fails, the error says that there is none any more."""
        try:
            return self._created()
        except OaktreeError as error:
            error.message = f"stack {self._wanted.name!r} was deleted to be replaced, and not created: {error.message}"
            raise

    def _updated(self, item: Item) -> Item:
        try:
            self._heat.update(item, _body(self._step.survey))
        except (ThrottledError, *PERHAPS_DONE) as error:
            return self._begun(error, item)
        return {**item, "stack_status": "UPDATE_IN_PROGRESS"}

    def _begun(self, error: OaktreeError, before: Item | None) -> Item:
        """The stack after a request without an answer, if Heat has begun what it asks for. Raises the error if not."""
        mark = self._step.survey.mark
        try:
            with self._connection.grace(CLEANUP_TIMEOUT):
                found = self._heat.find(self._wanted.name)
        except OaktreeError as failure:
            verb = "updated" if before else "created"
            error.add_residue(
                f"whether Heat has {verb} the stack {self._wanted.name!r} is not known: {failure.message}"
            )
            raise error from error.__cause__
        if found is None or mark is None or mark.tag not in found["tags"]:
            raise error
        if before is not None and found.get("updated_time") == before.get("updated_time"):
            raise error
        return found

    def _await_success(self, item: Item) -> Item:
        """The stack when it is as wanted. A new one that fails, or is not complete in time, is removed."""
        new, name = self._step.survey.plan.is_new, self._wanted.name
        with removing(lambda: self._removed(item) if new and not self._wanted.keep_failed else ""):
            try:
                found = self._awaited(item, rollback=self._wanted.rollback)
            except OaktreeError as error:
                if not new or self._wanted.keep_failed:
                    error.add_residue(f"Heat goes on with stack {name!r}")
                raise
            if found is None:
                rolled_back = new and self._wanted.rollback
                what = "could not be created, and was rolled back" if rolled_back else "was deleted by somebody else"
                raise ServerError(f"stack {name!r} {what}")
            if _is_bad(found):
                raise failure(self._heat, found, f"could not be {'created' if new else 'updated'}")
        return found

    def _removed(self, item: Item) -> str:
        """Remove a stack that was just created; returns nothing, or what is left of it."""
        try:
            with self._connection.grace(CLEANUP_TIMEOUT):
                self._heat.delete(item)
                left = StackWait(self._connection, self._heat).until_settled(
                    {**item, "stack_status": "DELETE_IN_PROGRESS"}
                )
        except DeadlineError:
            return f"stack {item['stack_name']!r} is being deleted"
        except OaktreeError as error:
            return f"stack {item['stack_name']!r} could not be removed: {error.message}"
        return f"stack {item['stack_name']!r} could not be removed: {left['stack_status']}" if left else ""

    def _await_end(self, item: Item) -> None:
        """Wait until a stack is gone; a deletion that fails is tried once more."""
        deleting = {**item, "stack_status": "DELETE_IN_PROGRESS"}
        left = self._awaited(deleting)
        if left is not None:
            with self._requesting():
                self._heat.delete(item)
            left = self._awaited(deleting)
        if left is not None:
            raise failure(self._heat, left, "could not be deleted")


def _is_bad(item: Item) -> bool:
    status = str(item["stack_status"])
    return not status.endswith("_COMPLETE") or status.startswith(("ROLLBACK", "DELETE"))
