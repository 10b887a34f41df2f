# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version discovery: documents are requested once in a while, by one process for all that share a cache."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._core.errors import AuthError, RefusedError, ServerError
from .answers import MALFORMED
from .translate import translate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystoneauth1.discover import Discover

    from .._core.deadline import Deadline
    from .._local.cache import Cache

DISCOVERY = "discovery"


class DiscoveryCache:
    """Discovery documents by URL. It is also the mapping that keystoneauth uses as a session's discovery cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._known: dict[str, Discover] = {}
        self._reused: set[str] = set()

    def get(self, url: str) -> Discover | None:
        """The document, if this or another process has requested it recently."""
        if url not in self._known:
            found = _restored(url, self._cache.get(DISCOVERY, url, self._cache.lifetime))
            if found:
                self._reused.add(url)
                self._known[url] = found
        return self._known.get(url)

    def __setitem__(self, url: str, found: Discover) -> None:
        if self._known.get(url) is found:
            return
        self._known[url] = found
        with suppress(*MALFORMED):  # reported where it is used
            versions = found.raw_version_data(allow_experimental=True, allow_unknown=True)
            if versions:
                self._cache.set(DISCOVERY, url, versions)

    def forget(self, url: str) -> bool:
        """Drop a document that has proved wrong, if it was cached before this run; returns whether it was."""
        for spelling in (url, url.rstrip("/")):
            if spelling in self._reused:
                self._reused.discard(spelling)
                del self._known[spelling]
                self._cache.delete(DISCOVERY, spelling)
                return True
        return False

    def discover(self, session: Any, url: str, deadline: Deadline) -> Discover:
        """The document, from the service unless it is cached; while one process requests it, the others wait.

        keystoneauth itself would treat a service that fails as one without versions.
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

        return self._cache.once(DISCOVERY, url, deadline, lambda: self.get(url), make)

    def find(self, session: Any, urls: Iterable[str], deadline: Deadline) -> Discover | None:
        """The document at the first URL that has one; None where the service has none, or shows it to nobody.

        Raises `OaktreeError` where there may be one: the service fails, or cannot be reached.
        """
        from keystoneauth1.exceptions import DiscoveryFailure

        failure = None
        for url in urls:
            try:
                return self.discover(session, url, deadline)
            except (AuthError, RefusedError):
                continue
            except ServerError as error:
                if not isinstance(error.__cause__, DiscoveryFailure):  # which is an answer of another kind
                    failure = failure or error
        if failure:
            raise failure
        return None


class _ReplaySession:
    """What Discover needs of a session and of an answer."""

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
