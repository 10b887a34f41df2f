# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: one token for all regions of a cloud and project, in all processes that share a store."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import (
    AuthError,
    OaktreeError,
    ServerError,
    translate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keystoneauth1.access import AccessInfo

    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._deadline import Deadline
    from ansible_collections.oaktree.multicloud.plugins.module_utils._store import Store

MARGIN = 180
"""Seconds before its end at which a token is renewed, or a quarter of its life if that is less."""

_TOKENS = "tokens"
_V3_URL = re.compile(r"/v3/?$")
_NONSENSE = (AttributeError, KeyError, TypeError, ValueError)


class Identity:
    """One auth plugin, and so one token at a time.

    A plugin that cannot tell itself from others, or hand its token on, keeps it to this process.
    """

    def __init__(self, plugin: Any, words: str, store: Store) -> None:
        """``words`` are all that the plugin, of keystoneauth1, authenticates with, secrets included."""
        self.plugin = plugin
        self.plugin.reauthenticate = False  # when a token is old is decided here, for all processes
        self._store = store
        self.words = words
        self._key = words if _can_be_kept(plugin) else None
        self._lock = threading.Lock()
        self._access: AccessInfo | None = None
        self._refused: str | None = None
        self._error: OaktreeError | None = None

    def authenticate(self, connection: Connection) -> AccessInfo | None:
        """The facts of a token that is valid for a while; None for plugins without Keystone.

        It is known, or in the store, or fetched by whoever comes first. A refusal is remembered and given to all who
        ask later: repeating a wrong password for each region would lock the account.
        """
        if not hasattr(self.plugin, "get_auth_ref"):
            return None
        connection.deadline.remaining()
        access = self._access
        if access is None or _is_old(access):
            with self._alone(connection.deadline):
                if self._access is access:
                    self._access = self._obtain(connection)
                access = self._access
        return access

    def forget(self, connection: Connection, token: str | None) -> None:
        """Drop a token that was refused, here and in the store, unless it has been replaced by the time.

        keystoneauth's own way drops whatever token there is, and gives up where another thread was quicker.
        """
        with self._alone(connection.deadline):
            if self._access is None or self._access.auth_token != token:
                return
            self._access, self._refused = None, token
        if self._key:
            with self._store.lock(_TOKENS, self._key, connection.deadline):
                state = self._store.get(_TOKENS, self._key)
                if isinstance(state, str) and token and token in state:
                    self._store.delete(_TOKENS, self._key)

    @contextmanager
    def _alone(self, deadline: Deadline) -> Iterator[None]:
        if not self._lock.acquire(timeout=deadline.remaining()):
            raise deadline.expired()
        try:
            yield
        finally:
            self._lock.release()

    def _obtain(self, connection: Connection) -> AccessInfo:
        if self._error:
            raise self._error
        try:
            if self._key is None:
                return self._fetched(connection)
            return self._store.once(
                _TOKENS, self._key, connection.deadline, self._stored, lambda: self._fetched(connection)
            )
        except OaktreeError as error:
            if isinstance(error, AuthError) or self._is_first:
                self._error = error
            raise

    @property
    def _is_first(self) -> bool:
        """Whether there has not been a token yet."""
        return self._access is None and self._refused is None

    # The plugin always has a token to show, if an old one: without one it would fetch for itself, past all locks.

    def _stored(self) -> AccessInfo | None:
        """The token that is in the store, if it is any good, as the plugin's own."""
        state = self._store.get(_TOKENS, self._key or "")
        if not isinstance(state, str):
            return None
        before = self.plugin.auth_ref
        try:
            self.plugin.set_auth_state(state)
            access: AccessInfo = self.plugin.auth_ref
            if access.auth_token != self._refused and not _is_old(access):
                return access
        except _NONSENSE:
            pass  # damaged, or of another version of keystoneauth
        self.plugin.auth_ref = before
        return None

    def _fetched(self, connection: Connection) -> AccessInfo:
        """A new token; asked for again, within the Location's clock, where there is none to begin with."""
        from keystoneauth1.exceptions import NotFound

        def once() -> AccessInfo:
            try:
                access: AccessInfo = self._issuer(connection.session).get_auth_ref(connection.session)
                _is_old(access)  # reads what is asked before every request
            except _NONSENSE as exc:
                raise ServerError(f"Keystone's answer makes no sense: {type(exc).__name__}: {exc}") from exc
            except NotFound as exc:
                url = self.plugin.auth_url
                raise ServerError(
                    f"there is no Keystone at {url}: {exc}", hint="Check auth_url in clouds.yaml."
                ) from exc
            except Exception as exc:
                connection.documents.forget(self.plugin.auth_url)
                raise translate(exc) from exc
            return access

        self.plugin.auth_ref = access = connection.persist(once, repeatable=True) if self._is_first else once()
        if self._key:
            self._store.set(_TOKENS, self._key, self.plugin.get_auth_state())
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


def _is_old(access: AccessInfo) -> bool:
    if access.expires is None or access.issued is None:
        return access.will_expire_soon()
    margin: Any = min(MARGIN, (access.expires - access.issued).total_seconds() / 4)
    return access.will_expire_soon(margin)
