# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service JSON -> strict records: openstacksdk's attribute names, plain JSON types, every key always present.

Keys that a model does not know are under ``properties``. Records are built from the JSON itself, not by openstacksdk's
Resource objects, which take about 8 ms of CPU for each server.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .._cloud.answers import check_id, parsing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from .._core.location import Location

_SERVER = {
    "access_ipv4": "accessIPv4",
    "access_ipv6": "accessIPv6",
    "addresses": "addresses",
    "attached_volumes": "os-extended-volumes:volumes_attached",
    "availability_zone": "OS-EXT-AZ:availability_zone",
    "compute_host": "OS-EXT-SRV-ATTR:host",
    "created_at": "created",
    "description": "description",
    "disk_config": "OS-DCF:diskConfig",
    "fault": "fault",
    "has_config_drive": "config_drive",
    "host_id": "hostId",
    "host_status": "host_status",
    "hostname": "OS-EXT-SRV-ATTR:hostname",
    "hypervisor_hostname": "OS-EXT-SRV-ATTR:hypervisor_hostname",
    "id": "id",
    "instance_name": "OS-EXT-SRV-ATTR:instance_name",
    "is_locked": "locked",
    "locked_reason": "locked_reason",
    "kernel_id": "OS-EXT-SRV-ATTR:kernel_id",
    "key_name": "key_name",
    "launch_index": "OS-EXT-SRV-ATTR:launch_index",
    "launched_at": "OS-SRV-USG:launched_at",
    "metadata": "metadata",
    "name": "name",
    "power_state": "OS-EXT-STS:power_state",
    "progress": "progress",
    "project_id": "tenant_id",
    "ramdisk_id": "OS-EXT-SRV-ATTR:ramdisk_id",
    "reservation_id": "OS-EXT-SRV-ATTR:reservation_id",
    "root_device_name": "OS-EXT-SRV-ATTR:root_device_name",
    "security_groups": "security_groups",
    "server_groups": "server_groups",
    "status": "status",
    "tags": "tags",
    "task_state": "OS-EXT-STS:task_state",
    "terminated_at": "OS-SRV-USG:terminated_at",
    "trusted_image_certificates": "trusted_image_certificates",
    "updated_at": "updated",
    "user_id": "user_id",
    "vm_state": "OS-EXT-STS:vm_state",
}
_SERVER_OTHER = {"flavor", "image"}
_SERVER_EXCLUDED = {"links", "adminPass", "OS-EXT-SRV-ATTR:user_data"}
"""Links repeat the ID; the others are secrets, or often contain some."""
_FIRST_ADDRESSES = ("public_v4", "public_v6", "private_v4", "private_v6")

_FLAVOR = {
    "id": "id",
    "name": "original_name",
    "vcpus": "vcpus",
    "ram": "ram",
    "disk": "disk",
    "ephemeral": "ephemeral",
    "swap": "swap",
}

SERVER_FIELDS = frozenset({*_SERVER, *_SERVER_OTHER, *_FIRST_ADDRESSES, "location", "properties"})
"""Every key of a server's record."""

_IMAGE = {
    "checksum": "checksum",
    "container_format": "container_format",
    "created_at": "created_at",
    "disk_format": "disk_format",
    "hash_algo": "os_hash_algo",
    "hash_value": "os_hash_value",
    "id": "id",
    "is_hidden": "os_hidden",
    "is_protected": "protected",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "name": "name",
    "owner_id": "owner",
    "size": "size",
    "status": "status",
    "stores": "stores",
    "tags": "tags",
    "updated_at": "updated_at",
    "virtual_size": "virtual_size",
    "visibility": "visibility",
}
_IMAGE_EXCLUDED = {"self", "file", "schema", "direct_url", "locations"}
"""Links, and the places of the data in the operator's stores."""

IMAGE_FIELDS = frozenset({*_IMAGE, "location", "properties"})
"""Every key of an image's record."""


