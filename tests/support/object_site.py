# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the object store's client share: a Swift, a container in it, and content to send."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Swift
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import ObjectTarget
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.responses import Segment
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.segments import make_parts
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack import swift_store as fake
from tests.support.run_core import connect

CONTAINER = "images"
NAME = "image"
MARKER = "host/boot/1/1"
OTHERS_MARKER = "hôst/boot/2/2"
PART = 1000
DATA = bytes(range(256)) * 18
"""Five parts, the last one shorter."""


def md5(data: bytes) -> str:
    """Return the etag of a plain object of these bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class ObjectSite:
    """The object store of one region, a container that this collection made, and a file."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.swift = Swift(connect(clouds, api_timeout=5.0))
        self.swift.ensure_container(CONTAINER)
        self.path = directory / "disk.img"
        self.path.write_bytes(DATA)
        clouds.counters.reset()

    @property
    def region(self) -> Region:
        """Return the region, for its faults and its store."""
        return self.clouds["cloud1"]["r1"]

    @property
    def containers(self) -> dict[str, fake.Container]:
        """What is really in the store."""
        return self.region.swift.store.account(str(self.swift.connection.location.project.id)).containers

    @property
    def objects(self) -> dict[str, fake.Object]:
        """What is really in the container."""
        return self.containers[CONTAINER].objects

    def content(self, name: str = NAME) -> bytes:
        """The bytes of an object, or of what it is made of."""
        found = self.objects[name]
        if found.path:
            return found.path.read_bytes()
        return b"".join(self.content(part["path"].split("/", 2)[2]) for part in found.segments or [])

    def put(self, name: str, data: bytes, marker: str | None = None) -> None:
        """Write an object, by whom the marker says."""
        headers = {"X-Object-Meta-Oaktree-Upload": marker.replace("ô", "%C3%B4")} if marker else {}
        self.swift.put(CONTAINER, name, data, None, headers=headers)
        self.clouds.counters.reset()

    def put_segments(self, target: ObjectTarget, data: bytes = DATA, *numbers: int) -> list[Segment]:
        """Write the segments of these numbers, or all, as an upload to the target would have; returns all."""
        segments = []
        for part in make_parts(len(data), PART):
            piece, name = data[part.offset : part.offset + part.length], target.segment_name(part, PART)
            if not numbers or part.number in numbers:
                self.put(name, piece, target.marker)
            segments.append(Segment(name, part.length, md5(piece)))
        return segments

    def file(self) -> File:
        """Return the content to send."""
        return File(self.path, self.path.stat().st_size)

    def target(self, **changes: Any) -> ObjectTarget:
        """Return where the file goes."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return replace(ObjectTarget(CONTAINER, NAME, digest, MARKER, 3600), **changes)

    def requests(self, method: str) -> int:
        """Return how many requests of this method the store got since it was last written to directly."""
        return self.clouds.counters.requests(service="object-store", method=method)

    def headers(self, name: str = NAME) -> Mapping[str, str]:
        """Return the metadata of an object."""
        return self.objects[name].headers
