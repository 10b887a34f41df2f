# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys as OpenSSH writes and reads them; what modules do with them is tested with the module."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import keypair


def ssh_keygen(path: Path, *options: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-C", "me", "-f", str(path), *options], check=True, stdin=subprocess.DEVNULL)


def test_a_new_key_is_one_that_openssh_reads(tmp_path: Path) -> None:
    public, private = keypair._generated()
    path = tmp_path / "key"
    keypair._write(str(path), private)
    read = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], check=True, capture_output=True, text=True).stdout
    assert read.split()[:2] == public.split()[:2]
    assert keypair._generated()[0] != public
    with pytest.raises(InputError, match="cannot be written"):
        keypair._write(str(path), "another")
    assert path.read_text() == private


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "ecdsa"), ("-t", "rsa", "-m", "PEM")], ids=" ".join)
def test_the_public_key_of_a_private_one(options: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "key"
    ssh_keygen(path, *options, "-N", "")
    public = path.with_suffix(".pub").read_text().split()
    assert keypair._public_key_of(path.read_bytes()).split() == public[:2]
    assert keypair.public_key_at(str(path.with_suffix(".pub"))).split()[:2] == public[:2]


def test_a_key_with_a_passphrase_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    ssh_keygen(path, "-t", "ed25519", "-N", "s3cret")
    with pytest.raises(InputError, match="without a passphrase") as raised:
        keypair._public_key_of(path.read_bytes())
    assert "OPENSSH" not in str(raised.value)
