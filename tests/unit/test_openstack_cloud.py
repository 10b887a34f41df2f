# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page for those who come from openstack.cloud: its modules exist, and its roles are run."""

from __future__ import annotations

import re

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from tests.integration.openstack_cloud.test_roles import ROLES
from tests.unit.test_docs import ROOT, rows

PAGE = "openstack-cloud.md"
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
LEAST = 40
NAME = re.compile(r"`([^`]+)`")


def test_the_modules_of_the_page_exist() -> None:
    named = [name for row in rows(PAGE, "Modules", "openstack.cloud") for name in NAME.findall(row[1])]
    types = {name for name in named if "." in name}
    options = {"access", "probe", "service_type: placement"}
    assert set(named) - types - options <= MODULES
    assert all(kind_of(name) for name in types)


def test_each_module_of_openstack_cloud_is_named_once() -> None:
    named = [name for row in rows(PAGE, "Modules", "openstack.cloud") for name in NAME.findall(row[0])]
    assert len(named) == len(set(named))


def test_each_role_of_the_page_has_a_case() -> None:
    table = rows(PAGE, "Roles", "role")
    named = [row[0].strip("`") for row in table]
    assert named == sorted(ROLES)
    assert len(named) >= LEAST
    assert all(row[2] for row in table)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_the_modules_that_the_page_names(role: str) -> None:
    (row,) = (row for row in rows(PAGE, "Roles", "role") if row[0] == f"`{role}`")
    assert set(NAME.findall(row[1])) <= {step.thing.module for step in ROLES[role]}


def test_what_is_left_out_has_a_reason_and_no_case() -> None:
    table = rows(PAGE, "What is left out", "role")
    assert all(row[1] for row in table)
    assert not {name for row in table for name in NAME.findall(row[0])} & ROLES.keys()
