# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers at every selected Location: survey, plan, apply."""

from __future__ import annotations

import math
from collections import deque
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._cloud.answers import parsing
from .._cloud.cleanup import CLEANUP_TIMEOUT, removing
from .._cloud.service import service_at
from .._cloud.translate import without_request_id
from .._core.errors import DeadlineError, OaktreeError, QuotaError, ServerError
from .._core.retry import Attempts, Policy
from .._facts.records import server_record
from .._local.file_lock import key_lock
from .._run.ensure import Change, Member, ensure
from . import change
from .boot import Launch, finish, launch, remove
from .deletion import await_deletion, begin_deletion, not_deleted, without
from .floating_ips import made_for
from .mark import is_leftover
from .names import blueprint
from .nova import Item, check_cells, is_gone, is_leaving, is_settled, stays
from .plan import ServerPlan, make_plan
from .survey import ServersFound, find, survey, values_at
from .wanted import SHOWN, WantedServer, listed, subject
from .watch import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .._cloud.connection import Connection
    from .._core.location import Location
    from .._run.gather import Result, Target
    from .deletion import Made
    from .names import Blueprint

_LOCK = "server"
_UNTIL_UNCOUNTED = Policy(attempts=math.inf, errors=(QuotaError,), longest=5.0)
"""After the deletion of a server that a quota still counts."""


@dataclass(frozen=True)
class ServersStep:
    """What is planned for one Location: for the server of each name a plan, or why it has none."""

    wanted: WantedServer
    found: ServersFound
    plans: Mapping[str, ServerPlan | OaktreeError]
    location: Location
    request_timeout: float

    @property
    def change(self) -> Change:
        """What will be done."""
        ended = {
            name: changed(plan, None if plan.action in ("created", "deleted") else plan.item, self.location)
            for name, plan in self.plans.items()
            if isinstance(plan, ServerPlan)
        }
        return whole(ended, self.errors)

    @property
    def errors(self) -> dict[str, OaktreeError]:
        """Why nothing is done about some names."""
        return {name: plan for name, plan in self.plans.items() if isinstance(plan, OaktreeError)}

    @property
    def to_do(self) -> list[ServerPlan]:
        """The plans with something to do."""
        return [plan for plan in self.plans.values() if isinstance(plan, ServerPlan) and plan.needed]

    @property
    def needed(self) -> bool:
        return bool(self.to_do)

    @property
    def timeout(self) -> float:
        """Seconds: for the requests, and for each time that a state is awaited."""
        waits = 1 + any(plan.remove for plan in self.to_do) + any(plan.unsettled for plan in self.to_do)
        waits += any(plan.remove and plan.item and is_leaving(plan.item) for plan in self.to_do)
        waits += any("volumes" in plan.edits for plan in self.to_do)
        waits += any(plan.remove and _is_new(plan) for plan in self.to_do)  # for the quota of what is gone
        waits += 2 * self.wanted.resize  # an earlier one may have to be confirmed before
        return (1 + waits) * self.request_timeout + waits * self.wanted.wait_timeout


def changed(plan: ServerPlan, item: Item | None, location: Location, notes: tuple[str, ...] | None = None) -> Change:
    """The change of one server, with its record as it then is."""
    with parsing("a server of the list"):
        record = None if item is None else server_record(item, location)
    output = {"name": plan.name, "server": record}
    told = plan.notes if notes is None else notes
    return Change(plan.action, plan.before, plan.after, output, told, subject=subject(plan.name))


def whole(ended: Mapping[str, Change], errors: Mapping[str, OaktreeError]) -> Change:
    """The change of a Location: of each server that has ended well, and one error for all others."""
    return Change("unchanged", parts=tuple(ended.values()), error=_one_error(errors))


def _one_error(errors: Mapping[str, OaktreeError]) -> OaktreeError | None:
    """The first error, with what the others say; what is the same of many servers is said once."""
    if not errors:
        return None
    same: dict[str, list[str]] = {}
    for name, error in errors.items():
        same.setdefault(without_request_id(error.message.replace(subject(name), "")), []).append(name)
    texts = []
    for first, *others in same.values():
        more = f"; the same of {listed(others, SHOWN)}" if others else ""
        texts.append(f"{errors[first].message}{more}")
    error = next(iter(errors.values())).copied()
    error.message = "; ".join(texts)
    error.residue = list(dict.fromkeys(said for each in errors.values() for said in each.residue))
    return error


