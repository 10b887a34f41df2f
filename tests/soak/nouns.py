# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a soak makes and deletes: the options for it, and what the stand-in clouds really hold of it."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from tests.soak.site import Place, Site

UPLOAD_MARK = "owner_specified.oaktree.upload"
Thing = tuple[Any, ...]
"""One resource, as far as it is compared."""
Things = tuple[Thing, ...]
LONG = 1500.0
"""Seconds of the turned clock: longer than anything takes."""


@dataclass(frozen=True)
class Variant:
    """How a resource is to be: its content, and a text in its metadata."""

    content: str
    text: str


class Noun(ABC):
    """A kind of resource, which its name identifies at each Location."""

    label: str
    module: str
    key: str
    """The key of the records that NOUN_info returns."""
    info: Mapping[str, Any] = {}
    """Further options of NOUN_info."""

    def possible(self, _site: Site, _place: Place) -> bool:
        """Say whether a Location can have it."""
        return True

    @abstractmethod
    def options(self, site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module for it, or for its absence."""

    @abstractmethod
    def there(self, site: Site, place: Place, name: str) -> Things:
        """What the cloud really has of it, leftovers too."""

    @abstractmethod
    def wanted(self, variant: Variant) -> Thing:
        """What it is to be."""

    def things(self, variant: Variant | None) -> Things:
        """All that there is to be."""
        return (self.wanted(variant),) if variant else ()

    def may_be(self, before: Things, wanted: Things, after: Things) -> bool:
        """Say whether a Location that failed may hold ``after``."""
        return after in (before, wanted)

    @abstractmethod
    def told(self, record: Mapping[str, Any]) -> Thing:
        """What a record of NOUN_info says of it, in the form of `shown`."""

    def shown(self, thing: Thing) -> Thing:
        """The part of it that NOUN_info shows."""
        return thing

    def is_going(self, record: Mapping[str, Any]) -> bool:
        """Whether NOUN_info shows what `there` leaves out because it is being deleted."""
        return record.get("status") in ("DELETE_IN_PROGRESS", "deleting")

    def info_options(self, name: str) -> dict[str, Any]:
        """The options of NOUN_info for it."""
        return {**self.info, "name": name}


def by_parts(before: Things, wanted: Things, after: Things) -> bool:
    """Say whether each part is the old or the new one, as after one of several requests that a change takes."""
    if len(before) == len(wanted) == len(after) == 1:
        return all(now in (old, new) for old, new, now in zip(before[0], wanted[0], after[0], strict=True))
    return after in (before, wanted)


class Images(Noun):
    """Images by every scheme that the clouds have, with what temporary objects leave."""

    label, module, key = "image", "image", "images"

    def options(self, site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module."""
        limits = {"transfer_timeout": LONG, "import_timeout": LONG, "stall_timeout": LONG / 5}
        if variant is None:
            return {"name": name, "state": "absent", **limits}
        return {"name": name, "path": str(site.file(variant.content)), "properties": {"soak": variant.text}, **limits}

    def there(self, site: Site, place: Place, name: str) -> Things:
        """All images whose names begin so, and what there is in the container for its data."""
        found = [_image(site, place, image, name) for image in _images(site, place)]
        container = temporary_object._container(Desired(name, "present"))  # noqa: SLF001 - nobody else knows it
        account = site.region(place).swift.store.account(site.project(place))
        left = [("container", container, *list(kept.objects)) for known, kept in list(account.containers.items())
                if known == container]  # fmt: skip
        return tuple(sorted([*(one for one in found if one), *left]))

    def wanted(self, variant: Variant) -> Thing:
        """One that is complete, under its name."""
        return ("", "active", variant.content, variant.text, "right")

    def told(self, record: Mapping[str, Any]) -> Thing:
        """Status, text."""
        return (record["status"], record["properties"].get("soak"))

    def shown(self, thing: Thing) -> Thing:
        """Status, text."""
        return (thing[1], thing[3])


def _images(site: Site, place: Place) -> list[Any]:
    region = site.region(place)
    return list((region.glance_v1 if site.image_api(place) == "v1" else region.glance).images.values())


def image_data(site: Site, place: Place, name: str) -> bytes | None:
    """The bytes of the image of this name, if there is one."""
    region = site.region(place)
    service = region.glance_v1 if site.image_api(place) == "v1" else region.glance
    for image in _images(site, place):
        if _name(image) == name and image.status == "active":
            return service.data.path(image.id).read_bytes()
    return None


def _name(image: Any) -> str:
    return str(image.name if hasattr(image, "name") else image.fields["name"])


def _image(site: Site, place: Place, image: Any, name: str) -> Thing | None:
    if not _name(image).startswith(name):
        return None
    region = site.region(place)
    path = (region.glance_v1 if site.image_api(place) == "v1" else region.glance).data.path(image.id)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    right = image.status == "active" and image.checksum == hashlib.md5(data, usedforsecurity=False).hexdigest()
    marked = UPLOAD_MARK in image.properties
    state = "marked" if marked else "right" if right else "wrong"
    return (_name(image)[len(name) :], image.status, site.name_of(data), image.properties.get("soak"), state)


class Objects(Noun):
    """Objects of a container that each worker has."""

    label, module, key = "object", "object", "objects"

    def options(self, site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module."""
        given = {"container": container_of(name), "name": name, "stall_timeout": LONG / 5, "transfer_timeout": LONG}
        if variant is None:
            return {**given, "state": "absent"}
        return {**given, "src": str(site.file(variant.content)), "metadata": {"soak": variant.text}}

    def there(self, site: Site, place: Place, name: str) -> Things:
        """Every object whose name has this one."""
        account = site.region(place).swift.store.account(site.project(place))
        container = account.containers.get(container_of(name))
        found = [(path, one) for path, one in list(container.objects.items()) if name in path] if container else []
        return tuple(
            sorted(
                ("" if path == name else path, site.name_of(_read(one)), one.headers.get("X-Object-Meta-Soak", ""))
                for path, one in found
            )
        )

    def wanted(self, variant: Variant) -> Thing:
        """Its content and metadata."""
        return ("", variant.content, variant.text)

    def told(self, record: Mapping[str, Any]) -> Thing:
        """Name and text."""
        return ("", record["metadata"].get("soak"))

    def shown(self, thing: Thing) -> Thing:
        """Name and text."""
        return (thing[0], thing[2])

    def info_options(self, name: str) -> dict[str, Any]:
        """The options of object_info."""
        return {"container": container_of(name), "name": name}


def _read(one: Any) -> bytes:
    return one.path.read_bytes() if one.path and one.path.exists() else b""


def object_data(site: Site, place: Place, container: str, name: str) -> bytes | None:
    """The bytes of an object, if it is there."""
    found = site.region(place).swift.store.account(site.project(place)).containers.get(container)
    one = found.objects.get(name) if found else None
    return _read(one) if one else None


def container_of(name: str) -> str:
    """The container for the objects of whose name this is."""
    return f"{name.partition('-')[0]}-objects"


class Resources(Noun):
    """Resources of a type, with a description, and tags where it has some."""

    module, key = "resource", "resources"

    def __init__(self, label: str, type_: str, attributes: Mapping[str, Any], *, tags: bool) -> None:
        self.label, self._type, self._attributes, self._tags = label, type_, attributes, tags
        self.info = {"type": type_}

    def possible(self, site: Site, place: Place) -> bool:
        """All have it."""
        return bool(site.region(place))

    def options(self, _site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module."""
        given = {"type": self._type, "name": name, "wait_timeout": LONG}
        if variant is None:
            return {**given, "state": "absent"}
        tags = {"tags": [variant.content]} if self._tags else {}
        return {**given, "attributes": {**self._attributes, "description": variant.text, **tags}}

    def there(self, site: Site, place: Place, name: str) -> Things:
        """Those of this name."""
        region = site.region(place)
        collection = {"network": "networks", "security group": "security-groups", "volume": "volumes"}[self.label]
        items = (region.cinder if self.label == "volume" else region.neutron).items[collection]
        found = [item for item in list(items.values()) if item["name"] == name and item.get("status") != "deleting"]
        return tuple(sorted((item["description"], *(sorted(item["tags"]) if self._tags else [])) for item in found))

    def wanted(self, variant: Variant) -> Thing:
        """Description, and tag."""
        return (variant.text, *([variant.content] if self._tags else []))

    def may_be(self, before: Things, wanted: Things, after: Things) -> bool:
        """Tags have a request of their own."""
        return by_parts(before, wanted, after)

    def told(self, record: Mapping[str, Any]) -> Thing:
        """Description, and tags."""
        return (record["description"], *(sorted(record["tags"]) if self._tags else []))


class Servers(Noun):
    """Servers with a floating IP each."""

    label, module, key = "server", "server", "servers"

    def possible(self, site: Site, place: Place) -> bool:
        """Where the image is."""
        return site.image_api(place) != "v1"

    def options(self, _site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module."""
        if variant is None:
            return {"name": name, "state": "absent", "wait_timeout": LONG}
        built = {"flavor": "m1", "image": "base", "networks": ["private"], "floating_ip": "auto"}
        return {**built, "name": name, "metadata": {"soak": variant.text}, "wait_timeout": LONG}

    def there(self, site: Site, place: Place, name: str) -> Things:
        """Those of this name that are not being deleted."""
        region = site.region(place)
        ports = {port["id"]: port["device_id"] for port in list(region.neutron.items["ports"].values())}
        owners = [ports.get(floating["port_id"]) for floating in list(region.neutron.items["floatingips"].values())]
        found = [one for one in list(region.nova.servers) if one.name == name and one.then != "DELETED"]
        return tuple(sorted((one.status, one.metadata.get("soak", ""), owners.count(one.id)) for one in found))

    def wanted(self, variant: Variant) -> Thing:
        """One that is active, with one floating IP."""
        return ("ACTIVE", variant.text, 1)

    def may_be(self, before: Things, wanted: Things, after: Things) -> bool:
        """Metadata and floating IPs have requests of their own; a server is deleted after its floating IP."""
        bare = tuple((status, text, 0) for status, text, _addresses in before)
        return by_parts(before, wanted, after) or (not wanted and after == bare)

    def told(self, record: Mapping[str, Any]) -> Thing:
        """Status, text."""
        return (record["status"], record["metadata"].get("soak", ""))

    def shown(self, thing: Thing) -> Thing:
        """Status, text."""
        return thing[:2]


class Stacks(Noun):
    """Stacks of Heat."""

    label, module, key = "stack", "stack", "stacks"

    def options(self, _site: Site, name: str, variant: Variant | None) -> dict[str, Any]:
        """The options of the module."""
        if variant is None:
            return {"name": name, "state": "absent", "wait_timeout": LONG}
        parameters = {"text": {"type": "string"}}
        template = {"heat_template_version": "2018-08-31", "parameters": parameters, "resources": {"w": {"type": "T"}}}
        return {"name": name, "template_body": template, "parameters": {"text": variant.text}, "wait_timeout": LONG}

    def there(self, site: Site, place: Place, name: str) -> Things:
        """Those that are not deleted, nor being so."""
        found = [one for one in list(site.region(place).heat.stacks) if one.name == name and one.action != "DELETE"]
        return tuple(sorted((one.status, str(one.content.parameters.get("text"))) for one in found))

    def wanted(self, variant: Variant) -> Thing:
        """One that is complete, with its parameter."""
        return ("COMPLETE", variant.text)

    def told(self, record: Mapping[str, Any]) -> Thing:
        """How it is."""
        return (record["status"].rpartition("_")[2],)

    def shown(self, thing: Thing) -> Thing:
        """How it is."""
        return thing[:1]


NOUNS: Sequence[Noun] = (
    Images(),
    Objects(),
    Servers(),
    Resources("network", "network.network", {}, tags=True),
    Resources("security group", "network.security_group", {}, tags=False),
    Resources("volume", "block_storage.volume", {"size": 1}, tags=False),
    Stacks(),
)
