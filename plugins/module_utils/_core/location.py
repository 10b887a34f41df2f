# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations: the value that every record carries, its order and name, and the patterns that select it.

The shape is oaktree's and shade's ``Location``, ``{cloud, region, zone, project}``, and the name that selects it.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, unquote

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_REGION = "-"
"""The region of a pattern for a cloud that has none."""

_SPECIAL = frozenset("%/*?[]!,{}\"'")
"""What a name cannot have in a pattern, or in a list that is written as text, unless it is percent-encoded."""
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_PARTS = ("name", "cloud", "region", "zone", "project")


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
    name: str = ""
    """``cloud/region[/project]`` as configured: the pattern that selects this Location and no other.

    It stays the same when the token tells more about the project, and when a record has another owner.
    """

    def __post_init__(self) -> None:
        if not self.name:
            project = self.project.name or self.project.id
            parts = [encoded(self.cloud), encoded(self.region) if self.region else NO_REGION]
            object.__setattr__(self, "name", "/".join([*parts, encoded(project)] if project else parts))

    def to_dict(self) -> dict[str, Any]:
        """The Location as plain JSON types, every key always present."""
        return {
            "name": self.name,
            "cloud": self.cloud,
            "region": self.region,
            "zone": self.zone,
            "project": self.project.to_dict(),
        }

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
        return self.name


def encoded(name: str) -> str:
    """The name as a part of a pattern that matches nothing else."""
    if name == NO_REGION:
        return "%2D"
    return "".join(
        quote(character, safe="", errors="replace")
        if character in _SPECIAL or character.isspace() or not character.isprintable()
        else character
        for character in name
    )


def pattern_of(option: str, location: Mapping[str, Any]) -> str:
    """The pattern for a Location in the form that records have, `Location.to_dict`; parts may be missing.

    A record's name selects. Without one the cloud, the region and the project do, as far as they are given; a region
    that is None is that of a cloud without regions. Raises InputError, which names the option.
    """
    unknown = sorted(map(str, location.keys() - set(_PARTS)))
    cloud, name, project = (location.get(key) for key in ("cloud", "name", "project"))
    no_texts = [key for key in ("cloud", "name", "region") if not isinstance(location.get(key), str | None)]
    if unknown or no_texts or not cloud:
        reasons = [f"it has the key {key}" for key in unknown] + [f"its {key} is not text" for key in no_texts]
        raise InputError(
            f"{option}: a mapping is not a Location: {[*reasons, 'it names no cloud'][0]}",
            hint="Give the location of a record, or {cloud: NAME, region: NAME}.",
        )
    if name:
        _check_name(option, name, location)
        return str(name)
    parts = [encoded(str(cloud))]
    if "region" in location:
        parts.append(encoded(location["region"]) if location["region"] else NO_REGION)
    if isinstance(project, Mapping) and (wanted := project.get("name") or project.get("id")):
        parts += ["*"] * (2 - len(parts)) + [encoded(str(wanted))]
    elif project and not isinstance(project, Mapping):
        raise InputError(f"{option}: the project of a Location is not a mapping", hint="Write project: {name: NAME}.")
    return "/".join(parts)


def _check_name(option: str, name: str, location: Mapping[str, Any]) -> None:
    """Raise InputError for a name that says something else than the cloud and the region beside it.

    A cloud that is configured without a region may have one nevertheless, by its catalog.
    """
    cloud, region, *_project = (*name.split("/"), "")
    beside = location.get("region")
    is_other = beside and region not in ("", NO_REGION, encoded(beside))
    if cloud != encoded(location["cloud"]) or is_other:
        raise InputError(
            f"{option}: a Location is called {name!r}, but is in cloud {location['cloud']!r}, region {beside!r}",
            hint="Omit name where the other parts are changed.",
        )


def _glob(part: str) -> str:
    """A part of a pattern as fnmatch takes it: what is percent-encoded stands for itself."""
    return _ENCODED.sub(lambda found: glob.escape(unquote(found[0])), part)


