# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``web-download``: the cloud fetches a URL by itself.

The URL is the user's, or that of a temporary object in the Location's object store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._image import deposit

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case

NAME = "web_download"
FED = False
METHOD = "web-download"


def refusal(case: Case) -> str | None:
    if not case.offers_import(METHOD):
        return f"the import method {METHOD} is not offered"
    if fetches(case) or case.survey.object_store:
        return None
    why = "the image does not come from a URL" if case.url is None else "the image must be converted first"
    return f"{why}, and there is no object store to fetch it from"


def fetches(case: Case) -> bool:
    """Whether the cloud can fetch the user's URL as it is."""
    return case.url is not None and not case.converted


def reason(case: Case) -> str:
    if fetches(case):
        return f"{NAME} because the cloud can fetch the URL by itself"
    return f"{NAME} because the cloud can fetch from its object store"


def send(attempt: Attempt) -> None:
    source = attempt.source
    attempt.create(source)
    url = attempt.supply.url if fetches(attempt.case) else deposit.put(attempt, source).signed_url()
    attempt.start_import({"name": METHOD, "uri": str(url)})
