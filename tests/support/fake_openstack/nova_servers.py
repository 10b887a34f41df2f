# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of a stand-in Nova, and their JSON as each microversion shows it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Version = tuple[int, int]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FLAVORS = {
    "m1.small": {"vcpus": 1, "ram": 2048, "disk": 20},
    "m1.large": {"vcpus": 4, "ram": 8192, "disk": 80},
}
EXTRA_SPECS = {
    "hw:cpu_policy": "shared",
    "hw:mem_page_size": "small",
    "aggregate_instance_extra_specs:class": "general-purpose",
    "quota:disk_total_iops_sec": "2000",
}
VM_STATES = {
    "ACTIVE": "active",
    "SHUTOFF": "stopped",
    "ERROR": "error",
    "BUILD": "building",
    "PAUSED": "paused",
    "SUSPENDED": "suspended",
    "RESCUE": "rescued",
    "SHELVED_OFFLOADED": "shelved_offloaded",
    "VERIFY_RESIZE": "resized",
}
POWER_STATES = {"ACTIVE": 1, "PAUSED": 3, "SHUTOFF": 4}


@dataclass
class Server:
    """A server; tests change its fields as they like."""

    id: str
    name: str
    number: int
    project_id: str
    user_id: str
    status: str = "ACTIVE"
    zone: str = "nova"
    fixed: str = ""
    fixed6: str = ""
    floating: str | None = None
    flavor: str = "m1.small"
    image_id: str | None = None
    key_name: str | None = "ops"
    metadata: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    created: datetime = EPOCH
    changed: datetime | None = None
    """When it has changed last, if not as it was created."""
    built: bool = False
    """Whether somebody asked for it, so that it has only what it was given."""
    then: str | None = None
    """The status that it gets when what is being done to it is done."""
    looked: int = 0
    launched: bool = True
    fault: str | None = None
    description: str | None = None
    groups: list[str] | None = None
    volumes: list[dict[str, Any]] | None = None
    filling: list[dict[str, Any]] = field(default_factory=list)
    """Its volumes to which images are still copied: Nova does not show them, nor delete them."""
    addresses: dict[str, list[str]] = field(default_factory=dict)
    own_ports: list[str] = field(default_factory=list)
    flavor_item: dict[str, Any] | None = None
    user_data: str | None = None
    config_drive: bool = False
    task_state: str | None = None
    locked: bool = False
    """Whether nobody but an administrator can delete it, or change its state."""
    reached_by: set[str] = field(default_factory=set)
    """The floating IPs of its ports when Nova was asked to delete it."""
    cell: str = ""
    disk: bytes = b"QFI\xfb"
    """What a snapshot of the server has."""


def make_server(place: str, number: int, name: str, project_id: str, user_id: str) -> Server:
    """Return server `number` of a place such as `cloud1/r1`; the same place and number give the same server."""
    seed = uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{place}")
    return Server(
        id=str(seed),
        name=name,
        number=number,
        project_id=project_id,
        user_id=user_id,
        fixed=f"10.{seed.bytes[0]}.{number // 250 % 256}.{number % 250 + 2}",
        fixed6=f"fd00:{seed.hex[:4]}::{number:x}",
        floating=f"203.0.113.{number % 250 + 2}" if number % 4 == 0 else None,
        flavor="m1.large" if number % 3 == 0 else "m1.small",
        image_id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"image.{place}")),
        metadata={
            "role": ("web", "db", "batch")[number % 3],
            "owner": "team-blue",
            "backup": "daily",
            "cost_center": f"{4000 + number % 7}",
        },
        tags=["production"] if number % 2 else ["staging"],
        created=EPOCH + timedelta(minutes=number),
    )


def brief(server: Server, base: str) -> dict[str, Any]:
    """Return what `GET /servers` shows of a server."""
    return {
        "id": server.id,
        "name": server.name,
        "links": [
            {"rel": "self", "href": f"{base}/v2.1/servers/{server.id}"},
            {"rel": "bookmark", "href": f"{base}/servers/{server.id}"},
        ],
    }


def detail(server: Server, base: str, version: Version, *, admin: bool) -> dict[str, Any]:
    """Return what `GET /servers/detail` shows of a server to an administrator or a member."""
    shown = brief(server, base) | _common(server, base) | {"flavor": _flavor(server, base, version)}
    since: list[tuple[Version, dict[str, Any]]] = [
        ((2, 9), {"locked": server.locked}),
        ((2, 19), {"description": _description(server)}),
        ((2, 26), {"tags": list(server.tags)}),
        ((2, 63), {"trusted_image_certificates": None}),
        ((2, 73), {"locked_reason": None}),
        ((2, 90), {"OS-EXT-SRV-ATTR:hostname": _hostname(server)}),
        ((2, 96), {"pinned_availability_zone": None}),
    ]
    if admin:
        since += _admin_fields(server)
    for first, fields in since:
        if version >= first:
            shown |= fields
    if version >= (2, 3):
        shown["os-extended-volumes:volumes_attached"] = [
            {"delete_on_termination": False} | volume for volume in shown["os-extended-volumes:volumes_attached"]
        ]
    if server.fault:
        shown["fault"] = {"code": 500, "created": shown["updated"], "message": server.fault}
    return shown