def ensure_servers(target: Target, wanted: WantedServer, *, check_mode: bool) -> list[Result[Change]]:
    """Bring the servers of every selected Location to what is wanted, or in check mode only report how."""

    def plan(members: Sequence[Member[ServersFound]]) -> list[tuple[Connection, ServersStep | OaktreeError]]:
        return [
            (
                member.connection,
                ServersStep(
                    wanted,
                    member.survey,
                    make_plans(wanted, member.survey),
                    member.connection.location,
                    target.timeout,
                ),
            )
            for member in members
        ]

    return ensure(
        target,
        lambda connection: survey(connection, wanted),
        plan,
        apply_step,
        check_mode=check_mode,
        cleanup=CLEANUP_TIMEOUT + 5.0,
    )


def make_plans(wanted: WantedServer, found: ServersFound) -> dict[str, ServerPlan | OaktreeError]:
    """The plan of each name that is wanted, or why there is none."""
    plans: dict[str, ServerPlan | OaktreeError] = {}
    for name in wanted.names:
        try:
            plans[name] = make_plan(wanted, found, name)
        except OaktreeError as error:
            plans[name] = error.copied()
    return plans


@contextmanager
def locked(connection: Connection, *names: str) -> Iterator[None]:
    """Have tasks of one machine that want the same server wait for each other: both would find none, and build it."""
    where = f"{service_at(connection, 'compute').endpoint} {connection.location.project.id}"
    with ExitStack() as stack:
        for name in sorted(names):  # in one order, so that nobody waits for who waits for them
            stack.enter_context(key_lock(_LOCK, f"{where} {name}", connection.deadline))
        yield


def apply_step(connection: Connection, step: ServersStep) -> Change:
    """Do what is planned for one Location."""
    return _ServerWork(connection, step).done()


