# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How data that other hosts send can get to a Location, and which scheme is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._cloud.capabilities import ObjectStore, object_store
from ..._core.errors import AuthError, RefusedError, ServerError, UnreachableError
from ..._glance.client import glance_for
from ..publish.negotiation import negotiate
from ..publish.schemes import glance_direct, swift_task, v2_put, web_download
from ..publish.survey import are_tasks_open

if TYPE_CHECKING:
    from ..._cloud.connection import Connection
    from ..publish.context import PlanContext
    from ..publish.schemes import Scheme

SWIFT = "swift"
SCHEMES = (v2_put.NAME, glance_direct.NAME, SWIFT)


@dataclass(frozen=True)
class SessionSchemes:
    """The schemes that are possible at one Location."""

    context: PlanContext
    """With what the Location offers."""
    object_store: ObjectStore | None
    missing: str = ""
    """Why there is no object store."""
    unsigned: str = ""
    """Why the store has no signed URLs that work, once one was tried."""

    @property
    def imports(self) -> list[Scheme]:
        """The schemes by which the image service can fetch an object by a signed URL, the preferred one first."""
        return [scheme for scheme, refusal in self._import_refusals() if refusal is None]

    def choose(self, requested: str | None) -> tuple[str, str]:
        """The scheme and one sentence why. Raises RefusedError where the requested one is not possible, or none is."""
        context = replace(self.context, desired=replace(self.context.desired, scheme=requested))
        direct = {scheme.NAME: scheme.refusal(context) for scheme in (v2_put, glance_direct)}
        swift = self._swift_refusal()

        def reason(name: str) -> str:
            why = "signed URLs need no credentials where the data is sent from" if name == SWIFT else swift
            return f"{name} because {why}"

        names, why = negotiate({SWIFT: swift, **direct}, requested, reason)
        return names[0], why

    def _swift_refusal(self) -> str | None:
        if self.object_store is None:
            return f"there is no object store: {self.missing}"
        if self.unsigned or not self.object_store.tempurl_digests:
            return self.unsigned or "the object store has no signed URLs"
        if not self.imports:
            refusals = ", ".join(str(refusal) for _scheme, refusal in self._import_refusals())
            return f"the image service cannot import from the object store: {refusals}"
        return None

    def _import_refusals(self) -> list[tuple[Scheme, str | None]]:
        by_path = "tasks do not take URLs here" if self.context.survey.use_tasks else None
        return [
            (web_download, web_download.refusal(self.context)),
            (swift_task, by_path or swift_task.refusal(self.context)),
        ]


def survey_schemes(connection: Connection, context: PlanContext) -> SessionSchemes:
    """Ask what the Location offers: four requests. Raises `OaktreeError`, but not where only the object store fails."""
    store, missing = None, ""
    try:
        store = object_store(connection)
    except (AuthError, RefusedError, ServerError, UnreachableError) as error:
        missing = error.message
    survey = replace(
        context.survey,
        offers=glance_for(connection).capabilities(),
        object_store=store is not None,
        tasks=are_tasks_open(connection),
    )
    return SessionSchemes(replace(context, survey=survey), store, missing)
