# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare: which upload is taken up, what a new one is made of, and what becomes of it when that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.prepare import RequestOptions, reusable
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.record import PreparedUpload
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.image_samples import DATA, OTHER, image
from tests.support.upload_session import NOW, SEGMENT, SessionSite, content, done, upload

EXPIRED = NOW - timedelta(seconds=1)
CHOICES: list[tuple[Sequence[PreparedUpload], RequestOptions, str | None]] = [
    ([], RequestOptions(), None),
    ([upload()], RequestOptions(), "id-1"),
    ([upload()], RequestOptions(scheme="swift", segment_size=4), "id-1"),
    ([upload(scheme="v2_put")], RequestOptions(segment_size=5), "id-1"),
    ([upload(expires=EXPIRED)], RequestOptions(), None),
    ([upload(expires=EXPIRED, scheme="v2_put", image=image(data=DATA))], RequestOptions(), "id-1"),
    ([upload(scheme="v2_put", image=image(data=OTHER))], RequestOptions(), None),
    ([upload(scheme="v2_put", image=image(data=DATA[::-1]))], RequestOptions(), None),
    ([upload(scheme="v2_put", image=image(data=OTHER, disk_format="qcow2"))], RequestOptions(), "id-1"),
    ([upload(scheme="v2_put", image={"status": "killed"})], RequestOptions(), None),
    ([upload(scheme="v2_put", image={"status": "saving"})], RequestOptions(), "id-1"),
    ([upload(scheme="glance_direct", image={"status": "uploading", "size": None})], RequestOptions(), "id-1"),
    ([upload(scheme="glance_direct", image={"status": "uploading", "size": 1})], RequestOptions(), None),
]


@pytest.mark.parametrize(("uploads", "options", "chosen"), CHOICES)
def test_an_upload_that_can_still_be_used_is_kept(
    uploads: Sequence[PreparedUpload], options: RequestOptions, chosen: str | None
) -> None:
    found = reusable(uploads, content(), options)
    assert (found.image_id if found else None) == chosen


CONFLICTS: list[tuple[DeclaredContent, RequestOptions]] = [
    (content(data=OTHER), RequestOptions()),
    (content(), RequestOptions(scheme="v2_put")),
    (content(), RequestOptions(segment_size=5)),
    (replace(content(), disk_format="iso"), RequestOptions()),
]


@pytest.mark.parametrize(("declared", "options"), CONFLICTS)
def test_another_upload_that_has_not_expired_is_a_conflict(declared: DeclaredContent, options: RequestOptions) -> None:
    with pytest.raises(ConflictError, match="id-1"):
        reusable([upload()], declared, options)


def test_a_new_upload(site: SessionSite) -> None:
    change = done(site.prepare())
    output = change.output
    assert (change.action, change.before, change.after["segment_size"]) == ("created", {}, SEGMENT)
    assert (output["scheme"], output["reason"].startswith("swift because")) == ("swift", True)
    assert [request["length"] for request in output["requests"]] == [4, 4]
    assert output["finalize"] == {
        "name": "thing",
        "state": "finalized",
        "locations": ["cloud1/r1/demo"],
        "checksum": content().checksum,
        "size": len(DATA),
    }
    (record,) = site.images
    assert (record.id, record.fields["name"], record.status) == (output["image_id"], "thing.uploading", "queued")
    assert list(site.containers) == [record.id]


def test_the_same_upload_again(site: SessionSite) -> None:
    first = site.prepare()
    site.send(first, 1)
    again = done(site.prepare())
    assert (again.action, again.output["reason"]) == ("unchanged", None)
    assert [request["arrived"] for request in again.output["requests"]] == [False, True]
    arrived = [{**request, "arrived": None} for request in again.output["requests"]]
    assert arrived == [{**request, "arrived": None} for request in done(first).output["requests"]]


@pytest.mark.parametrize("scheme", ["swift", "v2_put", "glance_direct"])
def test_check_mode_makes_nothing(site: SessionSite, scheme: str) -> None:
    change = done(site.prepare(check_mode=True, scheme=scheme))
    assert (change.action, change.output["scheme"], change.output["requests"]) == ("created", scheme, [])
    assert (site.images, site.containers) == ([], {})
    assert site.clouds.counters.requests(method="PUT") == 0


def test_an_expired_upload_is_replaced(site: SessionSite) -> None:
    first = done(site.prepare(expires_in=-1))
    planned = done(site.prepare(check_mode=True))
    assert (planned.action, planned.before["images"]) == ("replaced", [first.output["image_id"]])
    again = done(site.prepare())
    assert (again.action, again.before) == ("replaced", planned.before)
    assert [record.id for record in site.images] == [again.output["image_id"]]
    assert list(site.containers) == [again.output["image_id"]]


def test_a_container_without_a_record_is_removed(site: SessionSite) -> None:
    first = done(site.prepare())
    site.region.glance.images.clear()
    again = done(site.prepare())
    assert again.action == "created"
    assert first.output["image_id"] not in site.containers


def test_published_content_needs_no_requests(site: SessionSite) -> None:
    site.send(site.prepare())
    done(site.finalize())
    again = done(site.prepare())
    assert (again.action, again.output["requests"], again.output["image_id"]) == ("unchanged", [], None)
    assert len(site.images) == 1


@pytest.mark.parametrize("fault", [("PUT", r"/oaktree-session-[^/]+$"), ("POST", r"/oaktree-session-[^/]+$")])
def test_what_fails_half_way_leaves_nothing(site: SessionSite, fault: tuple[str, str]) -> None:
    site.region.fault(*fault, Answer(403))
    failed = site.prepare().error
    assert failed
    assert failed.kind == "refused"
    assert (site.images, site.containers, failed.residue) == ([], {}, [])


def test_what_cannot_be_removed_again_is_reported(site: SessionSite) -> None:
    site.region.fault("PUT", r"/oaktree-session-[^/]+$", Answer(403))
    site.region.fault("DELETE", r"/images/", Answer(403))
    failed = site.prepare().error
    assert isinstance(failed, OaktreeError)
    assert (len(failed.residue), site.images[0].id in failed.message) == (1, True)


def test_leftovers_that_cannot_be_removed_are_an_error(site: SessionSite) -> None:
    site.prepare(expires_in=-1)
    site.region.fault("DELETE", r"/images/", Answer(403))
    failed = site.prepare().error
    assert failed
    assert (failed.kind, failed.hint, len(site.images)) == ("server", "Run the task again.", 1)


def test_a_cloud_that_expects_another_format_gets_a_note(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    clouds = fake_openstack(image_api="rackspace")
    site = SessionSite(clouds, tmp_path)
    change = done(site.prepare(scheme="v2_put"))
    assert change.notes == ("the cloud expects vhd images, this one is raw",)
