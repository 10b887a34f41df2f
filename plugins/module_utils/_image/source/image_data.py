# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image's data: its fingerprint, and a file in the format that a Location needs, each made at most once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._core.errors import DeadlineError, OaktreeError
from ..fingerprint import Fingerprint, same_format
from .convert import convert
from .hashing import stop
from .image_file import ImageFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..._cloud.connection import Connection
    from ..._core.deadline import Deadline
    from ..._core.location import Location
    from ..._core.scatter import Outcome
    from ..._run.ensure import Change
    from ..._run.gather import Result
    from ..fingerprint import Announced


@dataclass
class _Conversion:
    """One format: the first thread makes the file, the others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    source: ImageFile | None = None
    error: OaktreeError | None = None


@dataclass(frozen=True)
class HomeImage:
    """The active image, at another Location, that is being copied; ``keystone`` is that Location's auth URL."""

    location: Location
    keystone: str
    image: Mapping[str, Any]
    snapshot: bool = False
    """Whether it is a snapshot that was taken for this task, and may become the image of its Location."""


def _nothing(*, failed: bool) -> None:
    """Nothing was made in a cloud."""
    del failed


@dataclass(frozen=True)
class AnnouncedImage:
    """Data that nobody has read yet, because the clouds may have it.

    ``read`` is given what was found at the Locations, and raises `OaktreeError` and InterruptError.
    """

    announced: Announced
    read: Callable[[Sequence[Result[Change]]], ImageData]
    decides: bool = False
    """Whether what is announced suffices to plan, so that check mode need not read the data."""
    home: HomeImage | None = None
    """Where the data will be; the image is what is known of it."""
    url: str | None = None
    """Where a cloud can download the same bytes by itself, unless they turn out to be compressed."""
    release: Callable[..., Outcome[Connection, str] | None] = _nothing
    """Removes what ``read`` made in a cloud, and returns what stays. ``failed``: the run failed or was interrupted."""


class ImageData:
    """The data that is being published. Shared by the threads of all Locations."""

    def __init__(
        self,
        fingerprint: Fingerprint,
        fetch: Callable[[Deadline], ImageFile],
        workspace: Path,
        url: str | None = None,
        home: HomeImage | None = None,
        published: Mapping[str, str] | None = None,
    ) -> None:
        """``fetch`` returns the local file with this fingerprint; converted files go to ``workspace``.

        ``url`` is where a cloud can download the same bytes by itself, ``home`` where other regions of its cloud can.
        ``published`` are the digests of the compressed file that the data was in.
        """
        self.published = published or {}
        self.fingerprint = fingerprint
        self.url = url
        self.home = home
        self._fetch = fetch
        self._workspace = workspace
        self._conversions: dict[str, _Conversion] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """End what goes on in the background."""
        stop(self.fingerprint.digests)

    def source(self, disk_format: str, deadline: Deadline) -> ImageFile:
        """A local file with the data in this format. Every caller gets the error of a conversion that failed."""
        with self._lock:
            conversion = self._conversions.setdefault(disk_format, _Conversion())
        if not conversion.lock.acquire(timeout=deadline.timeout()):
            raise deadline.expired()
        try:
            if conversion.error:
                raise conversion.error.copied()
            conversion.source = conversion.source or self._make(disk_format, deadline)
        except DeadlineError:
            raise  # the deadline of one Location, not of the others
        except OaktreeError as error:
            if not conversion.error:
                conversion.error = error.copied()
            raise
        finally:
            conversion.lock.release()
        return conversion.source

    def _make(self, disk_format: str, deadline: Deadline) -> ImageFile:
        origin = self.fingerprint.disk_format
        if disk_format == origin:
            return self._fetch(deadline)
        source = self.source(origin, deadline)
        if same_format(origin, disk_format):
            return replace(source, disk_format=disk_format)
        return convert(source, disk_format, self._workspace, deadline)
