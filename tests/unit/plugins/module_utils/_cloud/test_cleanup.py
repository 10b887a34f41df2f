# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed work has created is removed, whatever the exception is."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.cleanup import removing
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError, ServerError


@pytest.mark.parametrize("failure", [ServerError("broken"), KeyError("status"), RecursionError(), OSError("no")])
def test_all_removals_have_their_turn_and_report(failure: Exception) -> None:
    calls: list[str] = []

    def removal(name: str, complaint: str) -> str:
        calls.append(name)
        return complaint

    def bug() -> str:
        raise ValueError("a bug")

    with (
        pytest.raises(OaktreeError) as raised,
        removing(lambda: removal("a", "a stays"), bug, lambda: removal("b", "")),
    ):
        raise failure
    assert calls == ["a", "b"]
    assert raised.value.residue == ["a stays", "cleaning up failed: ValueError: a bug"]
    assert raised.value is failure or raised.value.__cause__ is failure


def test_nothing_is_removed_where_nothing_fails() -> None:
    with removing(lambda: pytest.fail("removed")):
        pass
