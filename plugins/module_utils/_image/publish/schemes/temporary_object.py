# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data in the Location's object store, for as long as its image service takes to fetch them.

Each image name has a container of its own, so that a run finds what one before it left: segments are resumed, all else
is removed with the container. Abandoned data expires.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...._cloud.capabilities import object_store
from ...._core.deadline import clock
from ...._core.errors import ConflictError
from ...._glance.v2 import UPLOAD
from ...._object_store.client import Container, Swift
from ...._object_store.content import File
from ...._object_store.large_object import ObjectTarget, remove, remove_container
from ...._object_store.orphans import orphans
from ...._object_store.segments import part_size
from ...._object_store.tempurl_key import signer
from ...._object_store.upload_file import FileUpload, UploadOptions
from ...upload_marker import container_name, is_leftover, is_own, upload_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...._cloud.connection import Connection
    from ...desired import Desired
    from ...source.image_file import ImageFile

OBJECT = "image"
SPARE = 3600
"""Seconds that the data stay beyond the longest time the upload may take."""

CLEANUP_TIMEOUT = 30.0
"""Seconds that the removal may take, beyond the timeout that expired."""


@dataclass(frozen=True)
class TemporaryObject:
    """Data that are there."""

    swift: Swift
    container: Container
    lifetime: int
    digests: Sequence[str] = field(repr=False)

    @property
    def path(self) -> str:
        return f"{self.container.name}/{OBJECT}"

    def signed_url(self) -> str:
        """A URL that gives the data to whoever has it: a secret. Raises RefusedError where there are none."""
        return signer(self.swift, self.container, self.digests).url("GET", self.path, int(clock.time()) + self.lifetime)


def put(
    connection: Connection, desired: Desired, source: ImageFile, on_made: Callable[[Callable[[], str]], None]
) -> TemporaryObject:
    """Upload the file to the object store.

    ``on_made`` is given what removes it, and reports what it could not remove, before anything is sent. Raises
    ConflictError where another run does the same, and `OaktreeError`.
    """
    swift, limits = Swift(connection), object_store(connection)
    if in_use(connection, desired):
        raise ConflictError(
            f"another upload of this image is in progress (container {_container(desired)})",
            hint="Wait for it to end; if it was abandoned, delete the container.",
        )
    container = swift.ensure_container(_container(desired))
    on_made(lambda: _remove(swift, container))
    marker, lifetime = upload_marker(desired.clocks.total), int(desired.clocks.total) + SPARE
    target = ObjectTarget(container.name, OBJECT, source.digests["sha256"], marker, lifetime)
    pace = UploadOptions(part_size(source.size, limits), stall_timeout=desired.clocks.stall_timeout)
    FileUpload(swift, File(source.path, source.size), target, pace).run()
    return TemporaryObject(swift, container, lifetime, limits.tempurl_digests)


def in_use(connection: Connection, desired: Desired) -> bool:
    """Whether a run other than this one has data of the image there, and goes on: two requests and more."""
    swift, container = Swift(connection), _container(desired)
    whole = swift.head(container, OBJECT)
    found = [(trace.marker, trace.updated_at) for trace in orphans(swift, container, OBJECT)]
    if whole:
        found.append((whole.marker, whole.updated_at))
    return any(not is_own(who) and not is_leftover({UPLOAD: who, "updated_at": when}) for who, when in found)


def _container(desired: Desired) -> str:
    return container_name("upload", desired.name)


def _remove(swift: Swift, container: Container) -> str:
    """Remove the data, what earlier runs left beside them, and the container; returns nothing, or what stays."""
    residue = [remove(swift, container.name, OBJECT)]
    if container.ours:
        residue.append(remove_container(swift, container.name))
    return "; ".join(filter(None, residue))
