# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The projects that an image is shared with: found by their names, and accepting it where we may do so for them.

Source: Glance's API reference (sharing): only the receiving project can accept an image, which its lists show then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..._cloud.answers import check_id, parsing
from ..._cloud.connection import Connection
from ..._cloud.service import service_at
from ..._core.errors import InputError, OaktreeError, RefusedError
from ..._core.location import Project
from ..._glance.client import glance_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ACCEPTED, PENDING = "accepted", "pending"

_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""What projects' IDs look like; Glance takes anything, so a name must not pass for one."""


def find_projects(connection: Connection, members: Sequence[str]) -> tuple[Project, ...]:
    """The projects that Keystone knows by the names among the members; none where it does not tell.

    No request for IDs. Else one for the projects of the user, and one for each name that none of these has.
    """
    names = [member for member in members if not _ID.fullmatch(member)]
    found = _listed(connection, "/auth/projects", {}) if names else []
    known = {text for project in found for text in (project.id, project.name)}
    for name in names:
        if name not in known:
            found += _listed(connection, "/projects", {"name": name})
    return tuple(found)


def _listed(connection: Connection, path: str, query: Mapping[str, str]) -> list[Project]:
    try:
        pages = list(service_at(connection, "identity").pages(path, "projects", query))
    except RefusedError:
        return []
    with parsing(f"the answer to GET {path}"):
        listed = [item for page in pages for item in page]
        return [Project(check_id(item["id"]), str(item["name"]), item.get("domain_id")) for item in listed]


def resolve(members: Sequence[str], projects: Iterable[Project], own: str | None) -> tuple[str, ...]:
    """The IDs of the members, without that of the image's own project, which needs no access.

    Raises InputError for a name that none of the projects has, or several have.
    """
    known = {project.id: project for project in projects if project.id}
    ids = [_resolved(member, known) for member in members]
    return tuple(project_id for project_id in dict.fromkeys(ids) if project_id != own)


def _resolved(member: str, known: Mapping[str, Project]) -> str:
    if member in known:
        return member
    named = sorted(project_id for project_id, project in known.items() if project.name == member)
    if len(named) == 1:
        return named[0]
    if named:
        raise InputError(
            f"members: several projects are called {member!r}", hint=f"Name one by ID: {', '.join(named)}."
        )
    if _ID.fullmatch(member):
        return member
    raise InputError(
        f"members: no project {member!r} is known here",
        hint="Name it by its ID: this user may not look up all projects.",
    )


def accept(image_id: str, project: str, receiver: Connection, sender: Connection) -> str:
    """Have the receiving project accept the image, by a connection of its own; returns nothing, or why it did not.

    It takes the sender's deadline, and counts among the sender's requests.
    """
    connection = Connection(receiver.region, receiver.coalescer)
    connection.deadline = sender.deadline
    try:
        glance_for(connection).accept(image_id, project)
    except OaktreeError as error:
        return f"members: {receiver.location} could not accept the image: {error.message}"
    finally:
        connection.close()
        sender.requests += connection.requests
    return ""


def not_accepted(project: str, status: str) -> str:
    """The note for a project that does not see the image in its lists."""
    return (
        f"members: the project {project} has not accepted the image ({status}): accept it there, or select a Location "
        "of that project as well"
    )


def pending(members: Mapping[str, str], projects: Iterable[str]) -> dict[str, str]:
    """Those of the projects, with their status, that have not accepted the image."""
    return {project: members[project] for project in projects if members.get(project, ACCEPTED) != ACCEPTED}
