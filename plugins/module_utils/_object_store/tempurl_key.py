# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that signs the URLs of a container, tried once before anybody relies on it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from .._core.deadline import clock
from .._core.retry import Policy, with_retries
from .tempurl import SignedUrlError, Signer, strongest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .client import Container, Swift

_KEYS = ("Meta-Temp-URL-Key", "Meta-Temp-URL-Key-2")

VALID = 60
"""Seconds for which the URL of the trial is valid."""

ONCE = Policy(attempts=1)
TRIALS = Policy(attempts=2, errors=(SignedUrlError,))
"""Of a key that was just set: the store may take a moment to know it everywhere."""


def signer(swift: Swift, container: Container, digests: Sequence[str], method: str) -> Signer:
    """The signer for a container, with the strongest of the ``digests`` that the cluster allows.

    The key is the container's, and a container of this collection without a key gets one. Where there is none, or the
    store refuses what it signs (Ceph's gateway ignores the keys of containers), it is the account's. A URL for
    ``method`` is tried, so that this takes two to five requests. Raises SignedUrlError if no key works: setting one on
    another container, or on the account, could invalidate URLs that its owner has issued. Two runs that set a key on
    the same new container at once would invalidate each other's URLs: one container, one run.
    """
    digest = strongest(digests)
    key, trials = _key(swift.container_headers(container.name) or {}, "X-Container-"), ONCE
    if key is None and container.ours:
        key, trials = secrets.token_urlsafe(32), TRIALS
        swift.update_container(container.name, {f"X-Container-{_KEYS[0]}": key})
    if key is not None:
        with suppress(SignedUrlError):
            return _tried(swift, container, Signer(swift.endpoint, digest, key), method, trials)
    account_key = _key(swift.account_headers(), "X-Account-")
    if account_key is not None:
        return _tried(swift, container, Signer(swift.endpoint, digest, account_key), method, ONCE)
    if key is not None:
        raise SignedUrlError(
            f"the object store refuses URLs that are signed with the key of the container {container.name}, and the "
            "account has no key",
            hint="Set X-Account-Meta-Temp-URL-Key on the account: Ceph's gateway ignores the keys of containers.",
        )
    raise SignedUrlError(
        f"neither the container {container.name} nor the account has a key for signed URLs",
        hint="Set X-Container-Meta-Temp-URL-Key on the container, or name a container that does not exist yet.",
    )


def _tried(swift: Swift, container: Container, made: Signer, method: str, trials: Policy) -> Signer:
    """The signer; raises SignedUrlError if the store refuses what it signs."""
    target = f"{container.name}/{secrets.token_hex(8)}.trial"

    def once() -> Signer:
        if swift.accepts(made.url(method, target, int(clock.time()) + VALID)):
            return made
        raise SignedUrlError(
            f"the object store refuses URLs that are signed for the container {container.name}",
            hint="Check X-Account-Meta-Temp-URL-Key, and ask the operator which methods signed URLs may have.",
        )

    return with_retries(once, trials, swift.connection.deadline)


def _key(headers: Mapping[str, str], prefix: str) -> str | None:
    return next(filter(None, (headers.get(prefix + name) for name in _KEYS)), None)
