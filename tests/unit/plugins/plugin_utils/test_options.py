# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible.template import Templar, trust_as_template

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain


def kinds(value: object) -> set[type]:
    if isinstance(value, dict):
        return {type(value)}.union(*(kinds(inner) for pair in value.items() for inner in pair))
    if isinstance(value, list):
        return {type(value)}.union(*(kinds(inner) for inner in value))
    return {type(value)}


def test_tagged_and_lazy_values_become_plain() -> None:
    variables = {
        "config": {"clouds": {"a": {"auth": trust_as_template("{{ word }}"), "regions": ["r1", 2]}}},
        "word": "w",
    }
    lazy = Templar(variables=variables).template(trust_as_template("{{ config }}"))
    assert plain(lazy) == {"clouds": {"a": {"auth": "w", "regions": ["r1", 2]}}}
    assert kinds(plain(lazy)) == {dict, list, str, int}
    assert kinds(plain(trust_as_template("text"))) == {str}


def test_other_values_stay() -> None:
    assert plain({"a": (None, True, 1.5)}) == {"a": [None, True, 1.5]}
