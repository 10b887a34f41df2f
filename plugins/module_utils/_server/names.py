# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names that the user gives mean at one Location."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._core.errors import ConflictError, InputError, RefusedError
from .._resource.find import Query, get, list_items
from .._resource.kinds import kind_of
from .._resource.records import owner_of
from .._resource.references import MissingError, Resolver, external_network
from .floating_ips import check_existing
from .wanted import AUTO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection
    from .wanted import Nic, Reference, WantedServer

_MEMO = ("server", "names")


@dataclass(frozen=True)
class Blueprint:
    """What Nova is sent to build a server, without its name and its mark.

    ``floating_network`` is the ID of the network that is to give it a floating IP.
    """

    server: Mapping[str, Any]
    hints: Mapping[str, Any] = field(default_factory=dict)
    floating_network: str | None = None

    @property
    def volumes(self) -> frozenset[str]:
        """The IDs of existing volumes that the server gets."""
        devices = self.server.get("block_device_mapping_v2", ())
        return frozenset(device["uuid"] for device in devices if device["source_type"] == "volume")

    @property
    def leaves_volume(self) -> bool:
        """Whether Nova makes a volume that it leaves when the server is deleted."""
        devices = self.server.get("block_device_mapping_v2", ())
        return any(device["source_type"] == "image" and not device["delete_on_termination"] for device in devices)


