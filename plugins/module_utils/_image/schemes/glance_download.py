# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``glance-download``: another region of the same Keystone hands the image on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.identity import identity_of

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case

NAME = "glance_download"
FED = True
METHOD = "glance-download"


def refusal(case: Case) -> str | None:
    if not case.offers_import(METHOD):
        return f"the import method {METHOD} is not offered"
    return None if case.feeder else "no other region of the cloud has the image or is sent it"


def reason(case: Case) -> str:
    return f"{NAME} because {case.feeder} of the same cloud can hand the image on"


def send(attempt: Attempt) -> None:
    feeder = attempt.case.feeder
    if feeder is None:
        raise ServerError("nobody hands the image on")
    image = attempt.feeds.wait(feeder, attempt.connection.deadline)
    attempt.create(identity_of(image))
    method = {"name": METHOD, "glance_region": str(feeder.region), "glance_image_id": str(image["id"])}
    interface = attempt.connection.region.config.get_interface("image")
    method["glance_service_interface"] = interface if isinstance(interface, str) else "public"
    attempt.start_import(method)
