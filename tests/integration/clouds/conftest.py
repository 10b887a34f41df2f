# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import openstack
import pytest
from openstack.connection import Connection

from tests.support.local_clouds.layout import REGIONS, Layout, Region, cloud_of


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
