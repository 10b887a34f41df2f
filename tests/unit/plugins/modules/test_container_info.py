# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of container_info that no cloud is asked for. What it lists is in test_listing.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.run_module import run_module

AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "somebody",
    "password": "confidential",
    "project_name": "a-project",
}
CLOUDS = {"clouds": {"a-cloud": {"auth": AUTH, "region_name": "a-region"}}}
"""Nothing listens there: what asks the cloud is not an error of the input."""


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "a/b"}, "name: must not have a slash"),
    ({"name": ""}, "name: must not be empty"),
    ({"fields": ["nothing"]}, "fields: 'nothing' is not known"),
    ({"query": "["}, "query: "),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options)[:60] for options, _message in BAD])
def test_bad_input(options: dict[str, Any], message: str) -> None:
    ended = run_module("container_info", **{"clouds_config": CLOUDS, **options})
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]


@pytest.mark.slow
def test_a_cloud_that_cannot_be_reached_is_a_failure() -> None:
    ended = run_module("container_info", clouds_config=CLOUDS, timeout=5)
    assert (ended.ok, ended["containers"]) == (False, [])
    assert [failure["kind"] for failure in ended["failures"]] == ["unreachable"]
