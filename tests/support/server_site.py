# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds with a server, and the image module that publishes its snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.glance_images import Image
from tests.support.image_formats import qcow2
from tests.support.run_module import ModuleRun, run_module

NAME, SERVER = "golden", "builder"
SOURCE = "cloud1/r1/demo"
TAKE = ("POST", r"/servers/[^/]+/action$")


class ServerSite:
    """The server is in region r1 of cloud1, and was booted from an image that this collection had published."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.clouds_yaml = str(clouds.clouds_yaml(directory / "clouds.yaml"))
        self.base = add_image(self.home.glance, b"base", name="base")
        self.base.properties = {"os_distro": "debian", "owner_specified.openstack.md5": "0" * 32}
        self.base.properties["owner_specified.oaktree.replaces"] = "1"
        self.server = self.home.add_server(SERVER, image_id=self.base.id, disk=qcow2())

    @property
    def home(self) -> Region:
        """The region of the server."""
        return self.clouds["cloud1"]["r1"]

    @property
    def taken(self) -> int:
        """How many snapshots the server's Nova has made."""
        return len(self.home.nova.snapshots.taken)

    def options(self, origin: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """Return the options of a task; ``origin`` adds to those of ``from``."""
        given = {"location": "cloud1/r1", "server": SERVER, **(origin or {})}
        return {"name": NAME, "locations": ["*"], "clouds_yaml": self.clouds_yaml, "from": given, **options}

    def run(self, origin: dict[str, Any] | None = None, **options: Any) -> ModuleRun:
        """Run the module."""
        return run_module("image", **self.options(origin, **options))

    def act(self, origin: dict[str, Any] | None = None, **options: Any) -> dict[str, tuple[str, str | None]]:
        """Run, and return action and scheme of each Location, none of which may fail."""
        done = self.run(origin, **options)
        assert done.ok, done["msg"]
        assert [result["notes"] for result in done["results"]] == [[]] * len(done["results"])
        return {one["location"]["name"]: (one["action"], one["scheme"]) for one in done["results"]}

    def images(self, cloud: str = "cloud1", region: str = "r1") -> list[Image]:
        """Return the images of a region, but the one that the server was booted from."""
        return [image for image in self.clouds[cloud][region].glance.images.values() if image.id != self.base.id]

    def names(self, cloud: str = "cloud1", region: str = "r1") -> list[str]:
        """Return their names."""
        return sorted(image.fields["name"] for image in self.images(cloud, region))
