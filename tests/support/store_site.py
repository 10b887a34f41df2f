# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of objects and containers share: two clouds with object stores, and modules that work on both."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack import swift_store as fake
from tests.support.run_module import ModuleRun, run_module

CONTAINER = "c"
NAME = "folder/thing.txt"
PART = 1000
DATA = os.urandom(4600)
"""Five parts, the last one shorter."""


class StoreSite:
    """Two clouds, the first of which is looked at, and a file."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.directory = directory
        self.file = directory / "file"
        self.file.write_bytes(DATA)
        self.config = str(clouds.clouds_yaml(directory / "clouds.yaml"))

    @property
    def region(self) -> Region:
        """Return the region of the first cloud, for its faults."""
        return self.clouds["cloud1"]["r1"]

    def containers(self, cloud: str = "cloud1") -> dict[str, fake.Container]:
        """What is really in the store of a cloud."""
        keystone = self.clouds[cloud].keystone
        return self.clouds[cloud]["r1"].swift.store.account(keystone.project_id("demo")).containers

    def objects(self, cloud: str = "cloud1") -> dict[str, fake.Object]:
        """What is really in the container of a cloud."""
        return self.containers(cloud)[CONTAINER].objects

    def bytes_of(self, name: str = NAME, cloud: str = "cloud1") -> bytes:
        """The content of an object, or of what it is made of."""
        found = self.objects(cloud)[name]
        if found.path:
            return found.path.read_bytes()
        return b"".join(self.bytes_of(part["path"].split("/", 2)[2], cloud) for part in found.segments or [])

    def put(self, name: str, data: bytes, **headers: str) -> None:
        """Write an object of the first cloud, as its owner would."""
        path = self.directory / f"stored-{len(self.objects())}"
        path.write_bytes(data)
        kept = fake.kept({key.replace("_", "-"): value for key, value in headers.items()})
        self.objects()[name] = fake.Object(name, len(data), store_md5(data), kept, path)

    def run(self, module: str, **options: Any) -> ModuleRun:
        """Run a module on both clouds."""
        given = {"clouds_yaml": self.config, "locations": ["*"], **options}
        return run_module(module, **{key: value for key, value in given.items() if value is not None})

    def object(self, **options: Any) -> ModuleRun:
        """Run the module object; without other options it uploads the file."""
        given = {"container": CONTAINER, "name": NAME, **options}
        if not {"src", "content", "state"} & given.keys():
            given["src"] = str(self.file)
        return self.run("object", **given)

    def received(self) -> int:
        """Bytes that the clouds have received since they were counted anew."""
        return self.clouds.counters.bytes_received


def store_md5(data: bytes) -> str:
    """Return the etag of a plain object of these bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def actions(run: ModuleRun) -> list[str]:
    """Return what was done at each Location, where nothing failed."""
    assert run.ok, run.result
    return [result["action"] for result in run["results"]]
