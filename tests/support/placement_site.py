# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in cloud in whose regions servers are placed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_module import ModuleRun, run_module

NAME, COUNT = "web", 6
FAST = 50
"""How much faster the collection's clock goes, see the fixture `fast_clock`."""
PLENTY = {"instances": -1, "cores": -1, "ram": -1}


class PlacementSite:
    """Regions that each have what a server needs, and no limits."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self._path = str(clouds.clouds_yaml(directory / "clouds.yaml"))
        self._cloud = clouds["cloud1"]
        self.project = self._cloud.keystone.project_id("demo")
        for region in self._cloud.regions.values():
            flavor(region.nova.resources, "small")
            add_image(region.glance, b"x", name="debian")
            network(region.neutron, self.project, "private", "10.0.0.0/16")
            region.nova.resources.quotas[self.project] = dict(PLENTY)
            region.neutron.quotas[self.project] = {"port": -1}

    def region(self, name: str) -> Region:
        """Return a region by its name."""
        return self._cloud[name]

    def allow(self, **instances: int) -> None:
        """Set how many servers each region may have."""
        for name, number in instances.items():
            self.region(name).nova.resources.quotas[self.project] = {**PLENTY, "instances": number}

    def clear_faults(self) -> None:
        """Heal all regions, but for what `fails` says of what is built."""
        for region in self._cloud.regions.values():
            region.clear_faults()

    def params(self, **params: Any) -> dict[str, Any]:
        """Return the options of the module; times are those of the fast clock."""
        usual = {"count": 30, "place": {}, "timeout": 60.0 * FAST, "wait_timeout": 60.0 * FAST}
        what = {"name": NAME, "flavor": "small", "image": "debian", "networks": ["private"]}
        return {"clouds_yaml": self._path, "locations": ["*"], **what, **usual, **params}

    def run(self, **params: Any) -> ModuleRun:
        """Run the module in this process."""
        return run_module("server", **self.params(**params))

    def servers(self) -> dict[str, str]:
        """Return the region of each server."""
        return {server.name: name for name, region in self._cloud.regions.items() for server in region.nova.servers}

    def counts(self) -> list[int]:
        """Return how many servers each region has."""
        return [len(region.nova.servers) for region in self._cloud.regions.values()]

    @staticmethod
    def where(run: ModuleRun) -> dict[str, str]:
        """Return the region of each server of a result."""
        return {result["name"]: result["location"]["region"] for result in run["results"]}

    def assert_complete(self, count: int = 30, **params: Any) -> None:
        """Every server is there once and active, and the next run changes nothing."""
        before = self.servers()
        again = self.run(count=count, **params)
        assert again.ok, again.result
        assert not again["changed"], again.result
        names = sorted(server.name for region in self._cloud.regions.values() for server in region.nova.servers)
        assert names == sorted(f"{NAME}-{number}" for number in range(1, count + 1))
        states = {server.status for region in self._cloud.regions.values() for server in region.nova.servers}
        assert states == {"ACTIVE"}
        assert self.where(again) == self.servers() == before
