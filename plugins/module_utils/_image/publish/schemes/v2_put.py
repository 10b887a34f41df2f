# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance v2, ``PUT /v2/images/{id}/file``: the data goes straight into the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "v2_put"
SUMMARY = "PUT to the image API v2"
NEEDS_TASKS = False
FETCHES = False
SERVER_SIDE = False


def refusal(context: PlanContext) -> str | None:
    # every Glance v2 has it; a policy that forbids it shows when data is sent
    if context.survey.version != "2":
        return f"the image API is v{context.survey.version}"
    return context.by_tasks(NAME)


def reason(_context: PlanContext) -> str:
    return f"{NAME} because the image API is v2, and one request is the fastest upload"


def is_detour(_context: PlanContext) -> bool:
    return False


def send(attempt: Attempt) -> None:
    """Send to the first of the desired stores; the data is copied to the others afterwards."""
    source = attempt.source
    image_id = attempt.create(source)
    timeouts, stores = attempt.context.desired.timeouts, attempt.context.desired.stores
    timeout = (timeouts.stall_timeout, timeouts.stall_timeout)
    attempt.glance.put(f"/images/{image_id}/file", attempt.body(source), timeout, stores[0] if stores else None)
