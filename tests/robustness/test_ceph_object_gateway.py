# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceph's object gateway: it ignores the keys of containers, shows no manifest, and has two etags for a large object."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import presence
from tests.support.fake_openstack import Answer, BreakAnswer, FakeOpenStack
from tests.support.fake_openstack.swift_large import KEY_NAMES
from tests.support.image_site import NAME, Site
from tests.support.run_module import ModuleRun, run_module
from tests.support.store_site import CONTAINER, DATA, PART, StoreSite, actions
from tests.support.store_site import NAME as OBJECT
from tests.support.upload_session import SEGMENT, SessionSite, done

pytestmark = pytest.mark.usefixtures("fast_clock")


def give_key(clouds: FakeOpenStack) -> None:
    """Set a key on the account, as its owner would."""
    cloud = clouds["cloud1"]
    project = cloud.keystone.project_id("demo")
    cloud["r1"].swift.store.account(project).headers[f"X-Account-{KEY_NAMES[0]}"] = "the-account's-key"


def containers(clouds: FakeOpenStack) -> list[str]:
    """Names of all containers."""
    accounts = clouds["cloud1"]["r1"].swift.store.accounts.values()
    return [name for account in accounts for name in account.containers]


@pytest.fixture
def place(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> SessionSite:
    return SessionSite(fake_openstack(object_store="radosgw"), tmp_path)


def test_an_upload_session_takes_another_scheme_and_says_why(place: SessionSite) -> None:
    prepared = done(place.prepare(place.file))
    assert prepared.output["scheme"] == "v2_put"
    assert "v2_put because the object store refuses URLs that are signed" in prepared.output["reason"]
    assert containers(place.clouds) == []
    assert len(place.images) == 1
    place.send(place.prepare(place.file))
    assert done(place.finalize(place.file)).action == "created"
    place.published()


def test_an_upload_session_that_insists_is_refused_and_leaves_nothing(place: SessionSite) -> None:
    error = place.prepare(place.file, scheme="swift").error
    assert error is not None
    assert error.kind == "refused"
    assert "scheme swift is not possible here: the object store refuses URLs that are signed" in error.message
    assert (containers(place.clouds), place.images) == ([], [])


@pytest.mark.parametrize("segment_size", [None, SEGMENT])
def test_an_upload_session_signs_with_the_key_of_the_account(place: SessionSite, segment_size: int | None) -> None:
    give_key(place.clouds)
    prepared = place.prepare(place.file, segment_size=segment_size)
    assert done(prepared).output["scheme"] == "swift"
    assert set(place.send(prepared)) == {201}
    assert done(place.finalize(place.file)).action == "created"
    place.published()


@pytest.fixture
def cloud(site: Callable[..., Site]) -> Site:
    return site("v2", object_store="radosgw")


@pytest.mark.parametrize(("scheme", "style"), [("web_download", "closed"), ("swift_task", "upstream")])
def test_a_temporary_object_is_refused_before_any_data_is_sent(
    cloud: Site, scheme: str, style: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.region.glance.task_api.style = style
    failure = cloud.fail(scheme=scheme)
    assert failure["kind"] == "refused"
    assert "the object store refuses URLs that are signed with the key of the container" in failure["error"]
    assert "X-Account-Meta-Temp-URL-Key" in failure["hint"]
    assert cloud.clouds.counters.bytes_received < cloud.file.stat().st_size
    assert (containers(cloud.clouds), cloud.region.glance.images) == ([], {})
    give_key(cloud.clouds)
    monkeypatch.setattr(temporary_object, "part_size", lambda size, _limits: size // 3)
    assert cloud.act(scheme=scheme) == ["created"]
    assert containers(cloud.clouds) == []


def export(**options: Any) -> ModuleRun:
    return run_module("image_export", image=NAME, container="exports", locations=["*"], **options)


def test_an_export_that_is_to_be_signed_is_refused_before_any_data_is_sent(cloud: Site) -> None:
    cloud.act()
    cloud.clouds.counters.reset()
    (failure,) = export(tempurl=True, expires_in=600)["failures"]
    assert failure["kind"] == "refused"
    assert "the object store refuses URLs that are signed" in failure["error"]
    assert cloud.clouds.counters.requests(path="/v2/images/{image_id}/file") == 0
    assert containers(cloud.clouds) == []
    give_key(cloud.clouds)
    (result,) = export(tempurl=True, expires_in=600)["results"]
    assert requests.get(result["tempurl"], timeout=5).content == cloud.file.read_bytes()


def test_an_export_in_segments_is_replaced_with_them(cloud: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_object, "part_size", lambda size, _limits: size // 3)
    cloud.act()
    (done,) = export(object="copy")["results"]
    (account,) = cloud.region.swift.store.accounts.values()
    stored = account.containers["exports"].objects
    first = set(stored)
    assert (done["action"], len(first)) == ("created", 4)
    assert export(object="copy")["results"][0]["action"] == "unchanged"
    stored["copy"].headers["X-Object-Meta-Oaktree-Bytes"] = "0"
    failing = cloud.region.fault("PUT", "multipart-manifest=put", Answer(403))
    assert export(object="copy")["failures"]
    assert (failing.struck, set(stored)) == (1, first)
    cloud.region.clear_faults()
    assert export(object="copy")["results"][0]["action"] == "replaced"
    assert (len(stored), set(stored) & first) == (4, {"copy"})


@pytest.fixture
def store(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreSite:
    """An object store where large objects are of small parts."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setattr(presence, "part_size", lambda size, _limits: max(1, min(size, PART)))
    return StoreSite(fake_openstack(object_store="radosgw"), tmp_path)


def test_the_life_of_a_large_object(store: StoreSite) -> None:
    assert actions(store.object()) == ["created"]
    first = set(store.objects())
    shown = store.object()
    assert (actions(shown), shown["results"][0]["object"]["metadata"].keys()) == (
        ["unchanged"],
        {"x-sdk-md5", "x-sdk-sha256"},
    )
    store.file.write_bytes(DATA[::-1])
    assert actions(store.object()) == ["replaced"]
    assert (store.bytes_of(), len(store.objects())) == (DATA[::-1], 6)
    assert set(store.objects()) & first == {OBJECT}
    assert actions(store.object(delete_after=600)) == ["updated"]
    assert all("X-Delete-At" in found.headers for found in store.objects().values())
    assert actions(store.object(state="absent")) == ["deleted"]
    assert store.objects() == {}


def test_a_large_object_is_downloaded_and_resumed(store: StoreSite) -> None:
    store.object()
    broken = store.region.fault("GET", r"thing\.txt$", BreakAnswer(0.5, cut=True), times=1)
    dest = store.directory / "out"
    assert actions(store.object(state="downloaded", dest=str(dest))) == ["created"]
    assert (dest.read_bytes(), broken.struck) == (DATA, 1)
    assert actions(store.object(state="downloaded", dest=str(dest))) == ["unchanged"]


def test_an_upload_that_fails_leaves_the_large_object_that_was_there(store: StoreSite) -> None:
    """Also one of the same content, which uses its segments."""
    store.object()
    before = set(store.objects())
    for content in (os.urandom(4600), DATA):
        store.file.write_bytes(content)
        store.objects()[OBJECT].headers["X-Object-Meta-X-Sdk-Sha256"] = "other"
        failing = store.region.fault("PUT", "multipart-manifest=put", Answer(413))
        assert store.object()["failures"][0]["kind"] == "quota"
        assert (failing.struck, set(store.objects()), store.bytes_of()) == (1, before, DATA)
        store.region.clear_faults()


def others_object(store: StoreSite) -> None:
    """Have a large object whose segments are in another container, as other tools upload them."""
    store.object()
    store.run("container", name="others")
    for part in store.objects()[OBJECT].segments or []:
        name = part["path"].split("/", 2)[2]
        store.containers()["others"].objects[name] = store.objects().pop(name)
        part["path"] = f"/others/{name}"


def test_segments_of_other_tools_stay_until_their_object_is_deleted(store: StoreSite) -> None:
    """Nothing shows which they are."""
    others_object(store)
    large = store.objects()[OBJECT]
    store.file.write_bytes(DATA[::-1])
    (replaced,) = store.object()["results"]
    assert replaced["notes"] == ["segments of the replaced object stay: the store does not show which they are"]
    assert len(store.containers()["others"].objects) == 5
    store.objects()[OBJECT] = large
    (updated,) = store.object(src=None, state="present", delete_after=600)["results"]
    assert updated["notes"] == ["the segments expire as before: the store does not show which they are"]
    refusing = store.region.fault("DELETE", "multipart-manifest=delete", Answer(403))
    assert store.object(state="absent")["failures"][0]["kind"] == "refused"
    assert (refusing.struck, OBJECT in store.objects()) == (1, True)
    store.region.clear_faults()
    assert actions(store.object(state="absent")) == ["deleted"]
    assert store.containers()["others"].objects == {}


def test_a_container_is_deleted_with_large_objects_and_their_segments_elsewhere(store: StoreSite) -> None:
    others_object(store)
    assert actions(store.run("container", name=CONTAINER, state="absent", delete_with_content=True)) == ["deleted"]
    assert store.containers()["others"].objects == {}


def test_rules_that_the_gateway_sorts_are_the_same(store: StoreSite) -> None:
    rules = ["b:c", ".rlistings", ".ref: *.example.com", "a:*", ".r:-*.thief.example.com"]
    kept = ".r:.example.com,.r:-.thief.example.com,.rlistings,a:*,b:c"
    (created,) = store.run("container", name="site", read_acl=rules)["results"]
    assert created["container"]["read_ACL"] == kept
    assert actions(store.run("container", name="site", read_acl=rules)) == ["unchanged"]
    store.containers()["site"].headers["X-Container-Read"] = ".r:-.thief.example.com,.r:.example.com"
    assert actions(store.run("container", name="site", read_acl=rules)) == ["updated"]
