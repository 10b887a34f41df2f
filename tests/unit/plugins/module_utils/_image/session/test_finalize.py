# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalize: which upload has the content, and the way from there to one published image, also in several attempts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey, survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.finalize import matching, published
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.survey import SessionSurvey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import (
    session_expiry,
    session_until,
)
from tests.support.fake_openstack import Answer, LoseAnswer
from tests.support.image_samples import DATA, OTHER, image
from tests.support.run_module import run_module
from tests.support.upload_session import DESIRED, SessionSite, content, digests, done, upload


def test_an_upload_is_identified_by_its_content() -> None:
    other = upload(image_id="id-2", content=Fingerprint(5, "raw", digests("sha512", data=OTHER)))
    assert matching([other, upload()], content()) == upload()
    assert matching([other], content()) is None
    with pytest.raises(InputError, match="no digest of this algorithm"):
        matching([other], content("md5", size=None))


def test_only_what_is_published_or_prepared_can_be_finalized() -> None:
    found = SessionSurvey(Survey((image(data=OTHER),)))
    with pytest.raises(ConflictError, match="nothing is prepared here"):
        published(found, content())
    with pytest.raises(ConflictError, match="other content is prepared here: id-1"):
        published(replace(found, uploads=(upload(),)), content(data=OTHER[::-1]))
    assert published(found, content(data=OTHER, size=None)).size == len(OTHER)


@pytest.mark.parametrize("scheme", ["swift", "v2_put", "glance_direct"])
def test_one_image_with_metadata_and_nothing_else(site: SessionSite, scheme: str) -> None:
    desired = replace(DESIRED, properties={"hw_disk_bus": "virtio"}, min_ram=64)
    site.send(site.prepare(scheme=scheme))
    change = done(site.finalize(desired=desired))
    made = site.published()
    assert (change.action, change.output["image"]["id"], change.notes) == ("created", made.id, ())
    assert (made.properties["hw_disk_bus"], made.fields["min_ram"], made.size) == ("virtio", 64, len(DATA))
    assert change.output["image_id"] is None
    assert done(site.finalize(desired=desired)).action == "unchanged"
    assert done(site.finalize(desired=replace(desired, min_ram=65))).action == "updated"
    assert site.published().fields["min_ram"] == 65


def test_an_older_image_is_replaced_last(site: SessionSite) -> None:
    site.send(site.prepare())
    done(site.finalize())
    old = site.published()
    turned, desired = content(data=DATA[::-1]), replace(DESIRED, visibility="private")
    site.send(site.prepare(turned), data=DATA[::-1])
    site.region.fault("PATCH", r"/images/", Answer(403), times=1)
    assert site.finalize(turned, desired).error
    assert old in site.images
    assert done(site.finalize(turned, desired)).action == "replaced"
    assert site.published().id != old.id


def test_the_members_of_a_replaced_image_are_not_lost_where_a_run_ends_between(site: SessionSite) -> None:
    site.send(site.prepare())
    done(site.finalize())
    old, project = site.published(), "a" * 32
    old.members[project] = "accepted"
    turned = content(data=DATA[::-1])
    site.send(site.prepare(turned), data=DATA[::-1])
    site.region.fault("POST", "/members$", Answer(403), times=1)
    assert site.finalize(turned).error
    assert old in site.images
    change = done(site.finalize(turned))
    assert (change.action, [project in note for note in change.notes]) == ("updated", [True])
    assert site.published().id != old.id
    assert project in site.published().members


@pytest.mark.parametrize("scheme", ["swift", "v2_put"])
def test_missing_data_is_a_conflict(site: SessionSite, scheme: str) -> None:
    prepared = site.prepare(scheme=scheme)
    if scheme == "swift":
        site.send(prepared, 0)
    failed = site.finalize().error
    assert failed
    assert (failed.kind, "arrived" in failed.message) == ("conflict", True)
    assert [record.fields["name"] for record in site.images] == ["thing.uploading"]
    site.send(prepared)
    assert done(site.finalize()).action == "created"
    site.published()


