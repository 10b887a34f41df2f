# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.template import Templar, trust_as_template

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import TARGET_NUMBERS
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import checked_options, plain

VALID = {"clouds_yaml": None, "clouds_config": None, **dict.fromkeys(TARGET_NUMBERS, 1.0)}


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


def test_valid_options_become_plain() -> None:
    found = checked_options({**VALID, "rate_limit": None, "clouds_yaml": trust_as_template("a.yaml")})
    assert found == {**VALID, "rate_limit": None, "clouds_yaml": "a.yaml"}
    assert kinds(found) == {dict, str, float, type(None)}


@pytest.mark.parametrize("option", TARGET_NUMBERS)
@pytest.mark.parametrize("value", [0, -1.0, 1e9, float("inf"), float("nan")])
def test_numbers_must_be_positive_and_finite(option: str, value: float) -> None:
    with pytest.raises(InputError, match=f"^{option}: must be greater than zero and less than 1e"):
        checked_options({**VALID, option: value})


def test_the_clouds_come_from_one_option() -> None:
    with pytest.raises(InputError, match=r"^clouds_yaml, clouds_config: only one may be given$"):
        checked_options({**VALID, "clouds_yaml": "a.yaml", "clouds_config": {"clouds": {}}})
