# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication: one token for all regions of a cloud and project, in all processes that share a cache."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from .._core.deadline import clock
from .._core.errors import AuthError, DeadlineError, OaktreeError, RefusedError, ServerError
from .._core.text import keep_secret
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
"""Seconds for which a new catalog is trusted although an endpoint is missing in it or unreachable."""
_UNKNOWN_AGE = 0.6
"""The part of its lifetime that counts as passed for a token that was stored by a clock ahead of ours: it is used until
a service rejects it, but not for long work."""

_TOKENS = "tokens"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_PROJECT = ("project_id", "project_name", "project_domain_id", "project_domain_name")
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

    def with_retries(self, call: Callable[[], _Token], service_type: str, *, repeatable: bool) -> _Token:
        """See `Connection.with_retries`."""


@dataclass(frozen=True)
class _Token:
    """A token, and when it was received (of `clock.uptime`).

    Only the length of its life is taken from its dates: they are of the cloud's clock, which need not agree with ours.
    """

    access: AccessInfo
    received: float
    is_new: bool
    """Whether it was fetched after this process began, by it or another one; then so was its catalog."""

    @classmethod
    def of(cls, access: AccessInfo, age: float = 0.0, *, is_new: bool) -> _Token:
        """``age`` in seconds is unknown if it is less than zero. Raises one of `MALFORMED` for a malformed token."""
        passed = age if age >= 0 else _UNKNOWN_AGE * (_lifetime(access) or 0.0)
        _check(access)
        token = cls(access, clock.uptime() - passed, is_new)
        token.lifetime  # noqa: B018 - parses the dates, which is needed before every request
        return token

    @cached_property
    def lifetime(self) -> float | None:
        """Seconds from its issue to its expiry; None where Keystone does not tell."""
        return _lifetime(self.access)

    @property
    def age(self) -> float:
        """Seconds."""
        return clock.uptime() - self.received

    def is_valid(self) -> bool:
        """Whether it stays valid for a while. One of unknown lifetime counts as valid until a service rejects it."""
        return self.lifetime is None or self.lifetime - self.age >= min(MARGIN, self.lifetime / 4)

    def lasts(self) -> bool:
        """Whether it has half of its lifetime left, for work that is long and expensive to repeat."""
        return self.lifetime is None or self.lifetime - self.age >= self.lifetime / 2


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
        self._key = credentials_key if _can_be_shared(plugin) else None
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._rejected: str | None = None
        self._error: OaktreeError | None = None
        self._attempt_error: OaktreeError | None = None

    def authenticate(self, connection: AuthContext) -> AccessInfo | None:
        """The data of a token that stays valid for a while; None for plugins without Keystone.

        It is the present one, one from the cache, or a new one, which one thread of one process requests. A rejection
        is remembered and raised for all later callers: repeating a wrong password for each region would lock the
        account.
        """
        if not self._asks_keystone:
            return None
        connection.deadline.remaining()
        return self._ensure(connection, _Token.is_valid)

    @cached_property
    def _asks_keystone(self) -> bool:
        """Whether there are tokens; without (none, http_basic, admin_token) services are found by clouds.yaml only."""
        from keystoneauth1.identity import BaseIdentityPlugin

        return isinstance(self.plugin, BaseIdentityPlugin)

    def prepare_long_work(self, connection: AuthContext) -> None:
        """Obtain a token that lasts. If that fails the present token stays."""
        self._renew(connection, _Token.lasts)

    def renew_catalog(self, connection: AuthContext) -> None:
        """Obtain another token, because the catalog of the present one looks wrong, unless that is new.

        It is not new if this process found it in the cache when it began, or obtained it `RECENT` seconds ago: the
        cloud may have been changed since. If it fails the present token stays.
        """
        token = self._token
        if token and not (token.is_new and token.age < RECENT):
            self._renew(connection, lambda other: other.access.auth_token != token.access.auth_token)

    def _renew(self, connection: AuthContext, is_good: Callable[[_Token], bool]) -> None:
        with suppress(OaktreeError):
            if self._token:
                self._ensure(connection, is_good)

    def forget(self, connection: AuthContext, token: str | None) -> None:
        """Drop a rejected token, here and in the cache, unless it has been replaced in the meantime.

        keystoneauth itself would drop whatever token is present, and fail if another thread was faster.
        """
        with self._locked(connection.deadline):
            if self._token is None or self._token.access.auth_token != token:
                return
            self._token, self._rejected = None, token
        if self._key:
            with self._cache.lock(_TOKENS, self._key, connection.deadline):
                state = self._cache.get(_TOKENS, self._key)
                if isinstance(state, str) and token and token in state:
                    self._cache.delete(_TOKENS, self._key)

    @contextmanager
    def _locked(self, deadline: Deadline) -> Iterator[None]:
        """Where the deadline ends while another thread asks for a token, raise what its last attempt failed with."""
        try:
            while not self._lock.acquire(timeout=deadline.timeout()):  # which raises an error when nothing is left
                pass
        except DeadlineError as error:
            deadline.check_cancelled()
            raise (self._attempt_error or error).copied() from error
        try:
            yield
        finally:
            self._lock.release()

    def _ensure(self, connection: AuthContext, is_good: Callable[[_Token], bool]) -> AccessInfo:
        token = self._token
        if token is None or not is_good(token):
            with self._locked(connection.deadline):
                if self._token is token or self._token is None:
                    self._token = self._obtain(connection, is_good)
                token = self._token
        return token.access

    def _obtain(self, connection: AuthContext, is_good: Callable[[_Token], bool]) -> _Token:
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
            # That its own work was cancelled says nothing to others; what the cloud has answered does.
            given_up = isinstance(error, DeadlineError) and connection.deadline.cancelled.is_set()
            if isinstance(error, AuthError) or (self._is_first and not given_up):
                self._error = error.copied()
            raise

    @property
    def _is_first(self) -> bool:
        """Whether there was no token before."""
        return self._token is None and self._rejected is None

    # The plugin always keeps a token, even an old one: without it the plugin would request one itself, past all locks.

    def _cached(self, is_good: Callable[[_Token], bool]) -> _Token | None:
        """The token in the cache, if it is good, as the plugin's own."""
        entry = self._cache.entry(_TOKENS, self._key or "")
        if entry is None or not isinstance(entry.value, str):
            return None
        before = self.plugin.auth_ref
        try:
            self.plugin.set_auth_state(entry.value)
            token = _Token.of(self.plugin.auth_ref, entry.age, is_new=not self._is_first)
            if token.access.auth_token != self._rejected and is_good(token):
                return token
        except MALFORMED:
            pass  # damaged, or written by another version of keystoneauth
        self.plugin.auth_ref = before
        return None

    def _requested(self, connection: AuthContext) -> _Token:
        """A new token. The request is retried, within the Location's deadline, if there was none before.

        What Keystone has rejected is not sent again: it may lock the account after a few attempts.
        """

        def once() -> _Token:
            try:
                return self._issued(connection)
            except OaktreeError as error:
                if not connection.deadline.cancelled.is_set():
                    self._attempt_error = error
                raise

        self._attempt_error = None
        token = connection.with_retries(once, "identity", repeatable=True) if self._is_first else once()
        self.plugin.auth_ref = token.access
        if self._key:
            self._cache.set(_TOKENS, self._key, self.plugin.get_auth_state())
        return token

    def _issued(self, connection: AuthContext) -> _Token:
        """The token that Keystone issues to one request."""
        try:
            return _Token.of(self._issuer(connection.session).get_auth_ref(connection.session), is_new=True)
        except MALFORMED as exc:
            raise ServerError(f"Keystone's answer cannot be parsed: {type(exc).__name__}: {exc}", final=True) from exc
        except Exception as exc:
            connection.discovery.forget(self.plugin.auth_url)
            raise self._rejection(exc) or translate(exc) from exc

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


def _lifetime(access: AccessInfo) -> float | None:
    """Seconds from a token's issue to its expiry; None without dates, or if it would not be positive."""
    issued, expires = access.issued, access.expires
    seconds = (expires - issued).total_seconds() if issued and expires else 0.0
    return seconds if seconds > 0 else None


def _check(access: AccessInfo) -> None:
    """Raise one of `MALFORMED` if what will be read of the token has not the form that Keystone's API defines."""
    keep_secret(access.auth_token)
    if not _TOKEN.fullmatch(access.auth_token or ""):
        raise ValueError("the token is not one that a header can hold")
    texts = [getattr(access, name) for name in _PROJECT]
    for service in access.service_catalog.catalog if access.has_service_catalog() else ():
        texts += [service["type"], service.get("name")]
        for endpoint in service.get("endpoints", []):
            texts += [endpoint.get(key) for key in ("url", "region", "region_id", "interface", "id")]
            if not any(key == "interface" or key.endswith("URL") for key in endpoint):
                raise ValueError("an endpoint of the catalog has no interface")
    for text in texts:
        if not isinstance(text, str | None):
            raise TypeError(f"{text!r} is not text")
