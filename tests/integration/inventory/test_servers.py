# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of servers on real clouds: the servers that server_info returns, as hosts."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from openstack.compute.v2.server import Server
from openstack.connection import Connection

from ansible_collections.oaktree.multicloud.plugins.modules import server_info
from tests.support.local_clouds.layout import REGIONS, cloud_of
from tests.support.local_clouds.populate import network_name

pytestmark = pytest.mark.clouds

LIMIT = 60
LOCATIONS = [f"{cloud_of(region).name}/{region.name}" for region in REGIONS]
GROUPS = [location.replace("/", "_") for location in LOCATIONS]


@pytest.fixture(scope="module")
def servers(connections: dict[str, Connection]) -> Iterator[dict[str, Server]]:
    """A server of the same name in each region; the first one has a floating address."""
    name = f"inv-{secrets.token_hex(4)}"
    made: dict[str, Server] = {}
    floating = None
    try:
        for region, connection in connections.items():
            network = connection.network.find_network(network_name("demo"), ignore_missing=False)
            made[region] = connection.compute.create_server(
                name=name,
                image_id=connection.image.find_image("base", ignore_missing=False).id,
                flavor_id=connection.compute.find_flavor("m1.nano", ignore_missing=False).id,
                networks=[{"uuid": network.id}],
                metadata={"role": region},
            )
        for region, server in made.items():
            made[region] = connections[region].compute.wait_for_server(server, interval=0.3, wait=LIMIT)
        first = REGIONS[0].name
        floating = connections[first].create_floating_ip(server=made[first], wait=False)
        _wait_for_address(connections[first], made[first].id, floating.floating_ip_address)
        yield {region: connections[region].compute.get_server(server.id) for region, server in made.items()}
    finally:
        if floating:
            connections[REGIONS[0].name].delete_floating_ip(floating.id)
        for region, server in made.items():
            connections[region].compute.delete_server(server)
        for region, server in made.items():
            connections[region].compute.wait_for_delete(server, interval=0.3, wait=LIMIT)


def _wait_for_address(connection: Connection, server_id: str, address: str) -> None:
    end = time.monotonic() + LIMIT
    while address not in str(connection.compute.get_server(server_id).addresses):
        assert time.monotonic() < end, "the floating address does not appear"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def inventory(servers: dict[str, Server], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ansible-inventory prints of these servers."""
    return _list(
        tmp_path_factory.mktemp("inventory") / "oaktree.yml",
        servers,
        verbose_vars=True,
        keyed_groups=[{"key": "openstack.metadata.role", "prefix": "role"}],
        strict=True,
    )


def _list(source: Path, servers: dict[str, Server], **options: Any) -> dict[str, Any]:
    common = {
        "plugin": "oaktree.multicloud.servers",
        "locations": LOCATIONS,
        "filters": {"name": servers[REGIONS[0].name].name},
    }
    source.write_text(yaml.safe_dump(common | options))
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), "--list"]
    listed: dict[str, Any] = _trusted(json.loads(subprocess.check_output(command, text=True, timeout=LIMIT)))
    return listed


def _trusted(value: Any) -> Any:
    """The value without the mark that ansible-inventory puts on text from elsewhere."""
    if isinstance(value, dict):
        return (
            value["__ansible_unsafe"] if "__ansible_unsafe" in value else {key: _trusted(v) for key, v in value.items()}
        )
    return [_trusted(inner) for inner in value] if isinstance(value, list) else value


def test_hosts_are_the_servers_that_server_info_returns(
    servers: dict[str, Server], inventory: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"locations": LOCATIONS, "name": servers[REGIONS[0].name].name}
    with patch_module_args(options), pytest.raises(SystemExit):
        server_info.main()
    records = json.loads(capsys.readouterr().out)["servers"]
    hosts = inventory["_meta"]["hostvars"].values()
    assert len(records) == len(servers)
    assert sorted((host["openstack"] for host in hosts), key=lambda record: record["id"]) == sorted(
        records, key=lambda record: record["id"]
    )
    assert all(host["location"] == host["openstack"]["location"] for host in hosts)


def test_slim_variables_are_a_part_of_the_verbose_ones(
    servers: dict[str, Server], inventory: dict[str, Any], tmp_path: Path
) -> None:
    verbose = inventory["_meta"]["hostvars"]
    slim = _list(tmp_path / "oaktree.yml", servers)["_meta"]["hostvars"]
    assert slim.keys() == verbose.keys()
    for name, variables in slim.items():
        for key in ("ansible_host", "location"):
            assert variables[key] == verbose[name][key]
        whole, part = verbose[name]["openstack"], variables["openstack"]
        assert part.pop("flavor").items() <= whole["flavor"].items()
        assert part.items() <= whole.items()
        assert "addresses" not in part


def test_servers_sharing_a_name_get_the_long_one(servers: dict[str, Server], inventory: dict[str, Any]) -> None:
    expected = {
        f"{servers[region.name].name}.{region.name}.{cloud_of(region).name}": servers[region.name].id
        for region in REGIONS
    }
    hosts = inventory["_meta"]["hostvars"]
    assert {name: variables["openstack"]["id"] for name, variables in hosts.items()} == expected


def test_floating_address_is_preferred(servers: dict[str, Server], inventory: dict[str, Any]) -> None:
    by_id = {host["openstack"]["id"]: host["ansible_host"] for host in inventory["_meta"]["hostvars"].values()}
    for number, region in enumerate(REGIONS):
        server = servers[region.name]
        kind = "floating" if number == 0 else "fixed"
        addresses = [
            port["addr"] for ports in server.addresses.values() for port in ports if port["OS-EXT-IPS:type"] == kind
        ]
        assert addresses == [by_id[server.id]]


def test_groups_by_location_and_by_key(servers: dict[str, Server], inventory: dict[str, Any]) -> None:
    for region, place in zip(REGIONS, GROUPS, strict=True):
        cloud = cloud_of(region).name
        host = f"{servers[region.name].name}.{region.name}.{cloud}"
        assert inventory[f"region_{place}"]["children"] == [f"zone_{place}_nova"]
        assert inventory[f"zone_{place}_nova"]["hosts"] == [host]
        assert host in inventory[f"project_{cloud}_demo"]["hosts"]
        assert f"region_{place}" in inventory[f"cloud_{cloud}"]["children"]
        assert inventory[f"role_{region.name}"]["hosts"] == [host]
