# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: one token for all regions of a cloud and project, in all processes that share a store."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from .._core.errors import AuthError, OaktreeError, ServerError
from .answers import MALFORMED
from .translate import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystoneauth1.access import AccessInfo

    from .._core.deadline import Deadline
    from .._local.cache import Cache
    from .discovery import DiscoveryCache

MARGIN = 180.0
"""Seconds before its end at which a token is renewed, or a quarter of its life if that is less."""
RECENT = 300.0
"""Seconds for which a catalog is believed although an endpoint is missing in it or cannot be reached."""

_TOKENS = "tokens"
_V3_URL = re.compile(r"/v3/?$")


class AuthContext(Protocol):
    """What authentication needs of the connection that asks for it."""

    deadline: Deadline
    discovery: DiscoveryCache

    @property
    def session(self) -> Any:
        """keystoneauth1's session."""

    def with_retries(self, call: Callable[[], AccessInfo], *, repeatable: bool) -> AccessInfo:
        """See `Connection.with_retries`."""


class SharedAuth:
    """One auth plugin, and so one token at a time.

    A plugin that cannot tell itself from others, or hand its token on, keeps it to this process.
    """

    def __init__(self, plugin: Any, credentials_key: str, cache: Cache) -> None:
        """``credentials_key`` are all that the plugin, of keystoneauth1, authenticates with, secrets included."""
        self.plugin = plugin
        self.plugin.reauthenticate = False  # when a token is old is decided here, for all processes
        self._cache = cache
        self.credentials_key = credentials_key
        self._key = cache.conceal(credentials_key) if _can_be_kept(plugin) else None
        self._lock = threading.Lock()
        self._access: AccessInfo | None = None
        self._refused: str | None = None
        self._error: OaktreeError | None = None

    def authenticate(self, connection: AuthContext) -> AccessInfo | None:
        """The facts of a token that is valid for a while; None for plugins without Keystone.

        It is known, or in the store, or fetched by whoever comes first. A refusal is remembered and given to all who
        ask later: repeating a wrong password for each region would lock the account.
        """
        if not hasattr(self.plugin, "get_auth_ref"):
            return None
        connection.deadline.remaining()
        return self._ensure(connection, _is_valid)

    def renew(self, connection: AuthContext, is_good: Callable[[AccessInfo], bool]) -> None:
        """Have a token that is good for more than to be valid, if one is to be had; else the present one stays."""
        with suppress(OaktreeError):
            if self._access:
                self._ensure(connection, is_good)

    def forget(self, connection: AuthContext, token: str | None) -> None:
        """Drop a token that was refused, here and in the store, unless it has been replaced by the time.

        keystoneauth's own way drops whatever token there is, and gives up where another thread was quicker.
        """
        with self._locked(connection.deadline):
            if self._access is None or self._access.auth_token != token:
                return
            self._access, self._refused = None, token
        if self._key:
            with self._cache.lock(_TOKENS, self._key, connection.deadline):
                state = self._cache.get(_TOKENS, self._key)
                if isinstance(state, str) and token and token in state:
                    self._cache.delete(_TOKENS, self._key)

    @contextmanager
    def _locked(self, deadline: Deadline) -> Iterator[None]:
        if not self._lock.acquire(timeout=deadline.timeout()):
            raise deadline.expired()
        try:
            yield
        finally:
            self._lock.release()

    def _ensure(self, connection: AuthContext, is_good: Callable[[AccessInfo], bool]) -> AccessInfo:
        access = self._access
        if access is None or not is_good(access):
            with self._locked(connection.deadline):
                if self._access is access or self._access is None:
                    self._access = self._obtain(connection, is_good)
                access = self._access
        return access

    def _obtain(self, connection: AuthContext, is_good: Callable[[AccessInfo], bool]) -> AccessInfo:
        if self._error:
            raise self._error.copied()
        try:
            if self._key is None:
                return self._fetched(connection)
            return self._cache.once(
                _TOKENS,
                self._key,
                connection.deadline,
                lambda: self._stored(is_good),
                lambda: self._fetched(connection),
            )
        except OaktreeError as error:
            if isinstance(error, AuthError) or self._is_first:
                self._error = error.copied()
            raise

    @property
    def _is_first(self) -> bool:
        """Whether there has not been a token yet."""
        return self._access is None and self._refused is None

    # The plugin always has a token to show, if an old one: without one it would fetch for itself, past all locks.

    def _stored(self, is_good: Callable[[AccessInfo], bool]) -> AccessInfo | None:
        """The token that is in the store, if it is any good, as the plugin's own."""
        state = self._cache.get(_TOKENS, self._key or "")
        if not isinstance(state, str):
            return None
        before = self.plugin.auth_ref
        try:
            self.plugin.set_auth_state(state)
            access: AccessInfo = self.plugin.auth_ref
            if access.auth_token != self._refused and is_good(access):
                return access
        except MALFORMED:
            pass  # damaged, or of another version of keystoneauth
        self.plugin.auth_ref = before
        return None

    def _fetched(self, connection: AuthContext) -> AccessInfo:
        """A new token; asked for again, within the Location's clock, where there is none to begin with."""
        from keystoneauth1.exceptions import NotFound

        def once() -> AccessInfo:
            try:
                access: AccessInfo = self._issuer(connection.session).get_auth_ref(connection.session)
                _is_valid(access)  # reads what is asked before every request
            except MALFORMED as exc:
                raise ServerError(f"Keystone's answer cannot be parsed: {type(exc).__name__}: {exc}") from exc
            except NotFound as exc:
                url = self.plugin.auth_url
                raise ServerError(
                    f"there is no Keystone at {url}: {exc}", hint="Check auth_url in clouds.yaml."
                ) from exc
            except Exception as exc:
                connection.discovery.forget(self.plugin.auth_url)
                raise translate(exc) from exc
            return access

        self.plugin.auth_ref = access = connection.with_retries(once, repeatable=True) if self._is_first else once()
        if self._key:
            self._cache.set(_TOKENS, self._key, self.plugin.get_auth_state())
        return access

    def _issuer(self, session: Any) -> Any:
        """The plugin that fetches. A generic one asks Keystone for its versions, also where auth_url names one."""
        url = self.plugin.auth_url
        if hasattr(self.plugin, "create_plugin") and _V3_URL.search(url):
            return self.plugin.create_plugin(session, (3, 0), url) or self.plugin
        return self.plugin


