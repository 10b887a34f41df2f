# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads by hand at all selected Locations."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import OaktreeError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._gather import Result, Target, connect, each
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.finalize import Finalization
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.look import Remains, look
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.outcome import Outcome
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.prepare import Ask, Preparation
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.transfer import CLEANUP_TIMEOUT
from ansible_collections.oaktree.multicloud.plugins.module_utils._reads import SharedReads
from ansible_collections.oaktree.multicloud.plugins.module_utils._scatter import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.content import Content
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.wanted import Wanted

GRACE = CLEANUP_TIMEOUT + 5.0

_SIGNATURE = re.compile(r"(temp_url_sig=)[^&\s'\"<>]+")


def prepare(target: Target, wanted: Wanted, content: Content, ask: Ask, *, check_mode: bool) -> list[Result[Outcome]]:
    """Results sorted by Location. Raises InputError where the configuration or the selection cannot be used."""

    def work(connection: Connection) -> Outcome:
        return Preparation(connection, wanted, content, ask).run(check_mode=check_mode)

    return _everywhere(target, wanted.clocks.timeout, work)


def finalize(target: Target, wanted: Wanted, content: Content, *, check_mode: bool) -> list[Result[Outcome]]:
    """See `prepare`."""

    def work(connection: Connection) -> Outcome:
        return Finalization(connection, wanted, content).run(check_mode=check_mode)

    return _everywhere(target, wanted.clocks.timeout * 2 + wanted.clocks.import_timeout, work)


def abort(target: Target, wanted: Wanted, *, check_mode: bool) -> list[Result[Outcome]]:
    """See `prepare`. Images that are published are left alone."""

    def work(connection: Connection) -> Outcome:
        return _abort(connection, wanted, check_mode=check_mode)

    return _everywhere(target, wanted.clocks.timeout, work)


def _abort(connection: Connection, wanted: Wanted, *, check_mode: bool) -> Outcome:
    remains = look(connection, wanted).apart_from(())
    if not remains:
        return Outcome("unchanged")
    complaints = [] if check_mode else remains.remove(connection)
    if complaints:
        raise ServerError("; ".join(complaints), hint="Abort again.")
    return Outcome("deleted", before=remains.to_dict(), after=Remains().to_dict())


def _everywhere(target: Target, seconds: float, act: Callable[[Connection], Outcome]) -> list[Result[Outcome]]:
    def work(connection: Connection) -> Outcome:
        try:
            outcome = act(connection)
        except OaktreeError as error:
            error.message = without_signatures(error.message)
            raise
        return replace(outcome, notes=tuple(without_signatures(note) for note in outcome.notes))

    with SharedReads(allowed=target.token_cache) as reads:
        connections, results = connect(target, reads)
        outcomes = each(connections, work, Limits(target.concurrency, seconds, GRACE))
    results += [Result.of(outcome) for outcome in outcomes]
    return sorted(results, key=lambda result: result.location.sort_key)


def without_signatures(text: str) -> str:
    """The text without what makes a signed URL good: clouds quote URLs that they could not use."""
    return _SIGNATURE.sub(r"\1...", text)
