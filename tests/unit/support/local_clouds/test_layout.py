# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.local_clouds.errors import CloudsError
from tests.support.local_clouds.layout import (
    CLOUDS,
    DEFAULT_SERVICES,
    PORTS_SPANNED,
    REGION_SERVICES,
    REGIONS,
    REPOSITORY,
    Layout,
    cloud_of,
    place_named,
)


def all_ports(layout: Layout) -> list[int]:
    return [port for server in layout.servers(CLOUDS, REGION_SERVICES) for port in server.ports]


def test_the_defaults_lie_in_the_repository() -> None:
    layout = Layout.from_environment({})
    assert (layout.root, layout.venv, layout.port_base) == (REPOSITORY / ".clouds", REPOSITORY / ".clouds/venv", 17000)


def test_the_environment_decides_and_round_trips(tmp_path: Path) -> None:
    given = {
        "OAKTREE_CLOUDS_DIR": str(tmp_path / "d"),
        "OAKTREE_CLOUDS_VENV": str(tmp_path / "v"),
        "OAKTREE_CLOUDS_PORT": "20000",
    }
    layout = Layout.from_environment(given)
    assert layout == Layout(tmp_path / "d", tmp_path / "v", 20000)
    assert layout.to_environment() == given


@pytest.mark.parametrize("port", ["x", "-1", "80", "65000", "1e4"])
def test_a_bad_port_base_is_refused(port: str) -> None:
    with pytest.raises(CloudsError, match=f"OAKTREE_CLOUDS_PORT.*'{port}'"):
        Layout.from_environment({"OAKTREE_CLOUDS_PORT": port})


@pytest.mark.parametrize("name", ["a b", "a%b", "a$b", "a:b", "a?b", "a#b"])
@pytest.mark.parametrize("variable", ["OAKTREE_CLOUDS_DIR", "OAKTREE_CLOUDS_VENV"])
def test_a_path_that_configuration_cannot_hold_is_refused(variable: str, name: str) -> None:
    with pytest.raises(CloudsError, match="cannot hold"):
        Layout.from_environment({variable: f"/srv/{name}"})


def test_every_server_has_ports_of_its_own_within_the_span(layout: Layout) -> None:
    ports = all_ports(layout)
    assert len(ports) == len(set(ports)) == 2 + 3 * (8 + 4)
    assert all(layout.port_base <= port < layout.port_base + PORTS_SPANNED for port in ports)


def test_two_sets_of_clouds_do_not_meet(tmp_path: Path) -> None:
    one, other = (Layout(tmp_path, tmp_path, base) for base in (17000, 17000 + PORTS_SPANNED))
    assert not set(all_ports(one)) & set(all_ports(other))


def test_servers_of_one_cloud_without_nova(layout: Layout) -> None:
    services = [service for service in DEFAULT_SERVICES if service != "nova"]
    names = [server.name for server in layout.servers(CLOUDS[1:], services)]
    assert names == [
        "keystone-beta",
        *("cinder-east", "heat-east", "neutron-east", "glance-east", "swift-east", "placement-east"),
    ]


def test_places_and_urls(layout: Layout) -> None:
    assert [cloud_of(region).name for region in REGIONS] == ["alpha", "alpha", "beta"]
    assert place_named("east") is REGIONS[2]
    assert layout.keystone_url("beta") == "http://127.0.0.1:31500/v3"
    assert layout.url("glance", "south") == "http://127.0.0.1:31200"
    with pytest.raises(KeyError):
        place_named("west")
