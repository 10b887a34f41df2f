# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page for those who come from openstack.cloud: its modules exist, and its roles are run."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from tests.integration.openstack_cloud.test_roles import ROLES
from tests.unit.test_docs import ROOT, rows

PAGE = "openstack-cloud.md"
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
LEAST = 40
FACTS = json.loads((ROOT / "tests" / "support" / "openstack_cloud.json").read_text(encoding="utf-8"))
"""What openstack.cloud has: the names of its modules, of the roles of its tests, and of its inventory's options."""
THEIRS = frozenset(FACTS["modules"])
THEIR_ROLES = frozenset(FACTS["roles"])
SAME_PURPOSE = {
    "compute_flavor": "flavor",
    "compute_flavor_info": "flavor_info",
    "dns_zone": "zone",
    "dns_zone_info": "zone_info",
    "identity_user": "user",
    "identity_user_info": "user_info",
    "networks_info": "network_info",
    "object_container": "container",
    "object_containers_info": "container_info",
    "resources": "resource",
    "routers_info": "router_info",
    "server_action": "server",
    "subnets_info": "subnet_info",
}
"""Modules of theirs for which there is one here under another name; many more have the same name."""
NAME = re.compile(r"`([^`]+)`")


def test_the_modules_of_the_page_exist() -> None:
    named = [name for row in rows(PAGE, "Modules", "openstack.cloud") for name in NAME.findall(row[1])]
    types = {name for name in named if "." in name}
    options = {"access", "probe", "service_type: placement"}
    assert set(named) - types - options <= MODULES
    assert all(kind_of(name) for name in types)


def left_out() -> set[str]:
    """What the page says is left out."""
    return {name for row in rows(PAGE, "What is left out", "role") for name in NAME.findall(row[0])}


def test_each_module_of_openstack_cloud_is_named_once() -> None:
    named = [name for row in rows(PAGE, "Modules", "openstack.cloud") for name in NAME.findall(row[0])]
    assert len(named) == len(set(named))
    assert set(named) <= THEIRS
    assert THEIRS - set(named) <= left_out()


def test_a_module_for_the_same_purpose_is_the_counterpart() -> None:
    counterparts = {
        name: set(NAME.findall(row[1]))
        for row in rows(PAGE, "Modules", "openstack.cloud")
        for name in NAME.findall(row[0])
    }
    wanted = SAME_PURPOSE | {name: name for name in THEIRS & MODULES}
    assert {name: ours for name, ours in wanted.items() if ours not in counterparts[name]} == {}


def test_each_role_of_openstack_cloud_is_run_or_left_out() -> None:
    assert THEIR_ROLES - left_out() == ROLES.keys()


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
    assert not left_out() & ROLES.keys()
