# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether image data is the same: of a file, of an image that is there, of one that was sent or received."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import (
    CONVERTED_ID,
    PUBLISHED,
    SOURCE_IMAGE,
    SOURCE_LOCATION,
    SOURCE_SHA256,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SHA256 as SHA256_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SHA512 as SHA512_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import (
    Announced,
    Checksum,
    Fingerprint,
    algorithm_of,
    best_digest,
    conversion,
    fingerprint_of,
    made_of_same,
    mismatch,
    missing_digest,
    needs_digests,
    published_content,
    recorded_digests,
    same_content,
    same_data,
    same_digests,
    same_image,
    stored_digests,
    stored_mismatch,
    verify,
    verify_download,
)
from tests.support.image_samples import DATA, OTHER, image, recorded, source

NO_SHA512: dict[str, Any] = {"os_hash_algo": None, "os_hash_value": None}
NO_DIGESTS: dict[str, Any] = {**NO_SHA512, "checksum": None}
SHA512_RECORDED: dict[str, Any] = {SHA512_NAME: hashlib.sha512(DATA).hexdigest()}
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
        pytest.param(image(data=OTHER, disk_format="qcow2", **SHA512_RECORDED), True, id="converted-known-by-sha512"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded(OTHER)), False, id="converted-from-other"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), False, id="other-format-no-record"),
        pytest.param(image(disk_format="iso", **recorded()), False, id="same-bytes-under-another-format"),
    ],
)
def test_same_content(found: dict[str, Any], *, same: bool) -> None:
    assert same_content(found, source(), "raw") is same


class _Unknown(dict[str, str]):
    """Digests that nobody may ask for."""

    def _refuse(self, *_arguments: Any) -> Any:
        raise AssertionError("a digest was asked for")

    __getitem__ = get = __iter__ = __contains__ = _refuse


@pytest.mark.parametrize(
    ("found", "disk_format", "needed"),
    [
        pytest.param(image(), "raw", True, id="of the same size"),
        pytest.param(image(data=OTHER), "raw", False, id="of another size"),
        pytest.param(image(data=None), "raw", False, id="without data"),
        pytest.param(image(disk_format="iso"), "raw", False, id="under another format"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), "qcow2", True, id="converted by the cloud"),
        pytest.param(image(data=OTHER, os_distro="debian"), "raw", False, id="of somebody's property"),
        pytest.param(image(1, OTHER, **{SOURCE_SHA256: "1"}), "raw", True, id="converted here"),
    ],
)
def test_digests_are_asked_for_only_where_they_decide(found: dict[str, Any], disk_format: str, *, needed: bool) -> None:
    unknown = Fingerprint(len(DATA), "raw", _Unknown())
    assert needs_digests(found, unknown, disk_format) is needed
    if not needed:
        assert not same_content(found, unknown, disk_format)


HOME = ("alpha/north/demo", "id-9")
COPIED: dict[str, Any] = {SOURCE_LOCATION: HOME[0], SOURCE_IMAGE: HOME[1]}


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(image(**COPIED), True, id="copy"),
        pytest.param(image(**NO_DIGESTS, **COPIED), True, id="copy-where-no-digest-is-known-either"),
        pytest.param(image(**COPIED, **recorded()), True, id="copy-that-was-sent-from-here"),
        pytest.param(image(), False, id="nobody-knows"),
        pytest.param(image(**{**COPIED, SOURCE_IMAGE: "id-8"}), False, id="of-another-image"),
        pytest.param(image(**{**COPIED, SOURCE_LOCATION: "alpha/south/demo"}), False, id="of-another-region"),
        pytest.param(image(data=DATA[:4], **COPIED), False, id="truncated"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **COPIED), False, id="in-another-format"),
    ],
)
def test_a_copy_of_an_image_without_digests_is_known_by_its_source(found: dict[str, Any], *, same: bool) -> None:
    unknown = Fingerprint(len(DATA), "raw", {}, copied_from=HOME)
    assert same_content(found, unknown, "raw") is same


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded(OTHER), **COPIED), True, id="converted"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **NO_DIGESTS, **COPIED), True, id="converted-no-digests"),
        pytest.param(image(data=b"", disk_format="qcow2", **recorded(OTHER), **COPIED), False, id="empty"),
        pytest.param(image(data=TURNED, disk_format="qcow2", **recorded(), **COPIED), False, id="other-data-since"),
        pytest.param(image(data=OTHER, disk_format="vhd", **recorded(OTHER), **COPIED), False, id="other-format"),
    ],
)
def test_a_converted_copy_is_known_by_its_source(found: dict[str, Any], *, same: bool) -> None:
    unknown = Fingerprint(len(DATA), "raw", {}, copied_from=HOME)
    assert same_content(found, unknown, "qcow2") is same


