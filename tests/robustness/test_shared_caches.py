# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Caches that processes share, with real servers of redis and memcached; none of them can fail a task."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import cache_dogpile, private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache import Cache
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.cache_dogpile import open_cache
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.sealing import Seal
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import entries, kinds

Clouds = Callable[..., FakeOpenStack]
Section = dict[str, Any]

FORKS = multiprocessing.get_context("fork")


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(name: str, *options: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on loopback until it answers, and then until the end."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < end
                    time.sleep(0.02)
            yield process
        finally:
            process.kill()


@contextmanager
def redis() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
    with server("redis-server", *options, port=port) as process:
        yield process, port


@contextmanager
def memcached() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    user = ("-u", "root") if os.geteuid() == 0 else ()
    with server("memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", *user, port=port) as process:
        yield process, port


@pytest.fixture(params=["redis", "pymemcache", "memcached"])
def shared(request: pytest.FixtureRequest) -> Iterator[tuple[Section, subprocess.Popen[bytes]]]:
    """Yield a cache section and the server that it names."""
    if request.param == "redis":
        with redis() as (process, port):
            yield {"class": "dogpile.cache.redis", "arguments": {"host": "127.0.0.1", "port": port}}, process
    else:
        with memcached() as (process, port):
            arguments = {"url": f"127.0.0.1:{port}"}
            yield {"class": f"dogpile.cache.{request.param}", "arguments": arguments}, process


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", "/servers")["servers"])


def images(connection: Connection) -> int:
    return len(service_at(connection, "image").json("GET", "/images")["images"])


def ask(clouds: FakeOpenStack, section: Any, work: Callable[[Connection], int] = servers) -> list[Result[int]]:
    return gather(Target(clouds_config={"clouds": entries(clouds), "cache": section}, timeout=20), work)


def kept() -> list[str]:
    """The names of the files that are left, without those of locks."""
    base = Path(os.environ["XDG_CACHE_HOME"])
    return [path.name for path in base.rglob("*.json")]


def test_processes_share_tokens_and_documents(fake_openstack: Clouds, shared: tuple[Section, Any]) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=1, latency=0.05)
    start = FORKS.Barrier(8)
    results: Any = FORKS.SimpleQueue()

    def run() -> None:
        start.wait(30)
        results.put(json.dumps(kinds(ask(clouds, shared[0], lambda it: servers(it) + images(it)))))

    processes = [FORKS.Process(target=run) for _number in range(8)]
    for process in processes:
        process.start()
    for _process in processes:
        assert set(json.loads(results.get()).values()) == {None}
    for process in processes:
        process.join()
    assert clouds.counters.tokens == 2
    assert clouds.counters.requests(service="image") == 8 * 4 + 4, "one discovery for each image service"
    assert [result.requests for result in ask(clouds, shared[0])] == [1] * 4
    assert (kept(), private_files.warnings()) == ([], [])


def test_a_rejected_token_is_removed_from_the_shared_cache(fake_openstack: Clouds, shared: tuple[Section, Any]) -> None:
    clouds = fake_openstack(servers=1)
    ask(clouds, shared[0])
    clouds["cloud1"].revoke_tokens()
    for tokens in (2, 2):
        assert kinds(ask(clouds, shared[0])) == {"cloud1/r1/demo": None}
        assert clouds.counters.tokens == tokens


def test_a_server_that_goes_away_fails_no_task(fake_openstack: Clouds, shared: tuple[Section, Any]) -> None:
    clouds = fake_openstack(servers=1)
    section, process = shared

    def work(connection: Connection) -> int:
        process.kill()
        process.wait()
        clouds["cloud1"].revoke_tokens()
        return servers(connection)

    assert [result.value for result in ask(clouds, section, work)] == [1]
    assert [result.value for result in ask(clouds, section)] == [1]
    (warning,) = private_files.warnings()
    assert warning.startswith(f"The cache configured in clouds.yaml ({section['class']}) is not used: ")


def cache_of(section: Section, credentials: str = "secret") -> Cache:
    return open_cache(section).of(credentials, secret=True)


