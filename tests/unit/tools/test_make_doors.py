# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for one type of resource: documented as the table of types is, and hardly code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import Door, ListDoor
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import attributes_of
from tests.tools import make_doors

DOORS = make_doors.doors()
LONGEST = 20
"""Lines of code that such a module may have, beside the table of its options."""


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_return_is_what_the_table_of_types_says(name: str) -> None:
    text = (make_doors.MODULES / f"{name}.py").read_text()
    written = text.split(make_doors.BEGIN, 1)[1].split(make_doors.END, 1)[0]
    assert written == make_doors.returns(DOORS[name]), "run python -m tests.tools.make_doors"


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if isinstance(door, Door)])
def test_every_option_is_an_attribute(name: str) -> None:
    door = DOORS[name]
    assert isinstance(door, Door)
    known = attributes_of(kind_of(door.type))
    named = {(option.attribute or name).partition(".")[0] for name, option in door.options.items() if not option.wanted}
    assert named <= known
    assert door.waits is bool(kind_of(door.type).ready)


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if isinstance(door, ListDoor)])
def test_every_option_of_a_list_is_understood(name: str) -> None:
    door = DOORS[name]
    assert isinstance(door, ListDoor)
    kind = kind_of(door.type)
    assert {option.attribute or name for name, option in door.options.items()} <= {*kind.parents, *kind.query}


@pytest.mark.parametrize("name", DOORS)
def test_such_a_module_is_documentation_and_data(name: str) -> None:
    assert code_lines(make_doors.MODULES / f"{name}.py") <= LONGEST


def code_lines(path: Path) -> int:
    """The lines of a module that are neither documentation nor imports nor constants."""
    body = ast.parse(path.read_text()).body
    others = [node for node in body if not isinstance(node, ast.Assign | ast.Import | ast.ImportFrom)]
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in others)


def test_comments_of_openstacksdk_are_found() -> None:
    source = "    #: The CIDR\n    #: of it. *Type: str*\n    cidr = resource.Body('cidr')\n    other = 1\n"
    assert make_doors.comments(source) == {"cidr": "The CIDR of it."}


def test_a_text_without_a_sample_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        make_doors.sample("compute.flavor", "unheard_of", "str")


def test_a_sample_may_be_of_one_type_alone() -> None:
    assert make_doors.sample("dns.zone", "type", "str") == "PRIMARY"
    assert make_doors.sample("dns.recordset", "type", "str") == "A"
