# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum that the user expects: given, or published beside the image in one of several forms."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    InputError,
    IntegrityError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Checksum
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import checksum
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.checksum import (
    find_checksum,
    verify_checksum,
)
from tests.support.web import Answer, Web, trickle, whole

SHA256, MD5 = hashlib.sha256(b"image").hexdigest(), hashlib.md5(b"image").hexdigest()  # noqa: S324
DIGESTS = {"md5": MD5, "sha256": SHA256}
WRONG = "0" * 64
URL = "https://images.example.org/releases/43/image.raw"


def verify(digests: dict[str, str], option: str | None, name: str = URL, timeout: float = 5.0) -> None:
    verify_checksum(digests, find_checksum(option, name, timeout))


def found(text: str, name: str = URL, algorithm: str = "sha256", *others: str) -> str | None:
    """The digest that a list of checksums has for a file."""
    return checksum._entry(text, "SUMS", algorithm, name, lambda: others)


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(f"{WRONG}  other.raw\n{SHA256}  image.raw\n", id="gnu"),
        pytest.param(f"{WRONG} *other.raw\n{SHA256} *image.raw\n", id="gnu-binary"),
        pytest.param(f"{WRONG}  other.raw\r\n{SHA256.upper()}  ./image.raw\r\n", id="windows-and-dot"),
        pytest.param(f"SHA256 (other.raw) = {WRONG}\nSHA256 (image.raw) = {SHA256}\n", id="bsd"),
        pytest.param(f"# image.raw: 5 bytes\nMD5 (image.raw) = {MD5}\nSHA256 (image.raw) = {SHA256}", id="two-kinds"),
        pytest.param(f"SHA256 (image.raw) = {SHA256}\nMD5 (image.raw) = {MD5}\n", id="two-kinds-turned"),
        pytest.param(f"SHA2-256(other.raw)= {WRONG}\nSHA2-256(image.raw)= {SHA256}\n", id="openssl"),
        pytest.param(f"SHA256(other.raw)= {WRONG}\nSHA256(image.raw)= {SHA256}\n", id="openssl-1"),
        pytest.param(f"SHA3-256(image.raw)= {WRONG}\nSHA2-256(image.raw)= {SHA256}\n", id="another-of-this-length"),
        pytest.param(f"{WRONG}  other/image.raw\n{SHA256}  43/image.raw\n", id="directories"),
        pytest.param(f"{WRONG}  other/a.raw\n{SHA256} *./releases/x/image.raw\n", id="another-directory"),
        pytest.param(f"SHA256 (a/other.raw) = {WRONG}\nSHA256 (a/image.raw) = {SHA256}\n", id="bsd-directories"),
        pytest.param(f"other.raw  {WRONG}\nimage.raw  {SHA256.upper()}\n", id="name-first"),
        pytest.param(
            f"Algorithm Hash Path\r\nSHA256 {WRONG} C:\\x\\other.raw\r\nSHA256 {SHA256.upper()} C:\\x\\image.raw\r\n",
            id="powershell",
        ),
        pytest.param(f"other.raw: {WRONG}\nimage.raw: {SHA256}\n", id="name-and-colon"),
        pytest.param(
            f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# image.raw: 5 bytes\nSHA256 (image.raw) = {SHA256}\n"
            f"SHA256 (other.raw) = {WRONG}\n-----BEGIN PGP SIGNATURE-----\n\niQIz\n-----END PGP SIGNATURE-----\n",
            id="signed",
        ),
        pytest.param(
            f"# SHA256 HASH\n{SHA256}  image.raw\n{WRONG}  other.raw\n# BLAKE2S HASH\n{WRONG}  image.raw\n",
            id="headings",
        ),
        pytest.param(f"# BLAKE2S HASH\n{WRONG}  image.raw\n# SHA256 HASH\n{SHA256}  image.raw\n", id="headings-turned"),
        pytest.param(f"{SHA256}\n", id="alone"),
        pytest.param(f"{SHA256}  renamed.raw\n", id="the-only-one"),
    ],
)
def test_checksum_from_a_file_of_checksums(web: Web, sums: str) -> None:
    web.answers = [whole(sums.encode())]
    verify(DIGESTS, f"sha256:{web.url}")
    with pytest.raises(IntegrityError, match=f"sha256 mismatch: the image has {WRONG}, expected {SHA256}"):
        verify({"sha256": WRONG}, f"sha256:{web.url}")


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (whole(f"{WRONG}  image.raw\n".encode()), IntegrityError, "Nothing was sent"),
        (whole(f"{WRONG}  a\n{SHA256}  b\n".encode()), InputError, "does not list 'image.raw'"),
        (whole(b"<html>not found</html>"), InputError, "has no sha256 checksums"),
        (whole(b"", 404), InputError, "cannot be fetched: 404"),
        (whole(f"MD5 (image.raw) = {MD5}\n".encode()), InputError, "has no sha256 checksums"),
        (whole(f"{WRONG}  a/image.raw\n{SHA256}  b/image.raw\n".encode()), InputError, "several sha256 checksums"),
    ],
)
def test_checksum_that_is_not_right(web: Web, answer: Answer, error: type[OaktreeError], message: str) -> None:
    web.answers = [answer]
    with pytest.raises(error) as caught:
        verify(DIGESTS, f"sha256:{web.url}")
    assert message in f"{caught.value.message} {caught.value.hint}"


