# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one Location that the option ``from`` names, and work that is done there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ..._core.errors import InputError
from ..._core.scatter import Limits
from ..._run.events import reported
from ..._run.gather import connect, each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..._cloud.connection import Connection
    from ..._core.errors import OaktreeError
    from ..._run.gather import Target

Value = TypeVar("Value")


def connect_to_one(target: Target, patterns: Sequence[str]) -> Connection:
    """Raises InputError unless the patterns select exactly one Location, and its error if it is not configured."""
    connections, failed = connect(replace(target, locations=tuple(patterns), option="from"))
    if len(connections) + len(failed) != 1:
        raise InputError(
            f"from: {', '.join(patterns)!r} selects {len(connections) + len(failed)} Locations",
            hint=f"Name one of {', '.join(str(connection.location) for connection in connections)}.",
        )
    if failed and failed[0].error:
        raise of_option(failed[0].error)
    return connections[0]


def work_at(
    connection: Connection,
    work: Callable[[Connection], Value],
    timeout: float,
    cleanup: float = 0.5,
    done: str = "found",
) -> Value:
    """What ``work`` returns, which takes ``timeout`` seconds at the most; its progress is shown, ``done`` at the end.

    Raises its `OaktreeError`, and InterruptError; after that it has ``cleanup`` seconds to clean up.
    """
    with reported([connection]):
        (outcome,) = each([connection], work, Limits(1, timeout, cleanup))
        connection.progress.enter("failed" if outcome.error else done)
    if outcome.error:
        raise of_option(outcome.error)
    value: Value = outcome.value  # type: ignore[assignment] # without an error it is what work returned
    return value


def of_option(error: OaktreeError) -> OaktreeError:
    """The error as one of the option, with the original as its cause."""
    told = error.copied()
    told.message = f"from: {error.message}"
    told.__cause__ = error
    return told
