# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating IPs, which have no names: by address, for a server or port, so many of them, or those that nobody uses.

Source: the attributes ``floatingip`` of Neutron's ``extensions/l3.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.deadline import clock
from .._core.errors import ConflictError, InputError, OaktreeError, RefusedError
from .._local.file_lock import key_lock
from .._run.ensure import Change, Member, ensure
from .apply import ResourceStep, apply_step, step_of
from .doors import reference
from .find import Query, fetch, get, item_path, list_items, service_of
from .kinds import kind_of
from .plan import Found
from .references import MissingError, Resolver, check_identity, external_network
from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection
    from .._run.gather import Result, Target
    from .find import Item
    from .listing import Listing

_FLOATING_IP = "network.floating_ip"
_AGE = re.compile(r"(\d+)\s*([smhd]?)")
_SECONDS: Mapping[str, int] = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_HELD = "it was attached meanwhile"


@dataclass(frozen=True)
class FloatingIps:
    """Which floating IPs are wanted. ``network``, ``server`` and ``port`` are IDs or references."""

    state: str = "present"
    network: Any = None
    address: str | None = None
    server: Any = None
    port: Any = None
    detached: bool = False
    """Whether the one with the address is to be attached to nothing."""
    fixed_address: str | None = None
    reuse: bool = False
    count: int | None = None
    """How many unattached ones there are to be."""
    older_than: timedelta | None = None
    """Of those to be deleted that are unattached; None where others are meant."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """What else is wanted of each."""

    @property
    def subject(self) -> str:
        """How messages call them."""
        return f"floating IP {self.address}" if self.address else "floating IPs"

    @property
    def target(self) -> Any:
        """What they are to be attached to."""
        return self.server if self.server is not None else self.port


def wanted_floating_ips(params: Mapping[str, Any]) -> FloatingIps:
    """What the options of the module say. Raises InputError."""
    detached = params["port"] == ""
    given = {name: params[name] for name in ("network", "server", "port") if params[name] not in (None, "")}
    ids = {name: reference("").value(value) for name, value in given.items()}
    if "server" in ids and isinstance(ids["server"], dict):
        ids["server"]["type"] = "compute.server"
    wanted = FloatingIps(
        state=params["state"],
        address=params["floating_ip_address"] or None,
        detached=detached,
        fixed_address=params["fixed_address"] or None,
        reuse=params["reuse"],
        count=params["count"],
        older_than=age(params["older_than"] or "0") if params["unattached"] else None,
        attributes={name: params[name] for name in ("description", "tags") if params[name] is not None},
        **ids,
    )
    for name, value in ids.items():
        check_identity(value, name)
    _check(wanted, params)
    return wanted


def _check(wanted: FloatingIps, params: Mapping[str, Any]) -> None:
    """Raise InputError for options that say nothing together."""
    if params["older_than"] and not params["unattached"]:
        raise InputError("older_than: requires unattached: true", hint="Add unattached: true, or omit it.")
    if params["unattached"] and wanted.state == "present":
        raise InputError("unattached: requires state: absent", hint="Set state to absent, or give count.")
    if wanted.count is not None and (wanted.count < 0 or wanted.network is None or wanted.state == "absent"):
        raise InputError("count: requires network and state: present, and must not be negative")
    ways = {
        "server, port, floating_ip_address": wanted.target is not None or wanted.address is not None,
        "count": wanted.count is not None,
        "unattached": params["unattached"],
    }
    chosen = [name for name, is_chosen in ways.items() if is_chosen]
    if len(chosen) != 1:
        raise InputError(
            f"{', '.join(chosen or ways)}: give one of them",
            hint="They say which floating IPs are meant.",
        )
    if wanted.detached and wanted.address is None:
        raise InputError("port: an empty text detaches the floating_ip_address, which is not given")
    if wanted.fixed_address is not None and wanted.target is None:
        raise InputError("fixed_address: requires server or port")


def age(text: str) -> timedelta:
    """What a text such as ``1h`` says: a number with s, m, h or d. Raises InputError."""
    match = _AGE.fullmatch(str(text).strip().lower())
    if not match:
        raise InputError(
            f"older_than: {text!r} is not a duration", hint="Give a number with s, m, h or d, such as 90m."
        )
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def is_unattached(item: Mapping[str, Any]) -> bool:
    """Whether nothing uses a floating IP: no port, nor a router that forwards one of its own."""
    return not any(item.get(key) for key in ("port_id", "router_id", "port_forwardings"))


def attached_or_not(listing: Listing, unattached: bool | None) -> Listing:  # noqa: FBT001
    """A listing of those only that are attached to something, or that are not; of all with None."""
    if unattached is None:
        return listing
    return replace(listing, keep=lambda item: is_unattached(item) is unattached)


# Survey and plan

Meant = tuple[Wanted, Found]
"""A floating IP that is wanted, and what there is of it."""


def _survey(connection: Connection, wanted: FloatingIps) -> list[Meant]:
    """The floating IPs that are meant at a Location, and what there is of each.

    One request where nothing is to be done, one more for each name, and one for the ports of a server.
    """
    resolver = Resolver(connection, kind_of(_FLOATING_IP))
    try:
        network = resolver.value("floating_network_id", wanted.network)
        target = resolver.value("port_id", wanted.target)
    except MissingError as error:
        found = Found({}, None, missing=None if wanted.state == "absent" else error)
        named = {"floating_network_id": wanted.network, "port_id": wanted.target}
        return [(_thing(wanted, {name: value for name, value in named.items() if value is not None}), found)]
    there = _there(connection, wanted, network)
    if wanted.count is not None:
        return _counted(wanted, there, network)
    if wanted.target is not None:
        return _of_target(connection, wanted, there, network, target)
    if wanted.older_than is not None:
        return _all(wanted, [item for item in there if _is_old(item, wanted.older_than)])
    mine = [item for item in there if item.get("floating_ip_address") == wanted.address]
    if wanted.state == "absent" or (mine and network is None):
        return _all(wanted, mine)
    network = network or external_network(connection, "network")
    return [_meant(wanted, mine[0] if mine else None, {"floating_network_id": network})]


def _there(connection: Connection, wanted: FloatingIps, network: Any) -> list[Item]:
    """What the project has, in the network if that is given, in the order of the addresses."""
    filters = {"project_id": connection.location.project.id}
    if network is not None and wanted.address is None:
        filters["floating_network_id"] = network
    found = list_items(connection, kind_of(_FLOATING_IP), Query(filters=filters))
    return sorted(found, key=lambda item: str(item.get("floating_ip_address")))


def _thing(wanted: FloatingIps, attributes: Mapping[str, Any], identity: Any = None) -> Wanted:
    """One floating IP as the engine has it; its address is its name."""
    port = {"port_id": None} if wanted.detached else {}
    values = {} if wanted.state == "absent" else {**attributes, **port, **wanted.attributes}
    return Wanted(
        kind_of(_FLOATING_IP), wanted.state, name=None if identity else wanted.address, id=identity, attributes=values
    )


def _meant(wanted: FloatingIps, item: Item | None, attributes: Mapping[str, Any]) -> Meant:
    thing = _thing(wanted, attributes, item and item["id"])
    parts = {"tags": item.get("tags") or []} if item and "tags" in thing.attributes else {}
    return thing, Found(thing.attributes, item, item and item["id"], parts=parts)


def _all(wanted: FloatingIps, items: Sequence[Item]) -> list[Meant]:
    return [_meant(wanted, item, {}) for item in items]


def _counted(wanted: FloatingIps, there: Sequence[Item], network: Any) -> list[Meant]:
    """As many unattached ones as are wanted; those that are there already are left as they are."""
    free = [item for item in there if is_unattached(item)]
    kept = [_meant(replace(wanted, attributes={}), item, {}) for item in free]
    lacking = range((wanted.count or 0) - len(free))
    return kept + [_meant(wanted, None, {"floating_network_id": network}) for _number in lacking]


def _of_target(
    connection: Connection, wanted: FloatingIps, there: Sequence[Item], network: Any, target: Any
) -> list[Meant]:
    """The one that a server or port has or is to have."""
    if wanted.server is not None:
        ports = list_items(connection, kind_of("network.port"), Query(filters={"device_id": target}))
    else:
        port = get(connection, kind_of("network.port"), target)
        ports = [port] if port else []
    ids = {port["id"] for port in ports}
    attached = [
        item
        for item in there
        if item.get("port_id") in ids
        and wanted.fixed_address in (None, item.get("fixed_ip_address"))
        and wanted.address in (None, item.get("floating_ip_address"))
        and network in (None, item.get("floating_network_id"))
    ]
    if attached or wanted.state == "absent":
        return _all(wanted, attached if wanted.state == "absent" else attached[:1])
    attributes = _attachment(wanted, ports)
    if wanted.address is not None:
        item = next((item for item in there if item.get("floating_ip_address") == wanted.address), None)
    elif wanted.reuse:
        free = (item for item in there if is_unattached(item))
        item = next((item for item in free if network in (None, item.get("floating_network_id"))), None)
    else:
        item = None
    if item is None:
        attributes["floating_network_id"] = network or external_network(connection, "network")
    elif "fixed_ip_address" in attributes:  # which Neutron takes only together with the port
        item = {**item, "port_id": None, "fixed_ip_address": None}
    return [_meant(wanted, item, attributes)]


def _attachment(wanted: FloatingIps, ports: Sequence[Item]) -> dict[str, Any]:
    """The port to attach it to, and its address if that is said. Raises RefusedError, or ConflictError for several."""
    option = "port" if wanted.server is None else "server"
    addresses = {
        str(fixed["ip_address"]): port["id"]
        for port in ports
        for fixed in port.get("fixed_ips") or []
        if "." in str(fixed["ip_address"])
    }
    if wanted.fixed_address is not None:
        if wanted.fixed_address not in addresses:
            raise RefusedError(
                f"fixed_address: the {option} does not have {wanted.fixed_address} here",
                hint=f"It has {', '.join(sorted(addresses)) or 'none'}: correct fixed_address.",
            )
        return {"port_id": addresses[wanted.fixed_address], "fixed_ip_address": wanted.fixed_address}
    if not addresses:
        raise RefusedError(
            f"{option}: it has no IPv4 address, which a floating IP needs", hint="Connect it to a network first."
        )
    if len(addresses) > 1:
        raise ConflictError(
            f"{option}: it has several addresses: {', '.join(sorted(addresses))}",
            hint="Give one of them as fixed_address.",
        )
    return {"port_id": next(iter(addresses.values()))}


def _is_old(item: Mapping[str, Any], least: timedelta) -> bool:
    """Whether one is unattached, and older than this; one whose age is not known is not."""
    if not is_unattached(item):
        return False
    if not least:
        return True
    try:
        created = datetime.fromisoformat(str(item.get("created_at")))
    except ValueError:
        return False
    created = created if created.tzinfo else created.replace(tzinfo=UTC)
    return clock.now() - created > least


# Apply


@dataclass(frozen=True)
class FloatingIpsStep:
    """What is planned for the floating IPs of one Location."""

    steps: tuple[ResourceStep, ...]
    request_timeout: float

    @property
    def change(self) -> Change:
        return _together([step.change for step in self.steps])

    @property
    def needed(self) -> bool:
        return any(step.needed for step in self.steps)

    @property
    def timeout(self) -> float:
        """Seconds."""
        return self.request_timeout


def ensure_floating_ips(target: Target, wanted: FloatingIps, *, check_mode: bool) -> list[Result[Change]]:
    """Have the wanted floating IPs in every selected Location, or in check mode only report how; see `ensure`."""

    def plan(members: Sequence[Member[list[Meant]]]) -> list[tuple[Connection, FloatingIpsStep | OaktreeError]]:
        return [(member.connection, _planned(member.connection, member.survey, target.timeout)) for member in members]

    def apply(connection: Connection, _step: FloatingIpsStep) -> Change:
        key = f"{service_of(connection, kind_of(_FLOATING_IP)).endpoint} {connection.location.project.id}"
        with key_lock("floating_ips", key, connection.deadline):  # another task may have done so meanwhile
            step = _planned(connection, _survey(connection, wanted), target.timeout)
            if isinstance(step, OaktreeError):
                raise step
            return _applied(connection, step, unattached_only=wanted.older_than is not None)

    return ensure(
        target,
        lambda connection: _survey(connection, wanted),
        plan,
        apply,
        check_mode=check_mode,
        cleanup=CLEANUP_TIMEOUT,
    )


def _planned(connection: Connection, meant: Sequence[Meant], timeout: float) -> FloatingIpsStep | OaktreeError:
    steps = []
    for thing, found in meant:
        step = step_of(Member(connection, found), thing, timeout)
        if isinstance(step, OaktreeError):
            return step
        steps.append(step)
    return FloatingIpsStep(tuple(steps), timeout)


def _applied(connection: Connection, step: FloatingIpsStep, *, unattached_only: bool) -> Change:
    """Do it, one after the other; what was done before one fails is reported, too."""
    done: list[Change] = []
    for each in step.steps:
        try:
            if each.plan.error:
                raise each.plan.error
            if not each.needed:
                done.append(each.change)
            elif unattached_only and not _is_still_unattached(connection, each):
                done.append(replace(each.change, action="unchanged", before={}, notes=(_HELD,)))
            else:
                done.append(apply_step(connection, each, look_again=False))
        except OaktreeError as error:
            return Change("unchanged", parts=tuple(_named(change) for change in done), error=error)
    return _together(done)


def _is_still_unattached(connection: Connection, step: ResourceStep) -> bool:
    """Whether one that is to be deleted is not in use; one that is gone is not either."""
    kind = kind_of(_FLOATING_IP)
    item = fetch(connection, kind, item_path(connection, kind, step.found.id, {}))
    return item is None or is_unattached(item)


def _together(changes: Sequence[Change]) -> Change:
    """The changes, one for each floating IP; a single one of none where there is nothing to be done."""
    none = Change("unchanged", output={"resource": None})
    return Change("unchanged", parts=tuple(_named(change) for change in changes or [none]))


def _named(change: Change) -> Change:
    address = (change.output["resource"] or {}).get("floating_ip_address") or change.before.get("name")
    return replace(change, subject=f"floating IP {address}" if address else "floating IP")
