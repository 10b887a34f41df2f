# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants a server to be, checked before anything is tried."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import InputError
from .mark import KEY

Reference = Mapping[str, Any]
"""What has an ID: ``{name: NAME}``, perhaps with project_id and domain_id, or ``{id: ID}``."""

_REFERENCE_KEYS = frozenset({"name", "project_id", "domain_id"})
_METADATA_KEY = re.compile(r"[a-zA-Z0-9_:. -]{1,255}")
NAME_LENGTH = 255
"""Characters of a name, and of a value in the metadata."""
AUTO = "auto"
SHOWN = 3
"""The most names that a message about one Location shows."""


@dataclass(frozen=True)
class Nic:
    """An interface of a server: at a network, perhaps with a certain address, or an existing port."""

    network: Reference | None = None
    port: Reference | None = None
    fixed_ip: str | None = None


@dataclass(frozen=True)
class BootVolume:
    """The volume, made of the image, that a server boots from. ``size`` in GiB."""

    size: int
    type: str | None = None
    delete_on_termination: bool = True


@dataclass(frozen=True)
class WantedServer:
    """One server of a name, or with ``count`` as many, at each Location. None leaves an option unmanaged."""

    name: str
    state: str = "present"
    count: int | None = None
    flavor: Reference | None = None
    vcpus: int | None = None
    ram: int | None = None
    """MiB."""
    disk: int | None = None
    """GiB."""
    image: Reference | None = None
    networks: tuple[Nic, ...] | None = None
    security_groups: tuple[Reference, ...] | None = None
    key_name: str | None = None
    user_data: str | None = None
    config_drive: bool | None = None
    description: str | None = None
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    """With None for keys that are to be absent."""
    tags: tuple[str, ...] | None = None
    server_group: Reference | None = None
    availability_zone: str | None = None
    boot_volume: BootVolume | None = None
    volumes: tuple[Reference, ...] | None = None
    floating_ip: str | Reference | None = None
    """`AUTO`, an address, or a reference to an external network."""
    resize: bool = False
    replace: bool = False
    force: bool = False
    reboot_type: str = "soft"
    wait: bool = True
    wait_timeout: float = 300.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the servers that are wanted."""
        if self.count is None:
            return (self.name,)
        return tuple(f"{self.name}-{number}" for number in range(1, self.count + 1))

    @property
    def by_size(self) -> bool:
        """Whether the flavor is the least that suffices."""
        return any(size is not None for size in (self.vcpus, self.ram, self.disk))


def subject(name: str) -> str:
    """What messages call a server."""
    return f"server {name!r}"


def listed(names: Sequence[str], most: int) -> str:
    """The names for a message: if there are more than ``most``, the first of them and the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def reference(option: str, value: Any) -> Reference:
    """What a user writes in place of an ID: a name, a reference by name, or an ID. Raises InputError.

    YAML makes numbers of some names and IDs, as of ``2024``.
    """
    given = dict(value) if isinstance(value, Mapping) else {"name": value}
    key = "id" if given.keys() == {"id"} else "name"
    text = _as_text(given.get(key))
    if text and (key == "id" or given.keys() <= _REFERENCE_KEYS):
        return {**given, key: text}
    raise InputError(
        f"{option}: {value!r} is neither a name nor a reference",
        hint="Write a name, {name: NAME, project_id: ID} or {id: ID}.",
    )


def _as_text(value: Any) -> str:
    """A text, or the one that YAML has taken for a number; empty for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def references(option: str, values: Sequence[Any] | None) -> tuple[Reference, ...] | None:
    """Several of them; None where the option is not given."""
    return None if values is None else tuple(reference(option, value) for value in values)


def nic(value: Any) -> Nic:
    """One element of the option ``networks``. Raises InputError."""
    if not isinstance(value, Mapping) or not {"network", "port", "fixed_ip"} & set(value):
        return Nic(network=reference("networks", value))
    if not set(value) <= {"network", "port", "fixed_ip"} or ("network" in value) == ("port" in value):
        raise InputError(
            "networks: a mapping has either network, perhaps with fixed_ip, or port",
            hint="Write a name, {network: NAME, fixed_ip: ADDRESS} or {port: NAME}.",
        )
    fixed = value.get("fixed_ip")
    if fixed is not None and (not is_address(fixed) or "port" in value):
        raise InputError(f"networks: fixed_ip {fixed!r} must be an IP address, and not beside port")
    if "port" in value:
        return Nic(port=reference("networks: port", value["port"]))
    return Nic(network=reference("networks: network", value["network"]), fixed_ip=fixed)


def floating(value: Any) -> str | Reference:
    """The option ``floating_ip``. Raises InputError."""
    if isinstance(value, str) and (value == AUTO or is_address(value)):
        return value
    return reference("floating_ip", value)


def is_address(value: Any) -> bool:
    """Whether a value is the text of an IP address."""
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


def check_wanted(wanted: WantedServer) -> None:
    """Raise InputError for what no cloud could do, or would misunderstand."""
    if not wanted.name or any(len(name) > NAME_LENGTH for name in wanted.names):
        raise InputError(f"name: must have 1 to {NAME_LENGTH} characters, the number that count adds included")
    if wanted.name != wanted.name.strip():
        raise InputError("name: must not begin or end with spaces: Nova removes them")
    if wanted.count is not None and wanted.count < 1:
        raise InputError(f"count: must be at least 1, not {wanted.count}", hint="To delete servers, use state: absent.")
    for option in ("vcpus", "ram", "disk"):
        value = getattr(wanted, option)
        if value is not None and value < 0:
            raise InputError(f"{option}: must not be negative, but is {value}")
    _check_metadata(wanted)
    _check_several(wanted)
    if wanted.state == "rebuilt" and wanted.image is None:
        raise InputError("image: state: rebuilt needs it", hint="Name the image that the server is to have.")
    if wanted.boot_volume and wanted.boot_volume.size < 1:
        raise InputError(f"boot_volume.size: must be at least 1 GiB, not {wanted.boot_volume.size}")
    if not wanted.wait and (wanted.resize or wanted.floating_ip is not None):
        option = "resize" if wanted.resize else "floating_ip"
        raise InputError(f"{option}: needs wait: true", hint="It can only be done once the server is ready.")


def _check_metadata(wanted: WantedServer) -> None:
    for key, value in wanted.metadata.items():
        if not _METADATA_KEY.fullmatch(key) or len(value or "") > NAME_LENGTH:
            raise InputError(
                f"metadata: {key!r} cannot be stored",
                hint=f"Keys have letters, digits, spaces and -_:. only, and values up to {NAME_LENGTH} characters.",
            )
        if key == KEY:
            raise InputError(f"metadata: {KEY!r} is the collection's own", hint="Choose another key.")
    for tag in wanted.tags or ():
        if not tag or len(tag) > 60 or "/" in tag or "," in tag:
            raise InputError(f"tags: {tag!r} is not a tag: Nova takes 1 to 60 characters without commas and slashes")


def _check_several(wanted: WantedServer) -> None:
    """What there is one of cannot belong to several servers."""
    if wanted.count is None or wanted.count == 1:
        return
    nics = wanted.networks or ()
    single = {
        "networks: port": any(each.port for each in nics),
        "networks: fixed_ip": any(each.fixed_ip for each in nics),
        "volumes": bool(wanted.volumes),
        "floating_ip": isinstance(wanted.floating_ip, str) and wanted.floating_ip != AUTO,
    }
    for option, given in single.items():
        if given:
            raise InputError(f"{option}: cannot be shared by {wanted.count} servers", hint="Leave out count.")
