# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are wanted once in all selected Locations together.

They are looked for everywhere, the Locations are asked what they have room for, each server that is missing is assigned
to one and built there. What a Location refuses is assigned anew to the others, but only when all have ended: so the
same answers give the same result, whichever comes first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.deadline import Deadline
from .._core.errors import ConflictError, DeadlineError, InputError, OaktreeError
from .._core.location import Selection
from .._core.scatter import Limits
from .._local.coalesce import RequestCoalescer
from .._local.file_lock import key_lock
from .._run.events import reported
from .._run.gather import Result, connect, each
from .boot import unanswered
from .candidate import Candidate
from .nova import check_cells
from .placed import missing, placed
from .placement import assign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .._cloud.connection import Connection
    from .._run.gather import Target
    from .placed import Placed
    from .placement import Assignment, PlaceOptions
    from .wanted import WantedServer

_LOCK = "placement"
_NUMBER = re.compile(r"-\d+$")
_CLEANUP = 2 * CLEANUP_TIMEOUT
"""Seconds beyond a timeout: a server is looked for whose creation was not answered, and what has failed is removed."""
_DOUBLE_HINT = "Delete or rename all but one."


def check_place(wanted: WantedServer, options: PlaceOptions) -> None:
    """Raise InputError for options that contradict each other."""
    if wanted.state != "present":
        raise InputError(
            f"place: is for state: present, not {wanted.state}",
            hint="Without place, this is the state of the servers in every selected Location.",
        )
    if options.per_location is not None and options.per_location < 1:
        raise InputError(f"place.per_location: must be at least 1, not {options.per_location}")
    if options.zones == "spread" and wanted.availability_zone is not None:
        raise InputError("place.zones: spread contradicts availability_zone", hint="Leave out one of the two.")


@contextmanager
def _locked(connections: Sequence[Connection], target: Target, wanted: WantedServer) -> Iterator[None]:
    """Have tasks of one machine that want the same servers wait for each other: both would find none, and place them.

    The names of a set differ in their numbers only. The lock is one for all projects of a Keystone: who is who is not
    known before the first request.
    """
    stem = wanted.name if wanted.count is not None else _NUMBER.sub("", wanted.name)
    clouds = {str(one.region.settings.auth_url or one.location.cloud) for one in connections}
    deadline = Deadline(target.timeout + wanted.wait_timeout)
    with ExitStack() as stack:
        try:
            for cloud in sorted(clouds):
                stack.enter_context(key_lock(_LOCK, f"{cloud} {stem}", deadline))
        except DeadlineError as error:
            error.message = f"another task of this machine is placing {wanted.name!r}: {error.message}"
            raise
        yield


def ensure_placed(target: Target, wanted: WantedServer, options: PlaceOptions, *, check_mode: bool) -> Placed:
    """Have the servers that are wanted in the selected Locations, or in check mode only report where they would be.

    Raises InputError when nothing was tried because the options, the configuration or the selection cannot be used,
    DeadlineError when another task of this machine that places them does not come to an end, and InterruptError.
    """
    check_place(wanted, options)
    with RequestCoalescer(allowed=target.token_cache) as coalescer, ExitStack() as stack:
        connections, failed = connect(target, coalescer)
        selection = Selection.parse(target.locations, target.option)
        candidates = [Candidate(connection, selection.position(connection.location)) for connection in connections]
        if not check_mode:
            stack.enter_context(_locked(connections, target, wanted))
        stack.enter_context(reported(connections))
        run = _Placement(target, wanted, options, candidates, failed, check_mode=check_mode)
        run.until_done()
        said = placed(wanted, options, candidates, failed, blocked=run.blocked)
        errors = {result.location: result.error for result in said.results}
        for connection in connections:
            connection.close()
            error = errors[connection.location]
            done = "planned" if check_mode else "done"
            connection.progress.enter("failed" if error else done, detail=error.summary if error else "")
        return said


