# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain HTTP client for the tests of the stand-in clouds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.fake_openstack import Cloud


def login(cloud: Cloud, user: str = "demo", **changes: Any) -> requests.Response:
    """Ask for a token scoped to the user's own project; `changes` replace parts of the user."""
    domain = {"id": "default"}
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user, "domain": domain, "password": "secret"} | changes},
    }
    project = {"name": user if user == "admin" else "demo", "domain": domain}
    body = {"auth": {"identity": identity, "scope": {"project": project}}}
    return requests.post(f"{cloud.keystone.url}/v3/auth/tokens", json=body, timeout=5)


@pytest.fixture
def client() -> Callable[..., requests.Session]:
    """Return a factory of sessions that carry a token."""

    def make(cloud: Cloud, user: str = "demo") -> requests.Session:
        session = requests.Session()
        session.headers["X-Auth-Token"] = login(cloud, user).headers["X-Subject-Token"]
        return session

    return make


@pytest.fixture
def authenticate() -> Callable[..., requests.Response]:
    """Return the function that asks for a token."""
    return login
