# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring every selected Location to a state: survey, plan, apply; and the one form in which changes are reported."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .._cloud.translate import translate
from .._core.deadline import Deadline, clock
from .._core.errors import OaktreeError
from .._core.scatter import Pool, Task
from .._local.coalesce import RequestCoalescer
from .events import reported
from .gather import Result, Target, connect, in_order

if TYPE_CHECKING:
    from .._cloud.connection import Connection

LEAST_GRACE, LONGEST_GRACE = 1.0, 10.0
"""Seconds for which a group waits for members that have not answered when all others have."""


@dataclass(frozen=True)
class Change:
    """What was done at one Location, or in check mode would be done.

    ``action`` is created, replaced, updated, unchanged or deleted; ``before`` and ``after`` hold what differs;
    ``output`` is what else the result has for the user, as plain JSON types.
    """

    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What did not go as planned, for the user."""
    subject: str | None = None
    """What is changed, where that is not what the whole task is about."""
    parts: tuple[Change, ...] | None = None
    """The changes of things that are counted, one for each; ``action`` and the rest then say nothing."""
    error: OaktreeError | None = None
    """Why the Location has failed, although some of its things are in the desired state."""

    @property
    def changed(self) -> bool:
        return self.action != "unchanged" if self.parts is None else any(part.changed for part in self.parts)

    @property
    def each(self) -> tuple[Change, ...]:
        """What the user is told: of each thing that is counted, or of the one that there is."""
        return (self,) if self.parts is None else self.parts


class Step(Protocol):
    """What is planned for one Location."""

    @property
    def change(self) -> Change:
        """What will be done."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to apply; there may be even where nothing changes."""

    @property
    def timeout(self) -> float:
        """Seconds that it may take."""


Survey = TypeVar("Survey")
Planned = TypeVar("Planned", bound=Step)


@dataclass(frozen=True)
class Member(Generic[Survey]):
    """A Location of a group, and what was found there."""

    connection: Connection
    survey: Survey


def ensure(  # noqa: PLR0913 - the three steps, and what bounds them
    target: Target,
    survey: Callable[[Connection], Survey],
    plan: Callable[[Sequence[Member[Survey]]], Sequence[tuple[Connection, Planned | OaktreeError]]],
    apply: Callable[[Connection, Planned], Change],
    *,
    check_mode: bool,
    cleanup: float,
    group_by: Callable[[Connection], Hashable] = id,
    waits_for_all: Callable[[Sequence[Member[Survey]]], bool] = lambda _answered: False,
    check_selection: Callable[[int], None] = lambda _number: None,
    patience: float = 0.0,
) -> list[Result[Change]]:
    """Bring every selected Location to a state, or in check mode only report how; results sorted by Location.

    ``survey`` looks at each Location, all in parallel. ``plan`` is pure: it is given a group of Locations, sorted:
    those with the same ``group_by`` (those that can serve one another; without it each Location is a group), and
    returns a step or an error for each, in the order in which they are to be applied. ``apply`` does what is planned,
    and gets ``cleanup`` seconds beyond its timeout to clean up. ``patience`` are the seconds for which a survey may
    wait for something else than its Location (`Connection.aside`).

    Groups do not wait for each other. Within a group, a member that does not answer is planned later, on its own,
    when all others have answered and waited a little; or, where ``waits_for_all`` says of those that have answered that
    their plan depends on it, they wait until its survey has ended. Raises InputError when nothing was tried because the
    configuration or the selection cannot be used (``check_selection`` is given the number of selected Locations, to
    raise it), and InterruptError.
    """
    with RequestCoalescer(allowed=target.token_cache) as coalescer:
        connections, failed = connect(target, coalescer)
        check_selection(len(connections) + len(failed))
        run = _Run(survey, plan, apply, target, waits_for_all, check_mode=check_mode, patience=patience)
        with reported(connections), Pool["Connection"](target.concurrency, cleanup, translate) as pool:
            run.until_done(pool, connections, group_by)
    return in_order(target, [*failed, *run.results])


class _Group(Generic[Survey]):
    """The Locations that are planned together: who has answered, and who has not yet."""

    def __init__(self, waits_for_all: Callable[[Sequence[Member[Survey]]], bool]) -> None:
        self._waits_for_all = waits_for_all
        self.silent: dict[Connection, Task[Connection, Any]] = {}
        self.answered: list[Member[Survey]] = []
        self._began = self._answered_at = clock.monotonic()

    def answer(self, connection: Connection, member: Member[Survey] | None) -> None:
        """``member`` is None where the survey failed."""
        self.silent.pop(connection, None)
        if member:
            self.answered.append(member)
        self._answered_at = clock.monotonic()

    @property
    def grace_left(self) -> float:
        """Seconds that the answered ones wait for the silent ones: as long as they needed, within bounds."""
        if not self.silent or not self.answered:
            return 0.0
        if any(task.started is None or connection.is_aside for connection, task in self.silent.items()):
            return math.inf  # nobody is silent who was not asked yet, or could not answer yet
        if self._waits_for_all(self.answered):
            return math.inf
        needed = self._answered_at - self._began
        return self._answered_at + min(max(needed, LEAST_GRACE), LONGEST_GRACE) - clock.monotonic()

    def take(self) -> list[Member[Survey]]:
        """Those that have answered, sorted by Location: what is planned must not depend on who was first."""
        taken, self.answered = self.answered, []
        return sorted(taken, key=lambda member: member.connection.location.sort_key)


