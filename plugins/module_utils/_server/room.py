# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one Location has room for: what a server is made of there, limits, zones.

Members may ask all of it. How much room the hosts have is known to administrators only (Placement's
``allocation_candidates``), so that a server may fail although there is room by these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._cloud.service import service_at
from .._core.errors import RefusedError
from .._glance.client import glance_for
from .._resource.find import get
from .._resource.kinds import kind_of
from .._resource.quotas import list_quotas
from .._resource.references import MissingError
from .names import blueprint
from .placement import Allowance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._cloud.connection import Connection
    from .._resource.find import Item
    from .names import Blueprint
    from .wanted import WantedServer

_SERVERS = (
    ("instances", "maxTotalInstances", "totalInstancesUsed"),
    ("cores", "maxTotalCores", "totalCoresUsed"),
    ("ram", "maxTotalRAMSize", "totalRAMUsed"),
)
"""Nova's limits: what they are called here and there, and how much is used; RAM in MiB."""
_VOLUMES = (
    ("volumes", "maxTotalVolumes", "totalVolumesUsed"),
    ("gigabytes", "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
)
"""Those of Cinder; GiB."""
_GIB = 1 << 30


@dataclass(frozen=True)
class Space:
    """How a server is built at a Location, the limits as it needs them, and the available zones if they matter."""

    blueprint: Blueprint
    allowances: tuple[Allowance, ...]
    zones: tuple[str, ...] = ()


def survey_room(connection: Connection, wanted: WantedServer, *, spread: bool) -> Space:
    """What the Location has for a server that is wanted; ``spread`` says whether its zones are to be known.

    Raises RefusedError where it lacks what the server needs, ConflictError where a name means several things, and any
    error of the requests. A limit that may not be asked for is none that is known.
    """
    plan = blueprint(connection, wanted)
    flavor = get(connection, kind_of("compute.flavor"), plan.server["flavorRef"])
    if flavor is None:
        raise MissingError(f"there is no flavor with the ID {plan.server['flavorRef']} here", status=404)
    if wanted.image is not None:
        _check_image(connection, wanted, plan, flavor)
    zone = (wanted.availability_zone or "").partition(":")[0]  # after it administrators may name a host
    zones = _zones(connection) if spread or zone else ()
    if zone and zone not in zones:
        raise MissingError(
            f"there is no available zone {zone!r} here", hint=f"Available are {', '.join(zones) or 'none'}."
        )
    return Space(plan, tuple(_allowances(connection, wanted, plan, flavor)), zones)


def _check_image(connection: Connection, wanted: WantedServer, plan: Blueprint, flavor: Item) -> None:
    """Raise RefusedError for what Nova would refuse: an image that is not active, or too large for the flavor."""
    device = plan.server.get("block_device_mapping_v2") or [{}]
    identity = str(plan.server.get("imageRef") or device[0]["uuid"])
    image = glance_for(connection).get(identity)
    if image is None:
        raise MissingError(f"there is no image with the ID {identity} here", status=404)
    with parsing("an image or a flavor"):
        if image["status"] != "active":
            raise RefusedError(f"the image is {image['status']}", hint="Wait until it is active.")
        ram, disk = int(flavor["ram"]), wanted.boot_volume.size if wanted.boot_volume else int(flavor["disk"])
        if (image.get("min_ram") or 0) > ram:
            raise RefusedError(
                f"the image needs {image['min_ram']} MiB of RAM, and there are {ram}", hint="Name a larger flavor."
            )
        least = max((image.get("min_disk") or 0), -(-(image.get("size") or 0) // _GIB))
        if disk and least > disk:
            raise RefusedError(
                f"the image needs {least} GiB of disk, and there are {disk}",
                hint="Name a larger flavor, or a larger boot_volume.",
            )


def _zones(connection: Connection) -> tuple[str, ...]:
    body = service_at(connection, "compute").json("GET", "/os-availability-zone")
    with parsing("the answer to GET /os-availability-zone"):
        zones = body["availabilityZoneInfo"]
        return tuple(sorted(str(zone["zoneName"]) for zone in zones if zone["zoneState"]["available"] is True))


def _allowances(connection: Connection, wanted: WantedServer, plan: Blueprint, flavor: Item) -> Iterable[Allowance]:
    needs: dict[str, Any] = {"instances": 1, "cores": flavor.get("vcpus"), "ram": flavor.get("ram")}
    yield from _limits(connection, "compute", _SERVERS, needs)
    networks = plan.server["networks"]
    ports = int(networks == "auto") if isinstance(networks, str) else sum("uuid" in network for network in networks)
    if ports:
        yield from _ports(connection, ports)
    if wanted.boot_volume:
        yield from _limits(connection, "block-storage", _VOLUMES, {"volumes": 1, "gigabytes": wanted.boot_volume.size})


def _limits(
    connection: Connection, service_type: str, limits: Iterable[tuple[str, str, str]], needs: Mapping[str, Any]
) -> Iterable[Allowance]:
    body = _unless_refused(connection, service_type, "/limits")
    if body is None:
        return
    with parsing("the answer to GET /limits"):
        absolute = body["limits"]["absolute"]
        for name, most, used in limits:
            yield Allowance(name, _limit(absolute.get(most)), int(absolute.get(used) or 0), int(needs[name]))


def _ports(connection: Connection, number: int) -> Iterable[Allowance]:
    try:
        quotas = list_quotas(connection, None, ["network"], None)
    except RefusedError:
        return
    if quotas is not None:
        with parsing("the quotas of the network service"):
            quota = {quota["name"]: quota for quota in quotas}["ports"]
        yield Allowance("ports", quota["limit"], quota["used"] + quota["reserved"], number)


def _limit(value: Any) -> int | None:
    """Below zero there is no limit."""
    return None if value is None or int(value) < 0 else int(value)


def _unless_refused(connection: Connection, service_type: str, path: str) -> Mapping[str, Any] | None:
    try:
        return service_at(connection, service_type).json("GET", path)
    except RefusedError:
        return None