class _ServerWork:
    """What is done at one Location: which servers have ended how."""

    def __init__(self, connection: Connection, step: ServersStep) -> None:
        self._connection = connection
        self._step = step
        self._wanted = step.wanted
        self._found = step.found
        self._ended: dict[str, Change] = {}
        self._errors: dict[str, OaktreeError] = {}
        self._left: dict[str, tuple[str, ...]] = {}  # what could not be removed with leftovers that are gone
        self._order = list(step.plans)

    def done(self) -> Change:
        """Do all of it. One server's failure ends nobody else's work; an interrupt ends it all."""
        names = list(self._step.plans)
        with locked(self._connection, *names):
            for _round in range(2):  # one that others began to build may fail, and has to be built anew
                names = self._round(self._planned_again(names))
        for name in names:
            self._errors[name] = ServerError(f"{subject(name)} was still being changed by others after two attempts")
        ended = sorted(self._ended, key=self._order.index)
        return whole({name: self._ended[name] for name in ended}, self._errors)

    def _round(self, plans: Mapping[str, ServerPlan | OaktreeError]) -> list[str]:
        """Carry the plans out; returns the names of servers that could not be compared before."""
        by_name = self._sorted(plans)
        launches: list[Launch] = []
        with removing(lambda: remove(self._connection, [each for each in launches if not each.complete])):
            self._launch([plan for plan in by_name.values() if _is_new(plan)], launches)
            self._finish(by_name, launches)
        self._delete([plan for plan in by_name.values() if plan.action == "deleted"])
        self._update([plan for plan in by_name.values() if plan.action == "updated"])
        return self._settled([plan for plan in by_name.values() if plan.unsettled])

    def _asking(self) -> AbstractContextManager[None]:
        """Bound requests by ``timeout``: the time for what is awaited is none for a service that turns them away."""
        return self._connection.within(self._step.request_timeout, "timeout")

    def _planned_again(self, names: Sequence[str]) -> dict[str, ServerPlan | OaktreeError]:
        """The plans by what there is now: another task may have worked on them meanwhile."""
        if not names:
            return {}
        with self._asking():
            servers = find(self._connection, self._wanted)
            lost = [name for name in names if self._found.servers[name] and not servers[name]]
            check_cells(self._connection, lost, [item["id"] for name in lost for item in self._found.servers[name]])
            values = self._found.values
            if servers != self._found.servers and any(servers.values()):
                values = values_at(self._connection, self._wanted)  # groups have members, and ports devices, since then
            self._found = replace(self._found, servers=servers, values=values)
        plans = make_plans(self._wanted, self._found)
        return {name: plans[name] for name in names}

    def _sorted(self, plans: Mapping[str, ServerPlan | OaktreeError]) -> dict[str, ServerPlan]:
        """The plans that there are. What has failed, and what needs nothing, has ended."""
        found: dict[str, ServerPlan] = {}
        for name, plan in plans.items():
            if isinstance(plan, OaktreeError):
                self._errors[name] = plan
            elif plan.error:
                self._errors[name] = plan.error
            elif plan.needed:
                found[name] = plan
            else:
                self._end(plan, plan.item)
        return found

    def _end(self, plan: ServerPlan, item: Item | None, notes: tuple[str, ...] | None = None) -> None:
        self._ended[plan.name] = changed(plan, item, self._connection.location, notes)

    def _fail(self, name: str, error: OaktreeError) -> None:
        """Remember why; an interrupt is nobody's own failure, but says what is left."""
        for said in self._left.get(name, ()):
            error.add_residue(said)
        try:
            self._connection.deadline.check_cancelled()
        except DeadlineError as interrupted:
            for said in error.residue:
                interrupted.add_residue(said)
            raise
        self._errors[name] = error

    # New ones

    def _launch(self, plans: Sequence[ServerPlan], launches: list[Launch]) -> None:
        """Ask for the servers that are to be built, once what is to make room for them is gone.

        Nothing is deleted unless all that the new ones need is there.
        """
        if not plans:
            return
        with self._asking():
            how = self._found.blueprint or blueprint(self._connection, self._wanted)
        gone = self._clear([plan for plan in plans if plan.item and is_leftover(plan.item)], how)
        gone |= self._take_away([plan for plan in plans if plan.remove and plan.name not in gone])
        self._say("building", plans)
        self._ask([plan for plan in plans if not plan.remove or plan.name in gone], how, launches)

    def _clear(self, plans: Sequence[ServerPlan], how: Blueprint) -> set[str]:
        """Remove what killed tasks have left, volumes too; returns the names of the servers that are gone."""
        leftovers = [Launch(plan.name, plan.item, how) for plan in plans if plan.item]
        left = remove(self._connection, leftovers)
        gone = {each.name for each in leftovers if each.removed}
        if left:
            self._left.update((name, (left,)) for name in gone)
        return gone

    def _ask(self, plans: Sequence[ServerPlan], how: Blueprint, launches: list[Launch]) -> None:
        """Ask for these servers.

        Nova shows a server as deleted while its quota still counts it. So where one was deleted before, what a quota
        refuses is asked for again within ``wait_timeout``. Such servers come first: others would take their room.
        """
        with self._connection.within(self._wanted.wait_timeout, "wait_timeout"):
            attempts = Attempts(_UNTIL_UNCOUNTED, self._connection.deadline)
        waiting = deque(sorted(plans, key=lambda plan: not plan.remove))
        while waiting:
            refusal = self._ask_until_refused(waiting, how, launches)
            if refusal:
                try:
                    attempts.failed(refusal)
                except OaktreeError as error:
                    plan = waiting.popleft()
                    self._fail(plan.name, _of(plan, error))

    def _ask_until_refused(
        self, waiting: deque[ServerPlan], how: Blueprint, launches: list[Launch]
    ) -> QuotaError | None:
        """Ask for the servers that are waiting; returns why the first of them has to wait on, if it has."""
        with self._asking():
            while waiting:
                plan = waiting[0]
                try:
                    self._connection.deadline.remaining()
                    launches.append(launch(self._connection, plan.name, how))
                except OaktreeError as error:
                    if plan.remove and isinstance(error, QuotaError):
                        return error
                    self._fail(plan.name, _of(plan, error))
                waiting.popleft()
        return None

    def _finish(self, plans: Mapping[str, ServerPlan], launches: list[Launch]) -> None:
        if not launches:
            return
        self._say("waiting for servers", [plans[each.name] for each in launches])
        with self._connection.within(self._wanted.wait_timeout, "wait_timeout"):
            finish(self._connection, self._wanted, launches)
        for each in launches:
            plan = plans[each.name]
            if each.error:
                self._fail(each.name, _of(plan, each.error))
            else:
                self._end(plan, each.item, (*plan.notes, *self._left.get(each.name, ()), *each.notes))

    # Those that go

    def _delete(self, plans: Sequence[ServerPlan]) -> None:
        for name in self._take_away(plans):
            self._end(next(plan for plan in plans if plan.name == name), None)

    def _take_away(self, plans: Sequence[ServerPlan]) -> set[str]:
        """Delete servers, and the floating IPs made for them; returns the names of those that are gone."""
        items = {plan.name: plan.item for plan in plans if plan.item}
        if not items:
            return set()
        self._say("deleting", plans)
        with self._asking():
            made = made_for(self._connection, [item["id"] for item in items.values()])
        # While others delete a server, its floating IP may not be deleted.
        leaving = {name: item for name, item in items.items() if is_leaving(item) and made[item["id"]]}
        gone = self._await_deletion(leaving, {})
        for name in leaving.keys() - gone:
            del items[name]
        with self._asking():
            errors = begin_deletion(self._connection, items, made)
        for name, error in errors.items():
            self._fail(name, _named(name, error))
            del items[name]
        if self._wanted.state == "absent" and not self._wanted.wait:
            return set(items)
        gone &= items.keys()
        return gone | self._await_deletion({name: item for name, item in items.items() if name not in gone}, made)

    def _await_deletion(self, items: Mapping[str, Item], lost: Made) -> set[str]:
        """Wait until Nova has deleted these, which fail if it does not; returns the names of those that are gone.

        ``lost`` are the floating IPs that each has lost by now.
        """
        servers = {item["id"]: item for item in items.values()}
        late: DeadlineError | None = None
        try:
            with self._connection.within(self._wanted.wait_timeout, "wait_timeout"):
                await_deletion(self._connection, servers)
        except DeadlineError as error:
            self._connection.deadline.check_cancelled()
            late = error
        for name, item in items.items():
            now, ending = servers[item["id"]], without(lost.get(item["id"], ()))
            if stays(now):
                self._fail(name, not_deleted(now, ending))
            elif late and not is_gone(now):
                self._fail(
                    name, DeadlineError(f"{late.message}: {subject(name)} is still there{ending}", hint=late.hint)
                )
        return {name for name, item in items.items() if is_gone(servers[item["id"]])}

    # Those that stay

    def _update(self, plans: Sequence[ServerPlan]) -> None:
        if not plans:
            return
        self._say("changing", plans)
        notes: dict[str, list[str]] = {plan.name: list(plan.notes) for plan in plans}
        seconds = self._step.request_timeout
        if self._wanted.resize:
            change.confirm(self._connection, self._wanted, [plan for plan in plans if plan.edits], self._fail, seconds)
        with self._asking():
            for plan in self._well(plans):
                try:
                    change.edit(self._connection, self._wanted, plan, notes[plan.name])
                    change.begin(self._connection, self._wanted, plan)
                except OaktreeError as error:
                    self._fail(plan.name, _named(plan.name, error))
        begun = [plan for plan in self._well(plans) if plan.actions]
        if begun and not self._wanted.wait:
            with self._asking():
                found = find(self._connection, self._wanted)
            items = {name: several[0] for name, several in found.items() if several}
        else:
            items = change.await_states(self._connection, self._wanted, begun, self._fail) if begun else {}
        for plan in self._well(begun):
            self._end(plan, items.get(plan.name, plan.item), tuple(notes[plan.name]))
        changing = [plan for plan in self._well(plans) if not plan.actions]
        if not changing:
            return
        if self._wanted.wait:
            change.await_volumes(self._connection, self._wanted, changing, self._fail)
        change.resize(self._connection, self._wanted, self._well(changing), self._fail, seconds)
        with self._asking():
            shown = change.edited(self._connection, self._wanted, self._found, self._well(changing))
        for plan in self._well(changing):
            item, more = shown[plan.name]
            self._end(plan, item, (*notes[plan.name], *more))

    def _well(self, plans: Sequence[ServerPlan]) -> list[ServerPlan]:
        """Those that have not failed."""
        return [plan for plan in plans if plan.name not in self._errors]

    def _settled(self, plans: Sequence[ServerPlan]) -> list[str]:
        """Wait until the cloud has done what it is doing to these servers; returns the names."""
        if not plans:
            return []
        if not self._wanted.wait:
            for plan in plans:
                self._end(plan, plan.item)
            return []
        self._say("waiting for servers", plans)
        servers = {plan.item["id"]: plan.item for plan in plans if plan.item}
        try:
            with self._connection.within(self._wanted.wait_timeout, "wait_timeout"):
                wait_until(self._connection, servers, is_settled)
        except DeadlineError as error:
            self._connection.deadline.check_cancelled()
            for plan in plans:
                item = servers[plan.item["id"]] if plan.item else None
                if item and not is_settled(item):
                    said = f"{error.message}: {subject(plan.name)} is still {item['status']}"
                    self._fail(plan.name, DeadlineError(said, hint=error.hint))
        return [plan.name for plan in plans if plan.name not in self._errors]

    def _say(self, phase: str, plans: Sequence[ServerPlan]) -> None:
        if plans:
            self._connection.progress.enter(phase, detail=listed([plan.name for plan in plans], SHOWN))


def _is_new(plan: ServerPlan) -> bool:
    return plan.action in ("created", "replaced")


def _of(plan: ServerPlan, error: OaktreeError) -> OaktreeError:
    """Why a server could not be built, and that there is none any more where one was to be replaced."""
    if plan.action != "replaced":
        return _named(plan.name, error)
    what = subject(plan.name)
    error.message = f"{what} was deleted to be replaced, and not built again: {error.message.removeprefix(f'{what}: ')}"
    return error


def _named(name: str, error: OaktreeError) -> OaktreeError:
    """The error, which says of which server it is."""
    if subject(name) not in error.message:
        error.message = f"{subject(name)}: {error.message}"
    return error
