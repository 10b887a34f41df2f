# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of several schemes the first that is possible, or the requested one."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.negotiation import negotiate

REFUSALS = {"first": "it is closed", "second": None, "third": None}


def reason(name: str) -> str:
    return f"{name} because it is possible"


@pytest.mark.parametrize(
    ("requested", "names", "why"),
    [
        (None, ["second", "third"], "second because it is possible"),
        ("third", ["third"], "third because the task asks for it"),
    ],
)
def test_the_chosen_scheme_comes_first(requested: str | None, names: list[str], why: str) -> None:
    assert negotiate(REFUSALS, requested, reason) == (names, why)


@pytest.mark.parametrize(
    ("refusals", "hint"),
    [
        (REFUSALS, "Possible schemes: second, third."),
        ({"first": "it is closed", "second": "no"}, "Possible schemes: none."),
    ],
)
def test_a_requested_scheme_has_no_fallback(refusals: dict[str, str | None], hint: str) -> None:
    with pytest.raises(RefusedError, match="scheme first is not possible here: it is closed") as refused:
        negotiate(refusals, "first", reason)
    assert refused.value.hint == hint


def test_without_a_possible_scheme_all_reasons_are_listed() -> None:
    with pytest.raises(RefusedError, match=r"^no upload scheme is possible: first: it is closed; second: no$"):
        negotiate({"first": "it is closed", "second": "no"}, None, reason)
