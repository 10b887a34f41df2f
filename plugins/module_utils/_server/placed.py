# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is reported of a placement: the servers, the Locations, and why servers are missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._cloud.translate import without_request_id
from .._core.errors import OaktreeError, QuotaError
from .._core.text import counted
from .._run.ensure import Change
from .._run.gather import Result
from .placement import Room, shortage
from .wanted import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.location import Location
    from .candidate import Candidate
    from .placement import PlaceOptions
    from .wanted import WantedServer

_FEW = 5
"""The most names that a message shows."""
_UNKNOWN_HINT = (
    "It may have the servers already, so that none is placed; place.when_unknown: place accepts that there may be two."
)
_MOST_HINT = "Select more Locations, or raise per_location."


@dataclass(frozen=True)
class Placed:
    """``results`` are those of the Locations, ``placement`` is a row for each, and ``lead`` begins a failure."""

    results: list[Result[Change]]
    placement: list[dict[str, Any]]
    lead: str = ""


def missing(wanted: WantedServer, candidates: Sequence[Candidate]) -> list[str]:
    """The servers that no Location has."""
    there = {name for candidate in candidates for name in (*candidate.items, *candidate.built)}
    return [name for name in wanted.names if name not in there]


def placed(
    wanted: WantedServer,
    options: PlaceOptions,
    candidates: Sequence[Candidate],
    failed: Sequence[Result[Any]],
    *,
    blocked: bool,
) -> Placed:
    """What became of it; ``failed`` are clouds that cannot be configured, ``blocked`` is whether nothing was placed.

    Locations count as failed only where servers are missing, or are not as they are to be.
    """
    names = missing(wanted, candidates)
    results = []
    rows = []
    for candidate in candidates:
        error = _wrong(candidate) or (_reason(candidate, options, blocked=blocked) if names else None)
        results.append(_result(candidate, wanted, error))
        rows.append((candidate.connection.location, _row(candidate, wanted)))
    for result in failed:
        if names:
            results.append(replace(result, error=_with_hint(result.error, options)))
        rows.append((result.location, _unknown(result)))
    return Placed(
        sorted(results, key=lambda result: result.location.sort_key),
        [row for _location, row in sorted(rows, key=lambda pair: pair[0].sort_key)],
        _lead(wanted, names),
    )


def _lead(wanted: WantedServer, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"Not placed: {listed(names, _FEW)} ({len(names)} of {counted(len(wanted.names), 'server')}). "


def _result(candidate: Candidate, wanted: WantedServer, error: OaktreeError | None) -> Result[Change]:
    kept = candidate.kept.each if candidate.kept else ()
    parts = {str(part.output["name"]): part for part in kept} | candidate.built
    change = Change("unchanged", parts=tuple(parts[name] for name in wanted.names if name in parts))
    return Result(candidate.connection.location, 0.0, candidate.connection.requests, change, error)


def _wrong(candidate: Candidate) -> OaktreeError | None:
    """Why a Location has failed although all servers exist."""
    return candidate.wrong or (candidate.kept.error if candidate.kept else None)


def _reason(candidate: Candidate, options: PlaceOptions, *, blocked: bool) -> OaktreeError | None:
    """Why a Location has not got what is missing."""
    if candidate.doubtful:
        return next(iter(candidate.doubtful.values()))
    if candidate.unknown:
        return _with_hint(candidate.error, options)
    if blocked:
        return None
    if candidate.error:
        return candidate.error
    present = candidate.room().present
    if options.per_location is not None and present >= options.per_location:
        return QuotaError(
            f"place.per_location: it has {present} of {counted(options.per_location, 'server')}", hint=_MOST_HINT
        )
    return shortage(candidate.allowances)


def _with_hint(error: OaktreeError | None, options: PlaceOptions) -> OaktreeError | None:
    """Why a Location could not be asked, and what that means for the others."""
    if error is None or options.when_unknown == "place":
        return error
    error = error.copied()
    error.hint = f"{error.hint} {_UNKNOWN_HINT}"
    return error


def _row(candidate: Candidate, wanted: WantedServer) -> dict[str, Any]:
    held = [name for name in wanted.names if name in candidate.items or name in candidate.built]
    status = "chosen" if held else "unknown" if candidate.unknown else "refused" if candidate.error else "passed_over"
    room = "" if candidate.space is None else Room(0, allowances=candidate.space.allowances).tightest
    return _as_row(candidate.connection.location, held, status, candidate.error, room)


def _unknown(result: Result[Any]) -> dict[str, Any]:
    return _as_row(result.location, (), "unknown", result.error, "")


def _as_row(
    location: Location, servers: Sequence[str], status: str, error: OaktreeError | None, reason: str
) -> dict[str, Any]:
    return {
        "location": location.to_dict(),
        "status": status,
        "servers": list(servers),
        "kind": error.kind if error else None,
        "reason": without_request_id(error.message) if error else reason,
    }
