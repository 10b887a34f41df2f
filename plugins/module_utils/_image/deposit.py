# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data in the Location's object store, for as long as its image service takes to fetch them.

Each image name has a container of its own, so that a run finds what one before it left: segments are taken up, all else
goes with the container. What nobody comes back for expires.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import ConflictError, OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.glance import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.leftovers import is_leftover, mark
from ansible_collections.oaktree.multicloud.plugins.module_utils._offers import object_store
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.client import Container, Swift
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.keys import signer
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.large import Target, discard, remove
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.layout import part_size
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.traces import traces
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.upload import Pace, Upload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.attempt import Attempt
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import Source
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.wanted import Wanted

OBJECT = "image"
SPARE = 3600
"""Seconds that the data stay beyond the longest time the upload may take."""

CLEANUP_TIMEOUT = 30.0
"""Seconds that the removal may take, on top of whatever clock ran out."""


@dataclass(frozen=True)
class Deposit:
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
        return signer(self.swift, self.container, self.digests).url("GET", self.path, int(time.time()) + self.lifetime)


def put(attempt: Attempt, source: Source) -> Deposit:
    """Upload the file to the object store; it is removed when the attempt ends, whichever way.

    Raises ConflictError where another run does the same, and `OaktreeError`.
    """
    connection, wanted = attempt.connection, attempt.case.wanted
    swift, limits = Swift(connection), object_store(connection)
    if in_use(connection, wanted):
        raise ConflictError(
            f"an upload of this image is under way: there are data of it in {_container(wanted)}",
            hint="Wait for it to end; if nobody works on it any more, delete the container.",
        )
    container = swift.ensure_container(_container(wanted))
    attempt.temporary.append(lambda: _remove(swift, container))
    lifetime = int(wanted.clocks.total) + SPARE
    target = Target(container.name, OBJECT, source.digests["sha256"], mark(), lifetime)
    pace = Pace(part_size(source.size, limits), stall_timeout=wanted.clocks.stall_timeout)
    try:
        Upload(swift, File(source.path, source.size), target, pace).run()
    except OaktreeError:
        attempt.insisted = True
        raise
    return Deposit(swift, container, lifetime, limits.tempurl_digests)


def in_use(connection: Connection, wanted: Wanted) -> bool:
    """Whether a run other than this one has data of the image there, and goes on: two requests and more."""
    swift, container = Swift(connection), _container(wanted)
    whole = swift.head(container, OBJECT)
    found = [(trace.mark, trace.updated_at) for trace in traces(swift, container, OBJECT)]
    if whole:
        found.append((whole.mark, whole.updated_at))
    return any(
        who != mark() and not is_leftover({UPLOAD: who, "updated_at": when}, wanted.clocks.total) for who, when in found
    )


def _container(wanted: Wanted) -> str:
    return f"oaktree-upload-{hashlib.sha256(wanted.name.encode()).hexdigest()[:16]}"


def _remove(swift: Swift, container: Container) -> str:
    """Remove the data, what earlier runs left beside them, and the container; returns nothing, or what stays."""
    complaints = [remove(swift, container.name, OBJECT)]
    if container.ours:
        with swift.connection.grace(CLEANUP_TIMEOUT):
            try:
                paths = [f"{container.name}/{item.name}" for item in swift.objects(container.name)]
                complaints.append(discard(swift, paths))
                swift.delete_container(container)
            except OaktreeError as error:
                complaints.append(f"the container {container.name} could not be removed: {error.message}")
    return "; ".join(filter(None, complaints))
