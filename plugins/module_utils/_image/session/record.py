# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image record of an upload session: it alone remembers what was prepared, for nothing is kept on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..._cloud.answers import MALFORMED, parse_json
from ..._core.deadline import clock
from ..._glance.v2 import MD5, OBJECT, SESSION, SHA256, UPLOAD
from ..._local.work_marker import time_text
from ..._object_store.segments import MOST_SEGMENTS
from ..fingerprint import DIGESTS, Fingerprint, mismatch, stored_mismatch
from ..upload_marker import session_expiry, session_marker, upload_name
from .schemes import SCHEMES, SWIFT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..desired import Desired

_PROPERTIES = {"md5": MD5, "sha256": SHA256}
"""Digests that have properties of their own, where other tools look for them."""


@dataclass(frozen=True)
class PreparedUpload:
    """What was prepared at one Location. ``expires`` is when its requests do; ``part_size`` in bytes."""

    image_id: str
    scheme: str
    content: Fingerprint
    part_size: int
    expires: datetime
    image: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The record as Glance shows it; empty while it is not made."""

    @property
    def status(self) -> str:
        return str(self.image.get("status", "queued"))

    @property
    def expired(self) -> bool:
        return self.expires <= clock.now()

    @property
    def difference(self) -> str:
        """How the data that the record holds differs from what was prepared; empty where it does not, or not yet."""
        if self.status == "active":
            return stored_mismatch(self.image, self.content)
        staged = self.image.get("size") if self.status == "uploading" else None
        return "" if staged is None else mismatch(staged, {}, self.content)

    @property
    def usable(self) -> bool:
        """Whether its data may still arrive, or has; a record with wrong data cannot take other data any more."""
        if self.status == "queued":
            return not self.expired
        return self.status in {"saving", "uploading", "importing", "active"} and not self.difference

    @property
    def expires_at(self) -> str:
        return time_text(self.expires)

    def to_dict(self) -> dict[str, Any]:
        """The upload as differences show it: without requests, which hold secrets."""
        return {
            "scheme": self.scheme,
            "size": self.content.size,
            "segment_size": self.part_size,
            "disk_format": self.content.disk_format,
            "digests": dict(self.content.digests),
        }

    def marker(self, desired: Desired) -> str:
        """The marker, by which the session is in use as long as it may be finalized with these timeouts."""
        begun = max(self.expires, clock.now())
        return session_marker(self.expires, begun + timedelta(seconds=desired.timeouts.finalization))

    def fields(self, desired: Desired) -> dict[str, Any]:
        """The fields of the record until the upload is finalized."""
        digests = {name: value for name, value in self.content.digests.items() if name not in _PROPERTIES}
        prepared = {
            "scheme": self.scheme,
            "size": self.content.size,
            "segment_size": self.part_size,
            **({"digests": digests} if digests else {}),
        }
        return self._fields(desired, prepared)

    def imported_fields(self, desired: Desired) -> dict[str, Any]:
        """The fields of the image that is imported from the segments, until it is published."""
        return self._fields(desired, {"session": self.image_id})

    def _fields(self, desired: Desired, session: Mapping[str, Any]) -> dict[str, Any]:
        digests = self.content.digests
        return {
            "name": upload_name(desired.name),
            "disk_format": self.content.disk_format,
            "container_format": desired.container,
            OBJECT: f"images/{desired.name}",
            UPLOAD: self.marker(desired),
            SESSION: json.dumps(session, separators=(",", ":")),
            **{key: digests[name] for name, key in _PROPERTIES.items() if name in digests},
        }


def session_of(image: Mapping[str, Any]) -> str:
    """The ID of the record of whose segments the image was imported; empty for any other image."""
    try:
        return str(_session(image)["session"])
    except MALFORMED:
        return ""


def read(image: Mapping[str, Any]) -> PreparedUpload | None:
    """The upload of a session's record; None for an image that was imported from segments, or a damaged record."""
    expires = session_expiry(image)
    try:
        prepared = _session(image)
        recorded = {name: image[key] for name, key in _PROPERTIES.items() if key in image}
        digests = {name: str(value) for name, value in {**recorded, **prepared.get("digests", {})}.items()}
        content = Fingerprint(int(prepared["size"]), str(image["disk_format"]), digests)
        scheme, part_size = str(prepared["scheme"]), int(prepared["segment_size"])
    except MALFORMED:
        return None
    known = scheme in SCHEMES and not digests.keys().isdisjoint(DIGESTS)
    if expires is None or not known or min(content.size, part_size) < 1:
        return None
    if scheme == SWIFT and content.size > part_size * MOST_SEGMENTS:
        return None
    return PreparedUpload(str(image["id"]), scheme, content, part_size, expires, image)


def _session(image: Mapping[str, Any]) -> Any:
    return parse_json(image[SESSION].encode())
