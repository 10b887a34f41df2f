# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of an upload session, as far as the user describes it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..._core.errors import InputError
from ..._object_store.content import PartDigests
from ..fingerprint import Checksum, Fingerprint, best_digest, same_data, same_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..source.image_file import ImageFile

PartSums = dict[tuple[int, int], str]
"""MD5 by offset and length."""


@dataclass(frozen=True)
class DeclaredContent:
    """The data as the user knows it: all of it for a file on this machine, else at least one digest."""

    digests: Mapping[str, str] = field(repr=False)
    size: int | None = None
    disk_format: str | None = None
    file: LocalFile | None = None

    @classmethod
    def of_file(cls, source: ImageFile, disk_format: str | None) -> DeclaredContent:
        """A file on this machine. Raises InputError for a format that it does not have."""
        if disk_format and not same_format(disk_format, source.disk_format):
            raise InputError(
                f"disk_format: the file is {source.disk_format}, not {disk_format}",
                hint="Convert it first, for example with qemu-img; requests send it as it is.",
            )
        return cls(source.digests, source.size, disk_format or source.disk_format, LocalFile(source))

    @classmethod
    def of_checksum(cls, checksum: str, size: int | None, disk_format: str | None) -> DeclaredContent:
        """A file on another host, by ``ALGORITHM:DIGEST``. Raises InputError."""
        expected = Checksum.parse(checksum, full=True)
        if size is not None and size < 1:
            raise InputError(f"size: must be greater than zero, not {size}")
        return cls({expected.algorithm: expected.digest}, size, disk_format)

    @property
    def checksum(self) -> str:
        """``ALGORITHM:DIGEST``."""
        algorithm = best_digest(self.digests)
        return f"{algorithm}:{self.digests[algorithm]}"

    def fingerprint(self) -> Fingerprint:
        """All that must be known before the data is sent. Raises InputError where the user did not specify it."""
        if self.size is None or self.disk_format is None:
            raise InputError(
                "size, checksum and disk_format: all three are required for a file on another host",
                hint="Or set path, for a file on the host that runs the task.",
            )
        return Fingerprint(self.size, self.disk_format, self.digests)

    def is_same(self, other: Fingerprint) -> bool | None:
        """Whether it is the same data; None where that cannot be found out, see `same_data`."""
        return same_data(self.size, self.digests, other)

    def part_sums(self, part_size: int) -> PartSums:
        """The MD5s of parts of this size; empty for a file on another host. Raises InputError."""
        return self.file.part_sums(part_size) if self.file else {}


class LocalFile:
    """The MD5s of the file's parts, read once for each part size, for the threads of all Locations."""

    def __init__(self, source: ImageFile) -> None:
        self._source = source
        self._sums: dict[int, PartSums] = {}
        self._lock = threading.Lock()

    def part_sums(self, part_size: int) -> PartSums:
        """Raises InputError when the file can no longer be read."""
        with self._lock:
            if part_size not in self._sums:
                digests = PartDigests(part_size)
                for chunk in self._source.content.read(0, self._source.size):
                    digests.update(chunk)
                self._sums[part_size] = digests.md5s()
            return self._sums[part_size]
