# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads by hand at all selected Locations."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._core.errors import OaktreeError, ServerError
from ..._core.scatter import Limits
from ..._local.coalesce import RequestCoalescer
from ..._run.gather import Result, Target, connect, each
from ..publish.transfer import CLEANUP_TIMEOUT
from .finalize import Finalization
from .outcome import SessionChange
from .prepare import Preparation, RequestOptions
from .survey import Remains, survey_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._cloud.connection import Connection
    from ..desired import Desired
    from .content import DeclaredContent

GRACE = CLEANUP_TIMEOUT + 5.0

_SIGNATURE = re.compile(r"(temp_url_sig=)[^&\s'\"<>]+")


def prepare(
    target: Target, desired: Desired, content: DeclaredContent, ask: RequestOptions, *, check_mode: bool
) -> list[Result[SessionChange]]:
    """Results sorted by Location. Raises InputError where the configuration or the selection cannot be used."""

    def work(connection: Connection) -> SessionChange:
        return Preparation(connection, desired, content, ask).run(check_mode=check_mode)

    return _everywhere(target, desired.clocks.timeout, work)


def finalize(
    target: Target, desired: Desired, content: DeclaredContent, *, check_mode: bool
) -> list[Result[SessionChange]]:
    """See `prepare`."""

    def work(connection: Connection) -> SessionChange:
        return Finalization(connection, desired, content).run(check_mode=check_mode)

    return _everywhere(target, desired.clocks.timeout * 2 + desired.clocks.import_timeout, work)


def abort(target: Target, desired: Desired, *, check_mode: bool) -> list[Result[SessionChange]]:
    """See `prepare`. Images that are published are left alone."""

    def work(connection: Connection) -> SessionChange:
        return _abort(connection, desired, check_mode=check_mode)

    return _everywhere(target, desired.clocks.timeout, work)


def _abort(connection: Connection, desired: Desired, *, check_mode: bool) -> SessionChange:
    remains = survey_sessions(connection, desired).apart_from(())
    if not remains:
        return SessionChange("unchanged")
    complaints = [] if check_mode else remains.remove(connection)
    if complaints:
        raise ServerError("; ".join(complaints), hint="Abort again.")
    return SessionChange("deleted", before=remains.to_dict(), after=Remains().to_dict())


def _everywhere(
    target: Target, seconds: float, act: Callable[[Connection], SessionChange]
) -> list[Result[SessionChange]]:
    def work(connection: Connection) -> SessionChange:
        try:
            outcome = act(connection)
        except OaktreeError as error:
            error.message = without_signatures(error.message)
            raise
        return replace(outcome, notes=tuple(without_signatures(note) for note in outcome.notes))

    with RequestCoalescer(allowed=target.token_cache) as reads:
        connections, results = connect(target, reads)
        outcomes = each(connections, work, Limits(target.concurrency, seconds, GRACE))
    results += [Result.of(outcome) for outcome in outcomes]
    return sorted(results, key=lambda result: result.location.sort_key)


def without_signatures(text: str) -> str:
    """The text without what makes a signed URL good: clouds quote URLs that they could not use."""
    return _SIGNATURE.sub(r"\1...", text)
