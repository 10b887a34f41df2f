# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a store that others can read and write: sealed, and named, by keys that follow from credentials.

Machines that have the same credentials find and open each other's entries. Nobody else can, nor make one that is taken
for theirs. Others can still guess passwords, at the cost of one scrypt each, and remove entries.
"""

from __future__ import annotations

import hashlib
import hmac
import os

_SALT = b"oaktree.multicloud"
"""The same everywhere: machines have nothing but the credentials in common. Those name cloud and user."""
_COST = {"n": 1 << 12, "r": 8, "p": 1}
"""Of scrypt: some 14 ms and 4 MiB."""
_KEY_BYTES = 32
_NONCE_BYTES = 12


class Seal:
    """Seals and names entries with AES-GCM and HMAC. To make one takes as long as one scrypt."""

    def __init__(self, credentials: str) -> None:
        """Raises ImportError without the library cryptography, which is imported for stores that are shared only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        keys = hashlib.scrypt(credentials.encode(), salt=_SALT, dklen=2 * _KEY_BYTES, **_COST)
        self._names = keys[:_KEY_BYTES]
        self._cipher = AESGCM(keys[_KEY_BYTES:])

    def name(self, kind: str, key: str) -> str:
        """The name of an entry, which reveals nothing about key and credentials."""
        return hmac.digest(self._names, f"{kind}:{key}".encode(errors="surrogatepass"), hashlib.sha256).hex()

    def seal(self, name: str, data: bytes) -> bytes:
        """The data, sealed for the entry of this name."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """What `seal` sealed; None where it was altered, or sealed by other credentials or for another name."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None