@dataclass(frozen=True)
class Pattern:
    """One pattern ``cloud[/region[/project]]``, each part a shell-style glob; matching is case-sensitive.

    ``%2F`` and the like stand for characters that mean something else in a pattern; the region ``-`` for none.
    """

    text: str
    negated: bool
    cloud: str
    region: str | None
    """None for a cloud without regions."""
    project: str

    @classmethod
    def parse(cls, text: str, option: str = "locations") -> Pattern:
        negated = text.startswith("!")
        parts = text.removeprefix("!").split("/")
        if not parts[0] or len(parts) > 3:
            raise InputError(
                f"{option}: {text!r} is not a pattern of the form cloud[/region[/project]]",
                hint="Write for example 'ovh', 'ovh/GRA*', '*/*/production' or '!lab', and %2F for a slash in a name.",
            )
        cloud, region, project = (*parts, "", "")[:3]
        wanted = None if region == NO_REGION else _glob(region) or "*"
        return cls(text, negated, _glob(cloud), wanted, _glob(project) or "*")

    def matches_cloud(self, cloud: str) -> bool:
        return fnmatchcase(cloud, self.cloud)

    def matches(self, location: Location) -> bool:
        project = location.project
        if self.text.removeprefix("!") == location.name:
            return True
        return (
            self.matches_cloud(location.cloud)
            and (not location.region if self.region is None else fnmatchcase(location.region or "", self.region))
            and (
                self.project == "*"
                or any(fnmatchcase(value, self.project) for value in (project.name, project.id) if value)
            )
        )


@dataclass(frozen=True)
class Selection:
    """A list of patterns. A Location is selected if a plain pattern matches it and no ``!pattern`` excludes it."""

    patterns: tuple[Pattern, ...]
    option: str = "locations"
    """What messages call it."""

    @classmethod
    def parse(cls, texts: Sequence[str], option: str = "locations") -> Selection:
        """Parse the patterns of an option.

        Raises InputError for a malformed pattern, an empty list, and a list of nothing but ``!pattern``: what it
        excludes from must be named, so that nobody writes to every Location by accident.
        """
        patterns = tuple(Pattern.parse(text, option) for text in texts)
        if all(pattern.negated for pattern in patterns):
            raise InputError(
                f"{option}: nothing is selected" + (", there are only exclusions" if patterns else ""),
                hint="Name Locations, or write '*' for all of them, as in ['*', '!lab'].",
            )
        return cls(patterns, option)

    def clouds(self, names: Iterable[str]) -> list[str]:
        """The names of the clouds that may have a selected Location.

        Raises InputError if a pattern matches none of the names, and if all that are selected are excluded again.
        """
        names = list(names)
        for pattern in self.patterns:
            if not any(pattern.matches_cloud(name) for name in names):
                raise self._no_match(pattern, [encoded(name) for name in names], "clouds")
        plain = [p for p in self.patterns if not p.negated]
        whole = [p for p in self.patterns if p.negated and p.region == p.project == "*"]
        found = [
            name
            for name in names
            if any(p.matches_cloud(name) for p in plain) and not any(p.matches_cloud(name) for p in whole)
        ]
        return found or self._none_left()

    def apply(self, locations: Sequence[Location], unknown_clouds: Iterable[str] = ()) -> list[Location]:
        """The selected Locations, in the given order.

        ``unknown_clouds`` names clouds whose regions are not known; a pattern that matches such a name need not match
        a Location. Raises InputError if any other pattern matches no Location, except a ``!pattern`` for clouds of
        which nothing is selected, and if all that are selected are excluded again.
        """
        unknown = list(unknown_clouds)
        for pattern in self.patterns:
            if any(pattern.matches(location) for location in locations):
                continue
            moot = pattern.negated and not any(pattern.matches_cloud(location.cloud) for location in locations)
            if not moot and not any(pattern.matches_cloud(cloud) for cloud in unknown):
                raise self._no_match(pattern, [str(location) for location in locations], "Locations")
        found = [location for location in locations if self.includes(location)]
        return found if found or unknown else self._none_left()

    def includes(self, location: Location) -> bool:
        """Whether the Location is selected. Patterns that match nothing are no error here."""
        plain = any(p.matches(location) for p in self.patterns if not p.negated)
        return plain and not any(p.matches(location) for p in self.patterns if p.negated)

    def position(self, location: Location) -> int:
        """Where the list has the Location: the index of the first plain pattern that matches it, or the list's end."""
        plain = [pattern for pattern in self.patterns if not pattern.negated]
        return next((index for index, pattern in enumerate(plain) if pattern.matches(location)), len(plain))

    def _none_left(self) -> NoReturn:
        raise InputError(
            f"{self.option}: nothing is selected, the exclusions cover all of it",
            hint="Omit an exclusion, or name more Locations.",
        )

    def _no_match(self, pattern: Pattern, existing: list[str], what: str) -> InputError:
        listed = ", ".join(sorted(existing)) or "none"
        return InputError(
            f"{self.option}: {pattern.text!r} matches none of the configured {what}",
            hint=f"Configured {what}: {listed}.",
        )
