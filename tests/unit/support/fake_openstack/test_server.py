# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in cloud costs that thousands of tests start, and that clouds share no more than that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from tests.support.fake_openstack import FakeOpenStack


def test_what_nobody_uses_is_not_made(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    clouds = fake_openstack(regions=2, object_store=True)
    region = clouds["cloud1"]["r1"]
    assert list(Path(clouds._directory.name).iterdir()) == []
    services = (region.nova, region.glance, region.swift, region.neutron, region.heat)
    assert ["_runner" in vars(service) for service in services] == [True, True, True, False, False]


def test_services_of_a_kind_share_routes_and_nothing_else(
    fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]
) -> None:
    clouds = fake_openstack(clouds=2, regions=2)
    regions = [clouds[cloud][region] for cloud in ("cloud1", "cloud2") for region in ("r1", "r2")]
    resources = [list(region.nova._runner.app.router.resources()) for region in regions]
    assert all(one is other for found in resources for one, other in zip(found, resources[0], strict=True))
    for number, region in enumerate(regions):
        region.add_server(f"server-{number}")
    names = [
        [server["name"] for server in client(clouds[cloud]).get(f"{region.nova.url}/v2.1/servers").json()["servers"]]
        for cloud, region in zip(("cloud1", "cloud1", "cloud2", "cloud2"), regions, strict=True)
    ]
    assert names == [["server-0"], ["server-1"], ["server-2"], ["server-3"]]
