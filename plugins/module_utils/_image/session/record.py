# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image record of an upload by hand: it alone remembers what was prepared, for nothing is kept on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..._glance.v2 import MD5, OBJECT, SESSION, SHA256, UPLOAD
from ..fingerprint import Fingerprint
from ..upload_marker import session_marker, session_until, upload_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desired import Desired

_IN_PROPERTIES = {"md5": MD5, "sha256": SHA256}
"""Digests that have properties of their own, where other tools look for them."""


@dataclass(frozen=True)
class PreparedUpload:
    """What was prepared at one Location. ``until`` is when its requests expire; ``part_size`` in bytes."""

    image_id: str
    scheme: str
    content: Fingerprint
    part_size: int
    until: datetime
    image: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The record as Glance shows it; empty while it is not made."""

    @property
    def status(self) -> str:
        return str(self.image.get("status", "queued"))

    @property
    def expired(self) -> bool:
        return self.until <= datetime.now(UTC)

    @property
    def expires_at(self) -> str:
        return f"{self.until:%Y-%m-%dT%H:%M:%SZ}"

    def fields(self, desired: Desired) -> dict[str, Any]:
        """What the image record says while the upload goes on."""
        digests = dict(self.content.digests)
        named = {key: digests.pop(name) for name, key in _IN_PROPERTIES.items() if name in digests}
        prepared = {
            "scheme": self.scheme,
            "size": self.content.size,
            "segment_size": self.part_size,
            **({"digests": digests} if digests else {}),
        }
        return {**self._common(desired), **named, SESSION: json.dumps(prepared, separators=(",", ":"))}

    def brought_in_fields(self, desired: Desired) -> dict[str, Any]:
        """What the record of the image says that is made of the segments."""
        named = {
            key: self.content.digests[name] for name, key in _IN_PROPERTIES.items() if name in self.content.digests
        }
        return {**self._common(desired), **named, SESSION: json.dumps({"of": self.image_id}, separators=(",", ":"))}

    def _common(self, desired: Desired) -> dict[str, Any]:
        return {
            "name": upload_name(desired.name),
            "disk_format": self.content.disk_format,
            "container_format": desired.container_format,
            OBJECT: f"images/{desired.name}",
            UPLOAD: session_marker(self.until),
        }


def part_of(image: Mapping[str, Any]) -> str:
    """The ID of the upload whose segments the image is made of; empty for any other image."""
    try:
        return str(json.loads(image[SESSION])["of"])
    except (KeyError, TypeError, ValueError):
        return ""


def read(image: Mapping[str, Any]) -> PreparedUpload | None:
    """What the record of an upload by hand says; None for an image that was made of one's segments, or damaged."""
    until = session_until(image)
    try:
        told = json.loads(image[SESSION])
        named = {name: str(image[key]) for name, key in _IN_PROPERTIES.items() if key in image}
        digests = {**named, **told.get("digests", {})}
        content = Fingerprint(int(told["size"]), str(image["disk_format"]), digests)
        scheme, part_size = str(told["scheme"]), int(told["segment_size"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if until is None:
        return None
    return PreparedUpload(str(image["id"]), scheme, content, part_size, until, image)
