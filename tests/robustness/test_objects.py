# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects, whatever happens: one right object, or a right file, or what was there before; and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import presence
from ansible_collections.oaktree.multicloud.plugins.modules import object as module
from tests.support.fake_openstack import Action, BlackHole, FakeOpenStack
from tests.support.fake_openstack.swift_large import KEY_NAMES
from tests.support.fake_openstack.swift_store import Container
from tests.support.hostile_site import HostileSite, Target, healthy, try_all
from tests.support.kills import moments
from tests.support.run_module import Started, interrupt, start_module
from tests.support.store_site import CONTAINER, NAME, StoreSite, actions
from tests.support.wait import until

DATA = os.urandom(200_000)
PART = 1 << 14
IN_SEGMENTS = f"""
from {presence.__name__.rpartition(".")[0]} import presence
presence.part_size = lambda _size, _limits: {PART}
"""
LATENCY = 0.05
"""Seconds of every request."""


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreSite:
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setattr(presence, "part_size", lambda _size, _limits: PART)
    made = StoreSite(fake_openstack(object_store=True), tmp_path)
    made.file.write_bytes(DATA)
    return made


@contextmanager
def started(site: StoreSite, **options: Any) -> Iterator[Started]:
    """The module in a process of its own."""
    given = {"container": CONTAINER, "name": NAME, "locations": ["*"], "clouds_yaml": site.config, **options}
    with start_module(module, IN_SEGMENTS, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def duration(site: StoreSite, **options: Any) -> float:
    """Seconds from the first request to the end of a run that nobody kills."""
    site.clouds.counters.reset()
    with started(site, **options) as process:
        wait_for_request(site, process)
        began = time.monotonic()
        out, _err = process.communicate()
    assert process.returncode == 0, out
    return time.monotonic() - began


def wait_for_request(site: StoreSite, process: Started) -> None:
    until(lambda: site.clouds.counters.requests() or process.poll() is not None, pause=0.002)


def kill_at(site: StoreSite, moment: float, **options: Any) -> None:
    """Kill a run so many seconds after its first request."""
    site.clouds.counters.reset()
    with started(site, **options) as process:
        wait_for_request(site, process)
        time.sleep(moment)
        process.kill()
        process.communicate()


def used(site: StoreSite) -> set[str]:
    """The names of the object and its segments."""
    return {NAME, *(part["path"].split("/", 2)[2] for part in site.objects()[NAME].segments or [])}


def test_an_upload_that_is_killed_leaves_what_the_next_run_continues(site: StoreSite) -> None:
    site.region.latency = LATENCY
    whole = duration(site, src=str(site.file))
    for moment in moments("object upload", 0, whole):
        assert actions(site.object(state="absent")) == ["deleted"]
        kill_at(site, moment, src=str(site.file))
        assert actions(site.object())[0] in ("created", "unchanged")
        assert site.bytes_of() == DATA
        assert set(site.objects()) == used(site)
        assert "X-Object-Meta-Oaktree-Upload" not in site.objects()[NAME].headers


def test_a_download_that_is_killed_leaves_what_the_next_run_continues(site: StoreSite, tmp_path: Path) -> None:
    site.region.latency = LATENCY
    site.object()
    dest = tmp_path / "out" / "file"
    dest.parent.mkdir()
    whole = duration(site, state="downloaded", dest=str(dest))
    for moment in moments("object download", 0, whole):
        dest.write_text("before")
        kill_at(site, moment, state="downloaded", dest=str(dest))
        assert dest.read_bytes() in (b"before", DATA)
        assert site.object(state="downloaded", dest=str(dest)).ok
        assert dest.read_bytes() == DATA
        assert list(dest.parent.iterdir()) == [dest]


SILENT, DONE = BlackHole(), BlackHole(after="work")
MANIFEST = ("PUT", "multipart-manifest=put")
MOMENTS: list[tuple[tuple[str, str], Action, str]] = [
    (("PUT", rf"/{CONTAINER}$"), SILENT, ""),
    (("PUT", rf"/{CONTAINER}$"), DONE, ""),
    (("PUT", r"segments/.*/00000002$"), SILENT, ""),
    (("PUT", r"segments/.*/00000002$"), DONE, ""),
    (MANIFEST, SILENT, ""),
    (("PUT", r"segments/.*/00000002$"), DONE, "before"),
    (MANIFEST, SILENT, "before"),
]


@pytest.mark.parametrize(("request_", "action", "before"), MOMENTS)
def test_an_upload_that_is_interrupted_leaves_what_was_there(
    site: StoreSite, request_: tuple[str, str], action: Action, before: str
) -> None:
    if before:
        site.object(content=before)
    fault = site.region.fault(*request_, action)
    with started(site, src=str(site.file)) as process:
        until(fault.owes)
        said = interrupt(process, signal.SIGTERM)
    assert said.endswith("what was incomplete has been removed."), said
    if before:
        assert (list(site.objects()), site.bytes_of()) == ([NAME], before.encode())
    else:
        assert site.containers() == {}
    site.region.clear_faults()
    assert actions(site.object()) == ["replaced" if before else "created"]
    assert site.bytes_of() == DATA


@pytest.mark.parametrize("before", ["", "before"])
@pytest.mark.parametrize("plain", [True, False])
def test_an_object_that_is_complete_stays_though_the_upload_is_interrupted(
    site: StoreSite,
    before: str,
    plain: bool,  # noqa: FBT001
) -> None:
    """What it has replaced is gone: to remove it would leave the user with neither."""
    if before:
        site.object(content=before)
    fault = site.region.fault("PUT", r"thing\.txt$" if plain else MANIFEST[1], DONE)
    options = {"content": "new"} if plain else {"src": str(site.file)}
    with started(site, **options) as process:
        until(lambda: fault.struck and NAME in site.containers().get(CONTAINER, Container()).objects)
        until(lambda: site.bytes_of() == (b"new" if plain else DATA))
        interrupt(process, signal.SIGTERM)
    assert set(site.objects()) == used(site)
    site.region.clear_faults()
    assert actions(site.object(**options)) == ["unchanged"]
    assert "X-Object-Meta-Oaktree-Upload" not in site.objects()[NAME].headers


def test_a_download_that_is_interrupted_leaves_the_file(site: StoreSite, tmp_path: Path) -> None:
    site.object()
    dest = tmp_path / "file-of-mine"
    dest.write_text("before")
    fault = site.region.fault("GET", r"thing\.txt$", BlackHole())
    with started(site, state="downloaded", dest=str(dest)) as process:
        until(fault.owes)
        interrupt(process, signal.SIGINT)
    assert dest.read_text() == "before"
    assert [path for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_ceph_signs_with_the_key_of_the_account(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    site = StoreSite(fake_openstack(object_store="radosgw"), tmp_path)
    (failure,) = site.object(tempurl={"expires_in": 60})["failures"]
    assert "Ceph's gateway ignores the keys of containers" in failure["hint"]
    assert site.containers() == {}
    account = site.region.swift.store.account(site.clouds["cloud1"].keystone.project_id("demo"))
    account.headers[f"X-Account-{KEY_NAMES[0]}"] = "the-account's-key"
    done = site.object(tempurl={"expires_in": 60})
    assert actions(done) == ["created"]
    assert requests.get(done["results"][0]["tempurl"], timeout=5).content == site.file.read_bytes()


OBJECT = r"/c/o($|\?)"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileSite]:
    with FakeOpenStack(clouds=2, object_store=True) as clouds:
        yield HostileSite(clouds, tmp_path_factory.mktemp("site"))


def empty(site: HostileSite) -> None:
    """Have both stores hold nothing."""
    site.heal()
    for cloud in site.clouds.clouds.values():
        for account in cloud["r1"].swift.store.accounts.values():
            account.containers.clear()


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({"content": "x" * 50}, Target("HEAD", OBJECT)),
        ({"content": "x" * 50}, Target("HEAD", r"/c$")),
        ({"content": "x" * 50}, Target("GET", r"/info$")),
        ({"content": "x" * 50}, Target("GET", r"/c\?")),
        ({"content": "x" * 50}, Target("PUT", OBJECT)),
        ({"content": "x" * 50}, Target("POST", OBJECT)),
        ({"state": "downloaded"}, Target("HEAD", OBJECT)),
        ({"state": "downloaded"}, Target("GET", OBJECT)),
        ({"state": "absent"}, Target("HEAD", OBJECT)),
        ({"state": "absent"}, Target("DELETE", OBJECT)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_no_answer_of_a_store_is_trusted(hostile: HostileSite, options: dict[str, Any], target: Target) -> None:
    """The other cloud is done with, nothing is a bug, and no secret is in any output."""
    common = {"container": "c", "name": "o", "locations": ["*"], "stall_timeout": 60.0, "transfer_timeout": 100.0}
    out = hostile.directory / "out"

    def run(strike: Any = None) -> Any:
        empty(hostile)
        given = {**common, **options}
        if options.get("state"):
            hostile.run("object", **common, content="x" * 50)
        if options.get("state") == "downloaded":
            given["dest"] = f"{out}/{{location}}/"
            out.mkdir(exist_ok=True)
        if strike:
            hostile.strike(target, strike)
        done = hostile.run("object", **given)
        hostile.check(done)
        for path in [path for path in out.rglob("*") if path.is_file()]:
            assert path.name.endswith(".part") or path.read_text() == "x" * 50
            path.unlink()
        return done

    right = run()
    assert (right.failures, bool(healthy(right))) == ([], True)

    def holds(strike: Any) -> None:
        assert healthy(run(strike)) == healthy(right)

    try_all(holds)
