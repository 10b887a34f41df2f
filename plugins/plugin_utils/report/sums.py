# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of modules -> the figures of a report. Pure: the same results and the same day give the same report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError

CONTENTS = ("servers", "drift", "quotas")
"""What a report is made of: the key of a module's result, which is also the key of the list in it."""

UNKNOWN = "unknown"
AGES = (
    (0, "today"),
    (7, "up to a week"),
    (31, "up to a month"),
    (92, "up to 3 months"),
    (366, "up to a year"),
)
"""Days, and what an age of so many days or fewer is called."""
OLDEST = "more than a year"


@dataclass(frozen=True)
class Count:
    """How many servers have something in common."""

    name: str
    count: int


@dataclass(frozen=True)
class ServerSums:
    """The servers, counted. Counts are sorted from the largest, those of ``by_age`` from the youngest."""

    total: int
    by_cloud: tuple[Count, ...]
    by_region: tuple[Count, ...]
    by_flavor: tuple[Count, ...]
    by_status: tuple[Count, ...]
    by_age: tuple[Count, ...]

    @property
    def groups(self) -> tuple[tuple[str, tuple[Count, ...]], ...]:
        """What the servers are counted by, and the counts."""
        return (
            ("cloud", self.by_cloud),
            ("region", self.by_region),
            ("flavor", self.by_flavor),
            ("status", self.by_status),
            ("age", self.by_age),
        )


@dataclass(frozen=True)
class Finding:
    """One way in which a resource differs, and the names of the Locations that have it so."""

    status: str
    attribute: str | None
    expected: Any
    actual: Any
    reason: str | None
    locations: tuple[str, ...]

    @property
    def text(self) -> str:
        """The finding in words, without its Locations."""
        said = self.status
        if self.attribute is not None:
            said = f"{said}: {self.attribute}"
            if self.status == "differs":
                said = f"{said} is {_value(self.actual)}, expected {_value(self.expected)}"
        return f"{said} ({self.reason})" if self.reason else said


@dataclass(frozen=True)
class Resource:
    """A resource that is not the same everywhere. The name is null where all of the type are meant."""

    type: str
    name: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Quota:
    """A quota at one Location; ``percent`` is how much of it is used, null without a limit or with a limit of 0."""

    location: str
    service: str
    name: str
    limit: int | None
    used: int | None
    free: int | None
    percent: float | None

    @property
    def share(self) -> float:
        """How much is used, in percent: 0 without a limit, infinite if anything is used of a limit of 0."""
        if self.limit is None or not self.used:
            return 0
        return 100 * self.used / self.limit if self.limit else inf


@dataclass(frozen=True)
class Failure:
    """A failed Location, and which of the `CONTENTS` are incomplete for it."""

    location: str
    contents: tuple[str, ...]
    kind: str
    error: str
    hint: str


@dataclass(frozen=True)
class Place:
    """A Location that was tried, and the number of its servers; null where it is not known."""

    name: str
    failed: bool
    servers: int | None


@dataclass(frozen=True)
class Report:
    """All figures. ``servers``, ``drift`` and ``quotas`` are null where they were not collected.

    Quotas are sorted from the one that is used most.
    """

    title: str
    date: str
    locations: tuple[Place, ...]
    servers: ServerSums | None
    drift: tuple[Resource, ...] | None
    quotas: tuple[Quota, ...] | None
    failures: tuple[Failure, ...]


def make_report(found: Any, day: str, title: str) -> Report:
    """The report of ``{servers, drift, quotas}``, each the result of its module, or absent, or skipped.

    ``day`` is the date from which ages count, as ``2026-11-26``. Raises InputError for anything else.
    """
    results = _results(found)
    today = _day(day)
    servers, drift, quotas = (_records(results, name) for name in CONTENTS)
    return Report(
        title=title,
        date=today.isoformat(),
        locations=_places(results, servers),
        servers=None if servers is None else _sums(servers, today),
        drift=None if drift is None else _resources(drift),
        quotas=None if quotas is None else _quotas(quotas),
        failures=_failures(results),
    )


def _results(found: Any) -> dict[str, Mapping[str, Any]]:
    hint = "Give it for example {'servers': result}, where result is what server_info has returned."
    if not isinstance(found, Mapping):
        raise InputError("report: the input is not a dictionary of results", hint=hint)
    for name in found:
        if name not in CONTENTS:
            raise InputError(f"report: {name!r} is none of {', '.join(CONTENTS)}", hint=hint)
    results: dict[str, Mapping[str, Any]] = {}
    for name in CONTENTS:
        result = found.get(name, {"skipped": True})
        if not isinstance(result, Mapping) or not (result.get("skipped") or isinstance(result.get(name), list)):
            raise InputError(f"report: {name} is not the result of a module with a list of {name}", hint=hint)
        if not result.get("skipped"):
            results[name] = result
    if not results:
        raise InputError("report: there are no results", hint=hint)
    return results


