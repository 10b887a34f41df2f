# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``glance-download``: another region of the same Keystone serves the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._core.errors import ServerError
from ...fingerprint import fingerprint_of
from ..relay import METHOD

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "glance_download"
SUMMARY = "another region of the same cloud serves the image"
NEEDS_TASKS = False
FETCHES = True
SERVER_SIDE = True


def refusal(context: PlanContext) -> str | None:
    if not context.supports_import(METHOD):
        return f"the import method {METHOD} is not offered"
    return None if context.source_region else "no other region of the cloud has the image or is sent it"


def reason(context: PlanContext) -> str:
    return f"{NAME} because {context.source_region} of the same cloud can serve the image"


def is_detour(_context: PlanContext) -> bool:
    return False


def send(attempt: Attempt) -> None:
    source_region = attempt.context.source_region
    if source_region is None:
        raise ServerError("no source region was chosen for glance-download")
    image = attempt.relay_board.wait(source_region, attempt.connection.deadline)
    attempt.create(fingerprint_of(image))
    method = {"name": METHOD, "glance_region": str(source_region.region), "glance_image_id": str(image["id"])}
    method["glance_service_interface"] = attempt.connection.region.settings.interface("image")
    attempt.start_import(method)
