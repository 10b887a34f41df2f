# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done with one server. Pure: it asks nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import ConflictError, OaktreeError, RefusedError
from .._core.text import MASK, one_line
from .._resource.desired import same
from .mark import is_leftover
from .names import encoded, suffices
from .nova import ACTIVE, BUILD, ERROR, TASK, ZONE, Item, fault_of, is_leaving
from .wanted import AUTO, Reference, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .survey import ServersFound
    from .wanted import Nic, WantedServer

NOT_SHOWN = "user_data: the cloud does not show it, so that it was not compared"
_IMAGE_NOT_SHOWN = "image: the cloud does not show that of a server that boots from a volume"
_NO_ZONE = "availability_zone: the server is on no host, as when it is shelved, so that it was not compared"
FLOATING = "floating"
VERIFY_RESIZE = "VERIFY_RESIZE"
SHELVED_OFFLOADED = "SHELVED_OFFLOADED"
USER_DATA = "OS-EXT-SRV-ATTR:user_data"
"""Nova shows it to administrators."""

_SHELVED = ("SHELVED", SHELVED_OFFLOADED)
_START = {
    "SHUTOFF": "os-start", "PAUSED": "unpause", "SUSPENDED": "resume", "SHELVED": "unshelve",
    SHELVED_OFFLOADED: "unshelve", "RESCUE": "unrescue",
}  # fmt: skip
"""By status, the action that makes a server run."""
_REPLACE_HINT = "Delete it first, or allow that with replace: true."


@dataclass(frozen=True)
class ServerPlan:
    """What is to be done with the server of one name; ``item`` is the one that is there.

    ``actions`` are Nova's actions in their order, for one that is to be in another state. ``edits`` are the options
    that differ, each with what it is to be.
    """

    name: str
    action: str
    item: Item | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unsettled: bool = False
    """Whether it can only be compared once the cloud has done what it is doing."""
    remove: bool = False
    """Whether what is there is to be deleted, first of all."""
    error: OaktreeError | None = None
    """Why it cannot be applied. Check mode ignores it: an earlier task of the play may create what is missing."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to do, be it to wait."""
        return self.action != "unchanged" or self.unsettled


def make_plan(wanted: WantedServer, found: ServersFound, name: str) -> ServerPlan:
    """What is to be done with the server of this name. Raises ConflictError, RefusedError, and what is missing."""
    items = found.servers[name]
    if len(items) > 1:
        ids = ", ".join(str(item["id"]) for item in items)
        raise ConflictError(f"{len(items)} servers are named {name!r}: {ids}", hint="Delete or rename all but one.")
    item = items[0] if items else None
    if wanted.state == "absent":
        if item is None:
            return ServerPlan(name, "unchanged")
        _check_unlocked(item)
        return ServerPlan(name, "deleted", item, {"id": item["id"], "name": name}, remove=True)
    if wanted.state == "present":
        return _present(wanted, found, name, item)
    if item is None:
        raise RefusedError(f"there is no {subject(name)} here", hint="state: present creates it.", status=404)
    if item["status"] == BUILD or (item.get(TASK) and item["status"] != ERROR):
        return ServerPlan(name, "unchanged", item, unsettled=True, notes=_busy_notes(item))
    return _in_state(wanted, found, item)


def _present(wanted: WantedServer, found: ServersFound, name: str, item: Item | None) -> ServerPlan:
    if item is None:
        return _created(wanted, found, name, None)
    if is_leaving(item) or is_leftover(item):
        return _created(wanted, found, name, item)
    if item["status"] == ERROR:
        if wanted.replace:
            return _replaced(name, item, {"status": ERROR}, {"status": ACTIVE})
        said = one_line(fault_of(item))
        raise ConflictError(
            f"{subject(name)} is there, but in the status ERROR{f': {said}' if said else ''}", hint=_REPLACE_HINT
        )
    if item["status"] == BUILD or item.get(TASK):
        return ServerPlan(name, "unchanged", item, unsettled=True, notes=_busy_notes(item))
    return _changed(wanted, found, item)


