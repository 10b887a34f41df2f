# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds.yaml of stand-in clouds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support.fake_openstack.keystone import DOMAIN, User

VENDOR: dict[str, dict[str, Any]] = {
    "v1": {"image_api_version": "1"},
    "v2": {},
    "rackspace": {
        "image_api_use_tasks": True,
        "image_format": "vhd",
        "disable_vendor_agent": {"vm_mode": "hvm", "xenapi_use_agent": "False"},
    },
}
"""What the profile of a vendor with such an image API says of it."""


def entry(auth_url: str, user: User, regions: Sequence[str], *, application_credential: bool = False) -> dict[str, Any]:
    """Return what stands under one cloud's name: one entry with all its regions."""
    if application_credential:
        auth = {
            "auth_url": auth_url,
            "application_credential_id": user.credential_id,
            "application_credential_secret": user.credential_secret,
        }
        return {"auth_type": "v3applicationcredential", "auth": auth, "regions": list(regions)}
    auth = {
        "auth_url": auth_url,
        "username": user.name,
        "password": user.password,
        "project_name": user.projects[0],
        "user_domain_id": DOMAIN["id"],
        "project_domain_id": DOMAIN["id"],
    }
    return {"auth": auth, "regions": list(regions)}
