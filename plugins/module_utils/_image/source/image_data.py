# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image's data: what it is, and its bytes in the format that a Location wants, each made at most once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._core.errors import DeadlineError, OaktreeError
from ..fingerprint import Fingerprint, same_format
from .convert import convert
from .image_file import ImageFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..._core.deadline import Deadline
    from ..._core.location import Location


@dataclass
class _Conversion:
    """One format: the thread that comes first makes the file, the others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    source: ImageFile | None = None
    error: OaktreeError | None = None


@dataclass(frozen=True)
class HomeImage:
    """An image that is to go to other Locations, active where it is."""

    location: Location
    keystone: str
    image: Mapping[str, Any]


class ImageData:
    """Where the bytes come from. Shared by the threads of all Locations."""

    def __init__(
        self,
        fingerprint: Fingerprint,
        fetch: Callable[[Deadline], ImageFile],
        workspace: Path,
        url: str | None = None,
        home: HomeImage | None = None,
    ) -> None:
        """``fetch`` yields the local file of the origin; files made here go to ``workspace``.

        ``url`` is where a cloud can fetch the same bytes by itself, ``home`` where its other regions can.
        """
        self.fingerprint = fingerprint
        self.url = url
        self.home = home
        self._fetch = fetch
        self._workspace = workspace
        self._shelves: dict[str, _Conversion] = {}
        self._lock = threading.Lock()

    def source(self, disk_format: str, deadline: Deadline) -> ImageFile:
        """A local file with the data in this format. Raises what its making raised, to everyone who asks."""
        with self._lock:
            shelf = self._shelves.setdefault(disk_format, _Conversion())
        if not shelf.lock.acquire(timeout=deadline.timeout()):
            raise deadline.expired()
        try:
            if shelf.error:
                raise shelf.error
            shelf.source = shelf.source or self._make(disk_format, deadline)
        except DeadlineError:
            raise  # one Location's clock, not the others'
        except OaktreeError as error:
            shelf.error = error
            raise
        finally:
            shelf.lock.release()
        return shelf.source

    def _make(self, disk_format: str, deadline: Deadline) -> ImageFile:
        origin = self.fingerprint.disk_format
        if disk_format == origin:
            return self._fetch(deadline)
        source = self.source(origin, deadline)
        if same_format(origin, disk_format):
            return replace(source, disk_format=disk_format)
        return convert(source, disk_format, self._workspace, deadline)