def test_digests_decide_also_for_copies() -> None:
    known = Fingerprint(len(DATA), "raw", source().digests, copied_from=HOME)
    assert not same_content(image(data=TURNED, **COPIED), known, "raw")
    assert same_content(image(), known, "raw")


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


MD5, SHA256, SHA512 = (hashlib.new(name, DATA).hexdigest() for name in ("md5", "sha256", "sha512"))


def test_an_empty_image_is_not_what_was_sent() -> None:
    with pytest.raises(IntegrityError, match="the cloud stored 0 of 8 bytes"):
        verify(image(data=None), source())


@pytest.mark.parametrize(
    ("stored", "size", "digests", "message"),
    [
        (image(), 8, {"md5": MD5, "sha256": SHA256, "sha512": SHA512}, None),
        (image(disk_format="qcow2"), 8, {"md5": MD5}, None),
        (image(**NO_DIGESTS), 8, {"md5": MD5}, None),
        (image(), 7, {"md5": MD5}, "received 7 of 8 bytes"),
        (image(), 8, {"md5": MD5, "sha512": "00"}, f"sha512 mismatch: received 00, expected {SHA512}"),
        (image(**NO_SHA512), 8, {"md5": "00", "sha512": "00"}, f"md5 mismatch: received 00, expected {MD5}"),
    ],
)
def test_verify_download(stored: dict[str, Any], size: int, digests: dict[str, str], message: str | None) -> None:
    if message is None:
        verify_download(stored, size, digests)
        return
    with pytest.raises(IntegrityError, match=message):
        verify_download(stored, size, digests)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"md5": "1"}, {"md5": "1"}, True),
        ({"md5": "1"}, {"md5": "2"}, False),
        ({"md5": "1", "sha256": "2"}, {"md5": "1", "sha512": "3"}, True),
        ({"md5": "1", "sha256": "2"}, {"md5": "1", "sha256": "3"}, False),
        ({"sha256": "2"}, {"md5": "1"}, None),
        ({}, {"md5": "1"}, None),
        ({}, {}, None),
    ],
)
def test_same_digests(left: dict[str, str], right: dict[str, str], *, same: bool | None) -> None:
    assert same_digests(left, right) is same_digests(right, left) is same


@pytest.mark.parametrize(
    ("size", "digests", "same"),
    [
        (8, {"md5": "1"}, True),
        (None, {"md5": "1"}, True),
        (7, {"md5": "1"}, False),
        (8, {"md5": "2"}, False),
        (8, {"sha256": "2"}, None),
        (None, {}, None),
        (7, {}, False),
    ],
)
def test_same_data(size: int | None, digests: dict[str, str], *, same: bool | None) -> None:
    assert same_data(size, digests, Fingerprint(8, "raw", {"md5": "1", "sha512": "3"})) is same


@pytest.mark.parametrize(
    ("image_id", "size", "digests", "same"),
    [
        ("id-1", 8, {}, True),
        ("id-2", 8, {}, False),
        (None, 8, {}, False),
        ("id-1", 9, {}, False),
        ("id-2", 8, {"md5": MD5}, True),
        ("id-1", 8, {"md5": "other"}, False),
        ("id-1", 8, {"sha256": "unknown to the cloud"}, True),
    ],
)
def test_same_image(image_id: str | None, size: int, digests: dict[str, str], *, same: bool) -> None:
    assert same_image(image(), image_id, size, digests) is same


