# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of all selected Locations: each is asked once, and what Keystone holds once for each Keystone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError, OaktreeError
from .._core.location import Selection
from .._run.gather import Result, gather, regions
from .compare import Site, compare
from .survey import Inventory, take_inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection
    from .._core.location import Location
    from .._run.gather import Target
    from .subjects import Subject


@dataclass(frozen=True)
class DriftReport:
    """The rows, and how each Location ended; a Location where a type could not be listed has failed."""

    rows: list[dict[str, Any]]
    results: list[Result[Visit]]

    def to_dict(self) -> dict[str, Any]:
        """The values that the module returns, apart from the failures."""
        return {
            "consistent": not self.rows and not any(result.error for result in self.results),
            "drift": self.rows,
            "locations": [_statistics(result) for result in self.results],
        }


def _statistics(result: Result[Visit]) -> dict[str, Any]:
    return {
        "location": result.location.to_dict(),
        "not_offered": result.value.not_offered if result.value else None,
        "count": result.value.count if result.value else 0,
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
    }


@dataclass(frozen=True)
class Visit:
    """What a Location has of each type, or why that is not known."""

    keystone: str
    inventories: Mapping[str, Inventory | OaktreeError]

    @property
    def count(self) -> int:
        """The number of resources."""
        return sum(one.count for one in self.inventories.values() if isinstance(one, Inventory))

    @property
    def not_offered(self) -> list[str]:
        """The types that the Location does not offer, sorted."""
        return sorted(name for name, one in self.inventories.items() if isinstance(one, Inventory) and not one.offered)

    def error(self) -> OaktreeError | None:
        """The first failure, which names its type where several were asked for."""
        for name, one in self.inventories.items():
            if isinstance(one, OaktreeError):
                found = one.copied()
                found.message = f"{name}: {one.message}" if len(self.inventories) > 1 else one.message
                return found
        return None


def find_drift(
    target: Target, subjects: Sequence[Subject], names: Sequence[str], reference: str | None = None
) -> DriftReport:
    """Compare all subjects at the target's Locations, and at the reference, which is a pattern for one Location.

    Raises InputError where nothing was tried: for a configuration, a selection or a reference that cannot be used.
    """
    where, keystone = _reference(target, reference) if reference else (None, "")
    if where is not None and not Selection.parse(target.locations, target.option).includes(where):
        target = replace(target, locations=(*target.locations, str(where)))
        if not Selection.parse(target.locations, target.option).includes(where):
            raise InputError(
                f"reference: {where} is excluded by {target.option}", hint="Select it, or name another reference."
            )
    names = sorted(set(names))
    results: list[Result[Visit]] = []
    sites: list[tuple[Subject, dict[object, Site]]] = []
    for of_keystone in (False, True):
        asked = [subject for subject in subjects if subject.of_keystone is of_keystone]
        visited = _visits(replace(target, per_identity=of_keystone), asked, names) if asked else []
        results += visited
        sites += [(subject, _sites(subject, visited)) for subject in asked]
    elsewhere = {name for _subject, found in sites for site in found.values() for name in site.names}
    rows = [
        row
        for subject, found in sorted(sites, key=lambda pair: pair[0].kind.name)
        for row in compare(subject, list(found.values()), names, _site_at(found, where, keystone), elsewhere)
    ]
    return DriftReport(rows, sorted(results, key=lambda result: result.location.sort_key))


def _reference(target: Target, pattern: str) -> tuple[Location, str]:
    """The one Location that a pattern selects, and its Keystone."""
    chosen, failed = regions(replace(target, locations=(pattern,), option="reference"))
    found = [*((one.location, one.settings.keystone) for one in chosen), *((one.location, "") for one in failed)]
    if len(found) > 1:
        raise InputError(
            f"reference: {pattern!r} matches {len(found)} Locations",
            hint=f"Name one of them: {', '.join(str(location) for location, _keystone in found)}.",
        )
    return found[0]


def _visits(target: Target, subjects: Sequence[Subject], names: Sequence[str]) -> list[Result[Visit]]:
    def visit(connection: Connection) -> Visit:
        found: dict[str, Inventory | OaktreeError] = {}
        for subject in subjects:
            try:
                found[subject.kind.name] = take_inventory(connection, subject, names)
            except OaktreeError as error:  # the other types may be of a service that answers
                found[subject.kind.name] = error
        return Visit(connection.region.settings.keystone, found)

    results = gather(target, visit)
    return [replace(result, error=result.value.error()) if result.value else result for result in results]


def _sites(subject: Subject, results: Sequence[Result[Visit]]) -> dict[object, Site]:
    """The Locations to compare, by their Keystone or by their name.

    Of several users of one Keystone the first counts that it has answered: it would be compared with itself.
    """
    sites: dict[object, Site] = {}
    for result in results:
        found = result.value.inventories[subject.kind.name] if result.value else result.error
        key = result.value.keystone if result.value and subject.of_keystone else str(result.location)
        if key not in sites or sites[key].inventory is None:
            known = found if isinstance(found, Inventory) else None
            sites[key] = Site(result.location, known, "" if known else str(found))
    return sites


def _site_at(sites: Mapping[object, Site], where: Location | None, keystone: str) -> Site | None:
    """The site of the reference, None without one. A cloud that failed is known by its name alone."""
    if where is None:
        return None
    cloud = (site for site in sites.values() if site.location.cloud == where.cloud)
    return sites.get(keystone) or sites.get(str(where)) or next(cloud, Site(where, reason="it was not asked"))
