# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An object store that announces signed URLs and ignores the keys of containers, as Ceph's object gateway does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.swift_large import KEY_NAMES
from tests.support.image_site import NAME, Site
from tests.support.run_module import ModuleRun, run_module
from tests.support.upload_session import SessionSite, done

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


def test_an_upload_session_signs_with_the_key_of_the_account(place: SessionSite) -> None:
    give_key(place.clouds)
    prepared = place.prepare(place.file)
    assert done(prepared).output["scheme"] == "swift"
    assert set(place.send(prepared)) == {201}
    assert done(place.finalize(place.file)).action == "created"
    place.published()


@pytest.fixture
def cloud(site: Callable[..., Site]) -> Site:
    return site("v2", object_store="radosgw")


@pytest.mark.parametrize(("scheme", "style"), [("web_download", "closed"), ("swift_task", "upstream")])
def test_a_temporary_object_is_refused_before_any_data_is_sent(cloud: Site, scheme: str, style: Any) -> None:
    cloud.region.glance.task_api.style = style
    failure = cloud.fail(scheme=scheme)
    assert failure["kind"] == "refused"
    assert "the object store refuses URLs that are signed with the key of the container" in failure["error"]
    assert "X-Account-Meta-Temp-URL-Key" in failure["hint"]
    assert cloud.clouds.counters.bytes_received < cloud.file.stat().st_size
    assert (containers(cloud.clouds), cloud.region.glance.images) == ([], {})
    give_key(cloud.clouds)
    assert cloud.act(scheme=scheme) == ["created"]
    assert containers(cloud.clouds) == []


def export(**options: Any) -> ModuleRun:
    where = {"container": "exports", "locations": ["*"], "tempurl": True, "expires_in": 600}
    return run_module("image_export", image=NAME, **where, **options)


def test_an_export_that_is_to_be_signed_is_refused_before_any_data_is_sent(cloud: Site) -> None:
    cloud.act()
    cloud.clouds.counters.reset()
    (failure,) = export()["failures"]
    assert failure["kind"] == "refused"
    assert "the object store refuses URLs that are signed" in failure["error"]
    assert cloud.clouds.counters.requests(path="/v2/images/{image_id}/file") == 0
    assert containers(cloud.clouds) == []
    give_key(cloud.clouds)
    (result,) = export()["results"]
    assert requests.get(result["tempurl"], timeout=5).content == cloud.file.read_bytes()
