# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to get image data into a cloud, one file each, in the order in which they are preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from . import glance_direct, glance_download, swift_task, v1_put, v2_put, web_download

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext


class Scheme(Protocol):
    """What a module of this package has."""

    NAME: str
    SERVER_SIDE: bool
    """Whether another Location hands the image on, so that no bytes leave this machine."""

    def refusal(self, context: PlanContext) -> str | None:
        """Why the Location cannot be served this way; None when it can."""

    def reason(self, context: PlanContext) -> str:
        """One sentence: why this scheme, where it is chosen."""

    def send(self, attempt: Attempt) -> None:
        """Create the image record and get the data into it, once; the image turns active now or some time later.

        Raises `OaktreeError`; the image's state is unknown then.
        """


SCHEMES: tuple[Scheme, ...] = (v1_put, glance_download, web_download, v2_put, glance_direct, swift_task)


def by_preference(context: PlanContext) -> list[Scheme]:
    """All schemes; those that take a detour come last, in the same order."""
    return sorted(SCHEMES, key=lambda scheme: is_detour(scheme, context))


def is_detour(scheme: Scheme, context: PlanContext) -> bool:
    """Whether the data would go by the object store although the cloud may take them directly."""
    if scheme.NAME == web_download.NAME:
        return not web_download.fetches(context)
    return scheme.NAME == swift_task.NAME and not context.survey.use_tasks
