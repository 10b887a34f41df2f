# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance v1, ``PUT /v1/images/{id}`` with a body: the data goes straight into the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._glance.v1 import unfit

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "v1_put"
SUMMARY = "PUT to the image API v1"
NEEDS_TASKS = False
FETCHES = False
SERVER_SIDE = False


def refusal(context: PlanContext) -> str | None:
    desired = context.desired
    if context.survey.version != "1":
        return f"the image API is v{context.survey.version}"
    if desired.state == "inactive" or (desired.on_change == "keep" and desired.keep_deactivated):
        return "the image API is v1, which cannot deactivate images"
    fields = {"visibility": desired.visibility, "os_hidden": desired.hidden, "tags": list(desired.tags or ())}
    reason = unfit({**fields, **desired.properties})
    return f"the image API is v1: {reason}" if reason else None


def reason(_context: PlanContext) -> str:
    return f"{NAME} because the Location's configuration names image API v1"


def is_detour(_context: PlanContext) -> bool:
    return False


def send(attempt: Attempt) -> None:
    source = attempt.source
    image_id = attempt.create(source)
    stall = attempt.context.desired.timeouts.stall_timeout
    attempt.glance.put(f"/images/{image_id}", attempt.body(source), (stall, stall))
