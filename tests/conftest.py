# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_openstack import FakeOpenStack, FaultProxy
from tests.support.web import Web

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock

pytest_plugins = ["tests.support.image_site"]

PATIENCE = 4
"""How much longer cleanup and looks at what was done may take with the fixture `fast_clock`."""

# Started in the background of a script, processes ignore SIGINT, and so would those that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Give bytes no name of their own: compressed and random ones differ between the processes of pytest-xdist."""
    return "bytes" if isinstance(val, bytes) else None


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at what has been collected: 350,000 objects that stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of directories; `mktemp` for each would resolve paths and move a link for thousands of tests."""
    root = tmp_path_factory.mktemp("caches")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_cache(_caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins as a user who has run nothing yet, in a process that has said nothing yet."""
    # Not at the top: pytest-ansible wants to load collections itself, after this file.
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core import deadline
    from ansible_collections.oaktree.multicloud.plugins.module_utils._local import cache_dogpile, private_files
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run import events

    deadline._uncharged.restart()  # noqa: SLF001 - the time of other tests
    cache = next(_caches)
    cache.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(private_files, "_warnings", {})
    monkeypatch.setattr(private_files, "_swept", set())
    monkeypatch.setattr(cache_dogpile, "_opened", {})
    monkeypatch.setattr(events, "_paths", [])


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Turn the collection's clock: pauses, polls and deadlines take a fiftieth of their time.

    Requests do not get any faster, nor do their timeouts (api_timeout; stall_timeout, as far as it is one of a socket).
    So what a healthy request has to fit into, options that end in `timeout`, are to be fifty times as long as without.
    What the collection itself grants to requests, and no option does, is `PATIENCE` times as long.
    """
    from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.cleanup import CLEANUP_TIMEOUT
    from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
    from ansible_collections.oaktree.multicloud.plugins.module_utils._server import boot, change

    grace = Connection.grace

    def longer(connection: Connection, seconds: float) -> AbstractContextManager[None]:
        return grace(connection, seconds * PATIENCE if seconds == CLEANUP_TIMEOUT else seconds)

    monkeypatch.setattr(Connection, "grace", longer)
    monkeypatch.setattr(temporary_object, "LOOK_TIMEOUT", temporary_object.LOOK_TIMEOUT * PATIENCE)
    for module in (boot, change):
        monkeypatch.setattr(module, "SHOWN_SOON", module.SHOWN_SOON * PATIENCE)
    clock.turn(50)
    yield clock
    clock.turn(1)


@pytest.fixture
def wrong_date() -> Iterator[Callable[[float], None]]:
    """Return what sets the collection's date so many seconds ahead; it is right again when the test ends."""
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock

    yield clock.set_ahead
    clock.set_ahead(0)


@pytest.fixture
def fake_openstack() -> Iterator[Callable[..., FakeOpenStack]]:
    """Return a factory of running stand-in clouds; it takes the arguments of FakeOpenStack."""
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(FakeOpenStack(*args, **kwargs))


@pytest.fixture
def fault_proxy() -> Iterator[Callable[..., FaultProxy]]:
    """Return a factory of running fault proxies; it takes the arguments of FaultProxy."""
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(FaultProxy(*args, **kwargs))


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server; its answers are the test's to give."""
    with Web().running() as web:
        yield web


@pytest.fixture
def two_clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """cloud1 and cloud2 with regions r1 and r2 each, which the environment names."""
    clouds = fake_openstack(clouds=2, regions=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    return clouds
