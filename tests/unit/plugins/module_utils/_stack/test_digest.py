# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.digest import (
    Mark,
    mark_of,
    marks_in,
    without_marks,
)

CONTENT = {"parameters": {"password": "geheim", "a": [1, {"b": None}]}}


def test_the_same_is_told_from_the_other() -> None:
    mark = mark_of("key", CONTENT)
    assert mark_of("key", {"parameters": dict(reversed(CONTENT["parameters"].items()))}) == mark
    assert mark_of("key", {**CONTENT, "x": 1}).digest != mark.digest
    assert mark_of("key", {**CONTENT, "x": 1}).key_name == mark.key_name


def test_without_the_key_nothing_can_be_told() -> None:
    mark, other = mark_of("key", CONTENT), mark_of("another", CONTENT)
    assert (mark.key_name, mark.digest) != (other.key_name, other.digest)
    assert mark.key_name != other.key_name
    assert mark.digest != other.digest


def test_the_tag_is_one_that_heat_takes() -> None:
    mark = mark_of("k\ud800y", CONTENT)
    assert len(mark.tag) <= 80
    assert "," not in mark.tag
    assert marks_in(["a", mark.tag, "oaktree:broken"]) == [mark]
    assert without_marks(["a", mark.tag, "b"]) == ["a", "b"]


def test_a_mark_stays_the_same_over_versions_and_machines() -> None:
    """Else all stacks would be updated once."""
    assert mark_of("key", {"a": 1}) == Mark("a3c8d1b4", "ad6928a1f870c4d0145da36f3f290a4598071987")
