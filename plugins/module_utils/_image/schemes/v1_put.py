# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance v1, ``PUT /v1/images/{id}`` with a body: the data goes straight into the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.glance_v1 import unfit

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case

NAME = "v1_put"
FED = False


def refusal(case: Case) -> str | None:
    wanted = case.wanted
    if case.survey.version != "1":
        return f"the image API is v{case.survey.version}"
    if wanted.state == "inactive" or (wanted.on_change == "keep" and wanted.keep_deactivated):
        return "the image API is v1, which cannot deactivate images"
    fields = {"visibility": wanted.visibility, "os_hidden": wanted.hidden, "tags": list(wanted.tags or ())}
    reason = unfit({**fields, **wanted.properties})
    return f"the image API is v1: {reason}" if reason else None


def reason(_case: Case) -> str:
    return f"{NAME} because the Location's configuration names image API v1"


def send(attempt: Attempt) -> None:
    source = attempt.source
    image_id = attempt.create(source)
    stall = attempt.case.wanted.clocks.stall_timeout
    attempt.glance.put(f"/images/{image_id}", attempt.body(source), (stall, stall))