def _can_be_kept(plugin: Any) -> bool:
    """Whether keystoneauth knows what tells the plugin from others; then it can hand its token on, too."""
    try:
        plugin.get_cache_id_elements()
    except (AttributeError, NotImplementedError):
        return False
    return True


def _is_valid(access: AccessInfo) -> bool:
    return _lives_on(access, min(MARGIN, _life(access) / 4))


def lasts(access: AccessInfo) -> bool:
    """Whether a token has half of its life before it, for work that takes long and is dear to repeat."""
    return _lives_on(access, _life(access) / 2)


def is_recent(access: AccessInfo) -> bool:
    """Whether what the catalog of the token says may be believed, even if it does not look right."""
    issued, _expires = _dates(access)
    return issued is None or (datetime.now(UTC) - issued).total_seconds() < RECENT


def _lives_on(access: AccessInfo, seconds: float) -> bool:
    _issued, expires = _dates(access)
    return expires is None or (expires - datetime.now(UTC)).total_seconds() >= seconds


def _life(access: AccessInfo) -> float:
    issued, expires = _dates(access)
    if expires is None or issued is None:
        return 4 * MARGIN
    return (expires - issued).total_seconds()


@lru_cache(maxsize=256)
def _dates(access: AccessInfo) -> tuple[datetime | None, datetime | None]:
    """When a token was issued, and when it expires. keystoneauth reads the dates anew for each question."""
    return access.issued, access.expires