class _Run(Generic[Survey, Planned]):
    def __init__(
        self,
        survey: Callable[[Connection], Survey],
        plan: Callable[[Sequence[Member[Survey]]], Sequence[tuple[Connection, Planned | OaktreeError]]],
        apply: Callable[[Connection, Planned], Change],
        target: Target,
        waits_for_all: Callable[[Sequence[Member[Survey]]], bool],
        *,
        check_mode: bool,
        patience: float,
    ) -> None:
        self._survey = survey
        self._plan = plan
        self._apply = apply
        self._target = target
        self._waits_for_all = waits_for_all
        self._check_mode = check_mode
        self._patience = patience
        self._seconds: dict[Connection, float] = {}
        self._many = False
        """Whether more are to be looked at than there may be open connections."""
        self.results: list[Result[Change]] = []

    def until_done(
        self, pool: Pool[Connection], connections: Sequence[Connection], group_by: Callable[[Connection], Hashable]
    ) -> None:
        self._many = len(connections) > self._target.concurrency
        groups: defaultdict[Hashable, _Group[Survey]] = defaultdict(lambda: _Group(self._waits_for_all))
        surveys: dict[Task[Connection, Any], _Group[Survey]] = {}
        for connection in connections:
            group = groups[group_by(connection)]
            group.silent[connection] = task = pool.submit(connection, self._look, self._target.timeout + self._patience)
            surveys[task] = group
        undecided: dict[_Group[Survey], None] = {}  # not all groups: they may be thousands
        while pool.busy:
            waits = [group.grace_left for group in undecided]
            for task in pool.take(max(0.0, min(waits)) if waits else None):
                group_of_task = surveys.pop(task, None)
                self._ended(task, group_of_task)
                if group_of_task and group_of_task.answered:
                    undecided[group_of_task] = None
            for group in [group for group in undecided if group.grace_left <= 0]:
                del undecided[group]
                self._decide(pool, group.take())

    def _look(self, connection: Connection, deadline: Deadline) -> Survey:
        connection.deadline = Deadline(self._target.timeout, cancelled=deadline.cancelled)
        connection.progress.enter("surveying")
        connection.authenticate()
        try:
            return self._survey(connection)
        finally:
            if self._many:
                connection.close()

    def _ended(self, task: Task[Connection, Any], group: _Group[Survey] | None) -> None:
        """A survey of this group has ended, or without one the work that was planned."""
        outcome, connection = task.outcome, task.item
        if outcome is None:
            return
        self._seconds[connection] = self._seconds.get(connection, 0.0) + outcome.seconds
        if group:
            found: Any = outcome.value
            group.answer(connection, None if outcome.error else Member(connection, found))
        if outcome.error or not group:
            self._report(connection, outcome.value, outcome.error)

    def _decide(self, pool: Pool[Connection], members: Sequence[Member[Survey]]) -> None:
        try:
            steps = self._plan(members)
        except Exception as exc:  # noqa: BLE001 - others are at work: one cloud's answer must not end them
            for member in members:
                self._report(member.connection, None, translate(exc).copied())
            return
        for connection, step in steps:
            try:
                if isinstance(step, OaktreeError):
                    self._report(connection, None, step)
                elif self._check_mode or not step.needed:
                    self._report(connection, step.change, None)
                else:
                    pool.submit(connection, _applying(self._apply, step), step.timeout)
            except Exception as exc:  # noqa: BLE001 - as above
                self._report(connection, None, translate(exc))

    def _report(self, connection: Connection, change: Change | None, error: OaktreeError | None) -> None:
        connection.close()
        error = error or (change.error if change else None)
        done = "planned" if self._check_mode else "done"
        connection.progress.enter("failed" if error else done, detail=error.summary if error else "")
        seconds = self._seconds.get(connection, 0.0)
        self.results.append(Result(connection.location, seconds, connection.requests, change, error))


def _applying(
    apply: Callable[[Connection, Planned], Change], step: Planned
) -> Callable[[Connection, Deadline], Change]:
    def work(connection: Connection, deadline: Deadline) -> Change:
        connection.deadline = deadline
        connection.progress.enter("working")
        return apply(connection, step)

    return work
