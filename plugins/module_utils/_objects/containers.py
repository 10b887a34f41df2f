# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container at every selected Location: present as the user wants it, or absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._cloud.capabilities import has_object_store
from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.errors import ConflictError, OaktreeError
from .._core.retry import with_retries
from .._core.text import counted
from .._object_store.client import Container, Swift
from .._object_store.large_object import UNTIL_REMOVED
from .._run.ensure import Change, Member, ensure
from .absence import NOT_OFFERED, delete_all
from .headers import CONTAINER_META, acl_of, metadata_of, on_wire
from .records import shown_container

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._cloud.connection import Connection
    from .._run.gather import Result, Target

ACLS = {"read_ACL": "X-Container-Read", "write_ACL": "X-Container-Write"}
"""The headers of the access rules, by openstacksdk's names."""

MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"

GRACE = 2 * CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class WantedContainer:
    """A container as it is to be at every Location; what is None, or not named in ``metadata``, is left alone."""

    name: str
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    """By names in small letters; None for what is to be removed."""
    acls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the names of `ACLS`; an empty list removes all rules."""
    storage_policy: str | None = None


@dataclass(frozen=True)
class ContainerStep:
    """What is done with the container of one Location: the headers to send, or its content to delete with it."""

    change: Change
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> bool:
        return self.change.changed


def ensure_container_present(
    target: Target, wanted: WantedContainer, timeout: float, *, check_mode: bool
) -> list[Result[Change]]:
    """Ensure that the container exists at every selected Location, or in check mode only report how; see `ensure`."""

    def survey(connection: Connection) -> ContainerStep:
        headers = Swift(connection).container_headers(wanted.name)
        change, sent = plan_container(wanted, headers)
        record = None if headers is None else shown_container(wanted.name, headers, connection.location)
        return ContainerStep(_with_record(change, record), timeout, sent)

    def apply(connection: Connection, step: ContainerStep) -> Change:
        swift = Swift(connection)
        if step.change.action == "created":
            swift.create_container(wanted.name, step.headers)
        else:
            swift.update_container(wanted.name, step.headers)
        headers = swift.container_headers(wanted.name)
        record = None if headers is None else shown_container(wanted.name, headers, connection.location)
        return _with_record(step.change, record)

    return ensure(target, survey, _plan, apply, check_mode=check_mode, cleanup=GRACE)


def ensure_container_absent(
    target: Target, name: str, timeout: float, *, with_content: bool, check_mode: bool
) -> list[Result[Change]]:
    """Ensure that no selected Location has it; as `ensure_container_present`. With objects only ``with_content``."""

    def survey(connection: Connection) -> ContainerStep:
        swift = Swift(connection)
        offered = has_object_store(connection)
        headers = swift.container_headers(name) if offered else None
        if headers is None:
            notes = () if offered else (NOT_OFFERED,)
            return ContainerStep(_with_record(Change("unchanged", notes=notes), None), timeout)
        record = shown_container(name, headers, connection.location)
        if record["object_count"] and not with_content and next(swift.objects(name), None) is not None:
            raise _not_empty(name, counted(record["object_count"], "object"))
        shown = ("object_count", "bytes_used", "metadata", *ACLS, "storage_policy")
        change = Change("deleted", {"name": name, **{key: record[key] for key in shown}})
        return ContainerStep(_with_record(change, record), timeout)

    def apply(connection: Connection, step: ContainerStep) -> Change:
        swift = Swift(connection)
        if with_content:
            with_retries(lambda: _delete_with_content(swift, name), UNTIL_REMOVED, connection.deadline)
        elif not swift.delete_container(Container(name, ours=True)):
            raise _not_empty(name, "new objects")
        return _with_record(step.change, None)

    return ensure(target, survey, _plan, apply, check_mode=check_mode, cleanup=GRACE)


def plan_container(wanted: WantedContainer, headers: Mapping[str, str] | None) -> tuple[Change, dict[str, str]]:
    """What differs between a container with these headers, or none, and what is wanted; and the headers to send.

    Pure. Raises ConflictError for another storage policy: that of a container never changes.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    sent: dict[str, str] = {}
    present = metadata_of(CONTAINER_META, headers or {})
    for name, value in wanted.metadata.items():
        if present.get(name) != value:
            before.setdefault("metadata", present)
            sent[f"{CONTAINER_META}{name}"] = "" if value is None else on_wire(value)
    if before:
        merged = {**present, **wanted.metadata}
        after["metadata"] = {name: value for name, value in sorted(merged.items()) if value is not None}
    for name, rules in wanted.acls.items():
        found = acl_of(headers or {}, ACLS[name])
        if found != rules:
            before[name], after[name] = ",".join(found) or None, ",".join(rules) or None
            sent[ACLS[name]] = on_wire(",".join(rules))
    if headers is None:
        policy = wanted.storage_policy
        if policy is not None:
            sent["X-Storage-Policy"] = on_wire(policy)
        shown = {"storage_policy": policy} if policy else {}
        return Change("created", {}, {"name": wanted.name, **after, **shown}), sent
    notes = _compare_policy(wanted, headers)
    return Change("updated" if sent else "unchanged", before, after, notes=notes), sent


def _compare_policy(wanted: WantedContainer, headers: Mapping[str, str]) -> tuple[str, ...]:
    found = headers.get("X-Storage-Policy")
    if wanted.storage_policy is None:
        return ()
    if not found:
        return ("storage_policy: the store does not report it, so that it was not compared",)
    if found.lower() != wanted.storage_policy.lower():
        raise ConflictError(
            f"storage_policy: the container {wanted.name} has the policy {found}, not {wanted.storage_policy}, and a "
            "policy cannot be changed",
            hint="Delete the container and create it anew, or omit storage_policy.",
        )
    return ()


def _with_record(change: Change, record: Mapping[str, Any] | None) -> Change:
    return Change(change.action, change.before, change.after, {"container": record}, change.notes)


def _not_empty(name: str, content: str) -> ConflictError:
    return ConflictError(
        f"the container {name} is not empty: it has {content}",
        hint="Set delete_with_content to delete them with it.",
    )


def _delete_with_content(swift: Swift, name: str) -> None:
    """Delete all objects, those of large ones with their segments in other containers; then the container."""
    plain: list[str] = []
    for item in list(swift.listed(name)):
        path = f"{name}/{item['name']}"
        if not _is_large(item) or not _delete_large(swift, name, str(item["name"])):
            plain.append(path)
    delete_all(swift, plain)
    if not swift.delete_container(Container(name, ours=True)):
        raise ConflictError(f"objects keep arriving in the container {name}", hint="Have others stop writing to it.")


def _is_large(item: Mapping[str, Any]) -> bool:
    """Whether this is a static large object, of which Ceph's gateway lists a size, but the MD5 of nothing."""
    return "slo_etag" in item or (item.get("hash") == MD5_OF_NOTHING and bool(item.get("bytes")))


def _delete_large(swift: Swift, container: str, name: str) -> bool:
    """Whether a large object is deleted with its segments; else it is to be deleted by name."""
    try:
        return swift.delete_large(container, name) > 0
    except OaktreeError:
        swift.connection.deadline.remaining()
        return False


def _plan(members: Sequence[Member[ContainerStep]]) -> list[tuple[Connection, ContainerStep]]:
    return [(member.connection, member.survey) for member in members]
