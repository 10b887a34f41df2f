# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance v2, ``PUT /v2/images/{id}/file``: the data goes straight into the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case

NAME = "v2_put"
FED = False


def refusal(case: Case) -> str | None:
    # every Glance v2 has it; a policy that forbids it shows when data is sent
    if case.survey.version != "2":
        return f"the image API is v{case.survey.version}"
    return case.by_tasks(NAME)


def reason(_case: Case) -> str:
    return f"{NAME} because the image API is v2, and one request is the quickest way in"


def send(attempt: Attempt) -> None:
    """Send to the first of the wanted stores; the data is copied to the others afterwards."""
    source = attempt.source
    image_id = attempt.create(source)
    clocks, stores = attempt.case.wanted.clocks, attempt.case.wanted.stores
    timeout = (clocks.stall_timeout, clocks.stall_timeout)
    attempt.glance.put(f"/images/{image_id}/file", attempt.body(source), timeout, stores[0] if stores else None)
