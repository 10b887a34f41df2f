# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export is to do, and what it did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.errors import InputError, IntegrityError
from ..fingerprint import DIGESTS, stored_digests

if TYPE_CHECKING:
    from collections.abc import Mapping

REPORTED = ("md5", "sha512")
"""The digests of what was exported that users are told."""


@dataclass(frozen=True)
class Checksum:
    """What the image must be: a digest of its data as the cloud has it."""

    algorithm: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """Read ``ALGORITHM:DIGEST``; raises InputError."""
        algorithm, _colon, digest = text.partition(":")
        if algorithm not in DIGESTS or not digest.strip():
            raise InputError(
                f"checksum: {text!r} is not of the form ALGORITHM:DIGEST", hint=f"Algorithms: {', '.join(DIGESTS)}."
            )
        return cls(algorithm, digest.strip().lower())

    def check(self, digests: Mapping[str, str]) -> None:
        """Raise IntegrityError if the digests tell that this is another image."""
        found = digests.get(self.algorithm, self.digest)
        if found != self.digest:
            raise IntegrityError(
                f"the {self.algorithm} of the image is {found}, not {self.digest}",
                hint="Another image has this name, or it was changed: look at where the checksum comes from.",
            )


@dataclass(frozen=True)
class ExportRequest:
    """The options of an export; exactly one of ``path`` and ``container`` is given. Times are in seconds."""

    image: str
    """Name or ID."""
    path: str | None = None
    disk_format: str | None = None
    """The format to have, for a path; None for the one that the image has."""
    container: str | None = None
    object: str | None = None
    expires_in: int | None = None
    tempurl: bool = False
    checksum: Checksum | None = None
    timeout: float = 300.0
    transfer_timeout: float = 3600.0
    stall_timeout: float = 120.0

    def check(self, digests: Mapping[str, str]) -> None:
        if self.checksum:
            self.checksum.check(digests)


@dataclass(frozen=True)
class Copy:
    """Image data outside of Glance: where, in which format, and what is known of it."""

    location: str
    """A path, or the URL of an object."""
    format: str
    size: int | None
    digests: Mapping[str, str] = field(repr=False)
    expires_at: str | None = None
    """When the object store removes it, as ISO 8601."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "export_location": self.location,
            "export_format": self.format,
            "size": self.size,
            "checksum": {name: self.digests.get(name) for name in REPORTED},
            "expires_at": self.expires_at,
        }


@dataclass(frozen=True)
class Export:
    """What was done, or in check mode would be done, with an image."""

    action: str
    """created, replaced or unchanged."""
    copy: Copy
    before: Mapping[str, Any]
    """What there was, as `Copy.to_dict` says it; empty for nothing."""
    method: str | None = None
    """How the data was brought out: download, stream or export_task; None where it was not."""
    tempurl: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    image: Mapping[str, Any] = field(default_factory=dict)
    """The record of the image."""


def file_name(image: Mapping[str, Any], disk_format: str, longest: int) -> str:
    """``NAME.FORMAT``, fit for a file and of ``longest`` bytes at the most: Glance takes any character in names."""
    name = str(image.get("name") or image["id"]).replace("/", "_").replace("\0", "_")
    return fitted(name, longest - len(f".{disk_format}".encode())) + f".{disk_format}"


def fitted(name: str, longest: int) -> str:
    """The name, cut where it has more bytes than that: the last of them then tell it from others that begin alike."""
    encoded = name.encode(errors="surrogatepass")
    if len(encoded) <= longest:
        return name
    ending = f"~{hashlib.sha256(encoded).hexdigest()[:12]}"
    return encoded[: longest - len(ending)].decode(errors="ignore") + ending


def same_image(one: Mapping[str, Any], digests: Mapping[str, str], image: Mapping[str, Any]) -> bool:
    """Whether the data of ``one``, ``{"id", "size"}`` with these digests, is that of an image.

    Data that has an ID never changes in Glance; other images may have the same data.
    """
    if one.get("size") != image["size"]:
        return False
    known = {name: value for name, value in stored_digests(image).items() if digests.get(name)}
    if known:
        return all(digests[name] == value for name, value in known.items())
    return bool(one.get("id")) and one.get("id") == image["id"]
