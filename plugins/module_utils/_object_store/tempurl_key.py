# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that signs the URLs of a container."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .._core.errors import RefusedError
from .tempurl import Signer, strongest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .client import Container, Swift

_KEYS = ("Meta-Temp-URL-Key", "Meta-Temp-URL-Key-2")


def signer(swift: Swift, container: Container, digests: Sequence[str]) -> Signer:
    """The signer for a container, with the strongest of the ``digests`` that the cluster allows: one or two requests.

    The key is the container's. A container of this collection without a key gets one; for any other the account's key
    is used. Raises RefusedError if there is none: setting a key on another container could invalidate URLs that its
    owner has issued. Two runs that set a key on the same new container at once would invalidate each other's URLs: one
    container, one run.
    """
    digest = strongest(digests)
    key = _key(swift.container_headers(container.name) or {}, "X-Container-")
    if key is None and container.ours:
        key = secrets.token_urlsafe(32)
        swift.update_container(container.name, {f"X-Container-{_KEYS[0]}": key})
    if key is None:
        key = _key(swift.account_headers(), "X-Account-")
    if key is None:
        raise RefusedError(
            f"neither the container {container.name} nor the account has a key for signed URLs",
            hint="Set X-Container-Meta-Temp-URL-Key on the container, or name a container that does not exist yet.",
        )
    return Signer(swift.endpoint, digest, key)


def _key(headers: Mapping[str, str], prefix: str) -> str | None:
    return next(filter(None, (headers.get(prefix + name) for name in _KEYS)), None)
