# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds of a soak: seven of two regions each, of several kinds, and the contents that are put into them."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.server import ImageApi
from tests.support.server_clouds import furnished

APIS: tuple[ImageApi, ...] = ("v2", "v2", "v2", "v2", "v2", "v1", "rackspace")
MORE = ("network", "block-storage", "orchestration")
SIZES = {"a": 30_000, "b": 100_000, "c": 200_000}
"""Bytes of each content."""


@dataclass(frozen=True, order=True)
class Place:
    """A Location."""

    cloud: str
    region: str

    def __str__(self) -> str:
        return f"{self.cloud}/{self.region}"

    @property
    def location(self) -> str:
        """The name of its Location."""
        return f"{self}/demo"


@dataclass
class Site:
    """The running clouds, their clouds.yaml, and the files with the contents."""

    clouds: FakeOpenStack
    directory: Path
    clouds_yaml: Path
    places: tuple[Place, ...]
    contents: dict[str, bytes]

    def region(self, place: Place) -> Region:
        """What stands in for it."""
        return self.clouds[place.cloud][place.region]

    def image_api(self, place: Place) -> ImageApi:
        """What its image service speaks."""
        return self.clouds[place.cloud].image_api

    def project(self, place: Place) -> str:
        """The ID of the project there."""
        return self.clouds[place.cloud].keystone.project_id("demo")

    def file(self, content: str) -> Path:
        """The file with a content."""
        return self.directory / "contents" / f"{content}.img"

    @property
    def temporary(self) -> Path:
        """The directory for temporary files of everything that is measured."""
        return self.directory / "tmp"

    @property
    def cache(self) -> Path:
        """What XDG_CACHE_HOME is for all of it."""
        return self.directory / "cache"

    def name_of(self, data: bytes) -> str:
        """Which content data is, or holds in another format; its digest if none."""
        for name, content in self.contents.items():
            if data == content or (data[-512:-504] == b"conectix" and content[2000:9000] in data):
                return name
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def environment(self) -> dict[str, str]:
        """What processes that run modules find set."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(self.clouds_yaml),
            "XDG_CACHE_HOME": str(self.cache),
            "TMPDIR": str(self.temporary),
        }

    def cache_files(self) -> int:
        """How many files the cache has."""
        return sum(path.is_file() for path in self.cache.rglob("*"))


@contextmanager
def running_site(directory: Path, seed: str) -> Iterator[Site]:
    """The clouds, with what servers are built of; the environment of this process names them meanwhile."""
    chosen = random.Random(seed)  # noqa: S311 - reproducible, not secret
    with FakeOpenStack(len(APIS), 2, image_api=APIS, object_store=True, more=MORE) as clouds:
        places = tuple(Place(cloud, region) for cloud, its in clouds.clouds.items() for region in its.regions)
        contents = {name: chosen.randbytes(size) for name, size in SIZES.items()}
        site = Site(clouds, directory, directory / "clouds.yaml", places, contents)
        for made in (site.temporary, site.cache, directory / "contents", directory / "exports"):
            made.mkdir()
        clouds.clouds_yaml(site.clouds_yaml)
        for name, data in contents.items():
            site.file(name).write_bytes(data)
        _differ(site)
        kept = {name: os.environ.get(name) for name in site.environment()}
        os.environ.update(site.environment())
        try:
            yield site
        finally:
            for name, value in kept.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def _differ(site: Site) -> None:
    """Furnish the clouds, and let no two be alike."""
    furnished(site.clouds)
    settings: dict[str, dict[str, Any]] = {
        "cloud1": {"import_methods": ["glance-direct", "web-download", "glance-download"]},
        "cloud2": {"takes_data": False},
        "cloud3": {"stores": ["fast", "cheap"]},
        "cloud4": {"import_methods": []},
    }
    for place in site.places:
        region = site.region(place)
        region.nova.page = 3
        region.nova.resources.quotas[site.project(place)] = {"instances": -1, "cores": -1, "ram": -1}
        region.glance.task_api.seconds = 0.02
        for name, value in settings.get(place.cloud, {}).items():
            setattr(region.glance, name, value)
