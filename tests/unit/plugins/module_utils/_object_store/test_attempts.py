# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent again, how often, and when the store is asked instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.attempts import BODIES, send_until_stored
from tests.support.fake_openstack import FakeOpenStack


@dataclass
class Store:
    """A store that fails some times, and says whether the data is there."""

    connection: Connection
    errors: list[OaktreeError]
    there: bool = False
    sent: int = 0
    asked: int = 0

    def send(self) -> None:
        self.sent += 1
        if self.errors:
            raise self.errors.pop(0)

    def stored(self) -> bool:
        self.asked += 1
        return self.there

    def send_until_stored(self) -> None:
        send_until_stored(self.connection, self.send, self.stored)


@pytest.fixture
def connection(fake_openstack: Callable[..., FakeOpenStack], monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    config = {"clouds": {"cloud1": fake_openstack()["cloud1"].entry()}}
    made = Connection(Clouds(clouds_config=config).regions("cloud1")[0])
    made.deadline = Deadline(20)
    return made


def refused(status: int) -> RefusedError:
    return RefusedError("no", status=status)


@pytest.mark.parametrize(
    ("error", "asks"),
    [
        (ServerError("x"), 1),
        (UnreachableError("x"), 1),
        (DeadlineError("x"), 1),
        (ConflictError("x"), 1),
        (refused(404), 1),
        (refused(408), 1),
        (refused(422), 0),
        (IntegrityError("x"), 0),
        (ThrottledError("x", retry_after=0.0), 0),
    ],
)
def test_what_passes_is_sent_again(connection: Connection, error: OaktreeError, asks: int) -> None:
    store = Store(connection, [error])
    store.send_until_stored()
    assert (store.sent, store.asked) == (2, asks)


def test_what_arrived_is_not_sent_again(connection: Connection) -> None:
    store = Store(connection, [UnreachableError("x")], there=True)
    store.send_until_stored()
    assert (store.sent, store.asked) == (1, 1)


@pytest.mark.parametrize(
    "error", [refused(400), refused(403), QuotaError("x"), InputError("x")], ids=lambda error: type(error).__name__
)
def test_what_does_not_pass_is_raised_at_once(connection: Connection, error: OaktreeError) -> None:
    store = Store(connection, [error])
    with pytest.raises(type(error)):
        store.send_until_stored()
    assert (store.sent, store.asked) == (1, 0)


@pytest.mark.parametrize(
    ("error", "times", "raised"),
    [
        (ServerError("x"), BODIES.attempts, ServerError),
        (ThrottledError("x", retry_after=0.0), BODIES.attempts, ThrottledError),
        (refused(422), BODIES.attempts, IntegrityError),
        (DeadlineError("x"), BODIES.stalls, DeadlineError),
        (AuthError("x"), 2, AuthError),
    ],
)
def test_what_does_not_end_is_raised(
    connection: Connection, error: OaktreeError, times: int, raised: type[OaktreeError]
) -> None:
    store = Store(connection, [error] * 99)
    with pytest.raises(raised):
        store.send_until_stored()
    assert store.sent == times


def test_a_refused_token_is_replaced(connection: Connection) -> None:
    connection.authenticate()
    before = connection.session.get_token()
    Store(connection, [AuthError("x")]).send_until_stored()
    assert connection.session.get_token() != before


def test_a_token_that_somebody_replaced_is_kept(connection: Connection) -> None:
    identity = connection.region.auth
    connection.authenticate()
    refused_token = connection.session.get_token()
    identity.forget(connection, refused_token)
    connection.authenticate()
    token = connection.session.get_token()
    identity.forget(connection, refused_token)
    connection.authenticate()
    assert connection.session.get_token() == token != refused_token


def test_a_store_that_cannot_be_asked_has_nothing(connection: Connection) -> None:
    store = Store(connection, [ServerError("x")])

    def broken() -> bool:
        raise UnreachableError("x")

    send_until_stored(connection, store.send, broken)
    assert store.sent == 2


def test_a_pause_beyond_the_clock_is_not_made(connection: Connection) -> None:
    store = Store(connection, [ThrottledError("slow down", retry_after=3600.0)])
    with pytest.raises(ThrottledError, match="slow down"):
        store.send_until_stored()
    assert store.sent == 1


def test_the_clock_ends_all_attempts(connection: Connection) -> None:
    connection.authenticate()
    connection.deadline.cancelled.set()
    store = Store(connection, [])
    with pytest.raises(DeadlineError, match="interrupted"):
        store.send_until_stored()
