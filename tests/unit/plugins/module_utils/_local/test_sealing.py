# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of shared stores: opened by those who have the same credentials, under the name they were sealed for."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local.sealing import Seal


@pytest.mark.parametrize("data", [b"", b"x", b"a token of some length", b"\0" * 100_000])
def test_whoever_has_the_credentials_opens_what_was_sealed(data: bytes) -> None:
    sealed = Seal("secret").seal("a", data)
    assert Seal("secret").open("a", sealed) == data
    assert len(data) < 16 or data not in sealed, "what is shorter may stand there by chance"
    assert Seal("secret").seal("a", data) != sealed, "a nonce is used once"


@pytest.mark.parametrize(
    ("credentials", "name", "change"),
    [("other", "a", b""), ("secret", "b", b""), ("secret", "a", b"x")],
    ids=["other credentials", "another name", "altered"],
)
def test_nothing_else_is_opened(credentials: str, name: str, change: bytes) -> None:
    assert Seal(credentials).open(name, Seal("secret").seal("a", b"data") + change) is None


@pytest.mark.parametrize("sealed", [b"", b"x" * 11, b"x" * 12, b"x" * 28])
def test_what_was_never_sealed_is_not_opened(sealed: bytes) -> None:
    assert Seal("secret").open("a", sealed) is None


def test_names_are_the_same_for_the_same_credentials_only() -> None:
    names = [
        Seal(credentials).name(kind, key)
        for credentials in ("secret", "other")
        for kind in ("tokens", "discovery")
        for key in ("a", "b")
    ]
    assert len(set(names)) == 8
    assert Seal("secret").name("tokens", "a") == names[0]
    assert hashlib.sha256(b"secret").hexdigest() not in names


@pytest.mark.parametrize(("used", "loaded"), [("", "False"), ("cache_dogpile.Seal('secret')", "True")])
def test_the_library_is_loaded_by_those_who_share_a_store_only(used: str, loaded: str) -> None:
    code = (
        "import sys\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._local import cache_dogpile\n"
        "cache_dogpile.open_cache(None).set('tokens', 'a', 1)\n"
        f"{used}\n"
        "print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == loaded
