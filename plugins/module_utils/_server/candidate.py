# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement does at one Location, and what it knows of it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._cloud.cleanup import removing
from .._core.errors import ConflictError, DeadlineError, OaktreeError
from .._resource.references import MissingError
from .apply import ServersStep, apply_step, changed, make_plans
from .boot import Launch, failure_of, finish, launch, remove, unanswered
from .mark import is_leftover, mark_of
from .names import Blueprint, blueprint
from .nova import BUILD, ZONE, is_gone, is_leaving, is_settled, servers_named
from .placement import Allowance, Room, shortage
from .plan import ServerPlan, shown
from .room import survey_room
from .survey import ServersFound, find, values_at
from .wanted import SHOWN, listed
from .watch import wait_until

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .._cloud.connection import Connection
    from .._run.ensure import Change
    from .nova import Item
    from .placement import Assignment, PlaceOptions
    from .room import Space
    from .wanted import WantedServer


@dataclass(eq=False)
class Candidate:
    """A selected Location. Its worker writes to it during a phase, the main thread between two."""

    connection: Connection
    position: int
    """Where the option ``locations`` has it."""
    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    """The servers of each name that it has, without those in ``doomed``."""
    doomed: list[Item] = field(default_factory=list)
    """Those on their way out, and those of ours that have failed before anybody could use them."""
    space: Space | None = None
    """What it has for more of them; None before it was asked."""
    given: int = 0
    """How many it was given since then."""
    error: OaktreeError | None = None
    """Why it gets no more servers: the first reason."""
    unknown: bool = False
    """Whether it could not be asked for the servers that it has."""
    step: ServersStep | None = None
    """What is to be done with the servers that it has."""
    kept: Change | None = None
    """The change of these servers: as planned, then as done."""
    wrong: OaktreeError | None = None
    """Why these servers could not be brought to what is wanted."""
    built: dict[str, Change] = field(default_factory=dict)
    """The servers that it was given, by name."""
    notes: tuple[str, ...] = ()
    """Notes on each of ``built``."""
    doubtful: dict[str, OaktreeError] = field(default_factory=dict)
    """Servers that may be here although their creation failed."""

    def close(self, error: OaktreeError) -> None:
        """Give it no more servers."""
        self.error = self.error or error

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        """Its limits, with what it was given since it was asked."""
        asked = self.space.allowances if self.space else ()
        return tuple(replace(each, used=each.used + self.given * each.need) for each in asked)

    def room(self) -> Room:
        """What it has room for now."""
        held = [item for items in self.items.values() for item in items]
        counts = Counter(str(item.get(ZONE) or "") for item in held)
        zones = {zone: counts[zone] for zone in self.space.zones} if self.space else {}
        return Room(self.position, len(held), zones, self.allowances, closed=self.error is not None)

    # Phases, each in a thread of its own

    def look(self, wanted: WantedServer, phase: str = "surveying") -> None:
        """Find the servers that it has; the phase is what the progress shows."""
        self.connection.progress.enter(phase)
        found = [item for items in find(self.connection, wanted).values() for item in items]
        self.doomed = [item for item in found if is_leaving(item) or is_leftover(item)]
        self.items = {}
        for item in found:
            if item not in self.doomed:
                self.items[item["name"]] = (*self.items.get(item["name"], ()), item)

    @property
    def begun(self) -> list[Item]:
        """Servers of ours that are still being built, as an interrupted run leaves them."""
        held = [item for items in self.items.values() for item in items]
        return [item for item in held if mark_of(item) is not None and item["status"] == BUILD]

    def settle(self, wanted: WantedServer) -> None:
        """Wait for the servers that another run has begun here, and remove those that have failed.

        Raises DeadlineError if they are not ready in time, or the run is interrupted: they are left as they are.
        """
        self.connection.progress.enter("waiting for servers")
        late = self._await_begun(wanted) if wanted.wait else None
        how = self._blueprint(wanted)
        doomed = [Launch(item["name"], item, how) for item in self.doomed]
        left = remove(self.connection, doomed)
        self.notes = (left,) if left and all(each.removed for each in doomed) else ()
        for each in doomed:
            if not each.removed:
                self._doubt(each.name, ConflictError(left, hint="Delete it."))
        self.look(wanted)
        if late:
            raise late

    def _await_begun(self, wanted: WantedServer) -> OaktreeError | None:
        """Why the wait for `begun` has ended too early, if so. Those that fail meanwhile are `doomed`."""
        servers = {item["id"]: item for item in self.begun}
        late: DeadlineError | None = None
        try:
            with self.connection.within(wanted.wait_timeout, "wait_timeout"):
                wait_until(self.connection, servers, is_settled)
        except DeadlineError as error:
            self.connection.deadline.check_cancelled()
            late = error
        for item in servers.values():
            failure = failure_of(item) if is_settled(item) else None
            if failure:
                self.close(failure)
                self.doomed += [] if is_gone(item) else [item]
        return next((failure_of(item, late) for item in servers.values() if not is_settled(item)), None)

    def _blueprint(self, wanted: WantedServer) -> Blueprint:
        """How servers are built here, as far as it matters to their removal: whether they would leave a volume."""
        if wanted.boot_volume and not wanted.boot_volume.delete_on_termination:
            with suppress(MissingError):
                return blueprint(self.connection, wanted)
        return Blueprint({})

    def compare(self, wanted: WantedServer, names: Collection[str], request_timeout: float) -> None:
        """Plan what is to be done with those of these servers that it has."""
        servers = {name: self.items.get(name, ()) for name in wanted.names}
        found = ServersFound(servers, values_at(self.connection, wanted))
        plans = {name: plan for name, plan in make_plans(wanted, found).items() if name in names}
        self.step = ServersStep(wanted, found, plans, self.connection.location, request_timeout)
        self.kept = self.step.change

    def keep(self) -> None:
        """Apply what `compare` has planned."""
        self.connection.progress.enter("working")
        if self.step:
            self.kept = apply_step(self.connection, self.step)

    def survey(self, wanted: WantedServer, options: PlaceOptions, *, check_mode: bool) -> None:
        """Ask what it has for more of the servers."""
        self.connection.progress.enter("surveying")
        try:
            self.space = survey_room(self.connection, wanted, spread=options.zones == "spread")
        except MissingError as error:
            if not check_mode:
                raise
            self.notes = (error.note,)
            return
        short = shortage(self.space.allowances)
        if short:
            self.close(short)

    def build(self, wanted: WantedServer, assigned: Sequence[Assignment], request_timeout: float) -> None:
        """Build servers, until one is refused. What fails is removed."""
        self.connection.progress.enter("building", detail=listed([one.name for one in assigned], SHOWN))
        begun: list[Launch] = []
        with removing(lambda: remove(self.connection, [each for each in begun if not each.complete])):
            with self.connection.within(request_timeout, "timeout"):
                self._launch(assigned, begun)
            self._finish(wanted, begun)
        zones = {each.name: each.zone for each in assigned}
        for each in begun:
            if not each.error:
                self.given += 1
                self.built[each.name] = self._created(wanted, each.name, zones[each.name], each.item, each.notes)

    def _launch(self, assigned: Sequence[Assignment], begun: list[Launch]) -> None:
        how = self.space.blueprint if self.space else Blueprint({})
        for each in assigned:
            zone = {} if each.zone is None else {"availability_zone": each.zone}
            try:
                begun.append(launch(self.connection, each.name, replace(how, server={**how.server, **zone})))
            except OaktreeError as error:
                self._refused(each.name, error)
                return

    def _finish(self, wanted: WantedServer, begun: list[Launch]) -> None:
        with self.connection.within(wanted.wait_timeout, "wait_timeout"):
            finish(self.connection, wanted, begun)
        for each in begun:
            if each.error:
                self._refused(each.name, each.error, removed=each.removed)
                self.items.pop(each.name, None)
            else:
                self.items[each.name] = (each.item,)

    def plan(self, wanted: WantedServer, assigned: Sequence[Assignment]) -> None:
        """What `build` would do."""
        for each in assigned:
            self.built[each.name] = self._created(wanted, each.name, each.zone, None, ())

    def _created(
        self, wanted: WantedServer, name: str, zone: str | None, item: Item | None, notes: Sequence[str]
    ) -> Change:
        one = wanted if zone is None else replace(wanted, availability_zone=zone)
        plan = ServerPlan(name, "created", after=shown(one, name))
        return changed(plan, item, self.connection.location, (*self.notes, *notes))

    def recheck(self, wanted: WantedServer, elsewhere: Collection[str]) -> None:
        """Remove servers whose creation was not answered, that have appeared since, and that are elsewhere by now."""
        asked = unanswered(self.connection)
        found = servers_named(self.connection, sorted(set(asked.values()) & set(elsewhere)))
        late = [item for items in found.values() for item in items if mark_of(item) in asked]
        how = self._blueprint(wanted)
        left = remove(self.connection, [Launch(item["name"], item, how) for item in late])
        if left:
            self.wrong = ConflictError(left, hint="Delete it: it is in another Location, too.")

    def _refused(self, name: str, error: OaktreeError, *, removed: bool = False) -> None:
        self.close(error)
        if error.residue and not removed:
            self._doubt(name, error)

    def _doubt(self, name: str, error: OaktreeError) -> None:
        self.close(error)
        self.doubtful[name] = error
