# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of a real Keystone between tasks: used again, and replaced when they are revoked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.run_module import run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]


def requests_of(run: Any) -> list[int]:
    return sorted(visit["requests"] for visit in run["locations"])


def kept() -> dict[str, Any]:
    (path,) = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud", "tokens").glob("*.json")
    state: dict[str, Any] = json.loads(json.loads(path.read_text())["value"])
    return state


def sign_in() -> str:
    """Fetch a token, or use the one that is kept, and show it to nobody: services believe for minutes what they saw."""
    run = run_module("rest_info", service_type="identity", locations=["alpha"], versions=False)
    assert run.ok, run.result
    token: str = kept()["auth_token"]
    return token


def revoke(token: str) -> None:
    (found,) = run_module("rest_info", service_type="identity", locations=["alpha/north"], versions=False)["endpoints"]
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    answer = requests.delete(f"{found['url']}/auth/tokens", headers=headers, timeout=20)
    assert answer.status_code == 204


@pytest.mark.parametrize("module", ["server_info", "image_info"])
def test_a_revoked_token_is_replaced(module: str) -> None:
    first = sign_in()
    assert sign_in() == first
    revoke(first)
    run = run_module(module, locations=["alpha"])
    assert run.ok, run.result
    second = kept()["auth_token"]
    assert second != first
    again = run_module(module, locations=["alpha"])
    assert requests_of(again) == [1, 1]
    assert kept()["auth_token"] == second
    assert sum(requests_of(run)) - sum(requests_of(again)) >= 2, "a refusal and a token at least"