def _day(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as exc:
        raise InputError(f"date: {day!r} is not a date", hint="Write it as 2026-11-26.") from exc


def _records(results: Mapping[str, Mapping[str, Any]], name: str) -> list[Mapping[str, Any]] | None:
    if name not in results:
        return None
    records = results[name][name]
    for record in records:
        if not isinstance(record, Mapping) or not isinstance(record.get("location"), Mapping):
            raise InputError(f"report: {name} has a record without its location", hint="Omit query when you list them.")
    return list(records)


def _name(location: Mapping[str, Any]) -> str:
    return str(location.get("name") or _region(location))


def _region(location: Mapping[str, Any]) -> str:
    return f"{location.get('cloud')}/{location.get('region') or '-'}"


def _places(results: Mapping[str, Mapping[str, Any]], servers: Sequence[Mapping[str, Any]] | None) -> tuple[Place, ...]:
    tried = {_name(visit["location"]) for result in results.values() for visit in result.get("locations") or ()}
    failed = {name: {_name(failure["location"]) for failure in _failed(result)} for name, result in results.items()}
    counts = Counter(_name(server["location"]) for server in servers or ())
    return tuple(
        Place(
            name=name,
            failed=any(name in names for names in failed.values()),
            servers=None if servers is None or name in failed["servers"] else counts[name],
        )
        for name in sorted(tried.union(counts, *failed.values()))
    )


def _failed(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return result.get("failures") or ()


def _counts(names: Iterable[Any]) -> tuple[Count, ...]:
    counted = Counter(UNKNOWN if name is None or name == "" else str(name) for name in names)
    return tuple(Count(name, count) for name, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _sums(servers: Sequence[Mapping[str, Any]], today: date) -> ServerSums:
    flavors = [server.get("flavor") or {} for server in servers]
    ages = Counter(_age(server.get("created_at"), today) for server in servers)
    order = [*(name for _days, name in AGES), OLDEST, *([UNKNOWN] if UNKNOWN in ages else [])]
    return ServerSums(
        total=len(servers),
        by_cloud=_counts(server["location"].get("cloud") for server in servers),
        by_region=_counts(_region(server["location"]) for server in servers),
        by_flavor=_counts(flavor.get("name") or flavor.get("id") for flavor in flavors),
        by_status=_counts(server.get("status") for server in servers),
        by_age=tuple(Count(name, ages[name]) for name in order),
    )


def _age(created_at: Any, today: date) -> str:
    """By days of UTC. A clock ahead of ours has no other age than today's."""
    try:
        days = (today - date.fromisoformat(str(created_at)[:10])).days
    except ValueError:
        return UNKNOWN
    return next((name for most, name in AGES if days <= most), OLDEST)


def _resources(rows: Sequence[Mapping[str, Any]]) -> tuple[Resource, ...]:
    found: dict[tuple[str, str | None], dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        same = json.dumps([row.get(key) for key in ("status", "attribute", "expected", "actual", "reason")])
        name = row.get("name")
        resource = found.setdefault((str(row.get("type")), None if name is None else str(name)), {})
        resource.setdefault(same, []).append(row)
    return tuple(
        Resource(type_, name, tuple(_finding(alike) for alike in findings.values()))
        for (type_, name), findings in sorted(found.items(), key=lambda pair: (pair[0][0], pair[0][1] or ""))
    )


def _finding(rows: Sequence[Mapping[str, Any]]) -> Finding:
    first = rows[0]
    return Finding(
        status=str(first.get("status")),
        attribute=first.get("attribute"),
        expected=first.get("expected"),
        actual=first.get("actual"),
        reason=first.get("reason"),
        locations=tuple(_name(row["location"]) for row in rows),
    )


def _quotas(records: Sequence[Mapping[str, Any]]) -> tuple[Quota, ...]:
    quotas = [
        Quota(
            location=_name(record["location"]),
            service=str(record.get("service")),
            name=str(record.get("name")),
            limit=record.get("limit"),
            used=record.get("used"),
            free=record.get("free"),
            percent=_percent(record.get("used"), record.get("limit")),
        )
        for record in records
    ]
    return tuple(sorted(quotas, key=lambda quota: (-quota.share, quota.location, quota.service, quota.name)))


def _percent(used: int | None, limit: int | None) -> float | None:
    return None if used is None or not limit else round(100 * used / limit, 1)


def _failures(results: Mapping[str, Mapping[str, Any]]) -> tuple[Failure, ...]:
    """One for each error of a Location, however many of the results it is missing in."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for content, result in results.items():
        for failure in _failed(result):
            said = (str(failure.get(key) or "") for key in ("kind", "error", "hint"))
            contents = found.setdefault((_name(failure["location"]), *said), [])  # type: ignore[arg-type]
            if content not in contents:
                contents.append(content)
    return tuple(
        Failure(location, tuple(contents), kind, error, hint)
        for (location, kind, error, hint), contents in sorted(found.items())
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