def test_its_lock_has_one_holder_among_all_processes_and_expires(shared: tuple[Section, Any]) -> None:
    section = {**shared[0], "arguments": {**shared[0]["arguments"], "lock_timeout": 2}}
    held = FORKS.Event()

    def hold() -> None:
        with cache_of(section).lock("tokens", "a", Deadline(5)):
            held.set()
            time.sleep(60)

    process = FORKS.Process(target=hold)
    process.start()
    assert held.wait(10)
    cache = cache_of(section)
    with pytest.raises(DeadlineError), cache.lock("tokens", "a", Deadline(0.2)):
        pass
    process.kill()
    process.join()
    with cache.lock("tokens", "b", Deadline(1)), cache.lock("tokens", "a", Deadline(10)):
        pass
    with cache.lock("tokens", "a", Deadline(1)):
        pass
    assert private_files.warnings() == []


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    from pymemcache.client.base import Client

    proof = tmp_path / "proof"
    pickle = b"cos\nsystem\n(S'touch " + str(proof).encode() + b"'\ntR."
    with memcached() as (_process, port):
        for name in ("memcached", "pylibmc", "pymemcache"):
            cache = cache_of({"class": f"dogpile.cache.{name}", "arguments": {"url": [f"127.0.0.1:{port}"]}})
            cache.set("tokens", "a", 1)
            with closing(Client(("127.0.0.1", port))) as client:
                client.set(f"oaktree.multicloud:tokens:{Seal('secret').name('tokens', 'a')}", pickle, flags=1)
                assert client.get("x") is None, "an answer, so that the value is set"
            assert cache.get("tokens", "a") is None
    assert not proof.exists()
    assert [text.partition(" holds ")[0] for text in private_files.warnings()] == [
        f"The cache configured in clouds.yaml (dogpile.cache.{name})" for name in ("memcached", "pylibmc", "pymemcache")
    ]


# Those who can read and write the store


def entries_of(port: int) -> dict[bytes, bytes]:
    """All values in a redis, by name; locks are over."""
    import redis as client

    with closing(client.Redis(port=port)) as connection:
        database: Any = connection  # the library's types are those of its coroutines, too
        return {key: database.get(key) for key in list(database.scan_iter())}


def store_entries(port: int, values: dict[bytes, bytes]) -> None:
    import redis as client

    with closing(client.Redis(port=port)) as database:
        for key, value in values.items():
            database.set(key, value)


