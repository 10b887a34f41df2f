# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resource of any type at every selected Location: survey, plan, apply."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._cloud.answers import json_object
from .._cloud.cleanup import CLEANUP_TIMEOUT, removing, residue_of
from .._cloud.service import segment
from .._core.errors import ConflictError, OaktreeError, RefusedError, ServerError, suppress_404
from .._core.retry import PERHAPS_DONE
from .._local.file_lock import key_lock
from .._run.ensure import Change, Member, ensure
from . import rules
from .desired import cast
from .find import (
    Query,
    fetch,
    headers_of,
    is_going,
    is_of_another,
    item_path,
    list_items,
    opened,
    path_of,
    service_of,
    with_own_project,
)
from .kinds import kind_of
from .parts import asking, part_differs, part_of, read_part
from .plan import Found, ResourcePlan, make_plan, unkept
from .records import id_of, name_of, owner_of, resource_record, where
from .references import with_own_id
from .survey import candidates, find, link_path, survey
from .watch import (
    BrokenError,
    ImmutableError,
    StillThereError,
    is_ready,
    wait_until_gone,
    wait_until_ready,
    when_mutable,
    will_be_ready,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from requests import Response

    from .._cloud.connection import Connection
    from .._core.location import Location
    from .._run.gather import Result, Target
    from .find import Item
    from .kinds import Kind
    from .wanted import Wanted
    from .watch import Answer

_LOCK = "resource"
_EMPTIED: Mapping[str, tuple[str, ...]] = {"compute.aggregate": ("hosts",), "network.router": ("routes", "interfaces")}
"""Parts that keep a resource of a type from being deleted, in the order in which they are removed."""
_NOT_NOW = (400, 403, 409)
"""How services refuse to delete what is not ready, or is being deleted already; Manila by 403."""
_TOLD_ONCE: Mapping[str, str] = {"compute.keypair": "public_key", "identity.application_credential": "secret"}
"""Types whose secret stands in the answer to their creation, and nowhere else; unless the user gives this attribute."""


@dataclass(frozen=True)
class ResourceStep:
    """What is planned for one Location."""

    wanted: Wanted
    found: Found
    plan: ResourcePlan
    location: Location
    request_timeout: float

    @property
    def change(self) -> Change:
        item = None if self.plan.action in ("created", "deleted") else self.found.item
        return self.changed(item)

    def changed(self, item: Item | None, notes: tuple[str, ...] = ()) -> Change:
        """The change, with the record of the item as it then is."""
        plan = self.plan
        record = None if item is None else _record(self.wanted.kind, item, self.location, self.found.values)
        return Change(plan.action, plan.before, plan.after, {"resource": record}, (*plan.notes, *notes))

    @property
    def needed(self) -> bool:
        return self.plan.action != "unchanged" or (self.wanted.wait and self._pending)

    @property
    def _pending(self) -> bool:
        item = self.found.item
        ready = item is None or self.wanted.state == "absent" or is_ready(self.wanted.kind, item)
        return bool(self.found.going) or not ready

    @property
    def too_early(self) -> bool:
        """Whether the item has to be ready before it is changed as planned, and is not."""
        kind, item = self.wanted.kind, self.found.item
        changes = kind.changed_when_ready and self.plan.action in ("updated", "replaced")
        return changes and item is not None and will_be_ready(kind, item)

    @property
    def timeout(self) -> float:
        """Seconds: for the requests, and for the states that are awaited."""
        wanted = self.wanted
        first = self.too_early or (self.found.going and wanted.state == "present")
        times = 1 + bool(first) + (self.plan.action == "replaced")
        return times * (self.request_timeout + (wanted.wait_timeout if wanted.wait else 0.0))


def ensure_resource(target: Target, wanted: Wanted, *, check_mode: bool) -> list[Result[Change]]:
    """Bring every selected Location to what is wanted, or in check mode only report how; see `ensure`."""

    def plan(members: Sequence[Member[Found]]) -> list[tuple[Connection, ResourceStep | OaktreeError]]:
        return [(member.connection, step_of(member, wanted, target.timeout)) for member in members]

    return ensure(
        replace(target, per_identity=wanted.kind.service == "identity"),
        lambda connection: survey(connection, wanted),
        plan,
        apply_step,
        check_mode=check_mode,
        cleanup=CLEANUP_TIMEOUT + 5.0,
    )


def step_of(member: Member[Found], wanted: Wanted, timeout: float) -> ResourceStep | OaktreeError:
    """What is planned for one Location, or why nothing can be done there."""
    try:
        decided = make_plan(wanted, member.survey)
    except OaktreeError as error:
        return error
    return ResourceStep(wanted, member.survey, decided, member.connection.location, timeout)


def apply_step(connection: Connection, step: ResourceStep, *, look_again: bool = True) -> Change:
    """Do what is planned for one Location; without ``look_again``, the caller has found it under a lock of its own."""
    wanted, kind = step.wanted, step.wanted.kind
    step, item = _begun(connection, step, look_again=look_again)
    action, gone = step.plan.action, list(step.found.going)
    if step.found.item is not None and action in ("deleted", "replaced"):
        gone.append(step.found.item)
    if action == "replaced" or (wanted.wait and wanted.state == "absent"):
        _await_end(connection, step, gone)
    if wanted.state == "absent":
        return step.changed(None)
    if action == "replaced":
        with connection.within(step.request_timeout, "timeout"), _locked(connection, step):
            item = _created_anew(connection, step)
    if item is None:
        raise ServerError(f"{wanted.subject}: the service does not show what it has created")
    if kind.link:
        return step.changed(item)
    item = _awaited(connection, step, item)
    private = {"private_key": item["private_key"]} if action == "created" and item.get("private_key") else {}
    change = step.changed(item, unkept(wanted, step.plan.changes, item))
    return replace(change, output={"resource": {**change.output["resource"], **private}})


def _begun(connection: Connection, step: ResourceStep, *, look_again: bool) -> tuple[ResourceStep, Item | None]:
    """Do the first part, when what is being deleted is gone, and what is changed can be.

    Returns the step as it was, and the item as it is then. What is to be created or changed is looked for once more:
    another task may have done so meanwhile.
    """
    wanted = step.wanted
    awaits = wanted.state == "present" and wanted.wait
    while True:
        if awaits and step.found.going and not step.plan.error:
            with suppress(StillThereError):  # which is then found
                _await_end(connection, step, step.found.going)
        if awaits and step.too_early and step.found.item:
            with suppress(BrokenError):  # which is then found
                _await_ready(connection, step, step.found.item)
        with connection.within(step.request_timeout, "timeout"), _locked(connection, step):
            if look_again and step.plan.action not in ("deleted", "unchanged"):
                found = survey(connection, wanted)
                step = replace(step, found=found, plan=make_plan(wanted, found))
            if step.plan.error:
                raise step.plan.error
            if not (awaits and (step.found.going or step.too_early)):
                return step, _first(connection, step)


def _first(connection: Connection, step: ResourceStep) -> Item | None:
    """Create or change, or delete what is to be absent or replaced; returns the item as it is then."""
    action, item = step.plan.action, step.found.item
    if action == "created":
        return _create(connection, step)
    if item is None or action == "unchanged":
        return item
    if action == "updated":
        return _update(connection, step, item)
    _delete(connection, step, item)
    return None


@contextmanager
def _locked(connection: Connection, step: ResourceStep) -> Iterator[None]:
    """Have tasks of one machine that want one resource wait for each other: both would find none, and create it."""
    wanted = step.wanted
    content = sorted((name, str(step.found.values.get(name))) for name in wanted.kind.identity)
    what = [wanted.kind.name, wanted.name, step.found.id, content if wanted.name is None else ""]
    with key_lock(_LOCK, f"{service_of(connection, wanted.kind).endpoint} {what}", connection.deadline):
        yield


def _record(kind: Kind, item: Item, location: Location, values: Mapping[str, Any]) -> dict[str, Any]:
    if kind.link:
        return {**values, "location": where(kind, location).to_dict()}
    return resource_record(kind, item, location, {name: values[name] for name in kind.parents if name in values})


# Requests


def _request(
    connection: Connection, kind: Kind, method: str, path: str, json: Any = None, *, other_projects: bool = False
) -> Response:
    service = service_of(connection, kind)
    kwargs: dict[str, Any] = {"headers": headers_of(kind, other_projects=other_projects)}
    if json is not None:
        kwargs["json"] = json
    return _asked(connection, kind, lambda version: service.request(method, path, microversion=version, **kwargs))


def _asked(connection: Connection, kind: Kind, ask: Callable[[str | None], Answer]) -> Answer:
    """What ``ask`` returns, by the microversion that the type needs, and when nothing else is being changed there."""
    return service_of(connection, kind).negotiated(
        lambda version: when_mutable(connection, kind, lambda: ask(version)), kind.microversion
    )


def _item_in(kind: Kind, response: Response) -> Item | None:
    """The item of an answer, which may have no body."""
    return opened(kind, json_object(response)) if response.content else None


def _body(kind: Kind, values: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """Attributes as the service takes them, without those that are parts or stand in the path.

    ``keys`` is what it calls them in this request.
    """
    if kind.name in rules.RULE_KINDS:
        own = {name: value for name, value in values.items() if name in rules.ATTRIBUTES}
        rest = {keys[name]: value for name, value in values.items() if name not in own and name in keys}
        return {**rest, **rules.body_of(own)}
    body = {
        keys[name]: cast(kind.types.get(name), value)
        for name, value in values.items()
        if name in keys and name not in kind.parents and not part_of(kind, name)
    }
    if "properties" not in kind.keys:
        body.update(values.get("properties") or {})
    return body


def _create(connection: Connection, step: ResourceStep) -> Item | None:
    wanted, kind, values = step.wanted, step.wanted.kind, step.found.values
    if kind.link:
        service_of(connection, kind).request("PUT", link_path(kind, values))
        return dict(values)
    body = {**_body(kind, values, kind.keys), **_parts_at_creation(kind, values)}
    name = wanted.name
    if name is None and step.found.item is not None:  # what is replaced was found by its ID
        name = name_of(kind, step.found.item)
    if kind.name_attribute and name is not None:
        body[kind.keys[kind.name_attribute]] = name
    if kind.create == "PUT":
        body.pop(kind.id_key, None)  # it stands in the path
    path = path_of(kind.path, with_own_project(connection, kind, values))
    if kind.create == "PUT":
        path = f"{path}/{segment(name if step.found.id is None else step.found.id)}"
    elif step.found.id is not None and kind.id_chosen:
        body[kind.id_key] = step.found.id
    payload = {kind.create_key: body} if kind.create_key else body
    wanted = replace(wanted, name=name)
    try:
        item = _item_in(kind, _request(connection, kind, kind.create, path, payload))
    except PERHAPS_DONE as error:
        item = _made_all_the_same(connection, step, wanted, error)
    item = item or find(connection, wanted, values, None)[0]
    if item is None:
        return None
    made = item
    with removing(lambda: _undo(connection, step, made)):
        wrote = _write_parts(connection, step, item, values)
        if wrote or not body.keys() & item.keys():  # Barbican answers with the URL of a new one only
            item = _again(connection, step, item)
    _check_double(connection, step)
    return item


def _made_all_the_same(connection: Connection, step: ResourceStep, wanted: Wanted, error: OaktreeError) -> Item:
    """The resource that was created although the answer was lost; its parts may be missing.

    There was none of the name before, and no other task of this machine creates one. Raises ``error`` if there is none,
    and where a secret was lost with the answer: it is removed then.
    """
    if wanted.name is None or "l" not in wanted.kind.can:
        raise error
    try:
        with connection.grace(CLEANUP_TIMEOUT):
            item, _going = find(connection, wanted, step.found.values, None)
    except OaktreeError as failure:
        error.add_residue(f"whether the cloud has created {wanted.subject} is not known: {failure.message}")
        raise error from error.__cause__
    if item is None:
        raise error
    with removing(lambda: _undo(connection, step, item)):
        if wanted.kind.name in _TOLD_ONCE and not step.found.values.get(_TOLD_ONCE[wanted.kind.name]):
            raise error
        connection.deadline.remaining()
    return item


def _parts_at_creation(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the request that makes a resource has of its parts."""
    parts = ((name, part_of(kind, name)) for name in values)
    return {kind.keys[name]: part.at_creation(values[name]) for name, part in parts if part and part.at_creation}


def _created_anew(connection: Connection, step: ResourceStep) -> Item | None:
    """Create what has been deleted to be replaced; if that fails, the error says that there is none any more."""
    try:
        return _create(connection, step)
    except OaktreeError as error:
        error.message = f"{step.wanted.subject} was deleted to be replaced, and not created again: {error.message}"
        raise


def _check_double(connection: Connection, step: ResourceStep) -> None:
    """Names are not unique: somebody on another machine may have made the same at the same moment."""
    wanted, kind = step.wanted, step.wanted.kind
    if kind.name_attribute is None or kind.keys[kind.name_attribute] == kind.id_key or "l" not in kind.can:
        return
    found, _going = candidates(connection, wanted, step.found.values)
    if len(found) > 1:
        ids = " and ".join(sorted(str(id_of(kind, item)) for item in found))
        raise ConflictError(
            f"{wanted.subject} was created twice at the same time: {ids}", hint="Delete one of them, by its id."
        )


def _update(connection: Connection, step: ResourceStep, item: Item) -> Item:
    kind, changes = step.wanted.kind, step.plan.changes
    body = _body(kind, changes, {**kind.keys, **kind.update_keys})
    identity = step.found.id if kind.single else id_of(kind, item)
    path = item_path(connection, kind, identity, step.found.values)
    with _owner_in_hint(connection, kind, item):
        if body:
            payload: Any = {kind.key: body} if kind.key else body
            if "p" in kind.can and kind.update == "PATCH":
                payload = [
                    {"op": "add" if item.get(key) is None else "replace", "path": f"/{key}", "value": value}
                    for key, value in body.items()
                ]
            others = is_of_another(connection, kind, identity)
            shown = _item_in(kind, _request(connection, kind, kind.update, path, payload, other_projects=others))
            item = {**item, **(shown or body)}
        wrote = _write_parts(connection, step, item, changes)
    return _again(connection, step, item) if wrote else item


def _write_parts(connection: Connection, step: ResourceStep, item: Item, values: Mapping[str, Any]) -> bool:
    """Write the parts that are named and differ; returns whether there were any."""
    kind = step.wanted.kind
    emptied = [name for name in _EMPTIED.get(kind.name, ()) if values.get(name) == []]
    # What depends on another part goes before that goes, and comes after it: routes lead through interfaces.
    named = {name: part for name in [*emptied, *sorted(values)] if (part := part_of(kind, name))}
    if not named:
        return False
    there = step.found.parts if step.plan.action == "updated" else {}  # what is new may have been given some
    if not there and any(part.at_creation is None for part in named.values()):
        path = item_path(connection, kind, id_of(kind, item), step.found.values)
        item = wait_until_ready(connection, kind, path, item)
    service, identity = service_of(connection, kind), str(id_of(kind, item))

    def write(version: str | None) -> bool:
        ask, wrote = asking(service, version), False
        for name, part in named.items():
            have = there[name] if name in there else read_part(kind, name, ask, identity, item)
            want = with_own_id(values[name], identity)
            if part_differs(kind, name, have, want):
                part.write(ask, identity, have, want)
                wrote = True
        return wrote

    return service.negotiated(write, kind.microversion)


def _again(connection: Connection, step: ResourceStep, item: Item) -> Item:
    """The item as it is after its parts were written."""
    kind = step.wanted.kind
    if "f" not in kind.can:
        return item
    path = item_path(connection, kind, id_of(kind, item), step.found.values)
    return {**item, **(fetch(connection, kind, path) or {})}


def _awaited(connection: Connection, step: ResourceStep, item: Item) -> Item:
    """The item when it is ready, if that is to be awaited. One that was just created and never will be is removed."""
    if not step.wanted.wait or step.wanted.kind.ready is None:
        return item
    try:
        return _await_ready(connection, step, item)
    except BrokenError as error:
        if step.plan.action in ("created", "replaced"):
            error.add_residue(residue_of(lambda: _undo(connection, step, item)))
        raise


def _await_ready(connection: Connection, step: ResourceStep, item: Item) -> Item:
    wanted, kind = step.wanted, step.wanted.kind
    path = item_path(connection, kind, id_of(kind, item), step.found.values)
    with connection.within(wanted.wait_timeout, "wait_timeout"):
        return wait_until_ready(connection, kind, path, item)


def _delete(connection: Connection, step: ResourceStep, item: Item) -> None:
    kind = step.wanted.kind
    if kind.link:
        with suppress_404():
            service_of(connection, kind).request("DELETE", link_path(kind, step.found.values))
        return
    identity = step.found.id if kind.single else id_of(kind, item)
    path = item_path(connection, kind, identity, step.found.values)
    with _owner_in_hint(connection, kind, item):
        _check_unused(connection, step.wanted, item)
        _empty(connection, kind, item)
        _remove(connection, kind, path, other_projects=is_of_another(connection, kind, identity))


def _check_unused(connection: Connection, wanted: Wanted, item: Item) -> None:
    """Raise ConflictError for a router that floating IPs need: it would lose routes and interfaces, and stay."""
    if wanted.kind.name != "network.router":
        return
    router = id_of(wanted.kind, item)
    through = Query(filters={"router_id": router}, all_projects=True)
    found: list[Item] = []
    with suppress_404():  # a cloud may have no floating IPs
        found = list_items(connection, kind_of("network.floating_ip"), through)
    used = sorted(str(each.get("floating_ip_address")) for each in found if each.get("router_id") == router)
    if used:
        raise ConflictError(
            f"{wanted.subject}: floating IPs lead through it: {', '.join(used)}", hint="Delete or detach them first."
        )


def _empty(connection: Connection, kind: Kind, item: Item) -> None:
    """Remove what keeps a resource from being deleted, although it is nothing without it: see `_EMPTIED`."""
    names = _EMPTIED.get(kind.name, ())
    if not names:
        return
    service, identity = service_of(connection, kind), str(id_of(kind, item))

    def write(version: str | None) -> None:
        ask = asking(service, version)
        for name in names:
            part, have = part_of(kind, name), read_part(kind, name, ask, identity, item)
            if part and have:
                part.write(ask, identity, have, [])

    service.negotiated(write, kind.microversion)


def _await_end(connection: Connection, step: ResourceStep, items: Sequence[Item]) -> None:
    """Wait until what was deleted is gone, where that takes a while."""
    kind = step.wanted.kind
    if kind.ready:
        with connection.within(step.wanted.wait_timeout, "wait_timeout"):
            for item in items:
                path = item_path(connection, kind, id_of(kind, item), step.found.values)
                wait_until_gone(connection, kind, path, item)


def _remove(connection: Connection, kind: Kind, path: str, *, other_projects: bool = False) -> None:
    """Delete what is at a path, if need be when it has become ready."""
    service, headers = service_of(connection, kind), headers_of(kind, other_projects=other_projects)
    early = True  # so that what becomes ready between the first request and the look at it is deleted

    def once(version: str | None) -> None:
        nonlocal early
        try:
            with suppress_404():
                service.request("DELETE", path, microversion=version, headers=headers)
        except (ConflictError, RefusedError) as error:
            if not kind.ready or error.status not in _NOT_NOW:
                raise
            item: Item | None = {}
            with suppress(OaktreeError):
                item = fetch(connection, kind, path, other_projects=other_projects)
            if item is None or is_going(kind, item):
                return  # by another task, or by a request whose answer was lost: services refuse the second one
            before, early = early, bool(item) and will_be_ready(kind, item)
            if before or early:
                raise ImmutableError(error.message, hint=error.hint, status=error.status) from error
            raise

    _asked(connection, kind, once)


def _undo(connection: Connection, step: ResourceStep, item: Item) -> str:
    """Remove what was created; returns nothing, or what could not be removed and why."""
    kind = step.wanted.kind
    identity = str(id_of(kind, item))
    try:
        with connection.grace(CLEANUP_TIMEOUT):
            if kind.name in _EMPTIED:
                _empty(connection, kind, _again(connection, step, item))
            _remove(connection, kind, item_path(connection, kind, identity, step.found.values))
    except OaktreeError as failure:
        return f"{kind.name} {identity} could not be removed: {failure.message}"
    return ""


@contextmanager
def _owner_in_hint(connection: Connection, kind: Kind, item: Item) -> Iterator[None]:
    """Say whose a resource is that may not be changed: members see some of other projects."""
    try:
        yield
    except RefusedError as error:
        owner = owner_of(kind, item)
        if error.status == 403 and owner and owner != connection.location.project.id:
            error.hint = f"It belongs to the project {owner}. {error.hint}"
        raise
