# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object at every selected Location: present, absent, or downloaded to a file here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.errors import InputError
from .._run.ensure import Change, Member, ensure
from .absence import ObjectAbsence
from .download import PLACEHOLDER, ObjectDownload
from .presence import ObjectPresence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._cloud.connection import Connection
    from .._run.gather import Result, Target
    from .wanted import ObjectChange, ObjectTimeouts, WantedObject

    ObjectWork: TypeAlias = "ObjectPresence | ObjectAbsence | ObjectDownload"

GRACE = 2 * CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class ObjectStep:
    """The work on one object, and what it will do."""

    work: ObjectWork
    planned: ObjectChange
    timeout: float

    @property
    def change(self) -> Change:
        return self.planned.change

    @property
    def needed(self) -> bool:
        return self.change.changed or self.work.work_remains


def ensure_present(
    target: Target, wanted: WantedObject, timeouts: ObjectTimeouts, *, check_mode: bool
) -> list[Result[Change]]:
    """Ensure that the object exists at every selected Location, or in check mode only report how; see `ensure`."""
    return _ensured(
        target, lambda connection: ObjectPresence(connection, wanted, timeouts), timeouts, check_mode=check_mode
    )


def ensure_absent(
    target: Target, wanted: WantedObject, timeouts: ObjectTimeouts, *, check_mode: bool
) -> list[Result[Change]]:
    """Ensure that the object exists at no selected Location; as `ensure_present`."""
    return _ensured(target, lambda connection: ObjectAbsence(connection, wanted), timeouts, check_mode=check_mode)


def ensure_downloaded(
    target: Target, wanted: WantedObject, dest: str, timeouts: ObjectTimeouts, *, check_mode: bool
) -> list[Result[Change]]:
    """Ensure that a file has its content; as `ensure_present`. Raises InputError for several Locations and one file."""

    def check(selected: int) -> None:
        if selected > 1 and PLACEHOLDER not in dest:
            raise InputError(
                f"dest: {selected} Locations are selected, and a file takes the object of one",
                hint=f"Write {PLACEHOLDER} where the name of the Location is to stand, or name one Location.",
            )

    return _ensured(
        target,
        lambda connection: ObjectDownload(connection, wanted, dest, timeouts),
        timeouts,
        check_mode=check_mode,
        check_selection=check,
    )


def _ensured(
    target: Target,
    make: Callable[[Connection], ObjectWork],
    timeouts: ObjectTimeouts,
    *,
    check_mode: bool,
    check_selection: Callable[[int], None] = lambda _number: None,
) -> list[Result[Change]]:
    def survey(connection: Connection) -> ObjectStep:
        work = make(connection)
        return ObjectStep(work, work.survey(), timeouts.total)

    return ensure(target, survey, _plan, _apply, check_mode=check_mode, cleanup=GRACE, check_selection=check_selection)


def _plan(members: Sequence[Member[ObjectStep]]) -> list[tuple[Connection, ObjectStep]]:
    return [(member.connection, member.survey) for member in members]


def _apply(_connection: Connection, step: ObjectStep) -> Change:
    return step.work.run(step.planned).change