class RecordModel:
    """Which keys of a service's JSON become which attributes of a record, for all nouns.

    ``keys`` maps attributes to keys; ``excluded`` are keys that no record has. The keys that the model does not know
    are under ``properties``, if ``is_open``.
    """

    def __init__(self, keys: Mapping[str, str], excluded: Collection[str], *, is_open: bool = True) -> None:
        self._pairs = tuple(keys.items())
        self._known = frozenset({*keys.values(), *excluded})
        self._open = is_open

    def attributes(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes of one item, null where the service says nothing."""
        get = data.get
        record: dict[str, Any] = {name: get(key) for name, key in self._pairs}
        if self._open:
            known = self._known
            record["properties"] = {key: value for key, value in data.items() if key not in known}
        return record


_SERVERS = RecordModel(_SERVER, _SERVER_OTHER | _SERVER_EXCLUDED)
_IMAGES = RecordModel(_IMAGE, _IMAGE_EXCLUDED)


def server_record(data: Mapping[str, Any], location: Location) -> dict[str, Any]:
    """A server of Nova's ``/servers/detail``, or the brief ``/servers``: what it lacks is None, or an empty mapping."""
    record = _SERVERS.attributes(data)
    if record["has_config_drive"] is not None:
        record["has_config_drive"] = record["has_config_drive"] in (True, "True")
    record["addresses"] = record["addresses"] or {}
    record["metadata"] = record["metadata"] or {}
    record["flavor"] = _flavor(data.get("flavor") or {})
    record["image"] = _reference(data["image"]["id"]) if data.get("image") else None
    record.update(_first_addresses(record["addresses"]))
    texts = ("name", "availability_zone", "project_id", "access_ipv4", "access_ipv6")
    _check_types(record["id"], *(record[key] for key in texts), *record["metadata"].values())
    record["location"] = location_of(location, record["availability_zone"], record["project_id"])
    return record


def _check_types(identity: Any, *others: Any) -> None:
    """Raise ValueError for an invalid ID, and TypeError for other values that are not text."""
    check_id(identity)
    for value in others:
        if not isinstance(value, str | None):
            raise TypeError(f"{value!r} is not text")


def image_record(data: Mapping[str, Any], location: Location) -> dict[str, Any]:
    """An image of Glance's ``/v2/images``; ``properties`` holds its custom properties."""
    record = _IMAGES.attributes(data)
    record["is_hidden"] = bool(record["is_hidden"])
    record["stores"] = sorted(record["stores"].split(",")) if record["stores"] else []
    record["tags"] = sorted(record["tags"] or [])  # Glance stores them as a set
    _check_types(record["id"], record["name"], record["owner_id"])
    record["location"] = location_of(location, None, record["owner_id"])
    return record


def records(
    make: Callable[[Mapping[str, Any], Location], dict[str, Any]],
    items: Iterable[Any],
    location: Location,
    *,
    key: str = "name",
    name: str | None = None,
    fields: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """The records of a Location's items, sorted by name, then ID; with ``name`` only those with exactly this name.

    ``key`` is the attribute that is the name. With ``fields`` a record has only these and its location;
    the rest is dropped before the next record is made. Raises ServerError for items that cannot be parsed.
    """
    with parsing("an item of the list"):
        whole = (make(item, location) for item in items)
        made = [
            (str(record.get(key) or ""), str(record["id"]), with_fields(record, fields))
            for record in whole
            if name in (None, record.get(key))
        ]
    made.sort(key=itemgetter(0, 1))
    return [record for _name, _id, record in made]


def with_fields(record: dict[str, Any], fields: Collection[str] | None) -> dict[str, Any]:
    """The record with only these keys and its location; all of it with None."""
    if fields is None:
        return record
    return {key: value for key, value in record.items() if key in fields or key == "location"}


# Values that many records have in common are one object, so that a long list is not mostly copies.


@lru_cache(maxsize=4096)
def location_of(location: Location, zone: str | None, owner: str | None) -> dict[str, Any]:
    """The Location of a record by what it says of its zone and owner."""
    return location.in_zone(zone).owned_by(owner).to_dict()


@lru_cache(maxsize=4096)
def _reference(identity: str) -> dict[str, Any]:
    return {"id": identity}


def _flavor(data: Mapping[str, Any]) -> dict[str, Any]:
    """Embedded since microversion 2.47, just an ID before. RAM and swap in MiB, disks in GiB."""
    size = (data.get(key) for key in _FLAVOR.values())
    return _same_flavor(*size, extra_specs=tuple((data.get("extra_specs") or {}).items()))


@lru_cache(maxsize=4096)
def _same_flavor(*size: Any, extra_specs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {**dict(zip(_FLAVOR, size, strict=True)), "extra_specs": dict(extra_specs)}


def _first_addresses(networks: Mapping[str, Any]) -> dict[str, str | None]:
    """The first address of each kind; floating addresses and those of global ranges are public."""
    found: dict[str, str | None] = dict.fromkeys(_FIRST_ADDRESSES)
    for address, floating in sorted(_addresses(networks), key=lambda pair: not pair[1]):
        ip = ipaddress.ip_address(address)
        kind = f"{'public' if floating or ip.is_global else 'private'}_v{ip.version}"
        found[kind] = found[kind] or address
    return found


def _addresses(networks: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for network in networks.values():
        for port in network:
            if not isinstance(port["addr"], str):  # a number would be taken for an address
                raise TypeError(f"the address {port['addr']!r} is not text")
            yield port["addr"], port.get("OS-EXT-IPS:type") == "floating"