def test_a_file_of_checksums_that_comes_too_slowly(web: Web) -> None:
    web.answers = [trickle]
    start = time.monotonic()
    with pytest.raises(InputError, match=r"cannot be fetched: not finished within timeout \(0.3 s\)"):
        verify(DIGESTS, f"sha256:{web.url}", timeout=0.3)
    assert time.monotonic() - start < 2


def test_a_file_of_checksums_without_an_end_is_read_in_part(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "LONGEST_LIST", 1000)
    web.answers = [whole(f"{SHA256}  image.raw\n".encode() + bytes(4 << 20))]
    with pytest.raises(IntegrityError):
        verify({"sha256": WRONG}, f"sha256:{web.url}")
    web.answers = [whole(bytes(4 << 20) + f"\n{SHA256}  image.raw\n".encode())]
    with pytest.raises(InputError, match="has no sha256 checksums"):
        verify(DIGESTS, f"sha256:{web.url}")


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (None, None),
        (f"sha256:{SHA256}", None),
        (f"sha256:{SHA256.upper()}", None),
        (f"sha256: {SHA256} ", None),
        (f"md5:{MD5}", None),
        (f"SHA256:{SHA256}", None),
        (f"SHA-256:{SHA256}", None),
        (f"Sha2-256:{SHA256.upper()}", None),
        (f"MD5:{MD5}", None),
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
        verify(DIGESTS, expected)
        return
    with pytest.raises(error):
        verify(DIGESTS, expected)


def test_the_form_that_the_option_takes() -> None:
    with pytest.raises(
        InputError, match="'1' is not of the form ALGORITHM:DIGEST, ALGORITHM:URL or ALGORITHM:PATH"
    ) as caught:
        verify(DIGESTS, "1")
    assert caught.value.hint == "Algorithms: md5, sha256, sha512."


@pytest.mark.parametrize(("digests", "reported"), [({"md5": MD5}, "md5"), ({}, "none")])
def test_what_a_cloud_does_not_report_cannot_be_compared(digests: dict[str, str], reported: str) -> None:
    with pytest.raises(InputError, match="the cloud reports no sha256 for the image") as caught:
        verify(digests, f"sha256:{SHA256}")
    assert caught.value.hint == f"It reports: {reported}."


def test_a_name_with_escapes() -> None:
    """As sha256sum writes names with a backslash or a line break in them, with a backslash before the line."""
    listed = f"{WRONG}  other\n\\{SHA256}  a\\\\b\\nc.raw\n"
    assert found(listed, "/images/a\\b\nc.raw") == SHA256
    assert found(f"{WRONG}  a\\nb\n{SHA256}  other\n", "/images/a\\nb") == WRONG


def test_the_file_to_which_a_redirect_leads() -> None:
    listed = f"{WRONG}  other.raw\n{SHA256}  image-43.1.raw\n"
    assert found(listed, "https://images.example.org/latest", "sha256", "latest", "image-43.1.raw") == SHA256
    with pytest.raises(InputError, match="does not list 'latest'"):
        found(listed, "https://images.example.org/latest", "sha256", "latest")
    both = f"{SHA256}  latest\n{WRONG}  image-43.1.raw\n"
    assert found(both, "https://images.example.org/latest", "sha256", "image-43.1.raw") == SHA256


@pytest.mark.parametrize(
    "name", ["https://images.example.org", "https://images.example.org/", "https://x/?file=image.raw"]
)
def test_a_url_that_names_no_file(name: str) -> None:
    """Then the file to which it redirects tells; one that redirects to such a URL names none either."""
    listed = f"{WRONG}  other.raw\n{SHA256}  image.raw\n"
    assert found(listed, name, "sha256", "", "image.raw") == SHA256
    with pytest.raises(InputError, match="SUMS does not list ''"):
        found(listed, name, "sha256", "")


def test_a_name_with_odd_characters() -> None:
    assert found(f"{WRONG}  other\n{SHA256}  an image.raw\n", "https://x/an%20image.raw?mirror=1") == SHA256


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_list_on_this_machine(tmp_path: Path, form: str) -> None:
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{WRONG}  other.raw\n{SHA256}  image.raw\n", encoding="utf-8")
    option = f"sha256:{form.format(sums)}"
    assert find_checksum(option, URL, 5.0) == Checksum("sha256", SHA256)
    verify(DIGESTS, option)
    with pytest.raises(InputError, match=r"nowhere cannot be read: No such file") as caught:
        verify(DIGESTS, f"{option}/../nowhere".replace("SHA256SUMS/../", ""))
    assert "ALGORITHM:PATH" in caught.value.hint


def test_a_long_line_takes_time_by_its_length_only(tmp_path: Path) -> None:
    """Eight times the line takes some eight times as long, and not sixty-four times."""

    def seconds(length: int) -> float:
        path = tmp_path / f"{length}"
        path.write_text(f"a{' ' * length}b\n{SHA256}  image.raw\n")
        spent = []
        for _try in range(3):
            start = time.thread_time()
            assert str(find_checksum(f"sha256:{path}", URL, 5.0)) == f"sha256:{SHA256}"
            spent.append(time.thread_time() - start)
        return min(spent)

    assert seconds(32000) < 24 * seconds(4000)
