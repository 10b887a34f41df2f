# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user says of the image data."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.errors import InputError
from ..._glance.v2 import MD5, SHA256
from ..._object_store.content import File, PartDigests
from ..fingerprint import DIGESTS, Fingerprint, fingerprint_of, same_format
from ..source.image_file import ImageFile

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTHS = dict(zip(DIGESTS, (32, 64, 128), strict=True))

PartSums = dict[tuple[int, int], str]
"""MD5 by offset and length."""


@dataclass(frozen=True)
class DeclaredContent:
    """The data as the user knows it: all of it for a file that is here, else at least one digest."""

    digests: Mapping[str, str] = field(repr=False)
    size: int | None = None
    disk_format: str | None = None
    file: LocalFile | None = None

    @classmethod
    def of_file(cls, source: ImageFile, disk_format: str | None) -> DeclaredContent:
        """A file that is here. Raises InputError for a format that it does not have."""
        if disk_format and not same_format(disk_format, source.disk_format):
            raise InputError(
                f"disk_format: the file is {source.disk_format}, not {disk_format}",
                hint="Convert it first, for example with qemu-img; requests send it as it is.",
            )
        return cls(source.digests, source.size, disk_format or source.disk_format, LocalFile(source))

    @classmethod
    def of_checksum(cls, checksum: str, size: int | None, disk_format: str | None) -> DeclaredContent:
        """A file that is elsewhere, by ``ALGORITHM:DIGEST``. Raises InputError."""
        algorithm, _colon, digest = checksum.partition(":")
        digest = digest.strip().lower()
        if len(digest) != _LENGTHS.get(algorithm) or set(digest) - set("0123456789abcdef"):
            raise InputError(
                f"checksum: {checksum!r} is not of the form ALGORITHM:DIGEST", hint=f"Algorithms: {', '.join(DIGESTS)}."
            )
        if size is not None and size < 1:
            raise InputError(f"size: must be greater than zero, not {size}")
        return cls({algorithm: digest}, size, disk_format)

    def identity(self) -> Fingerprint:
        """All that there is to know before the data is sent. Raises InputError when the user did not tell it."""
        if self.size is None or self.disk_format is None:
            raise InputError(
                "size, checksum and disk_format: all three are needed for a file that is not here",
                hint="Or give path, where it is here.",
            )
        return Fingerprint(self.size, self.disk_format, self.digests)

    def is_that_of(self, other: Fingerprint) -> bool | None:
        """Whether it is the same data; None when nobody can tell, for they have no digest in common."""
        if self.size is not None and self.size != other.size:
            return False
        common = [name for name in self.digests if name in other.digests]
        return all(self.digests[name] == other.digests[name] for name in common) if common else None

    def found_in(self, image: Mapping[str, Any]) -> Fingerprint | None:
        """What an image is, by its own account, if it is this; None if it is not, or nobody can tell.

        What an uploader wrote down of the digests counts only together with the size: the image may have become empty.
        """
        there = fingerprint_of(image)
        if self.is_that_of(there) is not None:
            return there if self.is_that_of(there) else None
        recorded = {name: str(image[key]) for name, key in (("md5", MD5), ("sha256", SHA256)) if key in image}
        there = Fingerprint(there.size, there.disk_format, {**recorded, **there.digests})
        return there if self.size is not None and self.is_that_of(there) else None


class LocalFile:
    """The MD5s of the file's parts, read once for each part size, by whoever asks first."""

    def __init__(self, source: ImageFile) -> None:
        self._source = source
        self._sums: dict[int, PartSums] = {}
        self._lock = threading.Lock()

    def sums(self, part_size: int) -> PartSums:
        """Raises InputError when the file cannot be read any more."""
        with self._lock:
            if part_size not in self._sums:
                digests = PartDigests(part_size)
                for chunk in File(self._source.path, self._source.size).read(0, self._source.size):
                    digests.update(chunk)
                self._sums[part_size] = digests.md5s()
            return self._sums[part_size]
