# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What image data is, and whether two are the same. Nothing else in `_image` compares digests or sizes of content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError, IntegrityError
from .._core.text import counted
from .._glance.image_json import size_of
from .._glance.v2 import (
    CONVERTED_ID,
    MD5,
    PUBLISHED,
    SHA256,
    SHA512,
    SOURCE_IMAGE,
    SOURCE_LOCATION,
    SOURCE_MD5,
    SOURCE_SERVER,
    SOURCE_SHA256,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


DIGESTS = ("md5", "sha256", "sha512")
"""Glance answers with md5 and, unless the operator chose otherwise, sha512; openstacksdk records md5 and sha256."""

DIGITS = dict(zip(DIGESTS, (32, 64, 128), strict=True))
"""Of a digest in hexadecimal."""

_SENT = {"md5": MD5, "sha256": SHA256, "sha512": SHA512}
_SOURCE = {"md5": SOURCE_MD5, "sha256": SOURCE_SHA256}
"""Properties with the digests of what was sent, and of the file that was converted for it."""

RAW_NAMES = {"raw", "ami", "ari", "aki", "gpt", "iso", "luks"}
"""Formats of Glance's that are plain bytes."""


@dataclass(frozen=True)
class Fingerprint:
    """What distinguishes image data: size in bytes, format, and the known digests, in lower-case hexadecimal."""

    size: int
    disk_format: str
    digests: Mapping[str, str] = field(repr=False)
    copied_from: tuple[str, str] | None = field(default=None, kw_only=True)
    """Location and ID of the image that is the source: they decide where no digest does."""
    server: str | None = field(default=None, kw_only=True)
    """ID of the server that the data is a snapshot of."""


@dataclass(frozen=True)
class Announced:
    """What is known of data that nobody has read yet: some digests of the file as its maker published it."""

    digests: Mapping[str, str] = field(default_factory=dict, repr=False)
    size: int | None = None
    """Bytes of that file."""
    server: str | None = None
    """ID of the server whose snapshot the data is to be, whenever it was taken; no digest matters then."""

    def is_in(self, image: Mapping[str, Any], disk_format: str) -> bool:
        """Whether the image certainly has this data, in this format (empty: any). It may have it all the same.

        What the uploader recorded counts where the cloud's own digest shows that it was recorded of this data.
        """
        if disk_format and image.get("disk_format") != disk_format:
            return False
        stored, recorded = stored_digests(image), recorded_digests(image)
        if not image.get("size"):
            return False
        if self.server:
            return image.get(SOURCE_SERVER) == self.server
        if PUBLISHED in image and same_digests(recorded, stored):
            texts = (text.partition(":") for text in str(image[PUBLISHED]).split())
            if same_digests({algorithm: digest for algorithm, _colon, digest in texts}, self.digests):
                return True
        if SOURCE_SHA256 in image or SOURCE_MD5 in image:
            recorded_source = recorded_digests(image, _SOURCE)
            return bool(same_digests(recorded, stored)) and bool(same_digests(recorded_source, self.digests))
        if same_digests(recorded, stored):
            stored = {**recorded, **stored}
        return bool(same_digests(stored, self.digests))


@dataclass(frozen=True)
class Checksum:
    """A digest that the user expects; ``digest`` in lower-case hexadecimal."""

    algorithm: str
    digest: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"

    @classmethod
    def parse(cls, text: str, *, form: str = "ALGORITHM:DIGEST", full: bool = False) -> Checksum:
        """Read ``ALGORITHM:DIGEST``; raises InputError, which names the ``form`` that the option takes.

        ``full`` also requires all digits of the digest: for data that cannot be hashed here, where a typing error
        would otherwise remain unnoticed.
        """
        algorithm, digest = split_checksum(text)
        found = cls(algorithm, digest.strip().lower())
        if algorithm not in DIGESTS or not found.digest or (full and not found.is_full):
            raise InputError(f"checksum: {text!r} is not of the form {form}", hint=f"Algorithms: {', '.join(DIGESTS)}.")
        return found

    @property
    def is_full(self) -> bool:
        """Whether the digest has all its digits, and nothing else."""
        return len(self.digest) == DIGITS[self.algorithm] and not set(self.digest) - set("0123456789abcdef")

    def check(self, digests: Mapping[str, str], *, hint: str) -> None:
        """Raise IntegrityError, with the hint, if the image with these digests is another one.

        An image whose digest by this algorithm is not known passes.
        """
        if same_digests({self.algorithm: self.digest}, digests) is False:
            raise IntegrityError(
                f"{self.algorithm} mismatch: the image has {digests[self.algorithm]}, expected {self.digest}", hint=hint
            )


def algorithm_of(name: str) -> str:
    """One of `DIGESTS`, by any of its names: SHA256, sha-256, SHA2-256; other names in lower case."""
    plain = name.strip().lower().replace("sha2-", "sha-").replace("sha-", "sha")
    return plain if plain in DIGESTS else name.strip().lower()


def split_checksum(text: str) -> tuple[str, str]:
    """The algorithm and what follows the first colon."""
    algorithm, _colon, rest = text.partition(":")
    return algorithm_of(algorithm), rest.strip()


def same_format(one: str, other: str) -> bool:
    """Whether data in one disk_format is data in the other, by another name."""
    return one == other or {one, other} <= RAW_NAMES


def same_digests(one: Mapping[str, str], other: Mapping[str, str]) -> bool | None:
    """Whether these are digests of the same data; None if no algorithm is in both."""
    common = [name for name in one if name in other]
    return all(one[name] == other[name] for name in common) if common else None


def same_data(size: int | None, digests: Mapping[str, str], other: Fingerprint) -> bool | None:
    """Whether data of this size (None: unknown) with these digests is the same.

    None if nothing decides it: the sizes are not known to differ, and no algorithm is in both.
    """
    if size is not None and size != other.size:
        return False
    return same_digests(digests, other.digests)


def same_image(image: Mapping[str, Any], image_id: str | None, size: int, digests: Mapping[str, str]) -> bool:
    """Whether data of this size with these digests, of the image with this ID (None: unknown), is that of ``image``.

    Data of one ID never changes in Glance, which decides where no digest does. Other images may have the same data.
    """
    same = same_data(size, digests, fingerprint_of(image))
    return image_id == image["id"] if same is None else same


def same_content(
    image: Mapping[str, Any], origin: Fingerprint | Announced, disk_format: str, container_format: str | None = None
) -> bool:
    """Whether the image was made of ``origin``, in the formats that the Location should have (None: any container).

    The cloud's own digests decide. What the uploader recorded counts only where they cannot match the origin's: for
    an image that was converted, here before the upload or by the cloud on import. Where no digest decides, a copy of
    an image counts as long as that image's ID is the same.
    """
    if container_format not in (None, image.get("container_format")):
        return False
    if isinstance(origin, Announced):
        return origin.is_in(image, disk_format)
    copied = origin.copied_from is not None and origin.copied_from == _recorded_source(image)
    kept = image.get("checksum") in (None, image.get(MD5))
    formatted = image.get("disk_format") == disk_format
    if SOURCE_SHA256 in image or SOURCE_MD5 in image:
        source = recorded_digests(image, _SOURCE)
        made = (kept and formatted) or _converted_on_import(image)
        return made and _first_known(same_digests(source, origin.digests), copied)
    if not needs_digests(image, origin, disk_format):
        return False
    recorded = same_digests(recorded_digests(image), origin.digests)
    if not same_format(str(image.get("disk_format")), origin.disk_format):
        # the origin's bytes under the name of another format are no conversion
        converted = bool(image.get("size")) and not _same_bytes(image, origin, unknown=False)
        return converted and _first_known(recorded, copied and kept and formatted)
    return formatted and _same_bytes(image, origin, unknown=_first_known(recorded, copied))


def needs_digests(image: Mapping[str, Any], origin: Fingerprint, disk_format: str) -> bool:
    """Whether `same_content` compares digests: not where format and size show already that the content is another."""
    if SOURCE_SHA256 in image or SOURCE_MD5 in image:
        return True
    if not same_format(str(image.get("disk_format")), origin.disk_format):
        return True
    return image.get("disk_format") == disk_format and image.get("size") == origin.size


def made_of_same(one: Mapping[str, Any], other: Mapping[str, Any], places: tuple[str, str] = ("", "")) -> bool | None:
    """Whether two images, at these ``places`` (names of Locations), have the same content; None if nothing decides it.

    The same bytes in the same format have. Where an image was converted, here before the upload or by its cloud on
    import, the recorded digests of what the two were made of decide, and where there are none, whose copies they are.
    """
    stored = same_digests(stored_digests(one), stored_digests(other))
    if same_format(str(one.get("disk_format")), str(other.get("disk_format"))):
        if None not in (sizes := {one.get("size"), other.get("size")}) and len(sizes) > 1:
            stored = False
        if stored is not None:
            return stored or bool(same_digests(_recorded_origin(one), _recorded_origin(other)))
    elif stored:
        return False  # one's bytes under the name of another format are no conversion
    origin = same_digests(origin_digests(one), origin_digests(other))
    if origin is None:
        copies = {_recorded_source(one), (places[0], one["id"])} & {_recorded_source(other), (places[1], other["id"])}
        return True if copies - {(None, None)} else None
    return origin


def origin_digests(image: Mapping[str, Any]) -> dict[str, str]:
    """The digests of what an image was made of, as far as they are known: of its own data if it was not converted."""
    stored, recorded = stored_digests(image), _recorded_origin(image)
    if recorded:
        return recorded
    sent = {} if image.get("image_type") == "snapshot" else recorded_digests(image)  # else those of its base
    if same_digests(sent, stored) is False:
        return sent if image.get("size") else stored
    return {**sent, **stored}


def _recorded_origin(image: Mapping[str, Any]) -> dict[str, str]:
    """The recorded digests of the file that was converted before the upload, if the data is still what was sent."""
    kept = image.get("checksum") in (None, image.get(MD5)) and image.get("image_type") != "snapshot"
    return recorded_digests(image, _SOURCE) if kept or _converted_on_import(image) else {}


def _recorded_source(image: Mapping[str, Any]) -> tuple[Any, Any]:
    return image.get(SOURCE_LOCATION), image.get(SOURCE_IMAGE)


def _first_known(same: bool | None, otherwise: bool) -> bool:  # noqa: FBT001 - both are values
    return otherwise if same is None else same


def _same_bytes(image: Mapping[str, Any], origin: Fingerprint, *, unknown: bool) -> bool:
    """Whether the cloud's size and digests are the origin's; ``unknown`` where they have no digest in common."""
    if image.get("size") != origin.size:
        return False
    return _first_known(same_digests(stored_digests(image), origin.digests), unknown)


def stored_digests(image: Mapping[str, Any]) -> dict[str, str]:
    """The digests that the cloud computed of what it stored; a cloud may report none."""
    found = {"md5": image.get("checksum"), str(image.get("os_hash_algo")): image.get("os_hash_value")}
    return {name: str(value) for name, value in found.items() if value}


def recorded_digests(image: Mapping[str, Any], properties: Mapping[str, str] | None = None) -> dict[str, str]:
    """The digests that the uploader recorded in these properties, by default of what it sent.

    The image may have other data by now.
    """
    return {name: str(image[key]) for name, key in (properties or _SENT).items() if image.get(key)}


def conversion(image: Mapping[str, Any], sent: Fingerprint) -> dict[str, str]:
    """The properties that an active image gets if the cloud converted what it was sent; none if it did not."""
    if not _converted(image, sent):
        return {}
    recorded = {CONVERTED_ID: str(image["id"]), SHA512: sent.digests.get("sha512")}
    return {key: value for key, value in recorded.items() if value}


def fingerprint_of(image: Mapping[str, Any]) -> Fingerprint:
    """The fingerprint of an active image, as the cloud reports it; raises ServerError if it reports no size."""
    return Fingerprint(size_of(image), str(image["disk_format"]), stored_digests(image))


def verify(image: Mapping[str, Any], expected: Fingerprint) -> None:
    """Compare what the cloud stored with what was sent; raises IntegrityError for a `stored_mismatch`."""
    difference = stored_mismatch(image, expected)
    if difference:
        raise IntegrityError(difference)


def verify_download(image: Mapping[str, Any], size: int, digests: Mapping[str, str]) -> None:
    """Compare data that was received with what the cloud reports of the image; raises IntegrityError.

    Its format does not matter: data that is damaged at the beginning looks like another format.
    """
    difference = mismatch(size, digests, fingerprint_of(image), "received")
    if difference:
        raise IntegrityError(difference)


def stored_mismatch(image: Mapping[str, Any], expected: Fingerprint) -> str:
    """How the stored data of an image differs from what was sent; empty if it does not.

    A cloud that converted the image on import has other bytes by its own doing, which cannot be verified from here.
    """
    return "" if _converted(image, expected) else mismatch(image.get("size"), stored_digests(image), expected)


def mismatch(
    size: int | None, digests: Mapping[str, str], expected: Fingerprint, verb: str = "the cloud stored"
) -> str:
    """How data differs from what was expected, by size and the digests that both have; empty if it does not."""
    if size != expected.size:
        return f"{verb} {size or 0} of {counted(expected.size, 'byte')}"
    for name, value in digests.items():
        if value != expected.digests.get(name, value):
            return f"{name} mismatch: {verb.rpartition(' ')[2]} {value}, expected {expected.digests[name]}"
    return ""


def missing_digest(image: Mapping[str, Any], expected: Fingerprint) -> str | None:
    """The algorithm with which the stored data must be hashed because the cloud reports none of the expected digests.

    None where `verify` compared one, or where the cloud converted the image.
    """
    if _converted(image, expected) or stored_digests(image).keys() & expected.digests.keys():
        return None
    return best_digest(expected.digests)


def published_content(image: Mapping[str, Any], size: int | None, digests: Mapping[str, str]) -> Fingerprint | None:
    """The content of an active image if it has these digests; None if not, or if that cannot be found out.

    The digests that an uploader recorded count only together with the size: the image may have become empty. Where the
    cloud is known to have converted what it was sent, they count without it.
    """
    stored = fingerprint_of(image)
    same = same_data(size, digests, stored)
    if same is None and size is not None:
        stored = Fingerprint(stored.size, stored.disk_format, {**recorded_digests(image), **stored.digests})
        same = same_data(size, digests, stored)
    if _converted_on_import(image):
        same = same or same_digests(recorded_digests(image), digests)
    return stored if same else None


def best_digest(digests: Mapping[str, str]) -> str:
    """The strongest algorithm of those that there is a digest of."""
    return next(name for name in reversed(DIGESTS) if name in digests)


def _converted_on_import(image: Mapping[str, Any]) -> bool:
    """Whether the upload recorded `conversion`."""
    return bool(image.get(CONVERTED_ID) == image["id"])


def _converted(image: Mapping[str, Any], expected: Fingerprint) -> bool:
    return image.get("disk_format") != expected.disk_format and bool(image.get("size"))
