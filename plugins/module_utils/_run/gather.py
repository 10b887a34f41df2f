# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on every selected Location of a user's clouds: configuration, selection and scatter in one call."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._cloud.clouds_yaml import Clouds
from .._cloud.connection import Connection, Region
from .._cloud.translate import translate
from .._core.errors import OaktreeError
from .._core.location import Location, Selection, encoded
from .._core.scatter import Limits, Outcome, scatter
from .._core.text import counted
from .._local.coalesce import RequestCoalescer
from .._local.request_queue import Limit
from .events import reported
from .options import default_selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .._core.deadline import Deadline

Value = TypeVar("Value")


@dataclass(frozen=True)
class Target:
    """Which clouds, which of their Locations, and how long; the options that all plugins share. Seconds throughout."""

    locations: tuple[str, ...] = ("*",)
    """Patterns."""
    option: str = "locations"
    """What messages call their origin."""
    clouds_yaml: str | None = None
    clouds_config: Mapping[str, Any] | None = None
    timeout: float = 60.0
    api_timeout: float | None = None
    concurrency: int = 100
    token_cache: bool = True
    rate_limit: float | None = None
    request_concurrency: int | None = None
    per_identity: bool = False
    """Whether Locations with the same Keystone, user and project are one, in no region: for what Keystone holds."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Target:
        """From a module's params or a plugin's options, converted. Without a selection it is the default of readers."""
        default, option = default_selection(options)
        selected = options["locations"] is not None
        return cls(
            locations=tuple(options["locations"]) if selected else (default,),
            option="locations" if selected else option,
            clouds_yaml=options["clouds_yaml"],
            clouds_config=options["clouds_config"],
            timeout=options["timeout"],
            api_timeout=options["api_timeout"],
            concurrency=options["concurrency"],
            token_cache=options["token_cache"],
            rate_limit=options["rate_limit"],
            request_concurrency=options["request_concurrency"],
        )

    def limits(self) -> Limits:
        return Limits(self.concurrency, self.timeout)


@dataclass(frozen=True)
class Result(Generic[Value]):
    """How one Location ended: a value, or an error. ``requests`` counts those on the wire."""

    location: Location
    seconds: float
    requests: int
    value: Value | None = None
    error: OaktreeError | None = None

    @classmethod
    def of(cls, outcome: Outcome[Connection, Value]) -> Result[Value]:
        connection = outcome.item
        return cls(connection.location, outcome.seconds, connection.requests, outcome.value, outcome.error)

    @property
    def failure(self) -> dict[str, Any] | None:
        """``{location, error, kind, hint}`` of a Location that failed."""
        error = self.error
        if error is None:
            return None
        return {"location": self.location.to_dict(), "error": error.message, "kind": error.kind, "hint": error.hint}


def failure_messages(results: Iterable[Result[Any]]) -> list[str]:
    """A message for each Location that failed: which, why, the kind of error, and the hint."""
    return [f"{result.location}: {result.error.summary}" for result in results if result.error]


def failure_summary(results: Sequence[Result[Any]]) -> str:
    """The message of a task or source that fails because Locations failed."""
    messages = failure_messages(results)
    return f"{len(messages)} of {counted(len(results), 'Location')} failed: {' | '.join(messages)}"


def regions(target: Target) -> tuple[list[Region], list[Result[Any]]]:
    """The selected regions, sorted by Location, and a failure for every selected cloud that cannot be configured.

    Raises InputError for a configuration or a selection that cannot be used.
    """
    clouds = Clouds(
        target.clouds_yaml,
        target.clouds_config,
        target.api_timeout,
        Limit(target.rate_limit, target.request_concurrency),
        token_cache=target.token_cache,
    )
    selection = Selection.parse(target.locations, target.option)
    with warnings.catch_warnings():  # openstacksdk's remarks on entries would end in the middle of other output
        warnings.simplefilter("ignore")
        outcomes = scatter(
            selection.clouds(clouds.names), lambda cloud, _deadline: clouds.regions(cloud), target.limits(), translate
        )
    failed = [
        Result[Any](Location(o.item, name=encoded(o.item)), o.seconds, 0, error=o.error) for o in outcomes if o.error
    ]
    found = {region.location: region for outcome in outcomes for region in outcome.value or ()}
    chosen = selection.apply(list(found), [result.location.cloud for result in failed])
    return [found[location] for location in sorted(chosen, key=lambda location: location.sort_key)], failed


def connect(target: Target, coalescer: RequestCoalescer | None = None) -> tuple[list[Connection], list[Result[Any]]]:
    """A Connection for every selected region, sorted by Location, and what `regions` says of the others."""
    chosen, failed = regions(target)
    if target.per_identity:
        first: dict[int, Region] = {}
        for region in chosen:
            first.setdefault(id(region.auth), region)
        chosen = list(first.values())
    return [Connection(region, coalescer) for region in chosen], failed


def in_order(target: Target, results: Iterable[Result[Value]]) -> list[Result[Value]]:
    """The results sorted by Location, as they are reported."""
    if target.per_identity:  # not before: without a region nobody could authenticate
        results = [replace(result, location=replace(result.location, region=None)) for result in results]
    return sorted(results, key=lambda result: result.location.sort_key)


def each(
    connections: Sequence[Connection], work: Callable[[Connection], Value], limits: Limits
) -> list[Outcome[Connection, Value]]:
    """Run ``work`` on every Connection in parallel, authenticated; outcomes in the Connections' order."""

    def connected(connection: Connection, deadline: Deadline) -> Value:
        connection.deadline = deadline
        connection.authenticate()
        return work(connection)

    return scatter(connections, connected, limits, translate)


def gather(
    target: Target,
    work: Callable[[Connection], Value],
    limits: Limits | None = None,
    known_failure: Callable[[Region], OaktreeError | None] | None = None,
) -> list[Result[Value]]:
    """Run ``work`` on an authenticated Connection of every selected Location; results sorted by Location.

    ``limits`` are those of the work, by default the target's. ``known_failure`` is called for each region: where it
    returns an error, the Location fails with it and gets no request. Raises InputError when nothing was tried because
    the configuration or the selection cannot be used.
    """

    def once(connection: Connection) -> Value:
        connection.progress.enter("working")
        try:
            return work(connection)
        finally:
            connection.close()  # else hundreds of Locations need as many open files

    with RequestCoalescer(allowed=target.token_cache) as coalescer:
        connections, failed = connect(target, coalescer)
        if known_failure:
            known = {connection: known_failure(connection.region) for connection in connections}
            failed += [Result[Any](c.location, 0.0, 0, error=error) for c, error in known.items() if error]
            connections = [connection for connection, error in known.items() if not error]
        with reported(connections):
            results = [*failed, *(Result.of(outcome) for outcome in each(connections, once, limits or target.limits()))]
    return in_order(target, results)
