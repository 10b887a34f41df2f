# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what has arrived to an active image: complete, verified, by whichever import the cloud has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import IntegrityError, OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.import_data import check_complete
from tests.support.fake_openstack import Answer
from tests.support.image_samples import DATA
from tests.support.upload_session import DESIRED, SessionSite, content, done, upload

WRONG = b"X" + DATA[1:]

NOT_COMPLETE: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "queued"}, "conflict", r"nothing has arrived \(offset 0, 8 bytes\)"),
    ({"status": "saving"}, "conflict", "the data is still being sent"),
    ({"status": "uploading", "size": None}, "conflict", "the data is still being sent"),
    ({"status": "uploading", "size": 3}, "integrity", "the cloud stored 3 of 8 bytes"),
]


@pytest.mark.parametrize(("found", "kind", "message"), NOT_COMPLETE)
def test_the_record_shows_what_has_not_arrived_at_glance(found: dict[str, Any], kind: str, message: str) -> None:
    with pytest.raises(OaktreeError, match=message) as error:
        check_complete(upload(image=found))
    assert error.value.kind == kind


@pytest.mark.parametrize("found", [{"status": "uploading", "size": 8}, {"status": "importing"}, {"status": "active"}])
def test_what_has_arrived_at_glance_can_be_imported(found: dict[str, Any]) -> None:
    check_complete(upload(image=found))


@pytest.mark.parametrize(
    ("scheme", "hint"),
    [("swift", "Send all segments again"), ("v2_put", "Prepare it again"), ("glance_direct", "Prepare it again")],
)
def test_wrong_data_is_never_published(site: SessionSite, scheme: str, hint: str) -> None:
    site.send(site.prepare(scheme=scheme), data=WRONG)
    failed = site.finalize().error
    assert isinstance(failed, IntegrityError)
    assert "sha512 mismatch: stored " in failed.message
    assert failed.hint.startswith(hint)
    assert [image.fields["name"] for image in site.images] == ["thing.uploading"]
    again = site.prepare(scheme=scheme)
    assert done(again).action == ("unchanged" if scheme == "swift" else "replaced")
    site.send(again)
    assert done(site.finalize()).action == "created"
    site.published()


@pytest.mark.parametrize("scheme", ["swift", "v2_put"])
@pytest.mark.parametrize("data", [DATA, WRONG])
def test_a_digest_that_the_cloud_does_not_report_is_made_of_its_data(
    site: SessionSite, scheme: str, data: bytes
) -> None:
    declared = content("sha256")
    site.send(site.prepare(declared, scheme=scheme), data=data)
    failed = site.finalize(declared).error
    assert site.clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file") == 1
    if data is DATA:
        assert failed is None
        site.published()
    else:
        assert isinstance(failed, IntegrityError)
        assert failed.message.startswith("sha256 mismatch")


def test_nothing_is_downloaded_where_the_cloud_reports_a_digest(site: SessionSite) -> None:
    site.send(site.prepare())
    done(site.finalize())
    assert site.clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file") == 0


def test_a_task_imports_where_web_download_is_not_offered(site: SessionSite) -> None:
    site.region.glance.import_methods = []
    site.region.glance.task_api.style = "upstream"
    site.send(site.prepare())
    change = done(site.finalize())
    assert (change.action, change.notes) == ("created", ())
    site.published()


@pytest.mark.parametrize("status", [403, 500])
def test_a_refused_import_falls_back_to_a_task(site: SessionSite, status: int) -> None:
    site.region.glance.task_api.style = "upstream"
    site.send(site.prepare())
    site.region.fault("POST", r"/import$", Answer(status))
    (note,) = done(site.finalize()).notes
    assert note.startswith("web_download failed, swift_task instead: ")
    site.published()


def test_no_import_at_all_keeps_what_was_sent(site: SessionSite) -> None:
    site.send(site.prepare())
    site.region.glance.import_methods = []
    failed = site.finalize().error
    assert failed
    assert (failed.kind, "cannot import from the object store any more" in failed.message) == ("refused", True)
    (container,) = site.containers.values()
    assert len(container.objects) == 3
    site.region.glance.import_methods = ["web-download"]
    assert done(site.finalize()).action == "created"
    site.published()


def test_a_silent_object_store_is_reported(site: SessionSite) -> None:
    site.send(site.prepare())
    site.region.fault("GET", r"/info$", Answer(500))
    failed = site.finalize().error
    assert failed
    assert failed.message.startswith("the object store does not answer: ")


@pytest.mark.parametrize("style", ["web-download", "upstream"])
def test_a_failed_import_leaves_the_segments_only_and_no_signature_in_messages(site: SessionSite, style: str) -> None:
    """Both ways a fetch of the signed URL fails, and the cloud quotes the URL."""
    if style == "upstream":
        site.region.glance.import_methods = []
        site.region.glance.task_api.style = "upstream"
    site.send(site.prepare())
    site.region.fault("GET", r"/oaktree-session-[^/]+/image\?", Answer(500))
    failed = site.finalize().error
    assert failed
    assert "temp_url_sig=" in failed.message
    assert "temp_url_sig=" not in failed.message.replace("temp_url_sig=...", "")
    assert [image.fields["name"] for image in site.images] == ["thing.uploading"]
    site.region.clear_faults()
    assert done(site.finalize()).action == "created"
    site.published()


def test_what_an_earlier_import_left_is_removed_first(site: SessionSite) -> None:
    site.send(site.prepare(), data=WRONG)
    site.region.fault("DELETE", r"/images/", Answer(403))
    failed = site.finalize().error
    assert failed
    assert "could not be removed" in failed.message
    assert len(site.images) == 2
    site.region.clear_faults()
    site.send(site.prepare())
    done(site.finalize())
    site.published()


def test_a_task_that_outlives_the_timeout_is_reported(site: SessionSite) -> None:
    glance = site.region.glance
    glance.import_methods, glance.task_api.style, glance.task_api.stuck = [], "upstream", True
    site.send(site.prepare())
    failed = site.finalize(desired=replace(DESIRED, timeouts=replace(DESIRED.timeouts, import_timeout=25.0))).error
    glance.task_api.stuck = False
    assert failed
    assert (failed.kind, "may still be running" in failed.message) == ("timeout", True)
