# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an image in a cloud holds the data that was meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import IntegrityError
from .._glance.v2 import MD5, SHA256, SOURCE_MD5, SOURCE_SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping


DIGESTS = ("md5", "sha256", "sha512")
"""Glance answers with md5 and, unless the operator chose otherwise, sha512; openstacksdk records md5 and sha256."""

_RAW_NAMES = {"raw", "ami", "ari", "aki", "ploop", "iso"}
"""Formats of Glance's that are bytes as they stand."""


@dataclass(frozen=True)
class Fingerprint:
    """What tells image data from other data: size in bytes, and those of its digests that are known, hexadecimal."""

    size: int
    disk_format: str
    digests: Mapping[str, str] = field(repr=False)


def same_format(one: str, other: str) -> bool:
    """Whether data in one disk_format is data in the other, by another name."""
    return one == other or {one, other} <= _RAW_NAMES


def same_content(image: Mapping[str, Any], origin: Fingerprint, disk_format: str) -> bool:
    """Whether the image was made of ``origin``, in the ``disk_format`` that the Location is to have.

    The cloud's own digests decide. What the uploader recorded counts only where they say nothing about the origin:
    for an image that was converted, by us before the upload or by the cloud on import.
    """
    if SOURCE_SHA256 in image or SOURCE_MD5 in image:
        kept = image.get("checksum") in (None, image.get(MD5))
        return kept and image.get("disk_format") == disk_format and _recorded(image, origin, SOURCE_MD5, SOURCE_SHA256)
    recorded = _recorded(image, origin, MD5, SHA256)
    if not same_format(str(image.get("disk_format")), origin.disk_format):
        # the origin's bytes under the name of another format are no conversion
        return recorded and bool(image.get("size")) and not _same_bytes(image, origin, unknown=False)
    return image.get("disk_format") == disk_format and _same_bytes(image, origin, unknown=recorded)


def _same_bytes(image: Mapping[str, Any], origin: Fingerprint, *, unknown: bool) -> bool:
    """Whether the cloud's size and digests are those of the origin; ``unknown`` where it tells no digest."""
    if image.get("size") != origin.size:
        return False
    stored = {name: value for name, value in stored_digests(image).items() if name in origin.digests}
    return all(value == origin.digests[name] for name, value in stored.items()) if stored else unknown


def _recorded(image: Mapping[str, Any], origin: Fingerprint, md5: str, sha256: str) -> bool:
    known = {"md5": image.get(md5), "sha256": image.get(sha256)}
    compared = [known[name] == origin.digests[name] for name in known if known[name] and name in origin.digests]
    return bool(compared) and all(compared)


def stored_digests(image: Mapping[str, Any]) -> dict[str, str]:
    """The digests that the cloud made of what it stored; a cloud may keep them to itself."""
    found = {"md5": image.get("checksum"), str(image.get("os_hash_algo")): image.get("os_hash_value")}
    return {name: str(value) for name, value in found.items() if value}


def fingerprint_of(image: Mapping[str, Any]) -> Fingerprint:
    """What an active image is, by the cloud's own account."""
    return Fingerprint(int(image["size"]), str(image["disk_format"]), stored_digests(image))


def verify(image: Mapping[str, Any], expected: Fingerprint) -> None:
    """Compare what the cloud stored with what was sent; raises IntegrityError.

    A cloud that converted the image on import has other bytes by its own doing, which nobody here can check.
    """
    if image.get("disk_format") != expected.disk_format and image.get("size"):
        return
    if image.get("size") != expected.size:
        raise IntegrityError(f"{image.get('size')} bytes were stored of {expected.size}")
    for name, value in stored_digests(image).items():
        if value != expected.digests.get(name, value):
            raise IntegrityError(f"the {name} of what was stored is {value}, not {expected.digests[name]}")
