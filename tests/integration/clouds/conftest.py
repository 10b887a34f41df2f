# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import openstack
import pytest
from openstack.compute.v2.server import Server
from openstack.connection import Connection

from tests.support.local_clouds.layout import OPTIONAL_SERVICES, REGIONS, Layout, Region, cloud_of
from tests.support.local_clouds.populate import network_name
from tests.support.local_clouds.processes import Records

LIMIT = 120

Boot = Callable[..., Server]


@pytest.fixture(scope="session")
def clouds_yaml() -> Iterator[Path]:
    """The configuration that `python -m tests.support.local_clouds up` wrote, which clients find as well."""
    path = Path(os.environ.get("OS_CLIENT_CONFIG_FILE") or Layout.from_environment(os.environ).clouds_yaml)
    if not path.exists():
        pytest.fail(f"there is no {path}: start the local clouds with `make clouds`")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        yield path


@pytest.fixture(scope="session")
def layout(clouds_yaml: Path) -> Layout:
    """The layout of the clouds under test."""
    root = clouds_yaml.resolve().parent
    return Layout(root, root / "venv", json.loads((root / "made-for.json").read_text())["port base"])


@pytest.fixture(scope="session")
def connections(clouds_yaml: Path) -> dict[str, Connection]:
    """An ordinary member's connection to each region."""
    assert clouds_yaml.exists()
    return {region.name: openstack.connect(cloud_of(region).name, region_name=region.name) for region in REGIONS}


@pytest.fixture(params=REGIONS, ids=lambda region: region.name)
def region(request: pytest.FixtureRequest) -> Region:
    """Every region in turn."""
    found: Region = request.param
    return found


@pytest.fixture
def connection(region: Region, connections: dict[str, Connection]) -> Connection:
    """A member's connection to the region of the test."""
    return connections[region.name]


@pytest.fixture(autouse=True)
def _optional_services(request: pytest.FixtureRequest) -> None:
    """Skip a test that is marked `needs("SERVICE")` in a region that does not run this optional service."""
    for mark in request.node.iter_markers("needs"):
        (service,) = mark.args
        assert service in OPTIONAL_SERVICES
        layout, region = request.getfixturevalue("layout"), request.getfixturevalue("region")
        if not Records(layout.records).serving(layout.server(service, region.name).name):
            pytest.skip(f"{service} does not run: start it with `make clouds WITH={service}`")


@pytest.fixture
def boot(connection: Connection) -> Iterator[Boot]:
    """Boot a server, of the image `base` unless told otherwise, and wait until it is active; deleted after the test."""
    with ExitStack() as stack:

        def make(**properties: object) -> Server:
            defaults = {
                "image_id": connection.image.find_image("base", ignore_missing=False).id,
                "flavor_id": connection.compute.find_flavor("m1.nano", ignore_missing=False).id,
                "networks": [{"uuid": connection.network.find_network(network_name("demo"), ignore_missing=False).id}],
            }
            name = f"probe-{secrets.token_hex(4)}"
            server = connection.compute.create_server(name=name, **{**defaults, **properties})
            stack.callback(connection.compute.wait_for_delete, server, interval=0.3, wait=LIMIT)
            stack.callback(connection.compute.delete_server, server)
            return connection.compute.wait_for_server(server, interval=0.3, wait=LIMIT)

        yield make
