# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API versions services announce, asked once in a while by one process for all that share a store."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._core.errors import ServerError
from .answers import MALFORMED
from .translate import translate

if TYPE_CHECKING:
    from keystoneauth1.discover import Discover

    from .._core.deadline import Deadline
    from .._local.cache import Cache

DISCOVERY = "discovery"


class DiscoveryCache:
    """Discovery documents by URL; also what keystoneauth takes for a session's cache of them, a mapping."""

    def __init__(self, store: Cache) -> None:
        self._store = store
        self._known: dict[str, Discover] = {}
        self._remembered: set[str] = set()

    def get(self, url: str) -> Discover | None:
        """The document if it was asked for lately, by whomever."""
        if url not in self._known:
            found = _restored(url, self._store.get(DISCOVERY, url, self._store.lifetime))
            if found:
                self._remembered.add(url)
                self._known[url] = found
        return self._known.get(url)

    def __setitem__(self, url: str, found: Discover) -> None:
        if self._known.get(url) is found:
            return
        self._known[url] = found
        with suppress(*MALFORMED):  # whoever reads it finds out
            versions = found.raw_version_data(allow_experimental=True, allow_unknown=True)
            if versions:
                self._store.set(DISCOVERY, url, versions)

    def forget(self, url: str) -> bool:
        """Whether the document was another process's, and is forgotten now: what it says has turned out wrong."""
        for spelling in (url, url.rstrip("/")):
            if spelling in self._remembered:
                self._remembered.discard(spelling)
                del self._known[spelling]
                self._store.delete(DISCOVERY, spelling)
                return True
        return False

    def discover(self, session: Any, url: str, deadline: Deadline) -> Discover:
        """The document, from the service if need be; while one process asks, the others wait.

        keystoneauth's own way there takes a service that fails for one without versions, and goes on without.
        """
        from keystoneauth1.discover import Discover

        def make() -> Discover:
            try:
                self[url] = found = Discover(session, url, authenticated=False)
            except MALFORMED as exc:
                raise ServerError(f"the version document at {url} cannot be parsed: {exc}") from exc
            except Exception as exc:
                raise translate(exc) from exc
            return found

        return self._store.once(DISCOVERY, url, deadline, lambda: self.get(url), make)


class _ReplaySession:
    """As much of a session and of an answer as Discover needs."""

    def __init__(self, versions: list[Any]) -> None:
        self._versions = versions

    def get(self, _url: str, **_kwargs: Any) -> _ReplaySession:
        return self

    def json(self) -> dict[str, Any]:
        return {"versions": {"values": self._versions}}


def _restored(url: str, versions: Any) -> Discover | None:
    from keystoneauth1.discover import Discover

    if not isinstance(versions, list) or not all(isinstance(version, dict) for version in versions):
        return None
    replay: Any = _ReplaySession(versions)
    return Discover(replay, url)
