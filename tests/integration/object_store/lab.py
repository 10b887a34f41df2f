# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload between a test and the real Swifts of the local clouds, with a fault proxy in between."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import ObjectStore, capabilities
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import CLEANING_UP, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Container, Swift
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import ObjectTarget, remove
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.orphans import Orphan, orphans
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl import Signer
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl_key import signer
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import (
    FileUpload,
    Stored,
    UploadOptions,
)
from tests.support.fake_openstack import FaultProxy
from tests.support.local_clouds.layout import Layout

REGIONS = {"north": "alpha", "south": "alpha", "east": "beta"}
MIB = 1 << 20
PARTS = 6
NAME = "image"
PACE = UploadOptions(part_size=MIB, parallel=2, stall_timeout=5.0)


def clouds_yaml() -> Path:
    return Path(os.environ.get("OS_CLIENT_CONFIG_FILE") or Layout.from_environment(os.environ).clouds_yaml)


def connect(region: str, endpoint: str | None = None, timeout: float = 60.0) -> Connection:
    """A member's connection to a region, whose object store is at ``endpoint``."""
    config: dict[str, Any] = yaml.safe_load(clouds_yaml().read_text())
    cloud = config["clouds"][REGIONS[region]]
    if endpoint:
        cloud["object_store_endpoint_override"] = endpoint
    found = next(
        found
        for found in Clouds(clouds_config={"clouds": {"cloud": cloud}}).regions("cloud")
        if found.location.region == region
    )
    connection = Connection(found)
    connection.deadline = Deadline(timeout)
    return connection


@dataclass
class Lab:
    """One container of one region's Swift, reached through a proxy; ``direct`` goes round it."""

    region: str
    proxy: FaultProxy
    path: Path
    direct: Swift
    container: Container = field(default_factory=lambda: Container(f"s-{secrets.token_hex(6)}", ours=True))
    marker: str = "host/boot/1/1"

    def swift(self, timeout: float = 60.0) -> Swift:
        account = urlsplit(self.direct.endpoint).path
        return Swift(connect(self.region, self.proxy.url + account, timeout))

    def limits(self) -> ObjectStore:
        found = capabilities(self.direct.connection).object_store
        assert found
        return found

    def write(self, size: int = PARTS * MIB) -> None:
        self.path.write_bytes(os.urandom(size))

    def file(self) -> File:
        return File(self.path, self.path.stat().st_size)

    def target(self, **changes: Any) -> ObjectTarget:
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return replace(ObjectTarget(self.container.name, NAME, digest, self.marker, 3600), **changes)

    def upload(self, swift: Swift | None = None, pace: UploadOptions = PACE, **changes: Any) -> Stored:
        return FileUpload(swift or self.swift(), self.file(), self.target(**changes), pace).run()

    def signer(self, *digests: str, ours: bool = True) -> Signer:
        return signer(self.direct, replace(self.container, ours=ours), digests, "GET")

    def orphans(self) -> list[Orphan]:
        return orphans(self.direct, self.container.name, NAME)

    def names(self) -> list[str]:
        """What is really in the container."""
        return [item.name for item in self.direct.objects(self.container.name)]

    def content(self, name: str = NAME) -> bytes:
        return self.direct._service.request("GET", f"/{self.container.name}/{name}").content

    def matches(self, stored: Stored) -> bool:
        """Whether the object is the file, and nothing else is in the container than what it is made of."""
        names = sorted([stored.name, *(segment.name for segment in stored.segments)])
        return self.content() == self.path.read_bytes() and self.names() == names


@contextmanager
def lab(region: str, path: Path) -> Iterator[Lab]:
    direct = Swift(connect(region))
    direct.connection.deadline = Deadline(300.0, cancelled=CLEANING_UP)  # also while the store wants no requests
    with FaultProxy(direct.endpoint.partition("/v1/")[0]) as proxy:
        made = Lab(region, proxy, path / "image.raw", direct)
        direct.ensure_container(made.container.name)
        made.write()
        try:
            yield made
        finally:
            remove(direct, made.container.name, NAME)
            direct.delete_objects([f"{made.container.name}/{name}" for name in made.names()])
            assert direct.delete_container(made.container)
