# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.groups import Group
from tests.support.inventory_hosts import SOUTH, inventory, server


def test_groups_are_nested_and_parents_come_first() -> None:
    zoned: dict[str, Any] = {"OS-EXT-AZ:availability_zone": "nova"}
    found = inventory(server("a", "1", **zoned), server("b", "2", SOUTH), server("c", "3", Location("gamma"), **zoned))
    assert found.groups == (
        Group("cloud_alpha"),
        Group("cloud_gamma"),
        Group("project_alpha_demo", "cloud_alpha"),
        Group("region_alpha_north", "cloud_alpha"),
        Group("region_alpha_south", "cloud_alpha"),
        Group("zone_gamma_nova", "cloud_gamma"),
        Group("zone_alpha_north_nova", "region_alpha_north"),
    )
    assert [host.groups for host in found.hosts] == [
        ("zone_alpha_north_nova", "project_alpha_demo"),
        ("region_alpha_south", "project_alpha_demo"),
        ("zone_gamma_nova",),
    ]


def test_groups_can_be_turned_off() -> None:
    found = inventory(server("a", "1"), location_groups=False)
    assert found.groups == ()
    assert found.hosts[0].groups == ()


def test_groups_with_the_same_safe_name_get_a_suffix_of_their_own() -> None:
    dashed, spaced, other = Location("eu-west", "1"), Location("eu.west", "1"), Location("other", "1")
    found = inventory(server("a", "1", dashed), server("b", "2", spaced), server("c", "3", other))
    clouds = [group.name for group in found.groups if group.parent is None]
    assert "cloud_other" in clouds
    assert len({name for name in clouds if re.fullmatch(r"cloud_eu_west_[0-9a-f]{6}", name)}) == 2
    again = inventory(server("c", "3", other), server("b", "2", spaced), server("a", "1", dashed))
    assert again.groups == found.groups
    regions = {group.name: group.parent for group in found.groups if group.name.startswith("region_eu")}
    assert len(regions) == 2
    assert set(regions.values()) == set(clouds) - {"cloud_other"}


def test_projects_of_one_name_are_distinguished_and_one_without_a_name_gets_its_id() -> None:
    first, second = (Location("alpha", project=Project(project, "demo")) for project in ("p1", "p2"))
    third = Location("alpha", project=Project("p3"))
    found = inventory(server("a", "1", first), server("b", "2", second), server("c", "3", third))
    projects = [group.name for group in found.groups if group.name.startswith("project_")]
    assert len(projects) == len(set(projects)) == 3
    assert "project_alpha_p3" in projects
