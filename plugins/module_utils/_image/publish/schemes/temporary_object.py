# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data in the Location's object store, for as long as its image service takes to fetch it.

Each image name has a container of its own, so that a run finds what one before it left: segments are resumed, all else
is removed with the container. Abandoned data expires.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...._cloud.capabilities import object_store
from ...._core.deadline import clock
from ...._core.errors import ConflictError, OaktreeError, RefusedError
from ...._local.file_lock import claim
from ...._local.work_marker import is_abandoned, is_own, work_marker
from ...._object_store.client import Container, Swift
from ...._object_store.large_object import ObjectTarget, remove, remove_container
from ...._object_store.orphans import orphans
from ...._object_store.segments import part_size
from ...._object_store.tempurl_key import signer
from ...._object_store.upload_file import FileUpload, UploadOptions
from ...source.hashing import settle
from ...upload_marker import container_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...._cloud.connection import Connection
    from ...._object_store.tempurl import Signer
    from ...desired import Desired
    from ...source.image_file import ImageFile

OBJECT = "image"
SPARE = 3600
"""Seconds that the data stays beyond the longest time the upload may take."""
LOOK_TIMEOUT = 20.0
"""Seconds to look for what is left there."""


@dataclass(frozen=True)
class TemporaryObject:
    """Data that is stored."""

    path: str
    """``container/object``."""
    url: str = field(repr=False)
    """Signed: it gives the data to whoever has it, a secret. Empty where none was asked for."""


def put(
    connection: Connection,
    desired: Desired,
    source: ImageFile,
    on_made: Callable[[Callable[[], str]], None],
    *,
    signed: bool,
) -> TemporaryObject:
    """Upload the file to the object store, ``signed`` with a URL by which others get it.

    ``on_made`` is called before anything is sent, with functions that remove what was made and return what stays.

    Raises ConflictError where another run does the same: on this host from its beginning on, on another one as soon as
    some of its data is stored. Raises SignedUrlError before anything is sent, and `OaktreeError`.
    """
    settle(source.digests, connection.deadline)
    swift, limits = Swift(connection), object_store(connection)
    release = _claim(swift, desired)
    if release:
        on_made(lambda: _release(release))
    if not release or in_use(connection, desired):
        raise ConflictError(
            f"another upload of this image is in progress (container {_container(desired)})",
            hint="Wait for it to end; if it was abandoned, delete the container.",
        )
    container = swift.ensure_container(_container(desired))
    on_made(lambda: _remove(swift, container))
    lifetime = int(desired.timeouts.total) + SPARE
    marker = work_marker(desired.timeouts.total)
    target = ObjectTarget(container.name, OBJECT, source.digests["sha256"], marker, lifetime)
    options = UploadOptions(part_size(source.size, limits), stall_timeout=desired.timeouts.stall_timeout)

    def store(container: Container) -> Signer | None:
        keys = signer(swift, container, limits.tempurl_digests, "GET") if signed else None
        FileUpload(swift, source.content, target, options).run()
        return keys

    try:
        keys = store(container)
    except RefusedError as error:
        if error.status != 404:
            raise
        keys = store(swift.ensure_container(container.name))  # another run removed it while it was empty
    path = f"{container.name}/{OBJECT}"
    return TemporaryObject(path, keys.url("GET", path, int(clock.time()) + lifetime) if keys else "")


def in_use(connection: Connection, desired: Desired) -> bool:
    """Whether another run that is still in progress has data of the image there: two requests or more."""
    swift, container = Swift(connection), _container(desired)
    whole = swift.head(container, OBJECT)
    found = [(trace.marker, trace.updated_at) for trace in orphans(swift, container, OBJECT)]
    if whole:
        found.append((whole.marker, whole.updated_at))
    return any(not is_own(who) and not is_abandoned(who, when) for who, when in found)


def abandoned(connection: Connection, desired: Desired) -> bool:
    """Whether runs that have ended left a container with data of the image: one request where there is none.

    A store that does not tell within `LOOK_TIMEOUT` has none: the data expires.
    """
    try:
        return _is_abandoned(connection, desired)
    except OaktreeError:
        connection.deadline.check_cancelled()
        return False


def clear(connection: Connection, desired: Desired) -> str:
    """Remove what `abandoned` finds, which another run may have taken up meanwhile; returns nothing, or what stays."""
    swift = Swift(connection)
    release = _claim(swift, desired)
    if not release:
        return ""
    container = Container(_container(desired), ours=True)
    try:
        return _remove(swift, container) if _is_abandoned(connection, desired) else ""
    except OaktreeError as error:
        connection.deadline.check_cancelled()
        return f"the container {container.name} could not be removed: {error.message}"
    finally:
        release()


def _is_abandoned(connection: Connection, desired: Desired) -> bool:
    with connection.within(LOOK_TIMEOUT, "timeout"):
        container = Swift(connection).find_container(_container(desired))
        return bool(container and container.ours and not in_use(connection, desired))


def _container(desired: Desired) -> str:
    return container_name("upload", desired.name)


def _claim(swift: Swift, desired: Desired) -> Callable[[], None] | None:
    return claim("temporary object", f"{swift.endpoint} {_container(desired)}")


def _remove(swift: Swift, container: Container) -> str:
    """Remove the data, what earlier runs left beside them, and the container; returns nothing, or what stays."""
    residue = [remove(swift, container.name, OBJECT)]
    if container.ours:
        residue.append(remove_container(swift, container.name))
    return "; ".join(filter(None, residue))


def _release(release: Callable[[], None]) -> str:
    release()
    return ""
