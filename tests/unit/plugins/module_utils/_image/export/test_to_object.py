# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export to an object store: a plain object or segments, what is replaced, what a failure leaves."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import requests
from multidict import CIMultiDict

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_object
from tests.support import upload_markers
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, BreakAnswer, CorruptRequest, FakeOpenStack, Region
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.swift_store import Container
from tests.support.run_module import ModuleRun

DATA = os.urandom(300_000)
TO: dict[str, Any] = {"path": None, "container": "images", "object": "image"}
DIGESTS = {"md5": hashlib.md5(DATA, usedforsecurity=False).hexdigest(), "sha512": hashlib.sha512(DATA).hexdigest()}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack], monkeypatch: pytest.MonkeyPatch) -> FakeOpenStack:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)
    return fake_openstack(object_store=True)


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


def container(region: Region) -> Container | None:
    """``images``, if it is there."""
    found = [account.containers.get("images") for account in region.swift.store.accounts.values()]
    return next((one for one in found if one), None)


def names(region: Region) -> list[str] | None:
    there = container(region)
    return sorted(there.objects) if there else None


def content(region: Region, name: str) -> bytes:
    ((project, account),) = region.swift.store.accounts.items()
    pieces = region.swift.store._pieces(project, account.containers["images"].objects[name])
    return b"".join(path.read_bytes() for path, _size in pieces)


@pytest.fixture
def _segmented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_object, "part_size", lambda _size, _limits: 100_000)


def test_a_plain_object(
    export: Callable[..., ModuleRun], clouds: FakeOpenStack, region: Region, glance: Glance
) -> None:
    image = add_image(glance, DATA)
    (planned,) = export(**TO, _ansible_check_mode=True)["results"]
    assert (planned["action"], planned["checksum"], planned["size"], names(region)) == (
        "created",
        DIGESTS,
        len(DATA),
        None,
    )
    (first,) = export(**TO)["results"]
    assert (first["action"], first["method"], first["export_format"]) == ("created", "stream", "raw")
    assert (first["checksum"], first["size"], first["expires_at"]) == (DIGESTS, len(DATA), None)
    assert first["export_location"].endswith("/images/image")
    assert (names(region), content(region, "image")) == (["image"], DATA)
    before = clouds.counters.requests(path="/v2/images/{image_id}/file")
    (again,) = export(**TO)["results"]
    assert again == {**first, "action": "unchanged", "method": None}
    assert clouds.counters.requests(path="/v2/images/{image_id}/file") == before
    assert first["image"]["id"] == image.id


@pytest.mark.usefixtures("_segmented")
def test_segments_are_replaced_with_their_object(
    export: Callable[..., ModuleRun], region: Region, glance: Glance
) -> None:
    one = add_image(glance, DATA)
    assert export(**TO)["results"][0]["checksum"] == DIGESTS
    first = names(region) or []
    assert (len(first), content(region, "image")) == (4, DATA)
    one.fields["name"] = "other"
    add_image(glance, DATA[::-1])
    run = export(**TO, _ansible_diff=True)
    assert run["results"][0]["action"] == "replaced"
    assert content(region, "image") == DATA[::-1]
    assert len(names(region) or []) == 4
    assert set(names(region) or []) & set(first) == {"image"}
    assert DIGESTS["sha512"] in run["diff"][0]["before"]


def test_the_same_data_of_another_image_is_not_sent_again(
    export: Callable[..., ModuleRun], region: Region, glance: Glance
) -> None:
    first = add_image(glance, DATA)
    export(**TO)
    first.fields["name"] = "other"
    add_image(glance, DATA)
    region.fault("GET", "/file$", Answer(403))
    assert export(**TO)["results"][0]["action"] == "unchanged"


def test_an_object_of_somebody_else_is_replaced(
    export: Callable[..., ModuleRun], region: Region, glance: Glance
) -> None:
    """Also one that keeps our metadata, but has another length."""
    add_image(glance, DATA)
    export(**TO)
    there = container(region)
    assert there
    stored = there.objects["image"]
    assert stored.path
    stored.path.write_bytes(b"other")
    stored.size, stored.etag = 5, hashlib.md5(b"other", usedforsecurity=False).hexdigest()
    (result,) = export(**TO)["results"]
    assert (result["action"], content(region, "image")) == ("replaced", DATA)
    assert export(**TO)["results"][0]["action"] == "unchanged"


@pytest.mark.parametrize("segmented", [False, True])
def test_damaged_data_is_streamed_twice_and_leaves_nothing(
    request: pytest.FixtureRequest,
    export: Callable[..., ModuleRun],
    clouds: FakeOpenStack,
    region: Region,
    glance: Glance,
    *,
    segmented: bool,
) -> None:
    if segmented:
        request.getfixturevalue("_segmented")
    image = add_image(glance, DATA)
    glance.data.path(image.id).write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    (failure,) = export(**TO)["failures"]
    assert failure["kind"] == "integrity"
    if segmented:
        assert "sha512 mismatch: received" in failure["error"]
        assert clouds.counters.requests(path="/v2/images/{image_id}/file") == 2
    assert names(region) is None