def test_what_an_image_reports() -> None:
    assert stored_digests(image()) == {"md5": MD5, "sha512": SHA512}
    assert stored_digests(image(**NO_DIGESTS)) == {}
    assert fingerprint_of(image(disk_format="iso")) == Fingerprint(8, "iso", {"md5": MD5, "sha512": SHA512})
    assert recorded_digests(image(**recorded())) == {"md5": MD5, "sha256": SHA256}
    assert recorded_digests(image()) == {}
    assert MD5 not in repr(fingerprint_of(image()))


def test_checksum() -> None:
    assert Checksum.parse("md5:AB ") == Checksum("md5", "ab")
    Checksum("md5", "ab").check({"sha512": "x"}, hint="Look.")
    Checksum("md5", "ab").check({"md5": "ab"}, hint="Look.")
    with pytest.raises(IntegrityError, match="md5 mismatch: the image has cd, expected ab") as caught:
        Checksum("md5", "ab").check({"md5": "cd"}, hint="Look.")
    assert caught.value.hint == "Look."
    with pytest.raises(InputError):
        Checksum.parse("ab")


@pytest.mark.parametrize(
    ("text", "full", "error"),
    [
        (f"sha256:{SHA256}", True, False),
        (f"sha256: {SHA256.upper()}\n", True, False),
        (f"md5:{SHA256}", False, False),
        (f"md5:{SHA256}", True, True),
        (f"sha256:{SHA256[:-1]}g", True, True),
        (f"sha256:{SHA256[:-1]}", True, True),
        ("sha256:", False, True),
        ("sha256: ", False, True),
        (f"sha1:{'0' * 40}", False, True),
        ("", False, True),
    ],
)
def test_form_of_a_checksum(text: str, *, full: bool, error: bool) -> None:
    if not error:
        assert Checksum.parse(text, full=full).digest == SHA256
        return
    with pytest.raises(InputError, match=r"^checksum: .* is not of the form ALGORITHM:DIGEST$") as caught:
        Checksum.parse(text, full=full)
    assert caught.value.hint == "Algorithms: md5, sha256, sha512."


def digests(*names: str, data: bytes = DATA) -> dict[str, str]:
    return {name: hashlib.new(name, data).hexdigest() for name in names}


ONLY_SHA512 = digests("sha512")
ONLY_SHA256 = digests("sha256")
MARKED: dict[str, Any] = {CONVERTED_ID: "id-1"}
BY_CLOUD: dict[str, Any] = {"disk_format": "qcow2", **MARKED}


@pytest.mark.parametrize(
    ("size", "known", "found", "published"),
    [
        (len(DATA), ONLY_SHA512, image(), True),
        (None, ONLY_SHA512, image(), True),
        (len(DATA), digests("sha512", data=OTHER), image(), False),
        (len(DATA), ONLY_SHA256, image(**recorded()), True),
        (len(DATA), ONLY_SHA256, image(), False),
        (None, ONLY_SHA256, image(**recorded()), False),
        (len(DATA), ONLY_SHA256, image(data=b"", **recorded()), False),
        (len(DATA), ONLY_SHA256, image(data=OTHER, **recorded(), **BY_CLOUD), True),
        (None, ONLY_SHA256, image(data=OTHER, **recorded(), **BY_CLOUD), True),
        (len(DATA), ONLY_SHA512, image(data=OTHER, **SHA512_RECORDED, **BY_CLOUD), True),
        (len(DATA), ONLY_SHA512, image(data=OTHER, **recorded(), **BY_CLOUD), False),
        (len(DATA), digests("sha256", data=TURNED), image(data=OTHER, **recorded(), **BY_CLOUD), False),
        (len(DATA), ONLY_SHA256, image(2, OTHER, **recorded(), **BY_CLOUD), False),
        (len(DATA), ONLY_SHA256, image(data=OTHER, disk_format="qcow2", **recorded()), False),
        (None, digests("sha512", data=OTHER), image(data=OTHER, **recorded(), **BY_CLOUD), True),
    ],
)
def test_what_an_uploader_recorded_counts_with_the_size_or_where_the_cloud_converted_it(
    size: int | None,
    known: dict[str, str],
    found: dict[str, Any],
    published: bool,  # noqa: FBT001
) -> None:
    assert bool(published_content(found, size, known)) is published


