# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upload sessions at all selected Locations."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..._cloud.service import service_at
from ..._core.scatter import Limits
from ..._local.file_lock import key_lock
from ..._run.ensure import Change
from ..._run.gather import gather
from ..publish.pipeline import GRACE
from .finalize import Finalization
from .prepare import Preparation
from .requests import session_output
from .survey import Leftovers, check_removed, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._cloud.connection import Connection
    from ..._run.gather import Result, Target
    from ..desired import Desired
    from .content import DeclaredContent
    from .prepare import RequestOptions


def prepare(
    target: Target, desired: Desired, content: DeclaredContent, options: RequestOptions, *, check_mode: bool
) -> list[Result[Change]]:
    """Results sorted by Location. Raises InputError where the configuration or the selection cannot be used."""

    def work(connection: Connection) -> Change:
        with _turn(connection, desired):
            return Preparation(connection, desired, content, options).run(check_mode=check_mode)

    return gather(target, work, Limits(target.concurrency, desired.timeouts.timeout, GRACE))


def finalize(target: Target, desired: Desired, content: DeclaredContent, *, check_mode: bool) -> list[Result[Change]]:
    """See `prepare`."""

    def work(connection: Connection) -> Change:
        with _turn(connection, desired):
            return Finalization(connection, desired, content).run(check_mode=check_mode)

    return gather(target, work, Limits(target.concurrency, desired.timeouts.finalization, GRACE))


def abort(target: Target, desired: Desired, *, check_mode: bool) -> list[Result[Change]]:
    """See `prepare`. Images that are published are left alone."""

    def work(connection: Connection) -> Change:
        leftovers = survey_sessions(connection, desired).leftovers()
        if not leftovers:
            return Change("unchanged", output=session_output())
        if not check_mode:
            check_removed(leftovers.remove(connection))
        return Change("deleted", leftovers.to_dict(), Leftovers().to_dict(), session_output())

    return gather(target, work, Limits(target.concurrency, desired.timeouts.timeout, GRACE))


@contextmanager
def _turn(connection: Connection, desired: Desired) -> Iterator[None]:
    """Have Locations that are one project of one image service take turns: each would prepare an upload."""
    where = f"{service_at(connection, 'image').endpoint} {connection.location.project.id}"
    with key_lock("upload session", f"{where} {desired.name}", connection.deadline):
        yield