@pytest.mark.usefixtures("_segmented")
def test_damaged_data_leaves_the_object_that_was_there(
    export: Callable[..., ModuleRun], region: Region, glance: Glance
) -> None:
    one = add_image(glance, DATA)
    export(**TO)
    before = names(region)
    one.fields["name"] = "other"
    damaged = add_image(glance, DATA[::-1])
    glance.data.path(damaged.id).write_bytes(DATA)
    assert export(**TO)["failures"][0]["kind"] == "integrity"
    assert (names(region), content(region, "image")) == (before, DATA)


@pytest.mark.slow
@pytest.mark.usefixtures("_segmented")
@pytest.mark.parametrize(
    ("where", "action"),
    [
        (("GET", "/file$"), BreakAnswer(0.5, cut=True)),
        (("GET", "/file$"), Answer(503)),
        (("PUT", r"/image\.segments/.*1$"), CorruptRequest(0.5)),
        (("PUT", r"/image\.segments/.*1$"), Answer(503)),
        (("PUT", "multipart-manifest=put"), Answer(503)),
        (("POST", "/image$"), Answer(503)),
    ],
    ids=str,
)
def test_what_passes_is_outlasted(
    export: Callable[..., ModuleRun], region: Region, glance: Glance, where: tuple[str, str], action: Any
) -> None:
    add_image(glance, DATA)
    region.fault(*where, action, times=1)
    assert export(**TO)["results"][0]["checksum"] == DIGESTS
    assert content(region, "image") == DATA


@pytest.mark.usefixtures("_segmented")
@pytest.mark.parametrize("where", [("PUT", "multipart-manifest=put"), ("POST", "/image$")], ids=str)
def test_what_is_refused_leaves_nothing(
    export: Callable[..., ModuleRun], region: Region, glance: Glance, where: tuple[str, str]
) -> None:
    add_image(glance, DATA)
    region.fault(*where, Answer(403))
    assert export(**TO)["failures"][0]["kind"] == "refused"
    assert names(region) is None


def test_a_container_that_was_there_stays(export: Callable[..., ModuleRun], region: Region, glance: Glance) -> None:
    one = add_image(glance, DATA)
    export(**TO)
    one.fields["name"] = "other"
    add_image(glance, DATA[::-1])
    region.fault("PUT", "/second$", Answer(403))
    assert export(**TO | {"object": "second"})["failures"][0]["kind"] == "refused"
    assert names(region) == ["image"]


def test_expected_checksum(export: Callable[..., ModuleRun], region: Region, glance: Glance) -> None:
    """One that the cloud does not report is compared as the data passes."""
    add_image(glance, DATA)
    sha256 = hashlib.sha256(DATA).hexdigest()
    (failure,) = export(**TO, checksum=f"sha256:{'0' * 64}")["failures"]
    assert (failure["kind"], names(region)) == ("integrity", None)
    assert failure["error"].startswith(f"sha256 mismatch: the image has {sha256}, expected 000")
    assert export(**TO, checksum=f"sha256:{sha256}")["results"][0]["action"] == "created"
    (failure,) = export(**TO, checksum=f"sha256:{'0' * 64}")["failures"]
    assert failure["kind"] == "integrity"
    assert export(**TO, checksum=f"sha256:{sha256.upper()}")["results"][0]["action"] == "unchanged"


def test_a_signed_url_lasts_as_long_as_the_object(export: Callable[..., ModuleRun], glance: Glance) -> None:
    add_image(glance, DATA)
    (result,) = export(**TO, expires_in=600, tempurl=True)["results"]
    expires = datetime.fromisoformat(result["expires_at"]).timestamp()
    assert 590 < expires - time.time() <= 600
    assert f"temp_url_expires={int(expires)}" in result["tempurl"]
    assert requests.get(result["tempurl"], timeout=5).content == DATA
    (again,) = export(**TO, expires_in=9000, tempurl=True)["results"]
    assert (again["action"], again["expires_at"]) == ("unchanged", result["expires_at"])


@pytest.mark.usefixtures("_segmented")
def test_what_a_killed_run_left_is_removed(export: Callable[..., ModuleRun], region: Region, glance: Glance) -> None:
    one = add_image(glance, DATA)
    export(**TO)
    there = container(region)
    assert there
    segment = next(found for name, found in there.objects.items() if ".segments/" in name)
    for name, mark in (("dead", upload_markers.dead()), ("alive", upload_markers.elsewhere())):
        there.objects[f"image.segments/{name}/1/00000000"] = type(segment)(
            f"image.segments/{name}/1/00000000",
            segment.size,
            segment.etag,
            CIMultiDict({**segment.headers, "X-Object-Meta-Oaktree-Upload": mark}),
            segment.path,
        )
    one.fields["name"] = "other"
    add_image(glance, DATA[::-1])
    export(**TO)
    left = [name for name in names(region) or [] if name.split("/")[1:2] in (["dead"], ["alive"])]
    assert left == ["image.segments/alive/1/00000000"]