class _Placement:
    """One placement, phase by phase: in each all Locations are at work, and the next begins when all have ended."""

    def __init__(
        self,
        target: Target,
        wanted: WantedServer,
        options: PlaceOptions,
        candidates: Sequence[Candidate],
        failed: Sequence[Result[Any]],
        *,
        check_mode: bool,
    ) -> None:
        self._target = target
        self._wanted = wanted
        self._options = options
        self._candidates = candidates
        self._failed = failed
        self._check_mode = check_mode
        self._doubles: set[str] = set()
        """Names of which there are several servers."""
        self.blocked = False
        """Whether no server may be placed."""

    @property
    def _long(self) -> float:
        """Seconds for requests, for looking for a server whose creation was not answered, and for the wait."""
        return self._target.timeout + CLEANUP_TIMEOUT + self._wanted.wait_timeout

    @property
    def _missing(self) -> list[str]:
        return missing(self._wanted, self._candidates)

    @property
    def _risky(self) -> bool:
        """Whether the user prefers two servers of a name to none."""
        return self._options.when_unknown == "place"

    def until_done(self) -> None:
        """Find and keep what there is; place what is missing until all of it is placed, or no Location takes any."""
        self._find()
        self._count_once()
        self._refuse_doubles()
        self._keep()
        self.blocked |= not self._risky and bool(
            self._failed or any(candidate.unknown for candidate in self._candidates)
        )
        if self._missing and not self.blocked:
            self._place()

    def _find(self) -> None:
        """Learn where servers are. What an interrupted run has left is completed, or removed."""
        for candidate, error in self._all(lambda candidate: candidate.look(self._wanted), self._target.timeout):
            candidate.close(error)
            candidate.unknown = True
        self._check_cells()
        if self._check_mode:
            return
        for candidate, error in self._all(
            lambda candidate: candidate.settle(self._wanted),
            self._long,
            lambda candidate: candidate.begun or candidate.doomed,
            cleanup=_CLEANUP,
        ):
            candidate.close(error)
            candidate.unknown = True
            candidate.wrong = error

    def _count_once(self) -> None:
        """Two entries of clouds.yaml may lead to the same project: its servers belong to the first of them."""
        seen: dict[str, Candidate] = {}
        for candidate in self._candidates:
            for name, items in list(candidate.items.items()):
                own = tuple(item for item in items if seen.setdefault(item["id"], candidate) is candidate)
                if own:
                    candidate.items[name] = own
                else:
                    del candidate.items[name]

    def _refuse_doubles(self) -> None:
        """Nothing is placed where it is not clear which server is meant."""
        for name in self._wanted.names:
            held = [(candidate, item) for candidate in self._candidates for item in candidate.items.get(name, ())]
            if len(held) > 1:
                where = ", ".join(f"{candidate.connection.location} ({item['id']})" for candidate, item in held)
                for candidate in {id(candidate): candidate for candidate, _item in held}.values():
                    error = ConflictError(f"{len(held)} servers are named {name!r}: {where}", hint=_DOUBLE_HINT)
                    candidate.wrong = candidate.wrong or error
                    candidate.close(error)
                self._doubles.add(name)
        self.blocked = bool(self._doubles)

    def _keep(self) -> None:
        """Bring the servers that there are to what is wanted, each where it is."""
        seconds = self._target.timeout
        names = [name for name in self._wanted.names if name not in self._doubles]
        failed = self._all(
            lambda candidate: candidate.compare(self._wanted, candidate.items.keys() & set(names), seconds),
            seconds,
            lambda candidate: candidate.items.keys() & set(names),
        )
        if not self._check_mode:
            needed = [candidate for candidate in self._candidates if candidate.step and candidate.step.needed]
            longest = max((candidate.step.timeout for candidate in needed if candidate.step), default=0.0)
            failed += self._all(lambda candidate: candidate.keep(), longest, needed.__contains__, cleanup=_CLEANUP)
        for candidate, error in failed:
            candidate.kept = None  # what was planned was not done
            candidate.wrong = candidate.wrong or error
            candidate.close(error)

    def _check_cells(self) -> None:
        """Learn where missing servers may be although Nova does not list them."""
        names = self._missing
        for candidate, error in self._all(
            lambda candidate: check_cells(candidate.connection, names), self._target.timeout, lambda _candidate: names
        ):
            candidate.close(error)
            candidate.unknown = True

    def _place(self) -> None:
        """Assign and build, again and again: each time all are placed, or a Location takes no more."""
        for candidate, error in self._all(
            lambda candidate: candidate.survey(self._wanted, self._options, check_mode=self._check_mode),
            self._target.timeout,
            lambda candidate: not candidate.error,
        ):
            candidate.close(error)
        while assigned := self._assigned():
            if self._check_mode:
                for candidate, mine in assigned.items():
                    candidate.plan(self._wanted, mine)
                return
            self._build(assigned)
        self._recheck()
        if any(candidate.built for candidate in self._candidates):
            self._find_doubles()

    def _assigned(self) -> dict[Candidate, list[Assignment]]:
        doubtful = (
            set[str]() if self._risky else {name for candidate in self._candidates for name in candidate.doubtful}
        )
        names = [name for name in self._missing if name not in doubtful]
        assigned: defaultdict[Candidate, list[Assignment]] = defaultdict(list)
        for one in assign(names, [candidate.room() for candidate in self._candidates], self._options):
            assigned[self._candidates[one.index]].append(one)
        return assigned

    def _build(self, assigned: Mapping[Candidate, Sequence[Assignment]]) -> None:
        seconds = self._target.timeout
        for candidate, error in self._all(
            lambda candidate: candidate.build(self._wanted, assigned[candidate], seconds),
            self._long,
            assigned.__contains__,
            cleanup=_CLEANUP,
        ):
            candidate.close(error)
            candidate.doubtful |= {one.name: error for one in assigned[candidate] if one.name not in candidate.built}

    def _recheck(self) -> None:
        """Look once more where an answer was lost: the cloud may have gone on for longer than anybody looked."""
        holders = {name: candidate for candidate in self._candidates for name in candidate.built}
        for candidate, error in self._all(
            lambda candidate: candidate.recheck(
                self._wanted, {name for name, holder in holders.items() if holder is not candidate}
            ),
            self._target.timeout,
            lambda candidate: unanswered(candidate.connection),
            cleanup=_CLEANUP,
        ):
            candidate.close(error)

    def _find_doubles(self) -> None:
        """Names are not unique: somebody on another machine may have placed the same at the same moment.

        What was missing stays so, although it may be found now: nobody has waited for it.
        """
        names = self._missing
        # Where this fails, what is built stays built.
        self._all(lambda candidate: candidate.look(self._wanted, "verifying"), self._target.timeout)
        for candidate in self._candidates:
            candidate.items = {name: items for name, items in candidate.items.items() if name not in names}
        self._count_once()
        self._refuse_doubles()

    def _all(
        self,
        work: Callable[[Candidate], None],
        seconds: float,
        of: Callable[[Candidate], object] = lambda _site: True,
        *,
        cleanup: float = Limits.grace,
    ) -> list[tuple[Candidate, OaktreeError]]:
        """Have the work done at those of the Locations that answer; returns where it failed."""
        chosen = {
            candidate.connection: candidate for candidate in self._candidates if not candidate.unknown and of(candidate)
        }
        many = len(chosen) > self._target.concurrency

        def once(connection: Connection) -> None:
            try:
                work(chosen[connection])
            finally:
                if many:
                    connection.close()

        limits = Limits(self._target.concurrency, seconds, cleanup)
        return [(chosen[outcome.item], outcome.error) for outcome in each(list(chosen), once, limits) if outcome.error]
