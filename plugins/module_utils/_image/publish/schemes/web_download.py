# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``web-download``: the cloud fetches a URL by itself.

The URL is the user's, or that of a temporary object in the Location's object store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "web_download"
SUMMARY = "the cloud fetches a URL: the user's, or that of a temporary object"
NEEDS_TASKS = False
FETCHES = True
SERVER_SIDE = False
METHOD = "web-download"


def refusal(context: PlanContext) -> str | None:
    if not context.supports_import(METHOD):
        return f"the import method {METHOD} is not offered"
    if fetches(context) or context.survey.object_store:
        return None
    why = (
        "the image does not come from a URL that a cloud can fetch"
        if context.url is None
        else "the image must be converted first"
    )
    return f"{why}, and there is no object store to fetch it from"


def fetches(context: PlanContext) -> bool:
    """Whether the cloud can fetch the user's URL as it is."""
    return context.url is not None and not context.converted


def reason(context: PlanContext) -> str:
    if fetches(context):
        return f"{NAME} because the cloud can fetch the URL by itself"
    return f"{NAME} because the cloud can fetch from its object store"


def request(url: str) -> dict[str, str]:
    """The method of an import request."""
    return {"name": METHOD, "uri": url}


def is_detour(context: PlanContext) -> bool:
    return not fetches(context)


def send(attempt: Attempt) -> None:
    source = attempt.source
    attempt.create(source)
    url = attempt.image_data.url if fetches(attempt.context) else attempt.temporary_object(source, signed=True).url
    attempt.start_import(request(str(url)))
