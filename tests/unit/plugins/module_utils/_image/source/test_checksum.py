# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum that the user expects: given, or published beside the image in one of several forms."""

from __future__ import annotations

import hashlib
import time

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    InputError,
    IntegrityError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import checksum
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.checksum import verify_checksum
from tests.support.web import Answer, Web, trickle, whole

SHA256, MD5 = hashlib.sha256(b"image").hexdigest(), hashlib.md5(b"image").hexdigest()  # noqa: S324
DIGESTS = {"md5": MD5, "sha256": SHA256}
WRONG = "0" * 64


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(f"{WRONG}  other.raw\n{SHA256}  image.raw\n", id="gnu"),
        pytest.param(f"{WRONG} *other.raw\n{SHA256} *image.raw\n", id="gnu-binary"),
        pytest.param(f"{WRONG}  other.raw\r\n{SHA256.upper()}  ./image.raw\r\n", id="windows-and-dot"),
        pytest.param(f"SHA256 (other.raw) = {WRONG}\nSHA256 (image.raw) = {SHA256}\n", id="bsd"),
        pytest.param(f"# image.raw: 5 bytes\nMD5 (image.raw) = {MD5}\nSHA256 (image.raw) = {SHA256}", id="two-kinds"),
        pytest.param(f"SHA256 (image.raw) = {SHA256}\nMD5 (image.raw) = {MD5}\n", id="two-kinds-turned"),
        pytest.param(f"SHA2-256(image.raw)= {SHA256}\n", id="openssl"),
        pytest.param(f"{SHA256}\n", id="alone"),
        pytest.param(f"{SHA256}  renamed.raw\n", id="the-only-one"),
    ],
)
def test_checksum_from_a_file_of_checksums(web: Web, sums: str) -> None:
    web.answers = [whole(sums.encode())]
    verify_checksum(DIGESTS, f"sha256:{web.url}", "image.raw", 5.0)
    with pytest.raises(IntegrityError, match=f"sha256 mismatch: the image has {WRONG}, expected {SHA256}"):
        verify_checksum({"sha256": WRONG}, f"sha256:{web.url}", "image.raw", 5.0)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (whole(f"{WRONG}  image.raw\n".encode()), IntegrityError, "Nothing was sent"),
        (whole(f"{WRONG}  a\n{SHA256}  b\n".encode()), InputError, "does not list 'image.raw'"),
        (whole(b"<html>not found</html>"), InputError, "does not list"),
        (whole(b"", 404), InputError, "cannot be fetched: 404"),
        (whole(f"MD5 (image.raw) = {MD5}\n".encode()), InputError, "does not list"),
    ],
)
def test_checksum_that_is_not_right(web: Web, answer: Answer, error: type[OaktreeError], message: str) -> None:
    web.answers = [answer]
    with pytest.raises(error) as caught:
        verify_checksum(DIGESTS, f"sha256:{web.url}", "image.raw", 5.0)
    assert message in f"{caught.value.message} {caught.value.hint}"


def test_a_file_of_checksums_that_comes_too_slowly(web: Web) -> None:
    web.answers = [trickle]
    start = time.monotonic()
    with pytest.raises(InputError, match=r"cannot be fetched: not finished within timeout \(0.3 s\)"):
        verify_checksum(DIGESTS, f"sha256:{web.url}", "image.raw", 0.3)
    assert time.monotonic() - start < 2


def test_a_file_of_checksums_without_an_end_is_read_in_part(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "LONGEST_LIST", 1000)
    web.answers = [whole(f"{SHA256}  image.raw\n".encode() + bytes(4 << 20))]
    with pytest.raises(IntegrityError):
        verify_checksum({"sha256": WRONG}, f"sha256:{web.url}", "image.raw", 5.0)
    web.answers = [whole(bytes(4 << 20) + f"\n{SHA256}  image.raw\n".encode())]
    with pytest.raises(InputError, match="does not list"):
        verify_checksum(DIGESTS, f"sha256:{web.url}", "image.raw", 5.0)


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (None, None),
        (f"sha256:{SHA256}", None),
        (f"sha256:{SHA256.upper()}", None),
        (f"sha256: {SHA256} ", None),
        (f"md5:{MD5}", None),
        (f"sha256:{WRONG}", IntegrityError),
        (f"md5:{SHA256}", IntegrityError),
        (SHA256, InputError),
        ("sha256:", InputError),
        (f"sha1:{WRONG}", InputError),
        ("sha1:http://127.0.0.1:1/", InputError),
    ],
)
def test_literal_checksum(expected: str | None, error: type[OaktreeError] | None) -> None:
    if error is None:
        verify_checksum(DIGESTS, expected, "image.raw", 5.0)
        return
    with pytest.raises(error):
        verify_checksum(DIGESTS, expected, "image.raw", 5.0)


def test_the_form_that_the_option_takes() -> None:
    with pytest.raises(InputError, match="'1' is not of the form ALGORITHM:DIGEST or ALGORITHM:URL") as caught:
        verify_checksum(DIGESTS, "1", "image.raw", 5.0)
    assert caught.value.hint == "Algorithms: md5, sha256, sha512."


@pytest.mark.parametrize(("digests", "reported"), [({"md5": MD5}, "md5"), ({}, "none")])
def test_what_a_cloud_does_not_report_cannot_be_compared(digests: dict[str, str], reported: str) -> None:
    with pytest.raises(InputError, match="the cloud reports no sha256 for the image") as caught:
        verify_checksum(digests, f"sha256:{SHA256}", "image.raw", 5.0)
    assert caught.value.hint == f"It reports: {reported}."
