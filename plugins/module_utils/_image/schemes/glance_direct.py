# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``glance-direct``: the data is staged, then the cloud imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case

NAME = "glance_direct"
FED = False
METHOD = "glance-direct"


def refusal(case: Case) -> str | None:
    return case.by_tasks(NAME) if case.offers_import(METHOD) else f"the import method {METHOD} is not offered"


def reason(_case: Case) -> str:
    return f"{NAME} because the Location takes image data by staged import"


def send(attempt: Attempt) -> None:
    source = attempt.source
    image_id = attempt.create(source)
    stall = attempt.case.wanted.clocks.stall_timeout
    attempt.glance.put(f"/images/{image_id}/stage", attempt.body(source), (stall, stall))
    attempt.start_import({"name": METHOD})
