# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has of a type, as values that can be compared with those of other Locations."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._core.errors import RefusedError, UnreachableError
from .._facts.records import image_record
from .._glance.client import glance_for
from .._glance.image_json import checked_image
from .._glance.v2 import SESSION, UPLOAD, custom_properties, kept_name
from .._resource import rules
from .._resource.find import Query, is_going, is_offered, items, list_items, service_of
from .._resource.kinds import Kind, kind_of
from .._resource.parts import Ask, asking, part_of, read_part
from .._resource.records import id_of, name_of, owner_of, resource_record
from .._resource.references import target_of
from .._stack.digest import without_marks
from .subjects import CONTENT, IMAGE, SERVER, Subject
from .values import RULES, ImageContent, portable, portable_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .._cloud.connection import Connection
    from .._glance.v2 import Glance
    from .._resource.find import Item

_NOT_USERS = frozenset({
    "cinder_encryption_key_id", "kernel_id", "ramdisk_id",  # IDs that mean something in one cloud only
    "base_image_ref", "bdm_v2", "block_device_mapping", "boot_roles", "image_location", "image_state", "image_type",
    "instance_uuid", "owner_id", "owner_project_name", "owner_user_name", "root_device_name", "user_id",
})  # fmt: skip
"""Properties that users do not set, most of them by Nova on its snapshots.

Source: ``nova/compute/api.py``, ``nova/image/glance.py`` and ``cinder/image/glance.py``.
"""

_ONLY_V2 = ("is_hidden", "tags")
"""What version 1 of the image API does not have."""


@dataclass(frozen=True)
class Sighting:
    """One resource. ``values`` has the attributes that the Location shows of those that are compared."""

    name: str
    id: str
    values: Mapping[str, Any] = field(repr=False)


Seen = tuple[Sighting, Any]
"""A resource, and the ID of the project that owns it, or None."""


@dataclass(frozen=True)
class Inventory:
    """All resources of a type that a Location has, of those that are compared, by name."""

    found: Mapping[str, Sequence[Sighting]] = field(default_factory=dict)
    offered: bool = True
    """Whether the Location has the type at all."""

    @property
    def count(self) -> int:
        """The number of resources."""
        return sum(len(sightings) for sightings in self.found.values())


def take_inventory(connection: Connection, subject: Subject, names: Sequence[str]) -> Inventory:
    """The resources of a type with one of the names, or all that the project owns without names.

    A resource of the project's own counts before what others share under the same name. Requests: the list, one more
    for each type that its resources refer to, and for each resource the parts that the user names.
    """
    names = () if subject.once else names
    read = _images if subject.kind.name == IMAGE else _resources
    seen = read(connection, subject, names)
    return Inventory(offered=False) if seen is None else Inventory(_by_name(connection, seen, names))


def _by_name(connection: Connection, seen: Iterable[Seen], names: Sequence[str]) -> dict[str, list[Sighting]]:
    own = connection.location.project.id
    grouped: dict[str, list[Seen]] = defaultdict(list)
    for sighting, owner in seen:
        if sighting.name in names or (not names and owner in (None, own)):
            grouped[sighting.name].append((sighting, owner))
    found = {}
    for name, same_name in grouped.items():
        owned = [sighting for sighting, owner in same_name if owner == own]
        found[name] = owned or [sighting for sighting, _owner in same_name]
    return found


@contextmanager
def _reached(connection: Connection, kind: Kind) -> Iterator[None]:
    """Fail at once if the service of the type could not be reached before: its retries are not repeated."""
    dead: dict[str, UnreachableError] = connection.memo.setdefault(_reached, {})
    if kind.service in dead:
        raise dead[kind.service].copied()
    try:
        yield
    except UnreachableError as error:
        dead[kind.service] = error
        raise


