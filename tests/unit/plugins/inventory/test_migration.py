# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/inventory.md says about openstack.cloud's inventory: each option has its place, and hosts stay the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import inventory_loader

from ansible_collections.oaktree.multicloud.plugins.inventory.servers import COUNTERPARTS
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.nova_servers import Server
from tests.unit.plugins.inventory.conftest import Parse
from tests.unit.test_docs import ROOT

PAGE = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8").split("\n## Migrating from openstack.cloud\n")[1]
NAME = re.compile(r"`([^`]+)`")
FACTS = json.loads((ROOT / "tests" / "support" / "openstack_cloud.json").read_text(encoding="utf-8"))
VERSION = "2.5"
OWN_OPTIONS = set(FACTS["inventory_options"])
"""Those in the documentation of plugins/inventory/openstack.py."""
FRAGMENT_OPTIONS = set(FACTS["inventory_fragment_options"])
"""Those of the fragments constructed and inventory_cache, which it extends."""
LEGACY_GROUPS = {
    "cloud1",
    "r1",
    "cloud1_r1",
    "nova",
    "r1_nova",
    "cloud1_r1_nova",
    "meta-role_web",
    "meta-owner_team-blue",
    "meta-backup_daily",
    "meta-cost_center_4000",
    "instance-974dbcc0-2757-5a85-9367-8715b8a12d00",
    "flavor-m1.large",
}
"""The groups that it made for web-cloud1-r1-0000 of these stand-in clouds, but for image-None."""


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds of two regions with three servers each, the first of which has a floating address."""
    running = fake_openstack(clouds=2, regions=2, servers=3)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(running.clouds_yaml(tmp_path / "clouds.yaml")))
    return running


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of the section."""
    lines = PAGE.split(f"\n### {heading}\n")[1].strip().split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def blocks() -> list[dict[str, Any]]:
    """The YAML of the section, as it stands."""
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_each_option_of_the_old_plugin_is_on_the_page_once() -> None:
    named = [name for row in rows("Options") for name in NAME.findall(row[0])]
    assert sorted(named) == sorted(OWN_OPTIONS | FRAGMENT_OPTIONS)
    assert FACTS["version"].startswith(VERSION)
    assert f"({VERSION})" in PAGE


def test_the_page_names_the_counterparts_that_errors_name() -> None:
    told = {name: row[1:] for row in rows("Options") for name in NAME.findall(row[0])}
    known = set(inventory_loader.get("oaktree.multicloud.servers").option_definitions)
    assert COUNTERPARTS.keys() == OWN_OPTIONS - known
    for name, ours in COUNTERPARTS.items():
        option, _colon, value = ours.partition(": ")
        assert option in known
        assert option in " ".join(told[name])
        assert value in " ".join(told[name])


@pytest.mark.parametrize(
    ("theirs", "ours", "name", "address"),
    [
        pytest.param({}, {}, "name", lambda server: server.floating or server.fixed, id="default"),
        pytest.param(
            {"inventory_hostname": "uuid"},
            {"hostnames": ["id"]},
            "id",
            lambda server: server.floating or server.fixed,
            id="uuid",
        ),
        pytest.param(
            {"private": True},
            {"addresses": ["fixed_v4", "fixed_v6"]},
            "name",
            lambda server: server.fixed,
            id="private",
        ),
        pytest.param(
            {"only_ipv4": True},
            {"addresses": ["floating_v4", "fixed_v4"]},
            "name",
            lambda server: server.floating or server.fixed,
            id="only_ipv4",
        ),
        pytest.param({"use_names": True}, {"addresses": ["name"]}, "name", lambda server: server.name, id="use_names"),
    ],
)
def test_a_migrated_source_has_the_same_hosts(
    clouds: FakeOpenStack,
    parse: Parse,
    theirs: dict[str, Any],
    ours: dict[str, Any],
    name: str,
    address: Callable[[Server], str],
) -> None:
    """As the old plugin made them of these stand-in clouds, when it was run with `theirs`."""
    found = {host: variables["ansible_host"] for host, variables in parse(ours).hosts.items()}
    servers = [
        server for cloud in clouds.clouds.values() for region in cloud.regions for server in cloud[region].nova.servers
    ]
    assert found == {getattr(server, name): address(server) for server in servers}
    table = {name: row[2] + row[1] for row in rows("Options") for name in NAME.findall(row[0])}
    for option in theirs:
        for value in ours.values():
            assert f"[{', '.join(value)}]" in table[option]


def test_only_clouds_and_filters_select_the_same_hosts(clouds: FakeOpenStack, parse: Parse) -> None:
    """The old plugin listed the first region of `only_clouds: [cloud1]`, and the rest of neither cloud."""
    assert set(parse({"locations": ["cloud1/r1"]}).hosts) == {
        server.name for server in clouds["cloud1"]["r1"].nova.servers
    }
    assert set(parse({"filters": {"name": "web"}}).hosts) == {
        f"web-cloud{cloud}-r{region}-0000" for cloud in (1, 2) for region in (1, 2)
    }


@pytest.mark.usefixtures("clouds")
def test_the_keyed_groups_of_the_page_make_the_old_groups(parse: Parse) -> None:
    found = parse(blocks()[1] | {"strict": True})
    assert found.warnings == []
    groups = {group.name for group in found.manager.hosts["web-cloud1-r1-0000"].groups} - {"all"}
    assert groups == {re.sub(r"\W", "_", name) for name in LEGACY_GROUPS}


def test_groups_of_metadata_are_made_as_before(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud1"]["r1"].nova.servers[0].metadata = {"group": "front", "groups": "blue, green"}
    found = parse(blocks()[1] | {"locations": ["cloud1/r1"]})
    assert all(found.members(name) == ["web-cloud1-r1-0000"] for name in ("front", "blue", "green"))
