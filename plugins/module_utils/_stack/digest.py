# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark of what a stack was sent last: a keyed digest in one of its tags.

Heat does not show hidden parameters, so that nothing else tells whether they have changed. Everybody who may list
stacks can read tags. Without its key a digest tells nothing, not even whether a guess is right. The key follows from
``digest_key``, or from the credentials of the Location, by scrypt: whoever tries passwords pays for one each time.
Tokens and machines do not matter. Where a tag was made with another key, it is told from one that differs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "oaktree:"
_SALT = b"oaktree.multicloud stack"
"""The same everywhere: machines have nothing but the key in common."""
_COST = {"n": 1 << 14, "r": 8, "p": 1}
"""Of scrypt: some 45 ms and 16 MiB, once for each key and task."""
_NAME, _DIGEST = 8, 40
"""Hexadecimal digits. Heat's tags have at most 80 characters."""


@dataclass(frozen=True)
class Mark:
    """A digest, and the name of its key."""

    key_name: str
    digest: str

    @property
    def tag(self) -> str:
        return f"{PREFIX}{self.key_name}:{self.digest}"


def mark_of(secret: str, content: Any) -> Mark:
    """The mark of plain JSON ``content``, by the key that follows from a secret."""
    key = _key(secret)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return Mark(_hex(key, "name")[:_NAME], _hex(key, f"content:{text}")[:_DIGEST])


def marks_in(tags: Iterable[str]) -> list[Mark]:
    """The marks among the tags of a stack."""
    found = (tag.removeprefix(PREFIX).split(":") for tag in tags if tag.startswith(PREFIX))
    return [Mark(*parts) for parts in found if len(parts) == 2]


def without_marks(tags: Iterable[str]) -> list[str]:
    """The tags that are the user's."""
    return [tag for tag in tags if not tag.startswith(PREFIX)]


def _hex(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(errors="surrogatepass"), hashlib.sha256).hex()


@lru_cache(maxsize=256)
def _key(secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(errors="surrogatepass"), salt=_SALT, dklen=32, **_COST)