def another_machine(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Share nothing but the store with what ran before."""
    monkeypatch.setattr(cache_dogpile, "_opened", {})
    monkeypatch.setattr(private_files, "_keys", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))


def test_a_shared_store_reveals_nothing(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    with redis() as (_process, port):
        ask(clouds, {"class": "dogpile.cache.redis", "arguments": {"port": port}}, lambda it: servers(it) + images(it))
        stored = entries_of(port)
    kinds_stored = {key.split(b":")[1] for key in stored}
    assert kinds_stored == {b"tokens", b"discovery"}
    content = b"".join(part for entry in stored.items() for part in entry)
    cloud = clouds["cloud1"]
    known = [*cloud.keystone._tokens, cloud.keystone.url, cloud["r1"].nova.url, "secret", "demo", "catalog"]
    assert [text for text in known if text.encode() in content] == []


def test_machines_with_the_same_credentials_share_a_token(
    fake_openstack: Clouds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds = fake_openstack(servers=1)
    with redis() as (_process, port):
        section = {"class": "dogpile.cache.redis", "arguments": {"port": port}}
        for number in range(3):
            another_machine(monkeypatch, tmp_path / str(number))
            assert [result.value for result in ask(clouds, section)] == [1]
    assert clouds.counters.tokens == 1
    assert private_files.warnings() == []


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda values: {key: flipped(value) for key, value in values.items()}, id="altered"),
        pytest.param(lambda values: {key: value[:-1] for key, value in values.items()}, id="cut"),
        pytest.param(lambda values: dict.fromkeys(values, b""), id="empty"),
        pytest.param(lambda values: dict.fromkeys(values, b"x" * 12), id="a nonce"),
        pytest.param(lambda values: dict.fromkeys(values, b'{"time": 9e9, "value": "{}"}'), id="not sealed"),
        pytest.param(lambda values: dict(zip(values, [*values.values()][::-1], strict=True)), id="exchanged"),
    ],
)
def test_what_is_planted_in_a_shared_store_is_not_used(
    fake_openstack: Clouds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[dict[bytes, bytes]], dict[bytes, bytes]],
) -> None:
    clouds = fake_openstack(servers=1)
    work: Callable[[Connection], int] = lambda it: servers(it) + images(it)  # noqa: E731 - typed
    with redis() as (_process, port):
        section = {"class": "dogpile.cache.redis", "arguments": {"port": port}}
        ask(clouds, section, work)
        store_entries(port, spoil(entries_of(port)))
        another_machine(monkeypatch, tmp_path)
        clouds.counters.reset()
        assert [result.value for result in ask(clouds, section, work)] == [1]
        assert (clouds.counters.tokens, clouds.counters.requests(service="image")) == (1, 2)
        another_machine(monkeypatch, tmp_path / "third")
        clouds.counters.reset()
        assert [result.requests for result in ask(clouds, section, work)] == [2], "what was planted is replaced"
    (warning,) = private_files.warnings()
    assert warning == (
        "The cache configured in clouds.yaml (dogpile.cache.redis) holds entries that are damaged, or that a task "
        "with other credentials has made: they are ignored."
    )


def test_what_others_know_is_not_shared(fake_openstack: Clouds) -> None:
    """Whoever knows all that a key follows from could make entries: a cloud without authentication has no secret."""
    clouds = fake_openstack()
    config = {"cloud1": {"auth_type": "none", "region_name": "r1"}}
    config["cloud1"]["image_endpoint_override"] = clouds["cloud1"]["r1"].glance.url
    with redis() as (_process, port):
        section = {"class": "dogpile.cache.redis", "arguments": {"port": port}}
        gather(Target(clouds_config={"clouds": config, "cache": section}), lambda it: service_at(it, "image").endpoint)
        assert clouds.counters.requests(service="image") == 1
        assert entries_of(port) == {}


# A server that does not answer


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which connections are accepted, and nothing is answered."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        yield port


SILENT: dict[str, Callable[[int], dict[str, Any]]] = {
    "dogpile.cache.redis": lambda port: {"host": "127.0.0.1", "port": port},
    "dogpile.cache.redis_sentinel": lambda port: {"sentinels": [["127.0.0.1", port]] * 3},
    "dogpile.cache.redis_cluster": lambda port: {"url": f"redis://127.0.0.1:{port}"},
    "dogpile.cache.pymemcache": lambda port: {"url": f"127.0.0.1:{port}"},
}


@pytest.mark.parametrize("name", SILENT)
def test_a_silent_server_costs_no_cloud_its_time(
    fake_openstack: Clouds, silent: int, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The clouds have less time than the server, which is not asked again."""
    asked: list[str] = []
    monkeypatch.setattr("redis.retry.sleep", lambda _seconds: asked.append("again"))
    clouds = fake_openstack(clouds=3, servers=1)
    config = {"clouds": entries(clouds), "cache": {"class": name, "arguments": SILENT[name](silent)}}
    for _task in range(2):
        results = gather(Target(clouds_config=config, timeout=cache_dogpile.TIMEOUT / 2), servers)
        assert [result.value for result in results] == [1] * 3, [result.error for result in results]
    assert asked == []
    (warning,) = private_files.warnings()
    assert warning.startswith(f"The cache configured in clouds.yaml ({name}) is not used: ")


def test_a_server_that_falls_silent_costs_no_cloud_its_time(
    fake_openstack: Clouds, shared: tuple[Section, subprocess.Popen[bytes]]
) -> None:
    clouds = fake_openstack(clouds=3, servers=1)
    section, process = shared

    def work(connection: Connection) -> int:
        process.send_signal(signal.SIGSTOP)
        connection.region.cache.get("tokens", "another")
        return servers(connection)

    config = {"clouds": entries(clouds), "cache": section}
    results = gather(Target(clouds_config=config, timeout=cache_dogpile.TIMEOUT / 2), work)
    assert [result.value for result in results] == [1] * 3, [result.error for result in results]
    (warning,) = private_files.warnings()
    assert warning.startswith(f"The cache configured in clouds.yaml ({section['class']}) is not used: ")


def test_a_server_that_is_slow_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_dogpile, "WHOLE_TIMEOUT", 0.3)
    with redis() as (_process, port):
        cache = cache_of({"class": "dogpile.cache.redis", "arguments": {"port": port}})
        store: Any = cache._store  # type: ignore[attr-defined]

        def slowly(_backend: Any) -> bool:
            time.sleep(0.2)
            return True

        asked = [store.ask(slowly) for _time in range(4)]
    assert asked == [True, True, None, None]
    assert "took more than" in str(private_files.warnings())


def test_arguments_are_passed_through_and_keys_reveal_nothing(fake_openstack: Clouds) -> None:
    import redis as client

    clouds = fake_openstack()
    with redis() as (_process, port):
        ask(clouds, {"class": "dogpile.cache.redis", "arguments": {"url": f"redis://127.0.0.1:{port}/3"}})
        with closing(client.Redis(port=port, db=3)) as database:
            keys: Any = database.keys()
            lives = [database.ttl(key) for key in keys]
    assert keys
    assert all(key.startswith(b"oaktree.multicloud:") and b"secret" not in key for key in keys)
    assert all(0 < life <= private_files.DAY for life in lives)
