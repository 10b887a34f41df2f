# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication: one token for all regions of a cloud and project, in all processes that share a cache."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from .._core.errors import AuthError, OaktreeError, RefusedError, ServerError
from .answers import MALFORMED
from .translate import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystoneauth1.access import AccessInfo

    from .._core.deadline import Deadline
    from .._local.cache import Cache
    from .discovery import DiscoveryCache

MARGIN = 180.0
"""Seconds before its expiry at which a token is renewed, or a quarter of its lifetime if that is less."""
RECENT = 300.0
"""Seconds for which a catalog is trusted although an endpoint is missing in it or unreachable."""

_TOKENS = "tokens"
_UNKNOWN = re.compile(r"\bcould not find \w", re.IGNORECASE)
"""How Keystone answers 404 where an application credential or a trust does not exist."""


_DOMAINS_HINT = "Names of users and projects need user_domain_name and project_domain_name in the auth section."


class AuthContext(Protocol):
    """What authentication needs of a connection."""

    deadline: Deadline
    discovery: DiscoveryCache

    @property
    def session(self) -> Any:
        """keystoneauth1's session."""

    def with_retries(self, call: Callable[[], AccessInfo], service_type: str, *, repeatable: bool) -> AccessInfo:
        """See `Connection.with_retries`."""


class SharedAuth:
    """One auth plugin, and with it one token at a time.

    The token is shared with other processes unless the plugin has no cache key, or cannot export its state.
    """

    def __init__(self, plugin: Any, credentials_key: str, cache: Cache) -> None:
        """``plugin`` is keystoneauth1's; ``credentials_key`` is all that it authenticates with, secrets included."""
        self.plugin = plugin
        self.plugin.reauthenticate = False  # the renewal of tokens is decided here, for all processes
        self._cache = cache
        self.credentials_key = credentials_key
        self._key = cache.conceal(credentials_key) if _can_be_shared(plugin) else None
        self._lock = threading.Lock()
        self._access: AccessInfo | None = None
        self._rejected: str | None = None
        self._error: OaktreeError | None = None

    def authenticate(self, connection: AuthContext) -> AccessInfo | None:
        """The data of a token that stays valid for a while; None for plugins without Keystone.

        It is the present one, one from the cache, or a new one, which one thread of one process requests. A rejection
        is remembered and raised for all later callers: repeating a wrong password for each region would lock the
        account.
        """
        if not self._asks_keystone:
            return None
        connection.deadline.remaining()
        return self._ensure(connection, _is_valid)

    @cached_property
    def _asks_keystone(self) -> bool:
        """Whether there are tokens; without (none, http_basic, admin_token) services are found by clouds.yaml only."""
        from keystoneauth1.identity import BaseIdentityPlugin

        return isinstance(self.plugin, BaseIdentityPlugin)

    def renew(self, connection: AuthContext, is_good: Callable[[AccessInfo], bool]) -> None:
        """Obtain a token that ``is_good``, which is more than valid. If that fails the present token stays."""
        with suppress(OaktreeError):
            if self._access:
                self._ensure(connection, is_good)

    def forget(self, connection: AuthContext, token: str | None) -> None:
        """Drop a rejected token, here and in the cache, unless it has been replaced in the meantime.

        keystoneauth itself would drop whatever token is present, and fail if another thread was faster.
        """
        with self._locked(connection.deadline):
            if self._access is None or self._access.auth_token != token:
                return
            self._access, self._rejected = None, token
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
                return self._requested(connection)
            return self._cache.once(
                _TOKENS,
                self._key,
                connection.deadline,
                lambda: self._cached(is_good),
                lambda: self._requested(connection),
            )
        except OaktreeError as error:
            if isinstance(error, AuthError) or self._is_first:
                self._error = error.copied()
            raise

    @property
    def _is_first(self) -> bool:
        """Whether there was no token before."""
        return self._access is None and self._rejected is None

    # The plugin always keeps a token, even an old one: without it the plugin would request one itself, past all locks.

    def _cached(self, is_good: Callable[[AccessInfo], bool]) -> AccessInfo | None:
        """The token in the cache, if it is good, as the plugin's own."""
        state = self._cache.get(_TOKENS, self._key or "")
        if not isinstance(state, str):
            return None
        before = self.plugin.auth_ref
        try:
            self.plugin.set_auth_state(state)
            access: AccessInfo = self.plugin.auth_ref
            if access.auth_token != self._rejected and is_good(access):
                return access
        except MALFORMED:
            pass  # damaged, or written by another version of keystoneauth
        self.plugin.auth_ref = before
        return None

    def _requested(self, connection: AuthContext) -> AccessInfo:
        """A new token. The request is retried, within the Location's deadline, if there was none before.

        What Keystone has rejected is not sent again: it may lock the account after a few attempts.
        """

        def once() -> AccessInfo:
            try:
                access: AccessInfo = self._issuer(connection.session).get_auth_ref(connection.session)
                _is_valid(access)  # parses the dates, which is needed before every request
            except MALFORMED as exc:
                raise ServerError(
                    f"Keystone's answer cannot be parsed: {type(exc).__name__}: {exc}", final=True
                ) from exc
            except Exception as exc:
                connection.discovery.forget(self.plugin.auth_url)
                raise self._rejection(exc) or translate(exc) from exc
            return access

        self.plugin.auth_ref = access = (
            connection.with_retries(once, "identity", repeatable=True) if self._is_first else once()
        )
        if self._key:
            self._cache.set(_TOKENS, self._key, self.plugin.get_auth_state())
        return access

    def _rejection(self, exc: Exception) -> OaktreeError | None:  # noqa: PLR0911 - a table
        """The error of a request for a token that Keystone does not grant."""
        from keystoneauth1.exceptions import BadRequest, Forbidden, MissingAuthMethods, NotFound

        if isinstance(exc, MissingAuthMethods):
            return AuthError(
                f"Keystone requires more than one factor of this user: {exc.required_auth_methods}",
                hint="Use auth_type: v3multifactor with these auth_methods, or an application credential, which needs "
                "no second factor.",
            )
        if not isinstance(exc, BadRequest | Forbidden | NotFound):
            return None
        error = translate(exc)
        message = error.message
        if not isinstance(error, RefusedError):
            return error
        if isinstance(exc, BadRequest):
            return AuthError(
                f"Keystone does not take the request for a token: {message}",
                hint=_DOMAINS_HINT if "domain" in message else None,
            )
        if isinstance(exc, Forbidden):
            return AuthError(message)
        if _UNKNOWN.search(message):
            hint = "It was deleted, or belongs to another Keystone: create another, and put it into clouds.yaml."
            return AuthError(message, hint=hint)
        url = self.plugin.auth_url
        return ServerError(
            f"no Keystone was found at {url}: {message}", hint="Check auth_url in clouds.yaml.", final=True
        )

    def _issuer(self, session: Any) -> Any:
        """The plugin for the request. A generic one discovers Keystone's versions even if auth_url names one."""
        url = self.plugin.auth_url
        if hasattr(self.plugin, "create_plugin") and urlsplit(url).path.rstrip("/").endswith("/v3"):
            return self.plugin.create_plugin(session, (3, 0), url) or self.plugin
        return self.plugin