def test_published_content_is_what_the_cloud_reports() -> None:
    found = published_content(image(disk_format="iso", **recorded()), len(DATA), ONLY_SHA256)
    assert found == Fingerprint(len(DATA), "iso", digests("md5", "sha256", "sha512"))


@pytest.mark.parametrize(
    ("size", "stored", "message"),
    [
        (len(DATA), ONLY_SHA512, ""),
        (len(DATA), {}, ""),
        (len(DATA), {"sha1": "0"}, ""),
        (3, ONLY_SHA512, "the cloud stored 3 of 8 bytes"),
        (None, {}, "the cloud stored 0 of 8 bytes"),
        (len(DATA), {"md5": "0"}, f"md5 mismatch: stored 0, expected {digests('md5')['md5']}"),
    ],
)
def test_mismatch(size: int | None, stored: dict[str, str], message: str) -> None:
    assert mismatch(size, stored, source()) == message


def test_a_converted_image_is_no_mismatch() -> None:
    assert stored_mismatch(image(data=OTHER, disk_format="qcow2"), source()) == ""
    assert stored_mismatch(image(data=OTHER), source()) == "the cloud stored 5 of 8 bytes"


def test_what_is_recorded_of_a_conversion() -> None:
    made = image(data=OTHER, disk_format="qcow2")
    assert conversion(made, source()) == {CONVERTED_ID: "id-1", **SHA512_RECORDED}
    assert conversion(made, Fingerprint(len(DATA), "raw", ONLY_SHA256)) == {CONVERTED_ID: "id-1"}
    assert conversion(image(), source()) == {}


@pytest.mark.parametrize(
    ("stored", "expected", "algorithm"),
    [
        (image(), ONLY_SHA512, None),
        (image(), digests("md5"), None),
        (image(), ONLY_SHA256, "sha256"),
        (image(**NO_DIGESTS), digests("md5", "sha256"), "sha256"),
        (image(**NO_DIGESTS, disk_format="qcow2"), ONLY_SHA512, None),
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


SHA256 = hashlib.sha256(DATA).hexdigest()
MD5_OF_DATA = hashlib.md5(DATA).hexdigest()  # noqa: S324
PACKED: dict[str, Any] = {PUBLISHED: f"md5:1 sha256:{SHA256}"}
CONVERTED: dict[str, Any] = {SOURCE_SHA256: SHA256}


@pytest.mark.parametrize(
    ("found", "expected", "disk_format", "there"),
    [
        pytest.param(image(), {"md5": MD5_OF_DATA}, "", True, id="md5"),
        pytest.param(image(), {"sha512": hashlib.sha512(DATA).hexdigest()}, "raw", True, id="sha512"),
        pytest.param(image(), {"sha512": "0"}, "", False, id="another"),
        pytest.param(image(), {"md5": MD5_OF_DATA}, "qcow2", False, id="another-format"),
        pytest.param(image(), {"sha256": SHA256}, "", False, id="not-reported"),
        pytest.param(image(**recorded()), {"sha256": SHA256}, "", True, id="recorded"),
        pytest.param(image(data=OTHER, **recorded()), {"sha256": SHA256}, "", False, id="recorded-of-other-data"),
        pytest.param(
            image(1, DATA, **{SHA256_NAME: SHA256}), {"sha256": SHA256}, "", False, id="recorded-of-who-knows-what"
        ),
        pytest.param(image(data=b"", **recorded(b"")), {"sha256": SHA256}, "", False, id="empty"),
        pytest.param(image(data=None, **recorded()), {"sha256": SHA256}, "", False, id="queued"),
        pytest.param(image(data=OTHER, **recorded(OTHER), **PACKED), {"sha256": SHA256}, "", True, id="compressed"),
        pytest.param(image(data=OTHER, **recorded(OTHER), **PACKED), {"sha256": "0"}, "", False, id="another-file"),
        pytest.param(image(data=OTHER, **recorded(), **PACKED), {"sha256": SHA256}, "", False, id="stale-compressed"),
        pytest.param(image(data=OTHER, **recorded(OTHER), **CONVERTED), {"sha256": SHA256}, "", True, id="converted"),
        pytest.param(image(data=OTHER, **recorded(), **CONVERTED), {"sha256": SHA256}, "", False, id="stale-converted"),
        pytest.param(image(), {}, "", False, id="nothing-is-expected"),
    ],
)
def test_announced_data_that_an_image_certainly_has(
    found: dict[str, Any],
    expected: dict[str, str],
    disk_format: str,
    there: bool,  # noqa: FBT001
) -> None:
    assert Announced(expected).is_in(found, disk_format) is there
    assert same_content(found, Announced(expected), disk_format) is there


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("sha256", "sha256"), ("SHA-256", "sha256"), ("SHA2-512", "sha512"), ("Md5", "md5"), ("SHA3-256", "sha3-256")],
)
def test_names_of_algorithms(name: str, algorithm: str) -> None:
    assert algorithm_of(name) == algorithm


