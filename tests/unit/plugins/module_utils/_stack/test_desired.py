# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import without_secrets
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.desired import (
    DesiredStack,
    check_desired,
    texts_in,
)


def override(pattern: str, **options: Any) -> Override:
    return Override(Selection.parse([pattern]), options)


def test_overrides_are_merged_and_later_ones_win() -> None:
    desired = DesiredStack(
        "app",
        parameters={"a": 1, "b": 1},
        secrets={"s": "1"},
        overrides=(
            override("beta", parameters={"b": 2, "c": 2}),
            override("beta/east", parameters={"c": 3}, secrets={"s": "3"}),
        ),
    )
    at = desired.at(Location("beta", "east"))
    assert (at.parameters, at.secrets) == ({"a": 1, "b": 2, "c": 3}, {"s": "3"})
    assert desired.at(Location("alpha", "north")) == desired


def test_secrets_are_masked_in_messages_from_then_on() -> None:
    check_desired(DesiredStack("app", secrets={"s": {"deep": ["s3cret-of-desired"]}}))
    assert "s3cret" not in without_secrets("bad value s3cret-of-desired")


@pytest.mark.parametrize("tag", ["", "a,b", "x" * 81])
def test_tags_that_heat_does_not_take(tag: str) -> None:
    with pytest.raises(InputError, match="is not a tag"):
        check_desired(DesiredStack("app", tags=(tag,)))


def test_numbers_and_booleans_are_their_texts() -> None:
    assert texts_in({"a": [1, 1.5, True, None, "x"]}) == {"a": ["1", "1.5", "true", None, "x"]}
