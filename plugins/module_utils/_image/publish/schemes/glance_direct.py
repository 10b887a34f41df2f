# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``glance-direct``: the data is staged, then the cloud imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "glance_direct"
SUMMARY = "PUT to the staging area, then an import"
NEEDS_TASKS = False
FETCHES = False
SERVER_SIDE = False
METHOD = "glance-direct"


def refusal(context: PlanContext) -> str | None:
    return context.by_tasks(NAME) if context.supports_import(METHOD) else f"the import method {METHOD} is not offered"


def reason(_context: PlanContext) -> str:
    return f"{NAME} because the Location takes image data by staged import"


def is_detour(_context: PlanContext) -> bool:
    return False


def send(attempt: Attempt) -> None:
    source = attempt.source
    image_id = attempt.create(source)
    stall = attempt.context.desired.timeouts.stall_timeout
    attempt.glance.put(f"/images/{image_id}/stage", attempt.body(source), (stall, stall))
    attempt.start_import({"name": METHOD})