def test_a_lost_answer_to_the_publication_is_no_failure(site: SessionSite) -> None:
    site.send(site.prepare())
    site.region.fault("PATCH", r"/images/", LoseAnswer(), times=1)
    assert done(site.finalize()).action == "created"
    site.published()


def test_a_clean_up_that_fails_is_a_note_and_left_to_the_next_run(site: SessionSite) -> None:
    prepared = done(site.prepare())
    site.send(site.prepare())
    record = prepared.output["image_id"]
    site.region.fault("DELETE", rf"/images/{record}$", Answer(403))
    (note,) = done(site.finalize()).notes
    assert record in note
    site.region.clear_faults()
    planned = done(site.finalize(check_mode=True))
    assert (planned.action, planned.before["images"], planned.after["images"]) == ("updated", [record], [])
    assert len(site.images) == 2
    assert done(site.finalize()).action == "updated"
    site.published()


def test_check_mode_imports_nothing(site: SessionSite) -> None:
    site.send(site.prepare())
    change = done(site.finalize(check_mode=True))
    assert (change.action, change.output["image"], change.after["content"]["size"]) == ("created", None, len(DATA))
    assert [record.status for record in site.images] == ["queued"]
    assert site.clouds.counters.requests(method="POST", path="/v2/images/{image_id}/import") == 0


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_content_that_the_cloud_converts_is_known_by_what_was_sent(site: SessionSite, algorithm: str) -> None:
    site.region.glance.converts_to = "qcow2"
    declared = content(algorithm)
    site.send(site.prepare(declared, scheme="glance_direct"))
    again = replace(declared, size=None, disk_format=None)
    assert done(site.finalize(again)).action == "created"
    assert site.published().fields["disk_format"] == "qcow2"
    assert done(site.finalize(again)).action == "unchanged"
    assert done(site.prepare(declared)).action == "unchanged"
    other = site.finalize(content(algorithm, data=DATA[::-1])).error
    assert other
    assert "is not published with this content" in other.message


def test_what_the_image_module_sent_to_a_cloud_that_converts_is_known_too(
    site: SessionSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.region.glance.converts_to = "qcow2"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(site.clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    file = tmp_path / "file.raw"
    file.write_bytes(DATA)
    made = run_module("image", name=DESIRED.name, path=str(file), locations=["*"], scheme="glance_direct")
    assert [(one["action"], one["image"]["disk_format"]) for one in made["results"]] == [("created", "qcow2")]
    assert done(site.prepare()).action == "unchanged"
    assert done(site.finalize()).action == "unchanged"


def test_nothing_to_finalize(site: SessionSite) -> None:
    failed = site.finalize().error
    assert failed
    assert (failed.kind, "nothing is prepared here" in failed.message) == ("conflict", True)
    done(site.prepare())
    failed = site.finalize(content(data=OTHER)).error
    assert failed
    assert "other content is prepared here" in failed.message


def test_others_wait_as_long_as_a_run_may_finalize(site: SessionSite, wrong_date: Callable[[float], None]) -> None:
    """Also where it begins as the upload expires, with longer timeouts than those of whoever prepared or looks."""
    site.send(site.prepare(scheme="glance_direct"))
    site.region.fault("POST", r"/import", Answer(403))
    (record,) = site.images
    before = record.properties[UPLOAD]
    assert site.finalize().error
    assert record.properties[UPLOAD] == before, "nothing to extend, no request"
    slow = replace(DESIRED, timeouts=replace(DESIRED.timeouts, import_timeout=200_000.0))
    assert site.finalize(desired=slow).error
    until = session_until(record.properties)
    expires = session_expiry(record.properties)
    assert until
    assert expires == session_expiry({UPLOAD: before})
    assert until - clock.now() > timedelta(seconds=200_000)
    wrong_date(200_000)
    assert site.ask(lambda connection: survey(connection, DESIRED, None, "")).leftovers == ()
    wrong_date(400_000)
    assert len(site.ask(lambda connection: survey(connection, DESIRED, None, "")).leftovers) == 1
