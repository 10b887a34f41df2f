# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a change."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change


@pytest.mark.parametrize(
    ("action", "changed"),
    [("created", True), ("replaced", True), ("updated", True), ("deleted", True), ("unchanged", False)],
)
def test_all_but_unchanged_is_a_change(action: str, *, changed: bool) -> None:
    assert Change(action, notes=("it took long",)).changed is changed