class Names:
    """The IDs of what is wanted at one Location; each distinct name is asked for once.

    All raise MissingError where nothing has the name, and ConflictError where several have it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resolver = Resolver(connection, kind_of("compute.server"))
        self._images: dict[str, dict[str, Any]] = {}
        self._flavors: list[dict[str, Any]] | None = None

    def id(self, type_: str, reference: Reference) -> str:
        """The ID of a resource of a type."""
        if "id" in reference:
            return str(reference["id"])
        return str(self._resolver.value("id", {"type": type_, **reference}))

    def name(self, type_: str, reference: Reference) -> str:
        """The name of a resource, for which an ID costs a request."""
        if "name" in reference:
            return str(reference["name"])
        item = get(self._connection, kind_of(type_), reference["id"])
        if item is None:
            raise MissingError(f"there is no {type_} with the ID {reference['id']} here", status=404)
        return str(item.get("name") or "")

    def group(self, reference: Reference) -> dict[str, Any]:
        """A server group, with its members, which servers do not show in a list.

        Only administrators find those of another project, by its ``project_id``.
        """
        kind, key = kind_of("compute.server_group"), "id" if "id" in reference else "name"
        project = self._resolver.value("project_id", reference.get("project_id"))
        others = project not in (None, self._connection.location.project.id)
        owners = (project,) if others else (None, project)  # Nova before 2.13 shows no owner, and lists one's own
        found = [
            group
            for group in list_items(self._connection, kind, Query(all_projects=others))
            if group.get(key) == reference[key] and (project is None or owner_of(kind, group) in owners)
        ]
        if not found:
            raise MissingError(f"there is no server group {reference[key]!r} here", hint="Create it first.", status=404)
        if len(found) > 1:
            ids = ", ".join(sorted(str(group["id"]) for group in found))
            raise ConflictError(f"{len(found)} server groups are named {reference[key]!r}: {ids}", hint="Give the ID.")
        return found[0]

    def device_of(self, port: str) -> str:
        """The ID of the server that a port belongs to; empty where it belongs to none."""
        item = get(self._connection, kind_of("network.port"), port)
        if item is None:
            raise MissingError(f"there is no port with the ID {port} here", status=404)
        return str(item.get("device_id") or "")

    def image(self, reference: Reference) -> str:
        """The ID of an image: of several of the name, the only active one."""
        return str(self._image(reference)["id"])

    def _image(self, reference: Reference) -> dict[str, Any]:
        """An image by its name; of one by its ID, no more than that."""
        if set(reference) != {"name"}:
            return {"id": self.id("image.image", reference)}
        name = str(reference["name"])
        if name not in self._images:
            try:
                self._images[name] = self._image_named(name)
            except InputError as error:
                raise ConflictError(error.message, hint=error.hint) from error
            except RefusedError as error:
                if error.status is not None:
                    raise
                raise MissingError(error.message, hint=error.hint, status=404) from error
        return self._images[name]

    def _image_named(self, name: str) -> dict[str, Any]:
        """The image that users mean by a name; see `find_image`."""
        from .._glance.client import find_image, glance_for  # a task that names no image does not compile it

        return find_image(glance_for(self._connection), name)

    def flavor(self, wanted: WantedServer) -> str:
        """The ID of the flavor, by its name, or the least that suffices, for the image too."""
        if wanted.flavor is not None:
            return self.id("compute.flavor", wanted.flavor)
        if self._flavors is None:
            self._flavors = list_items(self._connection, kind_of("compute.flavor"), Query())
        image = {} if wanted.image is None else self._image(wanted.image)
        with parsing("a flavor of the list"):
            fitting = sorted(
                (flavor for flavor in self._flavors if suffices(wanted, flavor) and _holds(wanted, flavor, image)),
                key=_size,
            )
        if not fitting:
            raise MissingError(
                f"no flavor here has {_sizes(wanted)}, and takes the image",
                hint="Ask for less, or have the operator add one.",
                status=404,
            )
        return str(fitting[0]["id"])

    def external_network(self, floating_ip: str | Reference) -> str:
        """The ID of the network that gives a floating IP."""
        if not isinstance(floating_ip, str):
            return self.id("network.network", floating_ip)
        return str(external_network(self._connection, "floating_ip"))


def names_at(connection: Connection) -> Names:
    """The names at a Location, the same object each time."""
    found: Names = connection.memo.setdefault(_MEMO, Names(connection))
    return found


def suffices(wanted: WantedServer, flavor: Mapping[str, Any]) -> bool:
    """Whether a flavor, as a list or a server shows it, is as large as wanted."""
    return all(
        want is None or (isinstance(have := flavor.get(key), int) and have >= want)
        for key, want in (("vcpus", wanted.vcpus), ("ram", wanted.ram), ("disk", wanted.disk))
    )


def _holds(wanted: WantedServer, flavor: Mapping[str, Any], image: Mapping[str, Any]) -> bool:
    """Whether a server of a flavor can have an image: by default Nova lets nobody boot one without a disk."""
    disk = wanted.boot_volume or flavor["disk"] >= max(image.get("min_disk") or 0, 1)
    return bool(disk) and flavor["ram"] >= (image.get("min_ram") or 0)


def _size(flavor: Mapping[str, Any]) -> tuple[Any, ...]:
    return (flavor["ram"], flavor["vcpus"], flavor["disk"], str(flavor.get("name")), str(flavor["id"]))


def _sizes(wanted: WantedServer) -> str:
    sizes = (("vcpus", wanted.vcpus, ""), ("ram", wanted.ram, " MiB"), ("disk", wanted.disk, " GiB"))
    return ", ".join(f"{name} {value}{unit}" for name, value, unit in sizes if value is not None)


def blueprint(connection: Connection, wanted: WantedServer) -> Blueprint:
    """What Nova is sent to build a server here. Raises MissingError, ConflictError, and InputError for what lacks."""
    names = names_at(connection)
    if wanted.flavor is None and not wanted.by_size:
        raise InputError(
            "flavor: a server that is to be created needs it", hint="Name one, or give vcpus, ram or disk."
        )
    if wanted.image is None:
        raise InputError("image: a server that is to be created needs it", hint="Name the image.")
    image = names.image(wanted.image)
    named = {
        "key_name": wanted.key_name,
        "config_drive": wanted.config_drive,
        "description": wanted.description,
        "availability_zone": wanted.availability_zone,
        "user_data": encoded(wanted.user_data),
        "tags": None if wanted.tags is None else sorted(set(wanted.tags)),
    }
    body: dict[str, Any] = {
        "flavorRef": names.flavor(wanted),
        "networks": _networks(names, wanted.networks),
        **{key: value for key, value in named.items() if value is not None},
    }
    if wanted.security_groups is not None:
        body["security_groups"] = [{"name": _group(names, group)} for group in wanted.security_groups]
    body["metadata"] = {key: value for key, value in wanted.metadata.items() if value is not None}
    devices = _devices(names, wanted, image)
    if devices:
        body["block_device_mapping_v2"] = devices
    if not wanted.boot_volume:
        body["imageRef"] = image
    hints = {"group": names.group(wanted.server_group)["id"]} if wanted.server_group else {}
    return Blueprint(body, hints, _floating_network(connection, names, wanted.floating_ip))


def _floating_network(connection: Connection, names: Names, floating_ip: str | Reference | None) -> str | None:
    """The ID of the network that gives a new floating IP; an existing one is looked for before there is a server."""
    if floating_ip is None:
        return None
    if isinstance(floating_ip, str) and floating_ip != AUTO:
        check_existing(connection, floating_ip)
        return None
    return names.external_network(floating_ip)


def encoded(user_data: str | None) -> str | None:
    """User data as Nova takes it."""
    return None if user_data is None else base64.b64encode(user_data.encode()).decode()


def _networks(names: Names, nics: tuple[Nic, ...] | None) -> str | list[dict[str, str]]:
    if nics is None:
        return "auto"
    return [_network(names, nic) for nic in nics] or "none"


def _network(names: Names, nic: Nic) -> dict[str, str]:
    if nic.port is not None:
        return {"port": names.id("network.port", nic.port)}
    if nic.network is None:
        raise InputError("networks: an interface has neither a network nor a port")
    found = {"uuid": names.id("network.network", nic.network)}
    return {**found, "fixed_ip": nic.fixed_ip} if nic.fixed_ip else found


def _group(names: Names, group: Reference) -> str:
    """Nova takes a name, of which it knows those of the project, or an ID."""
    return str(group["name"]) if set(group) == {"name"} else names.id("network.security_group", group)


def _devices(names: Names, wanted: WantedServer, image: str) -> list[dict[str, Any]]:
    """The block devices; none where the server has nothing but a disk of its own."""
    if not wanted.boot_volume and not wanted.volumes:
        return []
    first: dict[str, Any] = {"boot_index": 0, "uuid": image, "source_type": "image"}
    if wanted.boot_volume:
        first |= {
            "destination_type": "volume",
            "volume_size": wanted.boot_volume.size,
            "delete_on_termination": wanted.boot_volume.delete_on_termination,
        }
        if wanted.boot_volume.type is not None:
            first["volume_type"] = wanted.boot_volume.type
    else:
        first |= {"destination_type": "local", "delete_on_termination": True}
    more = [
        {
            "boot_index": -1,
            "uuid": names.id("block_storage.volume", volume),
            "source_type": "volume",
            "destination_type": "volume",
            "delete_on_termination": False,
        }
        for volume in wanted.volumes or ()
    ]
    return [first, *more]
