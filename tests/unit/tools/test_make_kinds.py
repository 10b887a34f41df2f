# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.tools.make_kinds import TARGET, block, filled, snake, source


def test_the_table_is_what_openstacksdk_says() -> None:
    """If not, run python -m tests.tools.make_kinds."""
    assert TARGET.read_text(encoding="utf-8") == source()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("QoSBandwidthLimitRule", "qos_bandwidth_limit_rule"),
        ("SecurityGroup", "security_group"),
        ("TSIGKey", "tsig_key"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert snake(name) == expected


def test_lines_are_short_enough_for_every_check() -> None:
    assert max(map(len, TARGET.read_text(encoding="utf-8").splitlines())) <= 120
    lines = filled("attributes:", [f"attribute_{number}" for number in range(50)])
    assert len(lines) > 1
    assert all(line.startswith(" ") for line in lines)
    assert filled("query:", []) == []


@pytest.mark.parametrize("word", ["two words", "", "title:"])
def test_words_that_would_be_parsed_as_something_else(word: str) -> None:
    with pytest.raises(ValueError, match="query:"):
        filled("query:", [word])


@pytest.mark.parametrize("path", ["/a'b", '/a"b', "/a\\b", "/ä"])
def test_text_that_cannot_stand_in_a_plain_string(path: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        block("compute.thing", {"head": {"path": path}, "attributes": [], "query": []})