def _busy_notes(item: Item) -> tuple[str, ...]:
    return (f"it is being changed by the cloud ({item.get(TASK) or item['status']}): it is compared when that is done",)


def _created(wanted: WantedServer, found: ServersFound, name: str, leftover: Item | None) -> ServerPlan:
    notes = (found.missing.note,) if found.missing else ()
    if leftover is not None:
        _check_unlocked(leftover)
    return ServerPlan(
        name, "created", leftover, after=shown(wanted, name), notes=notes, remove=leftover is not None,
        error=found.missing,
    )  # fmt: skip


def _replaced(name: str, item: Item, before: Mapping[str, Any], after: Mapping[str, Any]) -> ServerPlan:
    _check_unlocked(item)
    return ServerPlan(name, "replaced", item, before, after, remove=True)


def _check_unlocked(item: Item) -> None:
    """Raise ConflictError where nobody shall delete the server: its floating IPs would be deleted first."""
    if item.get("locked") is True:
        hint = f"Unlock it first: openstack server unlock {item['id']}"
        raise ConflictError(f"{subject(item['name'])} is locked, and is not deleted", hint=hint)


def shown(wanted: WantedServer, name: str) -> dict[str, Any]:
    """What is wanted, as a diff shows it; secrets are masked."""
    values: dict[str, Any] = {"name": name}
    for option in (
        "flavor", "vcpus", "ram", "disk", "image", "security_groups", "key_name", "config_drive", "description",
        "server_group", "availability_zone", "volumes", "floating_ip",
    ):  # fmt: skip
        value = getattr(wanted, option)
        if value is not None:
            values[option] = _plain(value)
    if wanted.networks is not None:
        values["networks"] = [
            {
                key: _plain(value)
                for key, value in (("network", nic.network), ("port", nic.port), ("fixed_ip", nic.fixed_ip))
                if value is not None
            }
            for nic in wanted.networks
        ]
    if wanted.metadata:
        values["metadata"] = {key: value for key, value in wanted.metadata.items() if value is not None}
    if wanted.tags is not None:
        values["tags"] = sorted(set(wanted.tags))
    if wanted.boot_volume is not None:
        values["boot_volume"] = {"size": wanted.boot_volume.size, "type": wanted.boot_volume.type}
    if wanted.user_data is not None:
        values["user_data"] = MASK
    return values


