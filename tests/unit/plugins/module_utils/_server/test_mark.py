# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks of servers and floating IPs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import (
    KEY,
    floating_ip_mark,
    is_leftover,
    mark_of,
    new_mark,
)


def test_each_is_another() -> None:
    assert len({new_mark() for _number in range(100)}) == 100
    assert floating_ip_mark("a") != floating_ip_mark("b")


@pytest.mark.parametrize(
    ("item", "mark"), [({}, None), ({"metadata": None}, None), ({"metadata": {KEY: "x", "a": "b"}}, "x")]
)
def test_the_mark_of_a_server(item: dict[str, Any], mark: str | None) -> None:
    assert mark_of(item) == mark


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({}, True),
        ({"status": "BUILD"}, False),
        ({"OS-SRV-USG:launched_at": "2026-01-01T00:00:00"}, False),
        ({"metadata": {}}, False),
    ],
)
def test_a_leftover_is_ours_and_was_never_used(change: dict[str, Any], *, left: bool) -> None:
    item = {"metadata": {KEY: "x"}, "status": "ERROR", "OS-SRV-USG:launched_at": None}
    assert is_leftover(item | change) is left
