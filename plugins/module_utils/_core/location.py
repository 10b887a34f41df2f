# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations: the value that stands on every record, its order, and the patterns that select it.

The shape is oaktree's and shade's ``Location``: ``{cloud, region, zone, project}``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Project:
    """A Keystone project. The ``id`` is authoritative where it is known; names are for people."""

    id: str | None = None
    name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        return {"id": self.id, "name": self.name, "domain_id": self.domain_id, "domain_name": self.domain_name}


NO_PROJECT = Project()


@dataclass(frozen=True)
class Location:
    """Where a resource is. A part that does not apply, or is not known, is None."""

    cloud: str
    region: str | None = None
    zone: str | None = None
    project: Project = NO_PROJECT

    def to_dict(self) -> dict[str, Any]:
        """The Location as plain JSON types, every key always present."""
        return {"cloud": self.cloud, "region": self.region, "zone": self.zone, "project": self.project.to_dict()}

    @property
    def sort_key(self) -> tuple[str, ...]:
        """Orders by cloud, region, project, zone: the order of every list that users see."""
        project = self.project
        return (self.cloud, self.region or "", project.name or "", project.id or "", self.zone or "")

    def in_zone(self, zone: str | None) -> Location:
        return replace(self, zone=zone or None)

    def owned_by(self, project_id: str | None) -> Location:
        """The Location with the owner of a record as its project; without an owner it stays the requesting project."""
        if not project_id or project_id == self.project.id:
            return self
        return replace(self, project=Project(id=project_id))

    def __str__(self) -> str:
        """``cloud/region/project``, as a selection pattern names it, printable."""
        parts = [self.cloud, self.region, self.project.name or self.project.id]
        while parts[-1] is None:
            parts.pop()
        return printable("/".join(part or "" for part in parts))


@dataclass(frozen=True)
class Pattern:
    """One pattern ``cloud[/region[/project]]``, each part a shell-style glob; matching is case-sensitive."""

    text: str
    negated: bool
    cloud: str
    region: str
    project: str

    @classmethod
    def parse(cls, text: str) -> Pattern:
        negated = text.startswith("!")
        parts = text.removeprefix("!").split("/")
        if not parts[0] or len(parts) > 3:
            raise InputError(
                f"locations: {text!r} is not a pattern of the form cloud[/region[/project]]",
                hint="Write for example 'ovh', 'ovh/GRA*', '*/*/production' or '!lab'.",
            )
        cloud, region, project = (*parts, "", "")[:3]
        return cls(text, negated, cloud, region or "*", project or "*")

    def matches_cloud(self, cloud: str) -> bool:
        return fnmatchcase(cloud, self.cloud)

    def matches(self, location: Location) -> bool:
        project = location.project
        return (
            self.matches_cloud(location.cloud)
            and fnmatchcase(location.region or "", self.region)
            and (
                self.project == "*"
                or any(fnmatchcase(value, self.project) for value in (project.name, project.id) if value)
            )
        )


@dataclass(frozen=True)
class Selection:
    """A list of patterns. A Location is selected if a plain pattern matches it and no ``!pattern`` excludes it."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Selection:
        """Parse the ``locations`` option.

        Raises InputError for a malformed pattern, an empty list, and a list of nothing but ``!pattern``: what it
        excludes from must be named, so that nobody writes to every Location by accident.
        """
        patterns = tuple(Pattern.parse(text) for text in texts)
        if not any(not pattern.negated for pattern in patterns):
            raise InputError(
                "locations: nothing is selected" + (", there are only exclusions" if patterns else ""),
                hint="Name Locations, or write '*' for all of them, as in ['*', '!lab'].",
            )
        return cls(patterns)

    def clouds(self, names: Iterable[str]) -> list[str]:
        """The names of the clouds that may have a selected Location.

        Raises InputError if a pattern matches none of the names.
        """
        names = list(names)
        for pattern in self.patterns:
            if not any(pattern.matches_cloud(name) for name in names):
                raise _no_match(pattern, names, "clouds")
        plain = [p for p in self.patterns if not p.negated]
        whole = [p for p in self.patterns if p.negated and p.region == p.project == "*"]
        return [
            name
            for name in names
            if any(p.matches_cloud(name) for p in plain) and not any(p.matches_cloud(name) for p in whole)
        ]

    def apply(self, locations: Sequence[Location], unknown_clouds: Iterable[str] = ()) -> list[Location]:
        """The selected Locations, in the given order.

        ``unknown_clouds`` names clouds whose regions are not known; a pattern that matches such a name need not match
        a Location. Raises InputError if any other pattern matches no Location, except a ``!pattern`` for clouds of
        which nothing is selected.
        """
        unknown = list(unknown_clouds)
        for pattern in self.patterns:
            if any(pattern.matches(location) for location in locations):
                continue
            moot = pattern.negated and not any(pattern.matches_cloud(location.cloud) for location in locations)
            if not moot and not any(pattern.matches_cloud(cloud) for cloud in unknown):
                raise _no_match(pattern, [str(location) for location in locations], "Locations")
        return [location for location in locations if self.includes(location)]

    def includes(self, location: Location) -> bool:
        """Whether the Location is selected. Patterns that match nothing are no error here."""
        plain = any(p.matches(location) for p in self.patterns if not p.negated)
        return plain and not any(p.matches(location) for p in self.patterns if p.negated)


def _no_match(pattern: Pattern, existing: list[str], what: str) -> InputError:
    listed = ", ".join(sorted(existing)) or "none"
    return InputError(
        f"locations: {pattern.text!r} matches none of the configured {what}",
        hint=f"Configured {what}: {listed}.",
    )
