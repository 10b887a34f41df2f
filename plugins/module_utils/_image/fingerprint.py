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


def best_digest(digests: Mapping[str, str]) -> str:
    """The strongest algorithm of those that there is a digest of."""
    return next(name for name in reversed(DIGESTS) if name in digests)


def same_data(size: int | None, digests: Mapping[str, str], other: Fingerprint) -> bool | None:
    """Whether data with these digests is the other's; None where the two have no digest in common.

    ``size`` is None where it is not known.
    """
    if size is not None and size != other.size:
        return False
    common = [name for name in digests if name in other.digests]
    return all(digests[name] == other.digests[name] for name in common) if common else None


def published_content(image: Mapping[str, Any], size: int | None, digests: Mapping[str, str]) -> Fingerprint | None:
    """The content of an active image if it has these digests; None if not, or if that cannot be found out.

    The digests that an uploader recorded count only together with the size: the image may have become empty.
    """
    stored = fingerprint_of(image)
    same = same_data(size, digests, stored)
    if same is None and size is not None:
        recorded = {name: str(image[key]) for name, key in (("md5", MD5), ("sha256", SHA256)) if key in image}
        stored = Fingerprint(stored.size, stored.disk_format, {**recorded, **stored.digests})
        same = same_data(size, digests, stored)
    return stored if same else None


def mismatch(size: object, digests: Mapping[str, str], expected: Fingerprint) -> str:
    """How stored data differs from what was expected, by size and the digests that both have; empty if it does not."""
    if size != expected.size:
        return f"the cloud stored {size} of {expected.size} bytes"
    for name, value in digests.items():
        if value != expected.digests.get(name, value):
            return f"{name} mismatch: stored {value}, expected {expected.digests[name]}"
    return ""


def stored_mismatch(image: Mapping[str, Any], expected: Fingerprint) -> str:
    """How the data of an image differs from what was sent; empty if it does not.

    A cloud that converted the image on import has other bytes by its own doing, which cannot be verified from here.
    """
    return "" if _converted(image, expected) else mismatch(image.get("size"), stored_digests(image), expected)


def verify(image: Mapping[str, Any], expected: Fingerprint) -> None:
    """Raise IntegrityError for a `stored_mismatch`."""
    difference = stored_mismatch(image, expected)
    if difference:
        raise IntegrityError(difference)


def missing_digest(image: Mapping[str, Any], expected: Fingerprint) -> str | None:
    """The algorithm with which the stored data must be hashed because the cloud reports none of the expected digests.

    None where `verify` compared one, or where the cloud converted the image.
    """
    if _converted(image, expected) or stored_digests(image).keys() & expected.digests.keys():
        return None
    return best_digest(expected.digests)


def _converted(image: Mapping[str, Any], expected: Fingerprint) -> bool:
    return image.get("disk_format") != expected.disk_format and bool(image.get("size"))
