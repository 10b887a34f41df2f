# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_upload with real clouds; the requests are sent by a client that knows nothing else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.image.session_lab import SEGMENT, Result, UploadSession, hide_web_download, send
from tests.support.fake_openstack import Answer

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("quick")]

WAYS = [("north", "swift"), ("north", "glance_direct"), ("north", "v2_put"), ("south", "v2_put"), ("east", "swift")]


def without_signature(result: Result) -> dict[str, Any]:
    return {**result, "action": None, "reason": None}


@pytest.mark.parametrize(("region", "scheme"), WAYS)
def test_prepared_sent_and_finalized(session: UploadSession, region: str, scheme: str) -> None:
    session.region = region
    prepared = session.prepare(scheme=scheme, with_token=True)
    assert (prepared["action"], prepared["scheme"]) == ("created", scheme)
    assert [request["missing_headers"] for request in prepared["requests"]] == [[]] * len(prepared["requests"])
    assert set(session.send(prepared)) <= {201, 204}
    finalize = {**prepared["finalize"], "locations": [f"*/{region}"]}
    assert session.result(**finalize, properties={"hw_disk_bus": "virtio"}, tags=["t"])["action"] == "created"
    assert session.is_published()
    assert (session.images()[0]["hw_disk_bus"], session.images()[0]["tags"]) == ("virtio", ["t"])
    assert session.result(**finalize, properties={"hw_disk_bus": "virtio"})["action"] == "unchanged"
    assert session.result(**finalize, min_ram=64)["action"] == "updated"
    again = session.prepare(scheme=scheme)
    assert (again["action"], again["requests"]) == ("unchanged", [])


def test_tasks_import_where_web_download_does_not(session: UploadSession, monkeypatch: pytest.MonkeyPatch) -> None:
    session.region = "east"
    hide_web_download(monkeypatch)
    session.send(session.prepare())
    assert session.result("finalized", checksum=session.checksum())["action"] == "created"
    assert session.is_published()


def test_a_refused_import_falls_back_to_a_task(session: UploadSession) -> None:
    session.region = "east"
    session.send(session.prepare())
    session.lab.sites["east"].proxy.fault("POST", r"/import$", Answer(403), times=None)
    finalized = session.result("finalized", checksum=session.checksum())
    assert "web_download failed, swift_task instead" in finalized["notes"][0]
    assert session.is_published()


def test_the_same_requests_are_returned_until_they_expire(session: UploadSession) -> None:
    prepared = session.prepare()
    again = session.prepare()
    assert again["action"] == "unchanged"
    assert without_signature(again) == without_signature(prepared)
    session.send(prepared, 0, 2)
    assert [request["arrived"] for request in session.prepare()["requests"]] == [True, False, True]


def test_an_expired_upload_is_replaced(session: UploadSession) -> None:
    prepared = session.prepare(expires_in=1)
    time.sleep(1.5)
    assert session.send(prepared, 0) == [401]
    again = session.prepare()
    assert again["action"] == "replaced"
    assert again["image_id"] != prepared["image_id"]
    assert [image["id"] for image in session.images()] == [again["image_id"]]
    assert [name.endswith(again["image_id"]) for name in session.containers()] == [True]


def test_what_is_missing_is_listed_and_can_be_sent_later(session: UploadSession) -> None:
    prepared = session.prepare()
    assert session.send(prepared, 0, 2) == [201, 201]
    failed = session.failure("finalized", checksum=session.checksum())
    assert failed["kind"] == "conflict"
    assert "segment 1 (offset 1048576, 1048576 bytes) is missing" in failed["error"]
    assert "segment 0" not in failed["error"]
    send({**prepared["requests"][1], "length": 5}, session.data)
    assert (
        "segment 1 (offset 1048576, 1048576 bytes) is wrong: the cloud stored 5 of 1048576 bytes"
        in session.failure("finalized", checksum=session.checksum())["error"]
    )
    session.send(prepared, 1)
    assert session.result("finalized", checksum=session.checksum())["action"] == "created"
    assert session.is_published()


@pytest.mark.parametrize(("region", "scheme"), [("north", "glance_direct"), ("south", "v2_put")])
def test_nothing_sent_is_reported(session: UploadSession, region: str, scheme: str) -> None:
    session.region = region
    session.prepare(scheme=scheme)
    failed = session.failure("finalized", checksum=session.checksum())
    assert (failed["kind"], "nothing has arrived" in failed["error"]) == ("conflict", True)


def test_a_store_that_knows_the_digest_refuses_other_bytes(session: UploadSession) -> None:
    prepared = session.result("prepared", path=str(session.path), segment_size=str(SEGMENT))
    assert session.send(prepared, 1, data=bytes(len(session.data))) == [422]
    without = [{**request, "headers": {}} for request in prepared["requests"]]
    assert send(without[1], bytes(len(session.data))) == 201
    session.send(prepared, 0, 2)
    assert (
        "segment 1 (offset 1048576, 1048576 bytes) is wrong: md5 mismatch"
        in session.failure("finalized", path=str(session.path))["error"]
    )
    assert [request["arrived"] for request in session.result("prepared", path=str(session.path))["requests"]] == [
        True,
        False,
        True,
    ]


def test_damaged_segments_are_never_published_and_can_be_sent_again(session: UploadSession, other_file: Path) -> None:
    assert session.lab.run("north", name=session.name, path=str(other_file), min_ram=1)["failures"] == []
    prepared = session.prepare()
    damaged = bytes([session.data[0] ^ 1]) + session.data[1:]
    session.send(prepared, data=damaged)
    assert session.failure("finalized", checksum=session.checksum())["kind"] == "integrity"
    assert [image["size"] for image in session.images() if image["status"] == "active"] == [other_file.stat().st_size]
    session.send(prepared, 0)
    assert session.result("finalized", checksum=session.checksum())["action"] == "replaced"
    assert session.is_published()