SOURCE = b"a qcow2 file"


def source_recorded(data: bytes = SOURCE) -> dict[str, Any]:
    """What is written on an image that was converted before the upload."""
    return {SOURCE_SHA256: hashlib.sha256(data).hexdigest()}


def copy_of(location: str, number: int) -> dict[str, Any]:
    """What is written on a copy."""
    return {SOURCE_LOCATION: location, SOURCE_IMAGE: f"id-{number}"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(image(), image(), True, id="same-bytes"),
        pytest.param(image(), image(data=TURNED), False, id="other-bytes"),
        pytest.param(image(), image(**NO_SHA512), True, id="by-md5-alone"),
        pytest.param(image(), image(disk_format="iso"), True, id="another-name-for-plain-bytes"),
        pytest.param(image(), image(disk_format="qcow2"), False, id="the-same-bytes-called-otherwise"),
        pytest.param(image(**NO_DIGESTS), image(), None, id="no-digests"),
        pytest.param(image(**NO_DIGESTS), image(data=OTHER), False, id="no-digests-but-other-size"),
        pytest.param(image(**NO_DIGESTS, **recorded()), image(), True, id="recorded-where-the-cloud-has-none"),
        pytest.param(image(data=None), image(), None, id="queued"),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2"), image(**recorded(), **source_recorded()), None,
            id="no-common-algorithm-with-the-source",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2", **recorded(SOURCE)), image(**recorded(), **source_recorded()), True,
            id="converted-before-the-upload",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2", **recorded(SOURCE)),
            image(**recorded(), **source_recorded(b"another file")), False, id="converted-from-something-else",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2"), image(**recorded(SOURCE)), True, id="converted-by-the-cloud",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2"), image(**recorded(b"another file")), False,
            id="converted-by-the-cloud-from-something-else",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2", **recorded(SOURCE)),
            image(**recorded(OTHER), **source_recorded(), **MARKED), True,
            id="converted-before-the-upload-and-by-the-cloud",
        ),
        pytest.param(
            image(data=SOURCE, disk_format="qcow2"), image(**recorded(SOURCE), image_type="snapshot"), False,
            id="a-snapshot-has-the-records-of-its-base",
        ),
        pytest.param(
            image(**recorded(), **source_recorded()), image(data=TURNED, **recorded(TURNED), **source_recorded()), True,
            id="two-conversions-of-one-file",
        ),
        pytest.param(
            image(**recorded()), image(data=DATA[:4], **recorded()), False, id="a-record-does-not-make-it-right",
        ),
        pytest.param(
            image(**recorded()), image(data=b"", disk_format="qcow2", **recorded()), False, id="nor-empty-data",
        ),
        pytest.param(
            image(**NO_DIGESTS), image(2, **NO_DIGESTS, **copy_of("a", 1)), True,
            id="a-copy",
        ),
        pytest.param(
            image(**NO_DIGESTS, **copy_of("c", 3)),
            image(2, disk_format="vhd", **NO_DIGESTS, **copy_of("c", 3)), True,
            id="copies-of-one-image",
        ),
        pytest.param(
            image(**NO_DIGESTS), image(2, **NO_DIGESTS, **copy_of("a", 9)), None,
            id="a-copy-of-something-else",
        ),
    ],
)  # fmt: skip
def test_whether_two_images_have_the_same_content(one: dict[str, Any], other: dict[str, Any], same: Any) -> None:
    assert made_of_same(one, other, ("a", "b")) is same
    assert made_of_same(other, one, ("b", "a")) is same
