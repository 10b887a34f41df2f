# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl import Signer, strongest

ENDPOINT = "https://swift.example.com/v1/AUTH_x"
EXPIRES = 1700000000

# printf 'GET\n1700000000\n/v1/AUTH_x/c/o' | openssl dgst -sha256 -hmac 'a key'
SHA1 = "73072bb4cd25e44197d798c28ddf1396bdb14456"
SHA256 = "b510339481ba83c2e61ae8f804e3d526821daacff66c6bdb5eeecea5e2af6234"
# ... -binary | openssl base64 -A | tr '+/' '-_'
SHA512 = "F6COBOd_ElNil9iL3FEIjPDaOs3pjSSCqIfEVnh45xu7EA0hQaLojPEg2AiGb4XVLuo1EuRzQ9zKesvj2rz3JQ=="
# printf 'PUT\n1700000000\n/v1/AUTH_x/c/ü b' | ...
UMLAUT = "87c4cad920b1ad58d93ad2adbb3159ed123db0b154aa5d987b03ce03b73f61de"
# printf 'GET\n1700000000\nprefix:/v1/AUTH_x/c/a/' | ...


def sign(digest: str = "sha256", endpoint: str = ENDPOINT) -> Signer:
    return Signer(endpoint, digest, "a key")


@pytest.mark.parametrize(
    ("digest", "signature"),
    [("sha1", SHA1), ("sha256", SHA256), ("sha512", "sha512%3A" + SHA512.replace("=", "%3D"))],
)
def test_digests(digest: str, signature: str) -> None:
    expected = f"{ENDPOINT}/c/o?temp_url_sig={signature}&temp_url_expires={EXPIRES}"
    assert sign(digest).url("GET", "c/o", EXPIRES) == expected


@pytest.mark.parametrize(
    "endpoint",
    [
        ENDPOINT,
        f"{ENDPOINT}/",
        "https://ceph.example.com/swift/v1/AUTH_x",
        "https://v1.example.com:8080/v1/AUTH_x",
    ],
)
def test_what_is_signed_begins_with_the_version(endpoint: str) -> None:
    url = sign(endpoint=endpoint).url("GET", "c/o", EXPIRES)
    assert url.startswith(f"{endpoint.rstrip('/')}/c/o?temp_url_sig={SHA256}&")


def test_names_are_signed_as_they_are_and_quoted_in_the_url() -> None:
    url = sign().url("PUT", "c/ü b", EXPIRES)
    assert url == f"{ENDPOINT}/c/%C3%BC%20b?temp_url_sig={UMLAUT}&temp_url_expires={EXPIRES}"


def test_the_key_does_not_show() -> None:
    assert "a key" not in repr(sign())


@pytest.mark.parametrize(
    ("digests", "best"),
    [
        (["sha1", "sha256", "sha512"], "sha512"),
        (["sha256", "sha1"], "sha256"),
        (["sha1"], "sha1"),
        (["sha3", "sha1"], "sha1"),
    ],
)
def test_strongest(digests: list[str], best: str) -> None:
    assert strongest(digests) == best


@pytest.mark.parametrize("digests", [[], ["md5"]])
def test_no_signed_urls(digests: list[str]) -> None:
    with pytest.raises(RefusedError, match="no signed URLs"):
        strongest(digests)