def _can_be_shared(plugin: Any) -> bool:
    """Whether keystoneauth has a cache key for the plugin; then it can also export the plugin's token."""
    try:
        plugin.get_cache_id_elements()
    except (AttributeError, NotImplementedError):
        return False
    return True


def _is_valid(access: AccessInfo) -> bool:
    return _is_valid_for(access, min(MARGIN, _lifetime(access) / 4))


def lasts(access: AccessInfo) -> bool:
    """Whether a token has half of its lifetime left, for work that is long and expensive to repeat."""
    return _is_valid_for(access, _lifetime(access) / 2)


def is_recent(access: AccessInfo) -> bool:
    """Whether the catalog of the token is new enough to be trusted, even if it looks wrong."""
    issued, _expires = _dates(access)
    return issued is None or (datetime.now(UTC) - issued).total_seconds() < RECENT


def _is_valid_for(access: AccessInfo, seconds: float) -> bool:
    _issued, expires = _dates(access)
    return expires is None or (expires - datetime.now(UTC)).total_seconds() >= seconds


def _lifetime(access: AccessInfo) -> float:
    issued, expires = _dates(access)
    if expires is None or issued is None:
        return 4 * MARGIN
    return (expires - issued).total_seconds()


@lru_cache(maxsize=256)
def _dates(access: AccessInfo) -> tuple[datetime | None, datetime | None]:
    """When a token was issued, and when it expires. keystoneauth parses the dates on each access."""
    return access.issued, access.expires
