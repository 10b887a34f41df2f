# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot of a server, at the server's own Location: it becomes the image, and no data is moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...._core.errors import ServerError
from ...._glance.image_json import OURS
from ...._glance.v2 import UPLOAD, custom_properties, pointer
from ...fingerprint import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "snapshot"
SUMMARY = "the snapshot of a server becomes the image where the server is"
NEEDS_TASKS = False
FETCHES = False
SERVER_SIDE = True


def refusal(context: PlanContext) -> str | None:
    return None if context.takes_snapshot else "the image is not the snapshot of a server that is here"


def reason(_context: PlanContext) -> str:
    return f"{NAME} because the server is here"


def is_detour(_context: PlanContext) -> bool:
    return False


def send(attempt: Attempt) -> None:
    """Give the snapshot what other Locations get with a new record, and take away what nobody asked for."""
    there = attempt.glance.get(str((attempt.context.snapshot or {})["id"]))
    if there is None:
        raise ServerError("the snapshot is no longer there")
    attempt.adopt(there)
    attempt.glance.patch(str(there["id"]), list(_operations(attempt, there)))


def _operations(attempt: Attempt, there: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A snapshot inherits the properties of the image that its server was booted from, our own ones too."""
    context = attempt.context
    ours = {key: value for key, value in attempt.properties(fingerprint_of(there)).items() if key != UPLOAD}
    wanted = {**context.upload_properties, **context.desired.properties}
    asked = {key for key, value in wanted.items() if value is not None}
    inherited = {*custom_properties(there), *(key for key in there if key.startswith(OURS))}
    for key in sorted(inherited - asked - ours.keys() - {UPLOAD}):
        yield {"op": "remove", "path": pointer(key)}
    for key, value in ours.items():
        yield {"op": "add", "path": pointer(key), "value": value}
    if context.desired.visibility is None and context.current is None:
        yield {"op": "replace", "path": "/visibility", "value": attempt.glance.SHARED}
