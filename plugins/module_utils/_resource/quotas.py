# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas of a project: one set for each service, changed together, and what is left of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._core.errors import OaktreeError
from .._facts.records import location_of, with_fields
from .._run.ensure import Change, Member, ensure
from .apply import ResourceStep, apply_step, step_of
from .doors import reference
from .find import is_offered, path_of, service_of
from .kinds import kind_of
from .plan import Found
from .references import MissingError, Resolver, check_identity
from .survey import survey
from .wanted import Wanted, check_wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from .._cloud.connection import Connection
    from .._run.gather import Result, Target

TYPES: Mapping[str, str] = {
    "block_storage": "block_storage.quota_set",
    "compute": "compute.quota_set",
    "network": "network.quota",
}
"""The type of each service's quotas."""
_USAGE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "block_storage": ("/os-quota-sets/{project}", {"usage": "true"}),
    "compute": ("/os-quota-sets/{project}/detail", {}),
    "network": ("/quotas/{project}/details.json", {}),
}
"""Where each service says what is used: a path and a query."""
FIELDS = ("service", "name", "limit", "used", "reserved", "free", "project_id", "location")


# Change


def wanted_quotas(params: Mapping[str, Any]) -> dict[str, Wanted]:
    """What is wanted of each service that the options name, or of all if they are to be reset. Raises InputError."""
    state, project = params["state"], project_of(params)
    named = {service: params[service] for service in TYPES if params[service] is not None}
    if state == "absent" and not named:
        named = {service: {} for service in TYPES}
    wanted = {
        service: Wanted(kind_of(TYPES[service]), state, id=project, attributes=values)
        for service, values in named.items()
    }
    for service, each in wanted.items():
        try:
            check_wanted(each)
        except OaktreeError as error:
            error.message = error.message.replace("attributes:", f"{service}:")
            raise
    return wanted


def project_of(params: Mapping[str, Any]) -> Any:
    """The option ``project`` as an ID, a reference, or None for the project of each Location. Raises InputError."""
    project = None if params["project"] is None else reference("project_id").value(params["project"])
    check_identity(project, "project")
    return project


@dataclass(frozen=True)
class QuotasStep:
    """What is planned for the quotas of all services at one Location."""

    steps: Mapping[str, ResourceStep]

    @property
    def change(self) -> Change:
        return _together({service: step.change for service, step in self.steps.items()})

    @property
    def needed(self) -> bool:
        return any(step.needed for step in self.steps.values())

    @property
    def timeout(self) -> float:
        """Seconds."""
        return sum(step.timeout for step in self.steps.values())


def ensure_quotas(target: Target, wanted: Mapping[str, Wanted], *, check_mode: bool) -> list[Result[Change]]:
    """Bring the quotas of a project to what is wanted in every selected Location; see `ensure`.

    All services are asked before any is changed. What was changed before one fails is reported, too.
    """

    def plan(members: Sequence[Member[Mapping[str, Found]]]) -> list[tuple[Connection, QuotasStep | OaktreeError]]:
        return [(member.connection, _planned(member, wanted, target.timeout)) for member in members]

    return ensure(
        target,
        lambda connection: _surveyed(connection, wanted),
        plan,
        _applied,
        check_mode=check_mode,
        cleanup=CLEANUP_TIMEOUT,
    )


def _surveyed(connection: Connection, wanted: Mapping[str, Wanted]) -> dict[str, Found]:
    """What each service has; the project is resolved once. One that is not there has no quotas."""
    project = next((each.id for each in wanted.values()), None)
    try:
        project = Resolver(connection, kind_of(TYPES["compute"])).identity(project)
    except MissingError as error:
        return dict.fromkeys(wanted, Found({}, None, missing=error))
    return {service: survey(connection, replace(each, id=project)) for service, each in wanted.items()}


def _planned(
    member: Member[Mapping[str, Found]], wanted: Mapping[str, Wanted], timeout: float
) -> QuotasStep | OaktreeError:
    steps = {}
    for service, each in wanted.items():
        step = step_of(Member(member.connection, member.survey[service]), each, timeout)
        if isinstance(step, OaktreeError):
            return step
        steps[service] = step
    return QuotasStep(steps)


def _applied(connection: Connection, step: QuotasStep) -> Change:
    done: dict[str, Change] = {}
    for service, each in step.steps.items():
        try:
            done[service] = apply_step(connection, each)
        except OaktreeError as error:
            if not any(change.changed for change in done.values()):
                raise
            return replace(_together(done), error=error)
    return _together(done)


def _together(changes: Mapping[str, Change]) -> Change:
    """The changes of all services as one."""
    action = next((change.action for change in changes.values() if change.changed), "unchanged")
    return Change(
        "updated" if action == "deleted" else action,
        {service: change.before for service, change in changes.items() if change.changed},
        {service: change.after for service, change in changes.items() if change.changed},
        {"quota": {service: change.output["resource"] for service, change in changes.items()}},
        tuple(f"{service}: {note}" for service, change in changes.items() for note in change.notes),
    )


# Usage


def list_quotas(
    connection: Connection, project: Any, services: Collection[str], fields: Collection[str] | None
) -> list[dict[str, Any]] | None:
    """One record for each quota, with what is used and left of it; one request for each service, and one for a name.

    None where the Location offers none of the services, nothing where it does not have the project.
    """
    offered = [service for service in sorted(services) if is_offered(connection, kind_of(TYPES[service]))]
    if not offered:
        return None
    try:
        identity = Resolver(connection, kind_of(TYPES["compute"])).identity(project) or connection.location.project.id
    except MissingError:
        return []
    return [
        with_fields(record, fields) for service in offered for record in _records(connection, service, str(identity))
    ]


def _records(connection: Connection, name_of_service: str, project: str) -> Iterator[dict[str, Any]]:
    kind = kind_of(TYPES[name_of_service])
    template, query = _USAGE[name_of_service]
    path = path_of(template, {"project": project})
    service = service_of(connection, kind)
    body = service.negotiated(
        lambda version: service.json("GET", path, params=query, microversion=version), kind.microversion
    )
    names = {key: name for name, key in kind.keys.items()}
    location = location_of(connection.location, None, project)
    with parsing(f"the quotas of the {kind.service} service"):
        found = {names.get(key, key): value for key, value in body[str(kind.key)].items() if isinstance(value, dict)}
        for name, value in sorted(found.items()):
            limit, reserved = int(value["limit"]), int(value["reserved"])
            used = int(value["used"] if "used" in value else value["in_use"])
            yield {
                "service": name_of_service,
                "name": name,
                "limit": None if limit < 0 else limit,
                "used": used,
                "reserved": reserved,
                "free": None if limit < 0 else limit - used - reserved,
                "project_id": project,
                "location": location,
            }
