# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memcached backend: bytes as they are, and a server that does not answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local import cache_dogpile, private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache_dogpile import open_cache
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.memcached import Bytes, Memcached


def backend(port: int) -> Any:
    create: Any = Memcached  # dogpile.cache has no types for it
    return create({"url": f"127.0.0.1:{port}"})


@pytest.mark.parametrize("value", [b"", b"\x80\x04N.", "ü".encode()])
def test_bytes_stay_as_they_are(value: bytes) -> None:
    stored, flags = Bytes().serialize(b"key", value)
    assert (stored, flags) == (value, 0)
    for claimed in (0, 1, 2, 1 << 16):
        assert Bytes().deserialize(b"key", value, claimed) == value


def test_values_of_locks_become_text() -> None:
    assert Bytes().serialize(b"key", 1) == (b"1", 0)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which connections are accepted, and nothing is answered."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        yield port


def test_a_server_that_does_not_answer_is_waited_for_a_moment(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Memcached.timeout == cache_dogpile.TIMEOUT
    monkeypatch.setattr(Memcached, "timeout", 0.2)
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        backend(silent).get_serialized("a")
    assert 0.1 < time.monotonic() - start < 3
    cache = open_cache({"class": "dogpile.cache.memcached", "arguments": {"url": f"127.0.0.1:{silent}"}}).of(
        "secret", secret=True
    )
    cache.set("tokens", "a", 1)
    assert cache.get("tokens", "a") is None
    (warning,) = private_files.warnings()
    assert warning == (
        "The cache configured in clouds.yaml (dogpile.cache.memcached) is not used: TimeoutError: timed out"
    )