def _plain(value: Any) -> Any:
    """A reference by nothing but its name is the name."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return value["name"] if set(value) == {"name"} else dict(value)
    return value


# What differs


def _changed(wanted: WantedServer, found: ServersFound, item: Item) -> ServerPlan:
    name = item["name"]
    notes: list[str] = [] if wanted.user_data is None else [NOT_SHOWN]
    fixed = _fixed(wanted, found, item, notes)
    edits = _edits(wanted, found, item)
    flavor = _flavor(wanted, found, item)
    if flavor:
        (edits if wanted.resize else fixed)["flavor"] = flavor
    elif item["status"] == VERIFY_RESIZE and wanted.resize:
        edits["confirm"] = (VERIFY_RESIZE, ACTIVE)
    differing = {**fixed, **edits}
    if not differing:
        return ServerPlan(name, "unchanged", item, notes=tuple(notes))
    before = {option: have for option, (have, _want) in differing.items()}
    after = {option: want for option, (_have, want) in differing.items()}
    if not fixed:
        wants = {option: want for option, (_have, want) in edits.items()}
        return ServerPlan(name, "updated", item, before, after, edits=wants, notes=tuple(notes))
    if wanted.replace:
        return _replaced(name, item, before, after)
    said = ", ".join(f"{option} is {before[option]!r}, not {after[option]!r}" for option in sorted(fixed))
    hint = _REPLACE_HINT
    if "flavor" in fixed:
        hint = f"Allow that it is resized with resize: true. {hint}"
    if "image" in fixed:
        hint = f"state: rebuilt gives it the image. {hint}"
    raise ConflictError(f"{subject(name)}: {said}, and cannot be changed", hint=hint)


def _fixed(wanted: WantedServer, found: ServersFound, item: Item, notes: list[str]) -> dict[str, tuple[Any, Any]]:
    """What differs, and Nova cannot change."""
    differing: dict[str, tuple[Any, Any]] = {}
    if "image" in found.values:
        have = image_of(item)
        if have is None:
            notes.append(_IMAGE_NOT_SHOWN)
        elif have != found.values["image"]:
            differing["image"] = (have, found.values["image"])
    for option, have, want in (
        ("key_name", item.get("key_name"), wanted.key_name),
        ("availability_zone", item.get(ZONE), _zone(wanted, item, notes)),
    ):
        if want is not None and want != (have or ""):
            differing[option] = (have, want)
    if wanted.config_drive is not None and wanted.config_drive != (item.get("config_drive") in (True, "True")):
        differing["config_drive"] = (not wanted.config_drive, wanted.config_drive)
    if wanted.server_group is not None and item["id"] not in found.values["server_group"]:
        differing["server_group"] = (None, _plain(wanted.server_group))
    for nic, network in _networks(wanted, found):
        there = addresses_of(item).get(network)
        if nic.fixed_ip and there is not None and not any(same(nic.fixed_ip, address) for address in there):
            differing["networks"] = ({network: there}, {network: nic.fixed_ip})
    return differing


def _zone(wanted: WantedServer, item: Item, notes: list[str]) -> str | None:
    """The zone that a server is to be in, without the host that administrators may name; None if not compared."""
    if wanted.availability_zone is not None and not item.get(ZONE):
        notes.append(_NO_ZONE)
        return None
    return None if wanted.availability_zone is None else wanted.availability_zone.partition(":")[0]


def _edits(wanted: WantedServer, found: ServersFound, item: Item) -> dict[str, tuple[Any, Any]]:
    """What differs, and can be changed."""
    differing: dict[str, tuple[Any, Any]] = {}
    had = item.get("metadata") or {}
    metadata = {key: value for key, value in wanted.metadata.items() if had.get(key) != value}
    if metadata:
        differing["metadata"] = ({key: had.get(key) for key in metadata}, metadata)
    if wanted.tags is not None and sorted(set(wanted.tags)) != sorted(item.get("tags") or []):
        differing["tags"] = (sorted(item.get("tags") or []), sorted(set(wanted.tags)))
    if wanted.description is not None and wanted.description != (item.get("description") or ""):
        differing["description"] = (item.get("description"), wanted.description)
    there = addresses_of(item)
    if wanted.security_groups is not None and there:  # they are those of its ports
        groups = groups_of(item)
        want = sorted(set(found.values["security_groups"]))
        if want != groups:
            differing["security_groups"] = (groups, want)
    lacks = [_nic(network, nic.fixed_ip) for nic, network in _networks(wanted, found) if network not in there]
    lacks += [{"port": port} for port, device in found.values.get("ports", {}).items() if device != item["id"]]
    if lacks:
        differing["networks"] = (sorted(there), lacks)
    attached = volumes_of(item)
    if any(volume not in attached for volume in found.values.get("volumes", ())):
        differing["volumes"] = (attached, [volume for volume in found.values["volumes"] if volume not in attached])
    floating = _floating(wanted.floating_ip, item)
    if floating:
        differing["floating_ip"] = floating
    return differing


def _networks(wanted: WantedServer, found: ServersFound) -> Iterator[tuple[Nic, str]]:
    """The wanted interfaces at a network, each with the network's name; not those that are existing ports."""
    nics = [nic for nic in wanted.networks or () if nic.network is not None]
    return zip(nics, found.values.get("networks", ()), strict=True)


def _nic(network: str, fixed_ip: str | None) -> dict[str, str]:
    return {"network": network, **({"fixed_ip": fixed_ip} if fixed_ip else {})}


