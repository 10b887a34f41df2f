# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one Location has room for: flavor, image, networks, zones, limits; up to six requests.

Members may ask all of it. How much room the hosts have is known to administrators only (Placement's
``allocation_candidates``), so that a server may fail although there is room by these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._cloud.service import segment, service_at
from .._core.errors import RefusedError
from .._resource.kinds import kind_of
from .._resource.references import MissingError, Resolver
from .placement import Allowance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._cloud.connection import Connection
    from .._resource.find import Item

_LIMITS = (
    ("instances", "maxTotalInstances", "totalInstancesUsed"),
    ("cores", "maxTotalCores", "totalCoresUsed"),
    ("ram", "maxTotalRAMSize", "totalRAMUsed"),
)
"""Nova's limits: what they are called here and there, and how much is used. RAM in MiB."""
_GIB = 1 << 30


@dataclass(frozen=True)
class Need:
    """What a server needs of a Location. IDs, or references ``{name: NAME}``."""

    flavor: Any
    image: Any = None
    """None where it boots from something else."""
    networks: tuple[Any, ...] = ()
    ports: int = 0
    """How many ports are made for it."""
    zone: str | None = None
    spread: bool = False
    """Whether the zones are to be known."""


@dataclass(frozen=True)
class Space:
    """What a Location has: the limits as a server needs them, and the available zones where they matter."""

    allowances: tuple[Allowance, ...]
    zones: tuple[str, ...] = ()


def survey_room(connection: Connection, need: Need) -> Space:
    """What the Location has for such servers.

    Raises RefusedError where it lacks what they need, ConflictError where a name means several things, and any error of
    the requests. A quota that may not be asked for is none that is known.
    """
    resolver = Resolver(connection, kind_of("compute.server"))
    flavor = resolver.item("compute.flavor", need.flavor)
    if need.image is not None:
        _check_image(resolver.item("image.image", need.image), flavor)
    for network in need.networks:
        resolver.item("network.network", network)
    zones = _zones(connection) if need.spread or need.zone else ()
    if need.zone and need.zone not in zones:
        raise MissingError(f"there is no available zone {need.zone!r} here", hint=f"Available are {', '.join(zones)}.")
    return Space((*_limits(connection, flavor), *_ports(connection, need.ports)), zones)


def _check_image(image: Item, flavor: Item) -> None:
    """Raise RefusedError for what Nova would refuse: an image that is not active, or too large for the flavor."""
    with parsing("an image or a flavor"):
        if image["status"] != "active":
            raise RefusedError(f"the image is {image['status']}", hint="Wait until it is active.")
        ram, disk = int(flavor["ram"]), int(flavor["disk"])
        if (image.get("min_ram") or 0) > ram:
            raise RefusedError(
                f"the image needs {image['min_ram']} MiB of RAM, the flavor has {ram}", hint="Name a larger flavor."
            )
        least = max((image.get("min_disk") or 0), -(-(image.get("size") or 0) // _GIB))
        if disk and least > disk:
            raise RefusedError(
                f"the image needs a disk of {least} GiB, the flavor has {disk}", hint="Name a larger flavor."
            )


def _zones(connection: Connection) -> tuple[str, ...]:
    body = service_at(connection, "compute").json("GET", "/os-availability-zone")
    with parsing("the answer to GET /os-availability-zone"):
        return tuple(
            sorted(
                str(zone["zoneName"]) for zone in body["availabilityZoneInfo"] if zone["zoneState"]["available"] is True
            )
        )


def _limits(connection: Connection, flavor: Item) -> tuple[Allowance, ...]:
    """Limits below zero are none; so are those that a Nova does not tell."""
    needs = {"instances": 1, "cores": flavor.get("vcpus"), "ram": flavor.get("ram")}
    body = _unless_refused(connection, "compute", "/limits")
    with parsing("the answer to GET /limits"):
        absolute = body["limits"]["absolute"] if body else {}
        return tuple(
            Allowance(name, _limit(absolute.get(most)), int(absolute.get(used) or 0), int(needs[name]))  # type: ignore[arg-type]
            for name, most, used in _LIMITS
        )


def _ports(connection: Connection, number: int) -> tuple[Allowance, ...]:
    if not number:
        return ()
    project = segment(connection.location.project.id)
    body = _unless_refused(connection, "network", f"/quotas/{project}/details.json")
    with parsing("the answer to GET /quotas"):
        quota = body["quota"].get("port") if body else None
        if not isinstance(quota, dict):
            return ()
        return (Allowance("ports", _limit(quota["limit"]), int(quota["used"]) + int(quota.get("reserved", 0)), number),)


def _limit(value: Any) -> int | None:
    return None if value is None or int(value) < 0 else int(value)


def _unless_refused(connection: Connection, service_type: str, path: str) -> Mapping[str, Any] | None:
    try:
        return service_at(connection, service_type).json("GET", path)
    except RefusedError:
        return None