def _description(server: Server) -> str | None:
    if server.built:
        return server.description
    return f"{server.name}, made for tests" if server.number % 5 else None


def _common(server: Server, base: str) -> dict[str, Any]:
    """Return what every version shows."""
    launched = server.created + timedelta(seconds=12)
    image: Any = ""
    if server.image_id is not None:
        image = {
            "id": server.image_id,
            "links": [{"rel": "bookmark", "href": f"{base}/images/{server.image_id}"}],
        }
    return {
        "status": server.status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": dict(server.metadata),
        "hostId": hashlib.sha224(f"{server.project_id}{server.number % 10}".encode()).hexdigest(),
        "image": image,
        "created": server.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updated": (server.changed or launched).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "addresses": _networks(server),
        "accessIPv4": "",
        "accessIPv6": "",
        "OS-DCF:diskConfig": "MANUAL",
        "progress": 0,
        "OS-EXT-AZ:availability_zone": "" if server.status == "SHELVED_OFFLOADED" else server.zone,
        "config_drive": "True" if server.config_drive else "",
        "key_name": server.key_name,
        "OS-SRV-USG:launched_at": launched.strftime("%Y-%m-%dT%H:%M:%S.000000") if server.launched else None,
        "OS-SRV-USG:terminated_at": None,
        "security_groups": [
            {"name": name} for name in (["default", "ssh"] if server.groups is None else server.groups)
        ],
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": VM_STATES.get(server.status, server.status.lower()),
        "OS-EXT-STS:power_state": POWER_STATES.get(server.status, 0),
        "os-extended-volumes:volumes_attached": _volumes(server),
    }


def _volumes(server: Server) -> list[dict[str, Any]]:
    if server.volumes is not None:
        return [dict(volume) for volume in server.volumes]
    return [{"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"volume.{server.id}"))}]


def _networks(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Return the addresses by network; a floating one stands with those of the first."""
    if not server.built:
        return {"private": _addresses(server)}
    if server.status in ("BUILD", "ERROR"):
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for name, addresses in server.addresses.items():
        listed = [(address, "fixed") for address in addresses]
        if server.floating and not found:
            listed.append((server.floating, "floating"))
        found[name] = [_address(server, address, kind) for address, kind in listed]
    return found


def _addresses(server: Server) -> list[dict[str, Any]]:
    listed = [(server.fixed, "fixed"), (server.fixed6, "fixed"), (server.floating, "floating")]
    return [_address(server, address, kind) for address, kind in listed if address]


def _address(server: Server, address: str, kind: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": ":".join(["fa", "16", "3e", *(server.id[i : i + 2] for i in (0, 2, 4))]),
    }


def _flavor(server: Server, base: str, version: Version) -> dict[str, Any]:
    """Return a link to the flavor, or from 2.47 on the flavor itself."""
    if version < (2, 47):
        href = f"{base}/flavors/{server.flavor}"
        return {"id": server.flavor, "links": [{"rel": "bookmark", "href": href}]}
    item = server.flavor_item
    name, extra = (item["name"], {}) if item else (server.flavor, dict(EXTRA_SPECS))
    return {"original_name": name, "ephemeral": 0, "swap": 0, "extra_specs": extra, **size_of(server)}


def size_of(server: Server) -> dict[str, int]:
    """Return what a server takes of its host, by its flavor."""
    item = server.flavor_item or FLAVORS[server.flavor]
    return {key: item[key] for key in ("vcpus", "ram", "disk")}


def _admin_fields(server: Server) -> list[tuple[Version, dict[str, Any]]]:
    host = f"compute-{server.number % 10}"
    return [
        (
            (2, 1),
            {
                "OS-EXT-SRV-ATTR:host": host,
                "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.number:08x}",
                "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
            },
        ),
        (
            (2, 3),
            {
                "OS-EXT-SRV-ATTR:reservation_id": f"r-{server.id[:8]}",
                "OS-EXT-SRV-ATTR:launch_index": 0,
                "OS-EXT-SRV-ATTR:hostname": _hostname(server),
                "OS-EXT-SRV-ATTR:kernel_id": "",
                "OS-EXT-SRV-ATTR:ramdisk_id": "",
                "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
                "OS-EXT-SRV-ATTR:user_data": server.user_data,
            },
        ),
        ((2, 16), {"host_status": "UP"}),
    ]


def _hostname(server: Server) -> str:
    return server.name.lower().replace("_", "-")