class _Names:
    """The names of what resources refer to, at one Location: one list for each type."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, dict[Any, Any]] = {}

    def __call__(self, target: str, identity: Any) -> Any:
        """The name; the ID itself where nothing is known of it."""
        project = self._connection.location.project
        if target == "identity.project" and identity == project.id and project.name:
            return project.name
        if target not in self._known:
            self._known[target] = self._listed(kind_of(target))
        return self._known[target].get(identity) or identity

    def _listed(self, kind: Kind) -> dict[Any, Any]:
        if "l" not in kind.can or set(kind.parents) - {"project", "project_id"}:
            return {}
        try:
            with _reached(self._connection, kind):
                found = list_items(self._connection, kind, Query())
        except RefusedError as error:
            if error.status not in (None, 404):
                raise
            return {}  # nor is there anything of the type
        return {id_of(kind, item): name_of(kind, item) for item in found}


def _resources(connection: Connection, subject: Subject, names: Sequence[str]) -> list[Seen] | None:
    """The resources of a type; None where the Location does not offer it."""
    kind = subject.kind
    if not is_offered(connection, kind):
        return None
    query = Query(name=names[0] if len(names) == 1 and kind.name_attribute else None)

    def listed(microversion: str | None) -> tuple[list[Item], str | None]:
        with _reached(connection, kind):
            return list(items(connection, kind, query, microversion, coalesced=True)), microversion

    try:
        found, microversion = service_of(connection, kind).negotiated(listed, kind.microversion)
    except RefusedError as error:
        if error.status != 404:
            raise
        return None  # the service does not know the type
    reading = _Reading(connection, subject, names, asking(service_of(connection, kind), microversion))
    return [seen for item in found if not is_going(kind, item) for seen in reading.seen(item)]


class _Reading:
    """Reads the resources of one type at one Location."""

    def __init__(self, connection: Connection, subject: Subject, names: Sequence[str], ask: Ask) -> None:
        self._connection = connection
        self._subject = subject
        self._kind = subject.kind
        self._names = names
        self._ask = ask
        self._name_of = _names_at(connection)

    def seen(self, item: Item) -> Iterator[Seen]:
        """The resource, unless nothing says which one is the same elsewhere, or it has none of the names."""
        name = "" if self._subject.once else self._name(item)
        if name is None or (self._names and name not in self._names):
            return
        identity = str(id_of(self._kind, item))
        with parsing(f"a {self._kind.name}"):
            record = resource_record(self._kind, item, self._connection.location, {})
        values = {
            attribute: value
            for attribute in self._subject.attributes
            for value in self._shown(attribute, item, record, identity)
        }
        yield Sighting(name, identity, values), None if self._subject.once else owner_of(self._kind, item)

    def _name(self, item: Item) -> str | None:
        kind = self._kind
        if kind.name_attribute:
            found = name_of(kind, item)
            return str(found) if found else None
        if not kind.identity:
            return str(id_of(kind, item))
        shown = {key: item.get(kind.keys[key]) for key in kind.identity}
        said = {key: self._portable(key, value, shown) for key, value in shown.items()}
        if kind.name in rules.RULE_KINDS:
            (rule,) = portable_rules(kind, [item], self._name_of)
            said = {**{key: value for key, value in said.items() if key not in rules.NORMAL_KEYS}, **rule}
        return ", ".join(f"{key}={value}" for key, value in said.items() if value is not None)

    def _shown(self, attribute: str, item: Item, record: Mapping[str, Any], identity: str) -> Iterator[Any]:
        """The value as it can be compared; none where the Location does not show it."""
        kind = self._kind
        if (kind.name, attribute) == RULES:
            yield portable_rules(kind, read_part(kind, attribute, self._ask, identity, item), self._name_of)
        elif attribute == "properties" and attribute not in kind.keys:
            yield record[attribute]
        elif attribute in kind.keys and kind.keys[attribute] in item:
            yield self._portable(attribute, record[attribute], record)
        elif self._subject.explicit and part_of(kind, attribute):
            yield self._portable(attribute, read_part(kind, attribute, self._ask, identity, item), record)

    def _portable(self, attribute: str, value: Any, record: Mapping[str, Any]) -> Any:
        """The value for other Locations; ``record`` is what stands beside it."""
        kind = self._kind
        which = (kind.name, attribute)
        if which == (SERVER, "image"):
            return self._name_of(IMAGE, value["id"]) if value else None
        if which == ("identity.project", "parent_id") and value == record["domain_id"]:
            return None  # at the top of the domain
        if which == ("network.rbac_policy", "object_id"):
            return self._name_of(f"network.{record['object_type']}", value)
        if which == ("orchestration.stack", "tags"):
            return without_marks(value or ())  # the marks hold other IDs at each Location
        found = portable(kind, attribute, value, self._name_of)
        return sorted(found, key=str) if target_of(kind, attribute) and isinstance(found, list) else found


def _names_at(connection: Connection) -> _Names:
    """The names at a Location, which all types share."""
    found: _Names = connection.memo.setdefault(_Names, _Names(connection))
    return found


def _images(connection: Connection, subject: Subject, names: Sequence[str]) -> list[Seen] | None:
    """The images with one of the names, or those of the project; None where there is no image service."""
    glance = glance_for(connection)
    try:
        found = _listed_images(glance, names)
    except RefusedError as error:
        if error.status not in (None, 404):
            raise
        return None
    lacking = _ONLY_V2 if glance.VERSION == "1" else ()
    seen = []
    for image in found:
        shown = {
            **image_record(image, connection.location),
            CONTENT: ImageContent(image, str(connection.location)),
            "properties": {key: value for key, value in custom_properties(image).items() if key not in _NOT_USERS},
        }
        values = {name: shown[name] for name in subject.attributes if name not in lacking}
        seen.append((Sighting(str(image["name"]), str(image["id"]), values), image.get("owner")))
    return seen


def _listed_images(glance: Glance, names: Sequence[str]) -> list[dict[str, Any]]:
    """Two lists, of visible and of hidden images: neither unfinished ones nor, without names, replaced ones."""
    own = glance.connection.location.project.id
    mine = {"owner": own} if own and glance.VERSION != "1" else {}

    def listed(*, hidden: bool) -> list[dict[str, Any]]:
        if names:
            return glance.named(names, None, hidden=hidden)
        return [checked_image(image) for image in glance.all(None, mine | ({"os_hidden": "true"} if hidden else {}))]

    found = listed(hidden=False)
    found += listed(hidden=True) if glance.hides(found) else []
    once = {image["id"]: image for image in found if image["name"]}
    complete = [image for image in once.values() if not {UPLOAD, SESSION} & image.keys()]
    return complete if names else [image for image in complete if kept_name(image) is None]
