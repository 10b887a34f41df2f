# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export should do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._run.ensure import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

from ..fingerprint import Checksum

REPORTED = ("md5", "sha512")
"""The digests of an exported copy that are reported."""


@dataclass(frozen=True)
class ExportRequest:
    """The options of an export; exactly one of ``path`` and ``container`` is given. Times are in seconds."""

    image: str
    """Name or ID."""
    path: str | None = None
    disk_format: str | None = None
    """The format of the file; None for that of the image."""
    container: str | None = None
    object: str | None = None
    expires_in: int | None = None
    tempurl: bool = False
    checksum: Checksum | None = None
    """Of the image's data as the cloud has it."""
    timeout: float = 300.0
    transfer_timeout: float = 3600.0
    stall_timeout: float = 120.0

    @property
    def total(self) -> float:
        """Seconds that the work after the survey may take at the most."""
        return self.timeout + self.transfer_timeout

    def check(self, digests: Mapping[str, str]) -> None:
        """Raise IntegrityError if the image with these digests is not the expected one."""
        if self.checksum:
            hint = "Another image has this name, or it was replaced: check the source of the checksum."
            self.checksum.check(digests, hint=hint)


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
    """The copy that was there, as `Copy.to_dict` returns it; empty for none."""
    method: str | None = None
    """How the data was exported: download, stream or export_task; None where it was not."""
    tempurl: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    sign: bool = False
    """Whether a signed URL is still to be made."""
    tidy: bool = False
    """Whether partial files that earlier runs left beside an unchanged file are still to be removed."""

    def change(self, image: Mapping[str, Any]) -> Change:
        """As users see it, with the record of the image."""
        after = self.copy.to_dict()
        output = {**after, "image": image, "tempurl": self.tempurl, "method": self.method}
        return Change(self.action, self.before, after, output, self.notes)
