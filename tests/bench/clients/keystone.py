# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plain clients need of Keystone: the request for a token, and the endpoints in its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def token_request(auth: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of POST /v3/auth/tokens for the `auth` section of a cloud's entry in clouds.yaml."""
    user = {"name": auth["username"], "password": auth["password"], "domain": _domain(auth, "user")}
    project = {"name": auth["project_name"], "domain": _domain(auth, "project")}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": project}}}


def _domain(auth: Mapping[str, Any], whose: str) -> dict[str, str]:
    return {part: auth[f"{whose}_domain_{part}"] for part in ("id", "name") if f"{whose}_domain_{part}" in auth}


def endpoints(catalog: Iterable[Mapping[str, Any]], service_type: str) -> dict[str, str]:
    """Return the public URL of a service in each region of a catalog."""
    return {
        endpoint["region"]: endpoint["url"]
        for service in catalog
        for endpoint in service["endpoints"]
        if service["type"] == service_type and endpoint["interface"] == "public"
    }