def _floating(wanted: str | Reference | None, item: Item) -> tuple[Any, Any] | None:
    if wanted is None:
        return None
    have = floating_of(item)
    if isinstance(wanted, str) and wanted != AUTO:
        return None if any(same(wanted, address) for address in have) else (have, wanted)
    return None if have else (have, _plain(wanted))


def _flavor(wanted: WantedServer, found: ServersFound, item: Item) -> tuple[Any, Any] | None:
    flavor = item.get("flavor") or {}
    have = flavor.get("original_name")
    if "flavor" in found.values:
        return None if found.values["flavor"] == have else (have, found.values["flavor"])
    if not wanted.by_size or suffices(wanted, flavor):
        return None
    sizes = {key: size for key in ("vcpus", "ram", "disk") if (size := getattr(wanted, key)) is not None}
    return {key: flavor.get(key) for key in sizes}, sizes


# What a server shows


def image_of(item: Item) -> str | None:
    """The ID of a server's image; None where it boots from a volume."""
    image = item.get("image")
    return str(image["id"]) if isinstance(image, dict) and "id" in image else None


def groups_of(item: Item) -> list[str]:
    """The names of a server's security groups, each once, although each port may have it."""
    return sorted({str(group.get("name")) for group in item.get("security_groups") or [] if isinstance(group, dict)})


def volumes_of(item: Item) -> list[str]:
    """The IDs of a server's volumes."""
    attached = item.get("os-extended-volumes:volumes_attached") or []
    return [str(volume.get("id")) for volume in attached if isinstance(volume, dict)]


def addresses_of(item: Item) -> dict[str, list[str]]:
    """A server's fixed addresses by the name of the network."""
    return {
        network: [str(port.get("addr")) for port in ports if port.get("OS-EXT-IPS:type") != FLOATING]
        for network, ports in (item.get("addresses") or {}).items()
    }


def floating_of(item: Item) -> list[str]:
    """A server's floating addresses."""
    return sorted(
        str(port.get("addr"))
        for ports in (item.get("addresses") or {}).values()
        for port in ports
        if port.get("OS-EXT-IPS:type") == FLOATING
    )


# States


def _in_state(wanted: WantedServer, found: ServersFound, item: Item) -> ServerPlan:
    """A server that is there is to be in a state."""
    name, status = item["name"], item["status"]
    if wanted.state == "rebuilt":
        return _rebuilt(wanted, found, item)
    if wanted.state == "rebooted":
        return ServerPlan(name, "updated", item, {"rebooted": False}, {"rebooted": True}, actions=("reboot",))
    if wanted.state == "started":
        done, action, target = status == ACTIVE, _START.get(status, "os-start"), ACTIVE
    elif wanted.state == "stopped":
        done, action, target = status == "SHUTOFF" or status in _SHELVED, "os-stop", "SHUTOFF"
    else:
        done, action, target = status in _SHELVED, "shelve", _SHELVED[-1]
    if done:
        return ServerPlan(name, "unchanged", item)
    return ServerPlan(name, "updated", item, {"status": status}, {"status": target}, actions=(action,))


def _rebuilt(wanted: WantedServer, found: ServersFound, item: Item) -> ServerPlan:
    have, want = image_of(item), found.values["image"]
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if have is not None and have != want:
        before["image"], after["image"] = have, want
    if wanted.user_data is not None:
        if USER_DATA not in item:
            notes = (f"{NOT_SHOWN}; force: true rebuilds the server in any case",)
        elif item[USER_DATA] != encoded(wanted.user_data):
            before["user_data"], after["user_data"] = "(other)", MASK
    if have is None:
        notes = (*notes, _IMAGE_NOT_SHOWN)
    if wanted.force and not after:
        before["rebuilt"], after["rebuilt"] = False, True
    if not after:
        return ServerPlan(item["name"], "unchanged", item, notes=notes)
    return ServerPlan(item["name"], "updated", item, before, after, actions=("rebuild",), notes=notes)
