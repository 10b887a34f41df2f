# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an image holds the bytes of a file, when it is found and after it was sent."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import (
    Fingerprint,
    best_digest,
    mismatch,
    missing_digest,
    published_content,
    same_content,
    same_data,
    stored_mismatch,
    verify,
)
from tests.support.image_samples import DATA, OTHER, image, recorded, source

NO_SHA512: dict[str, Any] = {"os_hash_algo": None, "os_hash_value": None}
NO_DIGESTS: dict[str, Any] = {**NO_SHA512, "checksum": None}
TURNED = bytes(reversed(DATA))
"""Other bytes of the same size."""


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(image(), True, id="same"),
        pytest.param(image(name="called otherwise"), True, id="same-other-name"),
        pytest.param(image(data=TURNED), False, id="other-of-same-size"),
        pytest.param(image(data=OTHER, **recorded()), False, id="record-does-not-make-other-bytes-right"),
        pytest.param(image(data=TURNED, **recorded()), False, id="nor-those-of-the-same-size"),
        pytest.param(image(data=b"", **recorded()), False, id="a-peer-left-it-empty"),
        pytest.param(image(data=b"", disk_format="qcow2", **recorded()), False, id="empty-with-another-format"),
        pytest.param(image(data=DATA[:4], **recorded()), False, id="a-peer-left-it-truncated"),
        pytest.param(image(data=None, **recorded()), False, id="queued"),
        pytest.param(image(**recorded(OTHER)), True, id="stale-record-right-bytes"),
        pytest.param(image(**NO_SHA512), True, id="md5-only"),
        pytest.param(image(data=TURNED, **NO_SHA512), False, id="other-md5-only"),
        pytest.param(image(os_hash_algo="blake2b", os_hash_value="1"), True, id="unknown-hash-leaves-md5"),
        pytest.param(image(data=TURNED, os_hash_algo="blake2b", os_hash_value="1"), False, id="and-md5-differs"),
        pytest.param(image(**NO_DIGESTS), False, id="no-digest-at-all"),
        pytest.param(image(**NO_DIGESTS, **recorded()), True, id="only-a-record"),
        pytest.param(image(**NO_DIGESTS, **recorded(OTHER)), False, id="only-the-record-of-other"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded()), True, id="the-cloud-converted-it"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded(OTHER)), False, id="converted-from-other"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), False, id="other-format-no-record"),
        pytest.param(image(disk_format="iso", **recorded()), False, id="same-bytes-under-another-format"),
    ],
)
def test_same_content(found: dict[str, Any], *, same: bool) -> None:
    assert same_content(found, source(), "raw") is same


@pytest.mark.parametrize(
    ("stored", "right"),
    [
        pytest.param(image(), True, id="right"),
        pytest.param(image(**NO_DIGESTS), True, id="nothing-to-compare-but-the-size"),
        pytest.param(image(data=b"", **recorded()), False, id="empty"),
        pytest.param(image(data=b"", disk_format="qcow2"), False, id="empty-after-a-conversion"),
        pytest.param(image(data=DATA[:4]), False, id="truncated"),
        pytest.param(image(data=TURNED), False, id="corrupt"),
        pytest.param(image(data=TURNED, **NO_SHA512), False, id="corrupt-by-md5"),
        pytest.param(image(checksum="0" * 32), False, id="digests-that-disagree"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), True, id="converted"),
    ],
)
def test_verify(stored: dict[str, Any], *, right: bool) -> None:
    if right:
        verify(stored, source())
        return
    with pytest.raises(IntegrityError):
        verify(stored, source())


def digests(*names: str, data: bytes = DATA) -> dict[str, str]:
    return {name: hashlib.new(name, data).hexdigest() for name in names}


SHA512 = digests("sha512")
SHA256 = digests("sha256")


@pytest.mark.parametrize(
    ("size", "known", "same"),
    [
        (len(DATA), SHA512, True),
        (None, SHA512, True),
        (len(DATA), digests("md5", "sha512"), True),
        (len(DATA), {**digests("md5"), "sha512": "0"}, False),
        (1, SHA512, False),
        (None, digests("sha512", data=OTHER), False),
        (len(DATA), {"sha1": "0"}, None),
        (1, {"sha1": "0"}, False),
    ],
)
def test_same_data(size: int | None, known: dict[str, str], same: bool | None) -> None:  # noqa: FBT001
    assert same_data(size, known, source()) is same


@pytest.mark.parametrize(
    ("size", "known", "found", "published"),
    [
        (len(DATA), SHA512, image(), True),
        (None, SHA512, image(), True),
        (len(DATA), digests("sha512", data=OTHER), image(), False),
        (len(DATA), SHA256, image(**recorded()), True),
        (len(DATA), SHA256, image(), False),
        (None, SHA256, image(**recorded()), False),
        (len(DATA), SHA256, image(data=b"", **recorded()), False),
    ],
)
def test_what_an_uploader_recorded_counts_with_the_size_only(
    size: int | None,
    known: dict[str, str],
    found: dict[str, Any],
    published: bool,  # noqa: FBT001
) -> None:
    assert bool(published_content(found, size, known)) is published


def test_published_content_is_what_the_cloud_reports() -> None:
    found = published_content(image(disk_format="iso", **recorded()), len(DATA), SHA256)
    assert found == Fingerprint(len(DATA), "iso", digests("md5", "sha256", "sha512"))


@pytest.mark.parametrize(
    ("size", "stored", "message"),
    [
        (len(DATA), SHA512, ""),
        (len(DATA), {}, ""),
        (len(DATA), {"sha1": "0"}, ""),
        (3, SHA512, "the cloud stored 3 of 8 bytes"),
        (None, {}, "the cloud stored None of 8 bytes"),
        (len(DATA), {"md5": "0"}, f"md5 mismatch: stored 0, expected {digests('md5')['md5']}"),
    ],
)
def test_mismatch(size: int | None, stored: dict[str, str], message: str) -> None:
    assert mismatch(size, stored, source()) == message


def test_a_converted_image_is_no_mismatch() -> None:
    assert stored_mismatch(image(data=OTHER, disk_format="qcow2"), source()) == ""
    assert stored_mismatch(image(data=OTHER), source()) == "the cloud stored 5 of 8 bytes"


@pytest.mark.parametrize(
    ("stored", "expected", "algorithm"),
    [
        (image(), SHA512, None),
        (image(), digests("md5"), None),
        (image(), SHA256, "sha256"),
        (image(**NO_DIGESTS), digests("md5", "sha256"), "sha256"),
        (image(**NO_DIGESTS, disk_format="qcow2"), SHA512, None),
    ],
)
def test_which_digest_must_be_made_of_the_stored_data(
    stored: dict[str, Any], expected: dict[str, str], algorithm: str | None
) -> None:
    assert missing_digest(stored, Fingerprint(len(DATA), "raw", expected)) == algorithm


@pytest.mark.parametrize("names", [("md5", "sha512", "sha256"), ("sha512",)])
def test_the_best_digest(names: tuple[str, ...]) -> None:
    assert best_digest(dict.fromkeys(names, "")) == "sha512"
    assert best_digest({"md5": "", "sha256": ""}) == "sha256"
