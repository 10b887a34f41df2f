# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one state of an upload by hand did at one Location."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .record import PreparedUpload
    from .requests import UploadRequest


@dataclass(frozen=True)
class SessionChange:
    """``action`` is created, replaced, updated, unchanged or deleted."""

    action: str
    upload: PreparedUpload | None = None
    """What is prepared, for the state that prepares."""
    reason: str | None = None
    requests: tuple[UploadRequest, ...] = ()
    finalize: Mapping[str, Any] | None = None
    image: dict[str, Any] | None = None
    """The record of the published image, for the state that finalizes."""
    notes: tuple[str, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        upload = self.upload
        return {
            "image_id": upload.image_id if upload else None,
            "scheme": upload.scheme if upload else None,
            "reason": self.reason,
            "segment_size": upload.part_size if upload else None,
            "expires_at": upload.expires_at if upload else None,
            "requests": [request.to_dict() for request in self.requests],
            "finalize": dict(self.finalize) if self.finalize else None,
            "image": self.image,
        }


def shown(upload: PreparedUpload) -> dict[str, Any]:
    """An upload as differences show it: without requests, which hold secrets."""
    content = upload.content
    return {
        "scheme": upload.scheme,
        "size": content.size,
        "segment_size": upload.part_size,
        "disk_format": content.disk_format,
        "digests": dict(content.digests),
    }