@pytest.mark.parametrize(("region", "scheme"), [("north", "glance_direct"), ("south", "v2_put")])
def test_a_truncated_body_is_never_published(session: UploadSession, region: str, scheme: str) -> None:
    session.region = region
    short = {**session.prepare(scheme=scheme, with_token=True)["requests"][0], "length": 1000}
    assert send(short, session.data) == 204
    failed = session.failure("finalized", checksum=session.checksum())
    assert (failed["kind"], "1000" in failed["error"]) == ("integrity", True)
    assert session.lab.sites[region].active(session.name) == []
    prepared = session.prepare(scheme=scheme, with_token=True)
    assert prepared["action"] == "replaced"
    session.send(prepared)
    assert session.result("finalized", checksum=session.checksum())["action"] == "created"
    assert session.is_published()


def test_a_digest_that_the_cloud_does_not_report_is_verified_all_the_same(session: UploadSession) -> None:
    session.region = "south"
    declared = {"size": len(session.data), "disk_format": "raw"}
    prepared = session.result("prepared", **declared, checksum=session.checksum("sha256"), with_token=True)
    session.send(prepared, data=bytes(len(session.data)))
    failed = session.failure("finalized", checksum=session.checksum("sha256"))
    assert (failed["kind"], "sha256 mismatch" in failed["error"]) == ("integrity", True)
    session.result("aborted")
    session.send(session.result("prepared", **declared, checksum=session.checksum("sha256"), with_token=True))
    assert session.result("finalized", checksum=session.checksum("sha256"))["action"] == "created"
    assert (
        session.result("finalized", checksum=session.checksum("sha256"), size=len(session.data))["action"]
        == "unchanged"
    )


def test_other_content_waits_for_the_end_of_the_first(session: UploadSession, other_file: Path) -> None:
    prepared = session.prepare()
    failed = session.failure("prepared", path=str(other_file))
    assert (failed["kind"], prepared["image_id"] in failed["error"]) == ("conflict", True)
    assert session.failure("prepared", **session.declared(), scheme="v2_put")["kind"] == "conflict"
    assert session.failure("finalized", path=str(other_file))["kind"] == "conflict"
    assert [image["id"] for image in session.images()] == [prepared["image_id"]]


def test_other_uploads_see_that_this_one_is_in_progress(session: UploadSession) -> None:
    prepared = session.prepare()
    failed = session.lab.run("north", name=session.name, path=str(session.path))["failures"][0]
    assert (failed["kind"], prepared["image_id"] in failed["error"]) == ("conflict", True)
    assert [image["id"] for image in session.images()] == [prepared["image_id"]]


def test_aborted_leaves_nothing(session: UploadSession) -> None:
    prepared = session.prepare()
    session.send(prepared, 0, 1)
    assert session.result("aborted")["action"] == "deleted"
    assert (session.images(), session.containers()) == ([], [])
    assert session.send(prepared, 2) in ([401], [404])
    assert session.result("aborted")["action"] == "unchanged"
    assert session.failure("finalized", checksum=session.checksum())["kind"] == "conflict"


def test_a_container_whose_record_somebody_deleted_goes_too(session: UploadSession) -> None:
    prepared = session.prepare()
    session.send(prepared, 0)
    session.lab.sites["north"].remove(session.name)
    assert session.result("aborted")["action"] == "deleted"
    assert session.containers() == []


def test_a_publication_that_fails_loses_nothing(session: UploadSession) -> None:
    session.send(session.prepare())
    session.lab.sites["north"].proxy.fault("PATCH", r"/images/[^/]+$", Answer(403), times=1)
    assert session.failure("finalized", checksum=session.checksum())["kind"] == "refused"
    assert session.lab.sites["north"].active(session.name) == []
    assert session.result("finalized", checksum=session.checksum())["action"] == "created"
    assert session.is_published()


def test_a_clean_up_that_fails_is_done_by_the_next_run(session: UploadSession) -> None:
    prepared = session.prepare()
    session.send(prepared)
    path = rf"/images/{prepared['image_id']}$"
    session.lab.sites["north"].proxy.fault("DELETE", path, Answer(403), times=None)
    finalized = session.result("finalized", checksum=session.checksum())
    assert prepared["image_id"] in finalized["notes"][0]
    session.lab.heal()
    assert session.result("finalized", checksum=session.checksum())["action"] == "updated"
    assert session.is_published()


def test_check_mode_writes_nothing_and_differences_hold_no_secret(session: UploadSession) -> None:
    quiet = {"_ansible_check_mode": True, "_ansible_diff": True}
    planned = session.run("prepared", **session.declared(), **quiet)
    assert (planned["changed"], planned["results"][0]["requests"]) == (True, [])
    assert json.loads(planned["diff"][0]["after"])["size"] == len(session.data)
    assert (session.images(), session.containers()) == ([], [])
    made = session.run("prepared", **session.declared(), _ansible_diff=True)
    assert "temp_url" not in json.dumps(made["diff"])
    session.send(made["results"][0])
    before = session.images()
    assert session.result("finalized", checksum=session.checksum(), **quiet)["action"] == "created"
    assert session.result("aborted", **quiet)["action"] == "deleted"
    assert session.images() == before
    assert len(session.containers()) == 1
