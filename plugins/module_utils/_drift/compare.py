# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Locations, as flat rows. Pure.

What is expected is what the reference has. Without a reference it is what most Locations have: resources count as a
whole, and where as many have another, the first Location's counts. That a Location has none counts for nothing: what
is somewhere is expected everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .values import same_value, shown_difference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from .._core.location import Location
    from .subjects import Subject
    from .survey import Inventory, Sighting

NO_DIGEST = "no digest is known of both images"


@dataclass(frozen=True)
class Site:
    """What one Location has of a type; without an inventory ``reason`` says why nobody knows."""

    location: Location
    inventory: Inventory | None = None
    reason: str = ""

    @property
    def names(self) -> Collection[str]:
        """The names that are known to be there."""
        return self.inventory.found.keys() if self.inventory else ()


@dataclass(frozen=True)
class _Row:
    """A row before it is shown. ``expected`` and ``actual`` are plain."""

    site: Site
    status: str
    name: str | None
    attribute: str | None = None
    expected: Any = None
    actual: Any = None
    reference: Site | None = None
    reason: str | None = None

    def to_dict(self, type_: str) -> dict[str, Any]:
        return {
            "type": type_,
            "name": self.name or None,
            "location": self.site.location.to_dict(),
            "status": self.status,
            "attribute": self.attribute,
            "expected": self.expected,
            "actual": self.actual,
            "reference": self.reference.location.to_dict() if self.reference else None,
            "reason": self.reason,
        }


def compare(
    subject: Subject,
    sites: Sequence[Site],
    names: Sequence[str],
    reference: Site | None = None,
    elsewhere: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The rows of one type, sorted by name, then Location, then attribute; none where all is the same.

    ``reference`` is one of the sites. ``names`` are those that the user wants compared: each is expected to be
    somewhere, unless it is among those that resources of other types have (``elsewhere``). Without names all that any
    Location has is compared.
    """
    wanted: Sequence[str] = () if subject.once else names
    rows = list(_Comparison(subject, sites, wanted, reference, elsewhere).rows())
    rows.sort(key=lambda row: (row.name or "", row.site.location.sort_key, row.attribute or ""))
    return [row.to_dict(subject.kind.name) for row in rows]


class _Comparison:
    def __init__(
        self,
        subject: Subject,
        sites: Sequence[Site],
        wanted: Sequence[str],
        reference: Site | None,
        elsewhere: Collection[str],
    ) -> None:
        self._subject = subject
        self._wanted = wanted
        self._reference = reference
        self._elsewhere = elsewhere
        self._sites = sites
        self._known = [(site, site.inventory) for site in sites if site.inventory is not None]

    def rows(self) -> Iterator[_Row]:
        unknown = [site for site in self._sites if site.inventory is None]
        for site in unknown:
            yield from self._unknown(site, site.reason)
        if self._reference is not None and self._reference.inventory is None:
            for site, _inventory in self._known:
                yield from self._unknown(site, f"the reference {self._reference.location} failed")
            return
        for name in self._wanted or sorted({name for _site, inventory in self._known for name in inventory.found}):
            yield from self._rows_of(name)

    def _unknown(self, site: Site, reason: str) -> Iterator[_Row]:
        """Without names one row for the type: nobody knows what there is."""
        for name in self._wanted or (None,):
            yield _Row(site, "unknown", name, reason=reason)

    def _rows_of(self, name: str) -> Iterator[_Row]:
        found = {site.location: inventory.found.get(name, ()) for site, inventory in self._known}
        if name in self._elsewhere and not any(found.values()):
            return
        for site, _inventory in self._known:
            if len(several := found[site.location]) > 1:
                ids = ", ".join(sorted(sighting.id for sighting in several))
                yield _Row(site, "ambiguous", name, reason=f"{len(several)} have this name: {ids}")
        single = [(site, found[site.location][0]) for site, _inventory in self._known if len(found[site.location]) == 1]
        if self._reference is not None:
            at_reference = found[self._reference.location]
            if len(at_reference) > 1:
                for site, _inventory in self._known:
                    if len(found[site.location]) < 2:
                        reason = f"the reference {self._reference.location} has several of this name"
                        yield _Row(site, "unknown", name, reason=reason)
                return
            if not at_reference and any(found.values()):
                for site, _sighting in single:
                    yield _Row(site, "extra", name, reference=self._reference)
                return
            expected = [(self._reference, at_reference[0])] if at_reference else []
        else:
            expected = self._majority(single)
        yield from self._missing(name, found, expected[0][0] if expected else None)
        yield from self._differences(name, single, expected)

    def _missing(
        self, name: str, found: Mapping[Location, Sequence[Sighting]], expected: Site | None
    ) -> Iterator[_Row]:
        has = expected or next((site for site, _inventory in self._known if found[site.location]), None)
        for site, inventory in self._known:
            if not found[site.location]:
                reason = None if inventory.offered else f"{self._subject.kind.name} is not offered here"
                yield _Row(site, "missing", name, reference=has, reason=reason)

    def _majority(self, single: Sequence[tuple[Site, Sighting]]) -> list[tuple[Site, Sighting]]:
        """The first Location of each group that has the same, the largest group first."""
        groups: list[list[tuple[Site, Sighting]]] = []
        for site, sighting in single:
            group = next((group for group in groups if self._is_same(group[0][1], sighting)), None)
            if group is None:
                groups.append(group := [])
            group.append((site, sighting))
        return [group[0] for group in sorted(groups, key=len, reverse=True)]

    def _is_same(self, one: Sighting, other: Sighting) -> bool:
        """Whether two resources are the same as a whole."""
        return one.values.keys() == other.values.keys() and all(
            same_value(self._subject.kind, name, value, other.values[name]) is not False
            for name, value in one.values.items()
        )

    def _differences(
        self, name: str, single: Sequence[tuple[Site, Sighting]], expected: Sequence[tuple[Site, Sighting]]
    ) -> Iterator[_Row]:
        """What is expected of an attribute is the value of the first that shows it."""
        kind = self._subject.kind
        for attribute in self._subject.attributes:
            has = next(((site, one.values[attribute]) for site, one in expected if attribute in one.values), None)
            if has is None:
                continue
            reference, wanted = has
            for site, sighting in single:
                if site is reference:
                    continue
                if attribute not in sighting.values:
                    if self._subject.explicit:
                        reason = f"{site.location} does not show {attribute}"
                        yield _Row(site, "unknown", name, attribute, reference=reference, reason=reason)
                    continue
                actual = sighting.values[attribute]
                same = same_value(kind, attribute, wanted, actual)
                if same is None:
                    yield _Row(site, "unknown", name, attribute, reference=reference, reason=NO_DIGEST)
                elif not same:
                    shown = shown_difference(kind, attribute, wanted, actual)
                    yield _Row(site, "differs", name, attribute, *shown, reference)
