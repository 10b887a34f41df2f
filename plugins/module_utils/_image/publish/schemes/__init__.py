# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The upload schemes, one file each, in the order of preference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from . import glance_direct, glance_download, snapshot, swift_task, v1_put, v2_put, web_download

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext


class Scheme(Protocol):
    """What a module of this package has. Nothing else in the collection knows a scheme by its name."""

    NAME: str
    SUMMARY: str
    """What it does, in one line, for the documentation."""
    NEEDS_TASKS: bool
    """Whether the survey must ask if tasks are open to the project, where the user requests this scheme."""
    FETCHES: bool
    """Whether the cloud fetches the data: whatever the error, where it fetches from may be at fault."""
    SERVER_SIDE: bool
    """Whether another Location serves the image, so that no bytes leave this machine."""

    def refusal(self, context: PlanContext) -> str | None:
        """Why the scheme cannot serve the Location; None when it can."""

    def reason(self, context: PlanContext) -> str:
        """One sentence: why this scheme, where it is chosen."""

    def is_detour(self, context: PlanContext) -> bool:
        """Whether the data would go by way of the object store although the cloud may take it directly."""

    def send(self, attempt: Attempt) -> None:
        """Create the image record and get the data into it, once; the image turns active now or some time later.

        Raises `OaktreeError`; the image's state is unknown then.
        """


SCHEMES: tuple[Scheme, ...] = (v1_put, glance_download, web_download, v2_put, glance_direct, swift_task)


def by_preference(context: PlanContext) -> list[Scheme]:
    """All schemes; those that take a detour come last, in the same order.

    Where the snapshot of a server is, it comes first. It is no upload that anybody could ask for.
    """
    schemes: tuple[Scheme, ...] = (snapshot, *SCHEMES) if context.takes_snapshot else SCHEMES
    return sorted(schemes, key=lambda scheme: scheme.is_detour(context))


def needs_tasks(name: str | None) -> bool:
    """Whether the scheme of this name needs tasks; False without a name."""
    return any(name == scheme.NAME and scheme.NEEDS_TASKS for scheme in SCHEMES)
