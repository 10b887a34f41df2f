# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and properties that Glance takes, and what becomes of the values of YAML."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import BOOKKEEPING, LONGEST_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.metadata import (
    as_texts,
    check_name,
    check_not_negative,
    check_properties,
    unique,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import upload_name


@pytest.mark.parametrize("length", [1, LONGEST_NAME - len(upload_name(""))])
def test_names_that_fit_also_while_they_are_uploaded(length: int) -> None:
    check_name("ü" * length)
    assert len(upload_name("ü" * length)) <= LONGEST_NAME


@pytest.mark.parametrize("length", [0, LONGEST_NAME - len(upload_name("")) + 1])
def test_names_that_do_not(length: int) -> None:
    with pytest.raises(InputError, match=f"name: must have 1 to 245 characters, not {length}"):
        check_name("x" * length)


def test_numbers() -> None:
    check_not_negative({"min_disk": None, "min_ram": 0}, "min_disk", "min_ram")
    with pytest.raises(InputError, match="min_ram: must not be negative, it is -1"):
        check_not_negative({"min_disk": None, "min_ram": -1}, "min_disk", "min_ram")


@pytest.mark.parametrize("key", ["visibility", "id", "os_glance_import_task", *sorted(BOOKKEEPING)])
def test_what_is_no_custom_property(key: str) -> None:
    with pytest.raises(InputError, match=f"properties: {key} is not a custom property"):
        check_properties({"hw_machine_type": "q35", key: "1"})


@pytest.mark.parametrize("value", [["a"], {"a": "b"}])
def test_values_that_glance_does_not_have(value: Any) -> None:
    with pytest.raises(InputError, match=f"properties: hw is a {type(value).__name__}"):
        check_properties({"hw": value})


def test_values_become_strings() -> None:
    values = {"yes": True, "no": False, "number": 5, "float": 0.5, "gone": None, "empty": "", "text": "None"}
    check_properties(values)
    assert as_texts(values) == {
        "yes": "true",
        "no": "false",
        "number": "5",
        "float": "0.5",
        "gone": None,
        "empty": "",
        "text": "None",
    }


@pytest.mark.parametrize(("given", "kept"), [(None, None), ([], ()), (["b", "a", "b"], ("b", "a"))])
def test_each_once_in_order(given: list[str] | None, kept: tuple[str, ...] | None) -> None:
    assert unique(given) == kept
