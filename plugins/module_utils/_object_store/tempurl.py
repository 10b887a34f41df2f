# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed URLs, which permit one method on one object for a limited time. Pure.

Source: Swift's TempURL middleware (``swift/common/middleware/tempurl.py``).
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

from .._core.errors import RefusedError
from .._core.text import keep_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

STRENGTH = ("sha512", "sha256", "sha1")


class SignedUrlError(RefusedError):
    """The object store has no signed URLs, or none that work."""


def strongest(digests: Sequence[str]) -> str:
    """The strongest digest that the cluster allows; raises SignedUrlError if it has no signed URLs."""
    for digest in STRENGTH:
        if digest in digests:
            return digest
    hint = "Ask the operator for Swift's TempURL middleware."
    raise SignedUrlError("the object store has no signed URLs", hint=hint)


@dataclass(frozen=True)
class Signer:
    """Signs URLs with the key of a container or account.

    ``endpoint`` is that of the account: ``https://HOST/v1/AUTH_x``. Anyone with a signed URL can use it until it
    expires: it is a secret, too.
    """

    endpoint: str
    digest: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        keep_secret(self.key)

    def url(self, method: str, target: str, expires: int) -> str:
        """A URL that allows ``method`` (GET allows HEAD too) for ``target`` (container/object) until a Unix time."""
        base, path = _split(self.endpoint)
        path = f"{path}/{target}"
        query = {"temp_url_sig": self._signature(f"{method}\n{expires}\n{path}"), "temp_url_expires": str(expires)}
        return f"{base}{quote(path)}?{urlencode(query)}"

    def _signature(self, text: str) -> str:
        mac = hmac.new(self.key.encode(), text.encode(), self.digest)
        if self.digest == "sha512":
            return f"sha512:{base64.urlsafe_b64encode(mac.digest()).decode()}"
        return mac.hexdigest()


def _split(endpoint: str) -> tuple[str, str]:
    """The base URL, and the path that is signed. Ceph has a prefix before the version."""
    base, _slash, account = endpoint.rstrip("/").rpartition("/v1")
    return base, f"/v1{unquote(account)}"
